"""The main job: from counts to a verdict on detailed balance."""

import operator
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from equipoise.counts import TransitionCounts
from equipoise.errors import UsageError
from equipoise.graph import SupportGraph, cycle_vector
from equipoise.inference.cycles import (
    CycleAffinity,
    EdgeCirculation,
    cycle_affinities,
    edge_circulations,
)
from equipoise.inference.evidence import BayesFactor, LaplaceFit, Problem, information_nats
from equipoise.inference.evidence.laplace import solve
from equipoise.inference.evidence.problem import LikelihoodName, problem_of
from equipoise.inference.evidence.psis import K_TRUSTED
from equipoise.inference.potential import StatePotential, potential_table
from equipoise.inference.reference import reference_states
from equipoise.inference.verdict import Verdict, decide, violation_size
from equipoise.inference.weighted import Summary, summarise
from equipoise.likelihoods import FloatArray, Rejected, pairwise
from equipoise.models import Priors
from equipoise.simulate import RandomSeed

SENSITIVITY = (0.25, 0.5, 1.0, 2.0, 4.0)
DECIDING = (0.5, 1.0, 2.0)
FIXED_POTENTIAL_SDS = (1.5, 3.0, 6.0)
_MORE = 4

Progress = Callable[[str, float], None]


@dataclass(frozen=True, eq=False, repr=False)
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
    pareto_k
        Worst k̂ of the importance weights behind the verdict.
    distrust
        Why the numbers must not be reported, in words; None where they may be.
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
    distrust: str | None
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
        draws = self.fit.cyclic_draws
        affinity = draws.circulation @ cycle_vector(self.graph, cycle)
        return summarise(affinity[:, None], draws.weights)

    @property
    def converged(self) -> bool:
        """Whether the numbers may be reported."""
        return self.distrust is None

    @property
    def potential_trusted(self) -> bool:
        """Whether the potential given balance may be reported, whatever the Bayes factor."""
        return self.fit.curve.reversible.pareto_k <= K_TRUSTED

    @property
    def exit_status(self) -> int:
        """0 for a result to be trusted (undecided and untestable are results), 3 otherwise."""
        return 0 if self.verdict.trusted else 3


def test(
    counts: TransitionCounts,
    *,
    priors: Priors | None = None,
    likelihood: LikelihoodName = "auto",
    rejected: Rejected = "stay",
    reference: str | Sequence[str] | None = None,
    rope: float = 0.1,
    draws: int = 2000,
    random_seed: RandomSeed = None,
    progress: Progress | None = None,
) -> BalanceTest:
    """Test detailed balance from transition counts.

    Parameters
    ----------
    counts : TransitionCounts
        Axis 0 is from, axis 1 to.
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
    draws : int
        Importance draws at each σ_c; four times as many are taken where these leave k̂ above 0.7.
    random_seed : int, Generator or None
        The same seed gives the same result.
    progress : callable, optional
        Called with (what is being done, fraction done).

    Returns
    -------
    BalanceTest
        With ``converged`` false, rather than an exception, where the numbers cannot be trusted.

    Raises
    ------
    UsageError
        If an argument is out of its range, or the graph too large for the fast path.
    NotTrustedError
        If a posterior mode cannot be reached at all.
    """
    start = time.perf_counter()
    if not _is_positive(rope):
        raise UsageError(f"rope must be a positive number of nats, not {rope!r}")
    seed = _seed(random_seed)
    problem = problem_of(counts, priors=priors, likelihood=likelihood, rejected=rejected)
    references = reference_states(counts, problem.graph, reference)
    rng = np.random.default_rng(seed if seed is not None else random_seed)
    stages = _Stages(progress)

    fit = solve(problem, draws=draws, random_seed=rng, progress=stages.next("evidence", 0.5))
    if not _pareto_k(fit) <= K_TRUSTED:
        # Tails that too few draws have reached look heavier than they are.
        draws = _MORE * draws
        fit = solve(problem, draws=draws, random_seed=rng, progress=stages.next("more draws", 0.5))
    fewer = max(draws // 2, 100)
    ceiling = _ceiling(fit, fewer, rng, stages.next("ceiling", 0.75))
    fixed = tuple(
        (sd, _with_fixed_scales(problem, sd, fewer, rng, stages.next("fixed scales", reached)))
        for sd, reached in zip(FIXED_POTENTIAL_SDS, (0.83, 0.9, 0.97), strict=True)
    )
    tau = problem.priors.cycle_scale
    sensitivity = tuple(fit.log_bayes_factor(factor * tau) for factor in SENSITIVITY)
    deciding = [sensitivity[SENSITIVITY.index(factor)] for factor in DECIDING]
    distrust = next((factor.distrust for factor in deciding if factor.distrust), None)
    graph, pairs = problem.graph, pairwise(counts, problem.graph, rejected=rejected)
    verdict = decide(
        graph,
        sensitivity[SENSITIVITY.index(1.0)],
        deciding,
        ceiling=ceiling,
        information_nats=information_nats(fit.information, tau),
        size=violation_size(fit.cyclic_draws, rope) if graph.n_testable_cycles else None,
        distrust=distrust,
    )
    result = BalanceTest(
        counts=counts,
        graph=graph,
        fit=fit,
        verdict=verdict,
        log_bayes_factor=sensitivity[SENSITIVITY.index(1.0)],
        sensitivity=sensitivity,
        fixed_scales=fixed,
        potential=potential_table(
            fit.reversible_draws, fit.curve.reversible.mode.theta, references, pairs
        ),
        gradient=potential_table(fit.cyclic_draws, _likeliest(fit), references),
        cycles=cycle_affinities(counts, graph, fit.cyclic_draws),
        edges=edge_circulations(graph, fit.cyclic_draws),
        pareto_k=_pareto_k(fit),
        distrust=distrust,
        rejected=rejected,
        seconds=time.perf_counter() - start,
        random_seed=seed,
    )
    stages.next("done", 1.0)(1, 1)
    return result


test.__test__ = False  # type: ignore[attr-defined]  # not a test of pytest's, wherever imported


class _Stages:
    """Turn counts of nodes done, stage by stage, into one fraction done."""

    def __init__(self, report: Progress | None) -> None:
        self._report = report
        self._reached = 0.0

    def next(self, name: str, until: float) -> Callable[[int, int], None]:
        """Return the progress callback of the next stage, which ends at a fraction ``until``."""
        low, self._reached = self._reached, until

        def done(nodes: int, planned: int) -> None:
            if self._report is not None:
                self._report(name, low + (until - low) * nodes / max(planned, 1))

        return done


def _is_positive(value: object) -> bool:
    return isinstance(value, float | int) and 0 < value < np.inf


def _seed(random_seed: RandomSeed) -> int | None:
    """Return a seed as a plain integer; None for none, and for a generator's unknown state.

    Raises
    ------
    UsageError
        If it is neither an integer, nor a generator, nor None.
    """
    if random_seed is None or isinstance(random_seed, np.random.Generator):
        return None
    try:
        seed = operator.index(random_seed)
    except TypeError:
        seed = -1
    if seed < 0:
        raise UsageError(
            f"random_seed must be a whole number from 0, a NumPy Generator or None, "
            f"not {random_seed!r}"
        )
    return seed


def _pareto_k(fit: LaplaceFit) -> float:
    """Return the worst k̂ behind the verdict."""
    tau = fit.priors.cycle_scale
    return max(
        k for factor in DECIDING if (k := fit.log_bayes_factor(factor * tau).pareto_k) is not None
    )


def _ceiling(
    fit: LaplaceFit, draws: int, rng: np.random.Generator, progress: Callable[[int, int], None]
) -> BayesFactor | None:
    """Return the log BF had the counts equalled their fitted reversible expectation."""
    if not fit.curve.nodes:
        return None
    eta = fit.reversible.design @ fit.curve.reversible.mode.theta
    expected = fit.problem.expected_at(eta)
    return solve(expected, draws=draws, random_seed=rng, progress=progress).log_bayes_factor()


def _with_fixed_scales(
    problem: Problem,
    potential_sd: float,
    draws: int,
    rng: np.random.Generator,
    progress: Callable[[int, int], None],
) -> BayesFactor:
    """Return the log BF under fixed scales, at one σ_V."""
    priors = replace(problem.priors, scales="fixed", fixed_potential_sd=potential_sd)
    fixed = solve(problem.with_priors(priors), draws=draws, random_seed=rng, progress=progress)
    return fixed.log_bayes_factor()


def _likeliest(fit: LaplaceFit) -> FloatArray:
    """Return the mode at the σ_c of highest posterior weight."""
    if not fit.curve.nodes:
        return fit.curve.reversible.mode.theta
    weights = fit.cycle_scale_posterior().node_weights
    return fit.curve.nodes[int(np.argmax(weights))].mode.theta
