"""The main job: from counts to a verdict on detailed balance."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

import equipoise.inference.potential as potentials
from equipoise.counts import TransitionCounts
from equipoise.errors import UsageError
from equipoise.graph import SupportGraph
from equipoise.inference.cycles import (
    CycleAffinity,
    EdgeCirculation,
    cycle_affinities,
    edge_circulations,
)
from equipoise.inference.evidence import BayesFactor, LaplaceFit, information_nats, laplace
from equipoise.inference.evidence.laplace.fit import fit_likelihood
from equipoise.inference.evidence.psis import K_TRUSTED
from equipoise.inference.potential import StatePotential
from equipoise.inference.reference import reference_states
from equipoise.inference.verdict import Verdict, decide, violation_size
from equipoise.inference.weighted import potential_of
from equipoise.likelihoods import FloatArray, Rejected, pairwise
from equipoise.models import Priors

SENSITIVITY = (0.25, 0.5, 1.0, 2.0, 4.0)
DECIDING = (0.5, 1.0, 2.0)
FIXED_POTENTIAL_SDS = (1.5, 3.0, 6.0)
# The MCSE above which a Bayes factor says nothing that its size could.
_MCSE_TRUSTED = 1.0
_MORE = 4

Progress = Callable[[str, float], None]


@dataclass(frozen=True, eq=False)
class BalanceTest:
    """The outcome of :func:`test`.

    Attributes
    ----------
    counts, graph
        What was tested, and its support graph.
    fit
        The evidence curve and posterior draws behind everything else.
    verdict
        What the counts say.
    log_bayes_factor
        Headline, at the prior's own τ; positive favours balance.
    sensitivity
        The same at τ × {¼, ½, 1, 2, 4}.
    fixed_scales
        The same with fixed scales, at σ_V = 1.5, 3 and 6.
    potential
        ``Φ = −log π`` of every state, given balance.
    gradient
        Gradient part of the log-ratios of every state under the cyclic hypothesis: what is left
        of a potential where balance fails. Not −log π.
    cycles
        Affinities on a minimum-weight cycle basis, the best-determined cycles, under the cyclic
        hypothesis.
    edges
        c on every edge of the support, under the cyclic hypothesis.
    pareto_k, converged
        Worst k̂ of the importance weights, and whether the numbers may be reported.
    rejected
        What trials that ended in no state counted as.
    seconds, random_seed
        How long it took, and the seed.
    """

    counts: TransitionCounts
    graph: SupportGraph
    fit: LaplaceFit
    verdict: Verdict
    log_bayes_factor: BayesFactor
    sensitivity: tuple[BayesFactor, ...]
    fixed_scales: tuple[tuple[float, BayesFactor], ...]
    potential: tuple[StatePotential, ...]
    gradient: tuple[StatePotential, ...]
    cycles: tuple[CycleAffinity, ...]
    edges: tuple[EdgeCirculation, ...]
    pareto_k: float
    converged: bool
    rejected: Rejected
    seconds: float
    random_seed: int | None

    @property
    def exit_status(self) -> int:
        """0 for a result to be trusted (undecided and untestable are results), 3 otherwise."""
        return 0 if self.verdict.trusted else 3


def test(
    counts: TransitionCounts,
    *,
    priors: Priors | None = None,
    likelihood: str = "multinomial",
    rejected: Rejected = "stay",
    reference: str | Sequence[str] | None = None,
    rope: float = 0.1,
    draws: int = 2000,
    random_seed: int | None = None,
    progress: Progress | None = None,
) -> BalanceTest:
    """Test detailed balance from transition counts.

    Parameters
    ----------
    counts
        Transition counts; axis 0 is *from*, axis 1 *to*.
    priors
        Prior scales; the default learns them.
    likelihood
        ``"multinomial"`` or ``"pairwise"``.
    rejected
        ``"stay"`` or ``"drop"``: what a trial that ended in no state counts as.
    reference
        State at Φ = 0, or one for each component; default: the one with most incoming transitions.
    rope
        ρ below this counts as a negligible violation, nats.
    draws
        Importance draws at each σ_c; four times as many are taken where these leave k̂ above 0.7.
    random_seed
        Seed; the same seed gives the same result.
    progress
        Called with (what is being done, fraction done).

    Returns
    -------
    BalanceTest
        With ``converged`` false, rather than an exception, where the numbers cannot be trusted.

    Raises
    ------
    UsageError
        If an argument is out of its range.
    NotTrustedError
        If a posterior mode cannot be reached at all.
    """
    start = time.perf_counter()
    if not (np.isfinite(rope) and rope > 0):
        raise UsageError(f"rope must be a positive number of nats, not {rope!r}")
    priors = priors or Priors()
    report = progress or _silent
    rng = np.random.default_rng(random_seed)

    def stage(name: str, low: float, high: float) -> Callable[[int, int], None]:
        return lambda done, planned: report(name, low + (high - low) * done / max(planned, 1))

    def evidence(draws: int) -> LaplaceFit:
        return laplace(
            counts,
            priors=priors,
            likelihood=likelihood,
            rejected=rejected,
            draws=draws,
            random_seed=rng,
            progress=stage("evidence", 0.0, 0.5),
        )

    fit = evidence(draws)
    if not fit.pareto_k() <= K_TRUSTED:
        # Tails that too few draws have reached look heavier than they are.
        draws = _MORE * draws
        fit = evidence(draws)
    graph = fit.graph
    references = reference_states(counts, graph, reference)
    factors = tuple(fit.log_bayes_factor(f * priors.cycle_scale) for f in SENSITIVITY)
    deciding = [factors[SENSITIVITY.index(f)] for f in DECIDING]
    headline = factors[SENSITIVITY.index(1.0)]
    pareto_k = fit.pareto_k()
    converged = pareto_k <= K_TRUSTED and all(f.mcse <= _MCSE_TRUSTED for f in deciding)

    ceiling = _ceiling(fit, draws, rng, stage("ceiling", 0.5, 0.75))
    fixed = []
    for k, sd in enumerate(FIXED_POTENTIAL_SDS):
        other = replace(priors, scales="fixed", fixed_potential_sd=sd)
        fixed.append(
            (
                sd,
                laplace(
                    counts,
                    priors=other,
                    likelihood=likelihood,
                    rejected=rejected,
                    draws=max(draws // 2, 100),
                    random_seed=rng,
                    progress=stage("fixed scales", 0.75 + k / 13, 0.75 + (k + 1) / 13),
                ).log_bayes_factor(),
            )
        )
    reversible, cyclic = fit.reversible_draws(), fit.cyclic_draws()
    testable = graph.n_testable_cycles > 0
    verdict = decide(
        graph,
        headline,
        deciding,
        ceiling=ceiling,
        information_nats=information_nats(fit.information, priors.cycle_scale),
        size=violation_size(cyclic, rope, testable) if graph.n_cycles else None,
        pareto_k=pareto_k,
        trusted=converged,
    )
    pairs = pairwise(counts, graph, rejected=rejected)
    result = BalanceTest(
        counts=counts,
        graph=graph,
        fit=fit,
        verdict=verdict,
        log_bayes_factor=headline,
        sensitivity=factors,
        fixed_scales=tuple(fixed),
        potential=potentials.potential_table(
            graph,
            reversible,
            potential_of(fit.reversible, fit.curve.reversible.mode.theta),
            pairs,
            references,
        ),
        gradient=potentials.potential_table(
            graph, cyclic, potential_of(fit.cyclic, _likeliest(fit)), pairs, references
        ),
        cycles=cycle_affinities(counts, graph, cyclic),
        edges=edge_circulations(graph, cyclic),
        pareto_k=pareto_k,
        converged=converged,
        rejected=rejected,
        seconds=time.perf_counter() - start,
        random_seed=random_seed,
    )
    report("done", 1.0)
    return result


test.__test__ = False  # type: ignore[attr-defined]  # not a test of pytest's, wherever imported


def _ceiling(
    fit: LaplaceFit, draws: int, rng: np.random.Generator, progress: Callable[[int, int], None]
) -> float | None:
    """Return the log BF had the counts equalled their fitted reversible expectation."""
    if not fit.curve.nodes:
        return None
    eta = fit.reversible.design @ fit.curve.reversible.mode.theta
    expected = fit_likelihood(
        fit.graph,
        fit.likelihood.expected(eta),
        fit.predictor,
        fit.priors,
        fit.references,
        draws=max(draws // 2, 100),
        random_seed=rng,
        progress=progress,
    )
    return expected.log_bayes_factor().log_value


def _likeliest(fit: LaplaceFit) -> FloatArray:
    """Return the mode at the σ_c of highest posterior weight."""
    if not fit.curve.nodes:
        return fit.curve.reversible.mode.theta
    weights = fit.integral().node_weights
    return fit.curve.nodes[int(np.argmax(weights))].mode.theta


def _silent(stage: str, fraction: float) -> None:
    """Report nothing."""
