"""Coordinates fitted to the data, in which NUTS walks far in few steps."""

from dataclasses import dataclass, replace

import numpy as np

from equipoise.inference.modes.lattice import data_resolutions, scale_lattice
from equipoise.inference.problem import Problem
from equipoise.likelihoods import FloatArray

# Less than this the data say about nothing, and nothing is said about less.
_LEAST_SHARE, _MOST_SHARE = 1e-3, 1.0 - 1e-9


@dataclass(frozen=True, eq=False)
class Coordinates:
    """Where the data put V and s, how sharply, and how that moves with the cycle amplitudes.

    Attributes
    ----------
    table
        Shape (n, 2 + b), first the states, then the s if any: anchor and variance of the data's
        own "observation" of each V and s, and how far the anchor moves with each cycle amplitude.
    potential_sd, symmetric_sd, symmetric_mean
        Scales that fit the data: where the chains start.
    """

    table: FloatArray
    potential_sd: float
    symmetric_sd: float
    symmetric_mean: float


def fit_coordinates(problem: Problem) -> Coordinates:
    """Fit coordinates at the reversible mode, at the scales the data prefer.

    They change how fast the sampler moves, never what it samples
    (:func:`equipoise.models.walk.walked_normal`): with data that pin sums of V, s and c, c moves
    freely only if V and s move along with it.

    Parameters
    ----------
    problem
        The question; pairwise likelihoods have no s.
    """
    rows, predictor, priors = problem.likelihood, problem.predictor, problem.priors
    n_states, n_symmetric = problem.graph.n_states, predictor.symmetric.shape[1]
    fixed = problem.with_priors(replace(priors, scales="fixed"))
    model = problem.reversible(data_resolutions(fixed.reversible()))
    modes = scale_lattice(model, model.prior_mean, (1.0,) * len(model.learned))
    if model.learned:
        weight = np.exp([mode.log_evidence - modes[0].log_evidence for mode in modes])
        logs = np.log([mode.scales for mode in modes])
        centre = weight @ logs / weight.sum()
        mode = modes[int(np.argmin(((logs - centre) ** 2).sum(axis=1)))]
        potential_sd, symmetric_sd = [*np.exp(centre).tolist(), priors.symmetric_scale][:2]
    else:
        mode = modes[0]
        potential_sd, symmetric_sd = priors.fixed_potential_sd, priors.fixed_symmetric_sd

    potential = model.potential(mode.theta)
    for label in np.unique(problem.graph.component):
        inside = problem.graph.component == label
        potential[inside] -= potential[inside].mean()
    symmetric = mode.theta[model.lift.shape[1] :]
    mean = priors.symmetric_mean
    if model.learned:
        precision = np.array([symmetric_sd**-2, priors.symmetric_mean_sd**-2])
        mean = float(
            (precision @ [symmetric.sum(), priors.symmetric_mean]) / (precision @ [n_symmetric, 1])
        )

    design = np.hstack([predictor.potential, predictor.symmetric, predictor.cycle])
    eta = model.design @ mode.theta
    information = rows.information(eta, design)
    n = n_states + n_symmetric
    prior = np.repeat([potential_sd**-2, symmetric_sd**-2], [n_states, n_symmetric])
    # What the data say of each V and s once all others are known. What they say when the others
    # are not known would break the sums that they pin down best.
    alone = np.diag(information)[:n]
    share = np.clip(alone / (alone + prior), _LEAST_SHARE, _MOST_SHARE)
    middle = np.repeat([0.0, mean], [n_states, n_symmetric])
    table = np.empty((n, design.shape[1] - n + 2))
    table[:, 0] = middle + (np.concatenate([potential, symmetric]) - middle) / share
    table[:, 1] = (1.0 / share - 1.0) / prior
    inner = information[:n, :n] + np.diag(prior)
    table[:, 2:] = -np.linalg.solve(inner, information[:n, n:]) / share[:, None]
    return Coordinates(table, potential_sd, symmetric_sd, mean)
