"""What is calibrated: the fast path, and MCMC with path sampling, each in one call.

The path engine is what ``equipoise test`` runs. The fast engine is not ``equipoise test --fast`` to
the letter: it takes half the draws, 1,000, and takes more where the Monte Carlo error is too large
too; see :func:`fast_engine`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from equipoise.errors import NotTrustedError
from equipoise.inference.calibration.quantities import RANKED
from equipoise.inference.evidence.cycle_scale import DECIDING, CycleScalePosterior
from equipoise.inference.evidence.laplace import LaplaceFit, solve
from equipoise.inference.evidence.psis import K_TRUSTED, distrust
from equipoise.inference.evidence.result import BayesFactor
from equipoise.inference.posterior.numpy_sampler import USUAL
from equipoise.inference.problem import Problem
from equipoise.likelihoods import FloatArray

FAST_DRAWS, PATH_DRAWS = 1000, USUAL.draws
_MORE = 4


@dataclass(frozen=True, eq=False)
class Inferred:
    """What an engine says about a data set.

    Attributes
    ----------
    factor
        The log Bayes factor at the prior's own τ.
    evidence_distrust, posterior_distrust
        Why it, or the draws, must not be reported, in words; None where they may be.
    problem
        What was asked.
    theta
        Nearly independent draws of the asked hypothesis's posterior, shape (RANKED, d); None where
        it could not be drawn from.
    cycle_scale
        Draws of σ_c, shape (RANKED,); None under balance.
    """

    factor: BayesFactor
    evidence_distrust: str | None
    posterior_distrust: str | None
    problem: Problem
    theta: FloatArray | None
    cycle_scale: FloatArray | None


Engine = Callable[[Problem, bool, np.random.Generator], Inferred]


def fast_engine(problem: Problem, cyclic: bool, rng: np.random.Generator) -> Inferred:
    """Infer by nested Laplace and importance sampling, nearly as ``equipoise test --fast`` does.

    It differs in two ways. It takes 1,000 draws at each σ_c, and ``--fast`` 2,000. And it takes
    four times the draws, once, where k̂ *or the Monte Carlo error* exceeds its limit; ``--fast``
    where k̂ does. Weighted draws are resampled to equal weights.

    Parameters
    ----------
    problem
        The question.
    cyclic
        The hypothesis whose posterior is wanted.
    rng
        Source of randomness.
    """
    fit = solve(problem, draws=FAST_DRAWS, random_seed=rng)
    if _distrust(fit) is not None:
        fit = solve(problem, draws=_MORE * FAST_DRAWS, random_seed=rng)
    weighted = fit.cyclic_draws if cyclic else fit.reversible_draws
    chosen = rng.choice(len(weighted.theta), RANKED, p=weighted.weights)
    evidence = _distrust(fit)
    return Inferred(
        factor=fit.log_bayes_factor(),
        evidence_distrust=evidence,
        posterior_distrust=evidence if cyclic else distrust(fit.curve.reversible.pareto_k),
        problem=problem,
        theta=weighted.theta[chosen],
        cycle_scale=scale_draws(fit.cycle_scale_posterior(), rng) if cyclic else None,
    )


def path_engine(problem: Problem, cyclic: bool, rng: np.random.Generator) -> Inferred:
    """Infer by Markov chains and path sampling, as ``equipoise test`` does.

    It takes as many draws: with fewer, R-hat exceeds its limit by chance. Draws are thinned evenly;
    a trusted posterior has at least four effective draws for each kept.

    Parameters
    ----------
    problem
        The question.
    cyclic
        The hypothesis whose posterior is wanted.
    rng
        Source of randomness.
    """
    from equipoise.inference.evidence.path import walk_path
    from equipoise.inference.mcmc import sample_hypothesis
    from equipoise.inference.posterior.choose import sampler_for

    sampler = sampler_for(problem)
    theta = scale = None
    try:
        found, state = sample_hypothesis(sampler, cyclic, PATH_DRAWS, rng, lambda *_: None)
    except NotTrustedError as error:
        # The evidence must not be withheld for it: which posterior is drawn from tells the truth.
        distrust: str | None = f"no result: {error}"
    else:
        distrust = state.distrust
        drawn = found.theta(problem, cyclic=cyclic)
        flat = drawn.reshape(-1, drawn.shape[-1])
        kept = np.linspace(0, len(flat) - 1, RANKED).round().astype(int)
        theta = flat[kept]
        scale = found.scales["sigma_c"].ravel()[kept] if cyclic else None
    walked = walk_path(sampler, random_seed=rng)
    tau = problem.priors.cycle_scale
    factors = [walked.log_bayes_factor(factor * tau) for factor in DECIDING]
    return Inferred(
        factor=walked.log_bayes_factor(),
        evidence_distrust=next((f.distrust for f in factors if f.distrust), None),
        posterior_distrust=distrust,
        problem=problem,
        theta=theta,
        cycle_scale=scale,
    )


ENGINES: dict[str, Engine] = {"fast": fast_engine, "path": path_engine}


def scale_draws(post: CycleScalePosterior, rng: np.random.Generator) -> FloatArray:
    """Draw σ_c from its posterior on a grid, uniformly within cells, shape (RANKED,)."""
    middle = np.sqrt(post.grid[1:] * post.grid[:-1])
    edges = np.concatenate([[0.0], middle, post.grid[-1:]])
    reached = np.concatenate([[0.0], np.cumsum(post.mass)])
    return np.asarray(np.interp(rng.random(RANKED) * reached[-1], reached, edges))


def _distrust(fit: LaplaceFit) -> str | None:
    tau = fit.priors.cycle_scale
    factors = [fit.log_bayes_factor(factor * tau) for factor in DECIDING]
    worst = max(factors, key=lambda f: -np.inf if f.pareto_k is None else f.pareto_k)
    if worst.pareto_k is not None and not worst.pareto_k <= K_TRUSTED:
        return worst.distrust
    return next((factor.distrust for factor in factors if factor.distrust), None)
