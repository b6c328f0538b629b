"""Draws from the prior, as the posterior's are given."""

import numpy as np

from equipoise.inference.posterior.sampler import Draws
from equipoise.inference.problem import Problem


def prior_draws(
    problem: Problem, *, cyclic: bool, cycle_sd: float | None, draws: int, random_seed: int
) -> Draws:
    """Draw parameters from the prior: one chain of independent draws.

    Parameters
    ----------
    problem
        Priors, and the graph that says how many of each there are.
    cyclic
        Whether there are cycle amplitudes.
    cycle_sd
        σ_c where it is held fixed; None: ``HalfNormal(τ)``.
    draws
        How many.
    random_seed
        The same seed gives the same draws.
    """
    rng = np.random.default_rng(random_seed)
    priors, predictor = problem.priors, problem.predictor
    one = (1, draws)
    n_symmetric = predictor.symmetric.shape[1]
    scales = {}
    if priors.scales == "learned":
        scales["sigma_V"] = np.abs(rng.normal(0.0, priors.potential_scale, one))
        sd_V = scales["sigma_V"]
    else:
        sd_V = np.full(one, priors.fixed_potential_sd)
    V = sd_V[..., None] * rng.normal(size=(*one, problem.graph.n_states))
    s = np.zeros((*one, 0))
    if n_symmetric:
        if priors.scales == "learned":
            scales["mu_s"] = rng.normal(priors.symmetric_mean, priors.symmetric_mean_sd, one)
            scales["sigma_s"] = np.abs(rng.normal(0.0, priors.symmetric_scale, one))
            mean, sd_s = scales["mu_s"], scales["sigma_s"]
        else:
            mean = np.full(one, priors.symmetric_mean)
            sd_s = np.full(one, priors.fixed_symmetric_sd)
        s = mean[..., None] + sd_s[..., None] * rng.normal(size=(*one, n_symmetric))
    z = np.zeros((*one, 0))
    if cyclic:
        sd_c = np.full(one, cycle_sd or 0.0)
        if cycle_sd is None:
            sd_c = scales["sigma_c"] = np.abs(rng.normal(0.0, priors.cycle_scale, one))
        z = sd_c[..., None] * rng.normal(size=(*one, predictor.cycle.shape[1]))
    return Draws(V, s, z, scales, stats={}, walked=np.zeros((*one, 0)))
