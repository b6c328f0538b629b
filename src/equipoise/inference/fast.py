"""The fast path: evidence, draws and their diagnostics by Laplace and importance sampling."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from equipoise.inference.evidence.cycle_scale import DECIDING
from equipoise.inference.evidence.laplace import LaplaceFit, solve
from equipoise.inference.evidence.psis import K_TRUSTED, distrust
from equipoise.inference.evidence.result import BayesFactor
from equipoise.inference.findings import (
    FIXED_POTENTIAL_SDS,
    IMPUTED_MULTIPLES,
    SENSITIVITY,
    Diagnostics,
    Findings,
    Stages,
)
from equipoise.inference.problem import Problem
from equipoise.likelihoods import FloatArray

DRAWS = 2000
_MORE = 4


def fast_findings(
    problem: Problem,
    *,
    draws: int,
    rng: np.random.Generator,
    stages: Stages,
    imputed: bool = False,
    until: float = 0.97,
) -> Findings:
    """Solve a problem without MCMC.

    Parameters
    ----------
    problem
        The question.
    draws
        Importance draws at each σ_c; four times as many are taken where these leave k̂ above 0.7.
    rng
        Source of randomness.
    stages
        Progress.
    imputed
        Whether the numbers of trials were imputed: then others are tried too.
    until
        Fraction of all work that is done afterwards.

    Raises
    ------
    UsageError
        If there are fewer than 100 draws.
    NotTrustedError
        If a posterior mode cannot be reached at all.
    """
    half = 0.5 * until
    fit = solve(problem, draws=draws, random_seed=rng, progress=stages.next("evidence", half))
    if not _pareto_k(fit) <= K_TRUSTED:
        # Tails that too few draws have reached look heavier than they are.
        draws = _MORE * draws
        more = stages.next("more draws", half)
        fit = solve(problem, draws=draws, random_seed=rng, progress=more)
    fewer = max(draws // 2, 100)
    ceiling = ceiling_factor(fit, fewer, rng, stages.next("ceiling", 0.77 * until))
    ends = np.linspace(0.77, 1.0, len(FIXED_POTENTIAL_SDS) + 1)[1:] * until
    fixed = tuple(
        (sd, _with_fixed_scales(problem, sd, fewer, rng, stages.next("fixed scales", float(end))))
        for sd, end in zip(FIXED_POTENTIAL_SDS, ends, strict=True)
    )
    trials = IMPUTED_MULTIPLES if imputed and fit.curve.nodes else ()
    imputed_trials = tuple(
        (
            multiple,
            solve(
                problem.with_imputed_trials(multiple),
                draws=fewer,
                random_seed=rng,
                progress=stages.next("imputed trials", until),
            ).log_bayes_factor(),
        )
        for multiple in trials
    )
    tau = problem.priors.cycle_scale
    return Findings(
        problem=problem,
        method="laplace",
        effort=_effort(fit),
        draws=draws,
        reversible=fit.reversible_draws,
        cyclic=fit.cyclic_draws,
        reversible_mode=fit.curve.reversible.mode.theta,
        cyclic_mode=likeliest_mode(fit),
        curve=fit.smooth_curve,
        sensitivity=tuple(fit.log_bayes_factor(factor * tau) for factor in SENSITIVITY),
        cross_check=None,
        ceiling=ceiling,
        fixed_scales=fixed,
        imputed_trials=imputed_trials,
        information=fit.information,
        diagnostics=Diagnostics(
            pareto_k=_pareto_k(fit),
            reversible=distrust(fit.curve.reversible.pareto_k),
            cyclic=None,  # judged with the Bayes factors, whose draws they are
        ),
    )


def _effort(fit: LaplaceFit) -> str:
    curve = fit.curve
    how = "nested Laplace, corrected by Pareto-smoothed importance sampling"
    if not curve.nodes:
        return f"{how}; {len(curve.reversible.log_weights):,} draws"
    return (
        f"{how}; {len(curve.nodes)} values of σ_c, {len(curve.nodes[0].log_weights):,} draws each, "
        f"{len(curve.reversible.log_weights):,} at 0"
    )


def _pareto_k(fit: LaplaceFit) -> float:
    """Return the worst k̂ behind the verdict."""
    tau = fit.priors.cycle_scale
    return max(
        k for factor in DECIDING if (k := fit.log_bayes_factor(factor * tau).pareto_k) is not None
    )


def ceiling_factor(
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


def likeliest_mode(fit: LaplaceFit) -> FloatArray:
    """Return the cyclic mode at the σ_c of highest posterior weight, shape (d,)."""
    if not fit.curve.nodes:
        return fit.curve.reversible.mode.theta
    shares = fit.curve.shares(fit.cycle_scale_posterior())
    return fit.curve.nodes[int(np.argmax(shares))].mode.theta
