"""The main job: from counts to a verdict on detailed balance."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from equipoise.counts import TransitionCounts
from equipoise.errors import DataError, UsageError
from equipoise.graph import SupportGraph, cycle_vector
from equipoise.inference import mcmc
from equipoise.inference.cycles import (
    CycleAffinity,
    EdgeCirculation,
    cycle_affinities,
    edge_circulations,
)
from equipoise.inference.evidence import BayesFactor, ExactEvidence, exact
from equipoise.inference.fast import DRAWS as FAST_DRAWS
from equipoise.inference.fast import fast_findings
from equipoise.inference.findings import Findings, Progress, Stages
from equipoise.inference.posterior.backends import DEFAULT, BackendName, check_backend
from equipoise.inference.posterior.sampler import check_sampling
from equipoise.inference.potential import StatePotential, potential_table
from equipoise.inference.problem import LikelihoodName, problem_of
from equipoise.inference.reference import reference_states
from equipoise.inference.sensitivity import Alternative, alternatives
from equipoise.inference.verdict import ROPE, Verdict, verdict_of
from equipoise.inference.weighted import Summary
from equipoise.likelihoods import Rejected, pairwise
from equipoise.models import Priors
from equipoise.simulate import RandomSeed
from equipoise.simulate.draws import plain_seed


@dataclass(frozen=True, eq=False, repr=False)
class BalanceTest:
    """The outcome of :func:`test`.

    Attributes
    ----------
    counts, graph : TransitionCounts and SupportGraph
        What was tested, and its support graph.
    findings : Findings
        Evidence, posterior draws and diagnostics behind everything else.
    chains : Chains or None
        What the chains returned; None on the fast path.
    verdict : Verdict
        What the counts say.
    potential : tuple of StatePotential
        ``Φ = −log π`` of every state, given balance.
    gradient : tuple of StatePotential
        Gradient part of the log-ratios of every state under the cyclic hypothesis: what is left
        of a potential where balance fails. Not −log π.
    cycles : tuple of CycleAffinity
        Affinities on a minimum-weight cycle basis, the best-determined cycles, under the cyclic
        hypothesis.
    edges : tuple of EdgeCirculation
        c on every edge of the support, under the cyclic hypothesis.
    exact : ExactEvidence or None
        Evidence in closed form, under priors of its own, where the counts are those of one path;
        else None.
    exact_refusal : str or None
        Why there is no exact evidence, in words; None where there is.
    alternatives : tuple of Alternative
        The log Bayes factor with one setting changed: τ, fixed scales, priors, imputed trials.
    rope : float
        ρ below this counts as negligible, nats.
    references : tuple of int
        Index of the state at Φ = 0 in each component.
    rejected : {"stay", "drop"}
        What trials that ended in no state counted as.
    seconds, random_seed : float and int or None
        How long it took, and the seed.
    """

    counts: TransitionCounts
    graph: SupportGraph
    findings: Findings
    chains: mcmc.Chains | None
    verdict: Verdict
    potential: tuple[StatePotential, ...]
    gradient: tuple[StatePotential, ...]
    cycles: tuple[CycleAffinity, ...]
    edges: tuple[EdgeCirculation, ...]
    exact: ExactEvidence | None
    exact_refusal: str | None
    alternatives: tuple[Alternative, ...]
    rope: float
    references: tuple[int, ...]
    rejected: Rejected
    seconds: float
    random_seed: int | None

    def __repr__(self) -> str:
        factor, verdict = self.log_bayes_factor, self.verdict
        strength = f" ({verdict.strength})" if verdict.strength else ""
        return (
            f"BalanceTest({verdict.favours}{strength}, log BF {factor.log_value:.2f} ± "
            f"{factor.mcse:.2f} nats, {self.graph!r})"
        )

    def affinity(self, states: Sequence[str]) -> Summary:
        """Return the posterior affinity of a cycle you name, under the cyclic hypothesis.

        Parameters
        ----------
        states : sequence of str
            Labels in order, the first not repeated.

        Returns
        -------
        Summary
            Arrays of length 1, nats; positive if the cycle runs rather this way round.

        Raises
        ------
        UsageError, DataError
            If a label is unknown, a step is no edge, or there are fewer than three states.
        """
        cycle = tuple(self.counts.index(label) for label in states)
        draws = self.findings.cyclic
        affinity = draws.circulation @ cycle_vector(self.graph, cycle)
        return draws.summarise(affinity[:, None])

    @property
    def priors(self) -> Priors:
        """The priors used."""
        return self.findings.problem.priors

    @property
    def log_bayes_factor(self) -> BayesFactor:
        """Headline, at the prior's own τ; positive favours balance."""
        return self.findings.headline

    @property
    def sensitivity(self) -> tuple[BayesFactor, ...]:
        """The same at τ × {¼, ½, 1, 2, 4}."""
        return self.findings.sensitivity

    @property
    def fixed_scales(self) -> tuple[tuple[float, BayesFactor], ...]:
        """The same with fixed scales, at σ_V = 1.5, 3 and 6; always by the fast path."""
        return self.findings.fixed_scales

    @property
    def distrust(self) -> str | None:
        """Why the numbers must not be reported, in words; None where they may be."""
        return self.findings.distrust

    @property
    def converged(self) -> bool:
        """Whether the numbers may be reported."""
        return self.distrust is None

    @property
    def potential_trusted(self) -> bool:
        """Whether the potential given balance may be reported, whatever the Bayes factor."""
        return self.findings.diagnostics.reversible is None

    @property
    def exit_status(self) -> int:
        """0 for a result to be trusted (undecided and untestable are results), 3 otherwise."""
        return 0 if self.verdict.trusted else 3


def test(
    counts: TransitionCounts,
    *,
    fast: bool = False,
    priors: Priors | None = None,
    likelihood: LikelihoodName = "auto",
    rejected: Rejected = "stay",
    reference: str | Sequence[str] | None = None,
    rope: float = ROPE,
    draws: int | None = None,
    random_seed: RandomSeed = None,
    backend: BackendName = DEFAULT,
    progress: Progress | None = None,
) -> BalanceTest:
    """Test detailed balance from transition counts.

    Parameters
    ----------
    counts : TransitionCounts
        Axis 0 is from, axis 1 to.
    fast : bool
        By Laplace and importance sampling instead of MCMC.
    priors : Priors, optional
        Default: ``Priors()``, learned scales.
    likelihood : {"auto", "multinomial", "pairwise"}
        Multinomial rows are exact for counted trials; pairwise edges a conditional likelihood.
        "auto" takes multinomial rows up to 400 parameters, pairwise edges beyond.
    rejected : {"stay", "drop"}
        What a trial that ended in no state counts as.
    reference : str or sequence of str, optional
        State at Φ = 0, or one for each component; default: the one with most incoming transitions.
    rope : float
        ρ below this counts as a negligible violation, nats.
    draws : int, optional
        Of each chain for either posterior, default 700 of eight chains of numpy, 1,000 of four of
        NUTS; on the fast path at each σ_c, default 2,000.
    random_seed : int, Generator or None
        The same seed gives the same result.
    backend : {"auto", "numpy", "nutpie", "numpyro"}
        What runs the chains. "numpy": Hamiltonian Monte Carlo of our own, nothing compiled. NUTS
        on a PyMC model, compiled once a process: "nutpie" on the CPU, or "numpyro" through JAX
        (the extra ``jax``), all chains together, on a GPU where JAX finds one. All sample the same
        posterior; "auto" takes numpy up to 150 parameters, nutpie beyond.
    progress : callable, optional
        Called with (what is being done, fraction done), perhaps from another thread.

    Returns
    -------
    BalanceTest
        With ``converged`` false, rather than an exception, where the numbers cannot be trusted.

    Raises
    ------
    UsageError
        If an argument is out of its range, or the graph has more than 3,000 parameters.
    MissingDependencyError
        If the backend is not installed.
    NotTrustedError
        If a posterior mode cannot be reached at all, or no chain started.
    """
    start = time.perf_counter()
    check_rope(rope)
    seed = plain_seed(random_seed)
    check_backend(backend)
    if fast and backend != DEFAULT:
        raise UsageError(
            f"the fast path runs no chains, and cannot use the backend {backend!r}; leave one out"
        )
    if not fast:
        check_sampling(draws=draws)
    problem = problem_of(counts, priors=priors, likelihood=likelihood, rejected=rejected)
    references = reference_states(counts, problem.graph, reference)
    rng = np.random.default_rng(seed if seed is not None else random_seed)
    stages = Stages(progress)
    imputed = counts.metadata.get("trials") == "imputed"
    chains = None
    # Without an edge to compare there is nothing for a chain to walk over.
    if fast or not len(problem.predictor.potential):
        many = FAST_DRAWS if draws is None else draws
        findings = fast_findings(problem, draws=many, rng=rng, stages=stages, imputed=imputed)
    else:
        findings, chains = mcmc.mcmc_findings(
            problem, draws=draws, rng=rng, stages=stages, imputed=imputed, backend=backend
        )
    result = conclude(
        counts,
        findings,
        chains,
        references=references,
        rope=rope,
        rejected=rejected,
        seconds=time.perf_counter() - start,
        random_seed=seed,
    )
    stages.next("done", 1.0)(1, 1)
    return result


test.__test__ = False  # type: ignore[attr-defined]  # not a test of pytest's, wherever imported


def conclude(
    counts: TransitionCounts,
    findings: Findings,
    chains: mcmc.Chains | None,
    *,
    references: tuple[int, ...],
    rope: float,
    rejected: Rejected,
    seconds: float,
    random_seed: int | None,
) -> BalanceTest:
    """Draw the conclusions from findings: verdict, potentials, cycles. Nothing is sampled.

    Parameters
    ----------
    counts, findings, chains
        The data, and what an engine found.
    references
        State at Φ = 0 in each component.
    rope
        ρ below this counts as negligible, nats.
    rejected
        What trials that ended in no state counted as.
    seconds, random_seed
        How long it took, and the seed: for the record.
    """
    graph = findings.problem.graph
    others = alternatives(findings)
    verdict = verdict_of(findings, others=[other.factor for other in others], rope=rope)
    evidence, refusal = _exact(counts)
    pairs = pairwise(counts, graph, rejected=rejected)
    return BalanceTest(
        counts=counts,
        graph=graph,
        findings=findings,
        chains=chains,
        verdict=verdict,
        potential=potential_table(findings.reversible, findings.reversible_mode, references, pairs),
        gradient=potential_table(findings.cyclic, findings.cyclic_mode, references),
        cycles=cycle_affinities(counts, graph, findings.cyclic),
        edges=edge_circulations(graph, findings.cyclic),
        exact=evidence,
        exact_refusal=refusal,
        alternatives=others,
        rope=rope,
        references=references,
        rejected=rejected,
        seconds=seconds,
        random_seed=random_seed,
    )


def check_rope(rope: object) -> None:
    """Refuse a region of practical equivalence that is none.

    Raises
    ------
    UsageError
        If it is not a positive number.
    """
    if not isinstance(rope, float | int) or not 0 < rope < np.inf:
        raise UsageError(f"rope must be a positive number of nats, not {rope!r}")


def _exact(counts: TransitionCounts) -> tuple[ExactEvidence | None, str | None]:
    """Return the exact evidence where the counts are those of one path, else why they are not."""
    try:
        return exact(counts), None
    except DataError as error:
        return None, str(error)
