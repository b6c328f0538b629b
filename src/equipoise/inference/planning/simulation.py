"""The simulations of a plan: the counts so far inferred, kernels drawn, tables analysed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from equipoise.inference.evidence.laplace import LaplaceFit, solve
from equipoise.inference.evidence.psis import K_TRUSTED
from equipoise.inference.fast import ceiling_factor, likeliest_mode
from equipoise.inference.findings import Stages
from equipoise.inference.modes.mode import find_mode
from equipoise.inference.planning.outlook import (
    Outlook,
    outlook,
    simulated_factors,
    testable_probability,
    untestable_outlook,
)
from equipoise.inference.planning.quick import QUICK_ERROR, Quick
from equipoise.inference.planning.truths import (
    AssumedCirculation,
    Truths,
    balanced_truths,
    violating_truths,
)
from equipoise.inference.problem import MOST_FOR_MULTINOMIAL, Problem
from equipoise.likelihoods import FloatArray, IntArray, MultinomialRows
from equipoise.models.latent import LatentModel
from equipoise.parallel import Workers, hired

TruthName = Literal["violation", "none"]
TRUTHS: tuple[TruthName, ...] = ("violation", "none")
_MORE = 8000
# Draws behind the ceiling, as many as the fast path takes there.
_CEILING = 1000
# So many tables without a mode may be left out before the rest no longer speaks for all.
_FAILED = 0.02


@dataclass(frozen=True, eq=False)
class Known:
    """The counts so far, inferred.

    Attributes
    ----------
    fit
        The fast path's fit; None for more than 400 parameters, which it would take minutes for.
    reversible, theta
        The reversible hypothesis and its posterior mode, shape (d,).
    probability
        ``P_ij`` and ``P_ji`` of each edge at the cyclic mode, shape (E, 2).
    """

    fit: LaplaceFit | None
    reversible: LatentModel
    theta: FloatArray
    probability: FloatArray


def infer(
    problem: Problem, rows: MultinomialRows, rng: np.random.Generator, stages: Stages
) -> Known:
    """Infer the counts so far.

    Raises
    ------
    NotTrustedError
        If a posterior mode cannot be reached.
    """
    if problem.n_parameters > MOST_FOR_MULTINOMIAL:
        fixed = problem.with_priors(replace(problem.priors, scales="fixed"))
        reversible, cyclic = fixed.reversible(), fixed.cyclic()
        theta = find_mode(reversible, (), reversible.prior_mean).theta
        mode = find_mode(cyclic, (), cyclic.with_cycles(theta)).theta
        return Known(None, reversible, theta, _edge_probabilities(rows, cyclic.design @ mode))
    fit = solve(problem, random_seed=rng, progress=stages.next("counts so far", 0.1))
    if not fit.curve.reversible.pareto_k <= K_TRUSTED:
        # Tails that too few draws have reached look heavier than they are.
        more = stages.next("more draws", 0.2)
        fit = solve(problem, draws=_MORE, random_seed=rng, progress=more)
    eta = fit.cyclic.design @ likeliest_mode(fit)
    theta = fit.curve.reversible.mode.theta
    return Known(fit, fit.reversible, theta, _edge_probabilities(rows, eta))


def _edge_probabilities(rows: MultinomialRows, eta: FloatArray) -> FloatArray:
    out = np.zeros((rows.arcs.n_edges, 2))
    out[rows.arcs.edge, np.where(rows.arcs.sign > 0, 0, 1)] = rows.probabilities(eta)
    return out


@dataclass(frozen=True, eq=False)
class Simulated:
    """What came of the simulations.

    Attributes
    ----------
    outlook
        For either assumption and each number of further trials.
    factors
        Log Bayes factors, shape (2, budgets, simulations); (2, 0, 0) without any.
    ceiling, ceiling_mcse
        Of the counts so far and its Monte Carlo error, nats; None without simulations. By the fast
        path, as `equipoise.test` has it; the error is None where the path is not to be trusted.
    doubt
        Why they must not be relied on, in words; None where they may be.
    """

    outlook: tuple[Outlook, ...]
    factors: FloatArray
    ceiling: float | None
    ceiling_mcse: float | None
    doubt: str | None


def simulate(
    problem: Problem,
    rows: MultinomialRows,
    known: Known,
    assumed: AssumedCirculation | None,
    spreads: Sequence[IntArray],
    simulations: int,
    rng: np.random.Generator,
    stages: Stages,
    workers: Workers,
) -> Simulated:
    """Simulate what further trials, (S,) for each budget, will say.

    Without a testable cycle (``assumed`` None) only whether there will be one.
    """
    nothing = np.zeros((2, 0, 0))
    if known.fit is None or not problem.graph.n_cycles:
        return Simulated((), nothing, None, None, None)
    fit, base = known.fit, known.fit.curve.reversible
    balanced = balanced_truths(base, fit.reversible, simulations, rng)
    if assumed is None:
        rows_ = []
        for trials in spreads:
            chance = testable_probability(problem.graph, rows, balanced, trials, rng)
            rows_.append(untestable_outlook("none", int(trials.sum()), chance))
        return Simulated(tuple(rows_), nothing, None, None, _doubt(balanced, nothing))
    quick = Quick(
        fit.reversible,
        fit.cyclic,
        problem.predictor,
        base.mode.scales,
        problem.priors.cycle_scale,
    )
    violating = violating_truths(problem, base, fit.reversible, assumed, simulations, rng)
    now = quick.log_bayes_factor(rows, base.mode.theta)
    exact = fit.log_bayes_factor()
    # What the quick way misses is mostly the spread of the learned scales: it is there now, too.
    offset = exact.log_value - now if exact.distrust is None else 0.0
    done = stages.next("simulated tables", 0.99)
    tables = simulations * len(spreads)
    with hired(workers) as run:
        factors = np.array(
            [
                simulated_factors(
                    quick, rows, truths, spreads, rng, _part(done, k * tables, 2 * tables), run
                )
                for k, truths in enumerate((violating, balanced))
            ]
        )
    # Near the ceiling log BF hardly varies, and the errors of analysis are part of its spread.
    error = np.hypot(QUICK_ERROR, exact.mcse if exact.distrust is None else 0.0)
    factors += offset + rng.normal(0.0, error, factors.shape)
    eta = fit.reversible.design @ base.mode.theta

    def quickly(trials: IntArray) -> float:
        expected = replace(rows, trials=rows.trials + trials).expected(eta)
        return quick.log_bayes_factor(expected, base.mode.theta)

    now_at_most = ceiling_factor(fit, _CEILING, rng, stages.next("ceiling", 1.0))
    trusted = now_at_most is not None and now_at_most.distrust is None
    start = quickly(0 * spreads[0])
    level = now_at_most.log_value if now_at_most is not None and trusted else start

    def ceiling(trials: IntArray) -> float:
        # The quick way tells by how much further trials raise it.
        return level + quickly(trials) - start

    found = tuple(
        outlook(truth, int(trials.sum()), factors[k, b], ceiling(trials), 1.0)
        for k, truth in enumerate(TRUTHS)
        for b, trials in enumerate(spreads)
    )
    doubt = _doubt(balanced, factors) or _doubt(violating, factors, "a violation of this size")
    error = now_at_most.mcse if now_at_most is not None and trusted else None
    return Simulated(found, factors, level, error, doubt)


def _part(done: Callable[[int, int], None], before: int, planned: int) -> Callable[[int], None]:
    """Return the progress callback of a part that begins after ``before`` steps."""
    return lambda steps: done(before + steps, planned)


def _doubt(truths: Truths, factors: FloatArray, of: str = "balance") -> str | None:
    """Say why simulations must not be relied on, in words; None where they may be."""
    if not truths.pareto_k <= K_TRUSTED:
        return (
            f"kernels with {of} could not be drawn given the counts so far (k̂ = "
            f"{truths.pareto_k:.2f}, limit {K_TRUSTED:g}), which perhaps contradict it"
        )
    failed = float(np.isnan(factors).mean()) if factors.size else 0.0
    if failed > _FAILED:
        return f"{failed:.0%} of the simulated tables have no posterior mode within reach"
    return None
