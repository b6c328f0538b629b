"""Coordinates fitted to the data, in which NUTS walks far in few steps."""

from dataclasses import dataclass, replace

import numpy as np

from equipoise.graph import SupportGraph
from equipoise.inference.modes.lattice import data_resolutions, scale_lattice
from equipoise.inference.problem import Problem
from equipoise.likelihoods import FloatArray, IntArray, MultinomialRows
from equipoise.models.rows import UNINFORMED

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
    turn
        For rows without staying, shape (S + 1 + E, S); None for others. The first S rows of
        ``table`` are then of w, ``V = Q w``: see :meth:`equipoise.models.builder.Frame.terms`.
    levels
        For rows without staying, the edge of each component that sets the level of s.
    potential_sd, symmetric_sd, symmetric_mean
        Scales that fit the data: where the chains start.
    """

    table: FloatArray
    turn: FloatArray | None
    levels: IntArray | None
    potential_sd: float
    symmetric_sd: float
    symmetric_mean: float


def fit_coordinates(problem: Problem) -> Coordinates:
    """Fit coordinates at the reversible mode, at the scales the data prefer.

    They change how fast the sampler moves, never what it samples
    (:func:`equipoise.models.walk.walked_normal`): with data that pin sums of V, s and c, c moves
    freely only if V and s move along with it. Rows without staying see only
    ``s_e − (V_i + V_j)/2``: s is then fitted with V known, and V from s.

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
    middle = np.repeat([0.0, mean], [n_states, n_symmetric])
    at = np.concatenate([potential, symmetric])
    staying = not isinstance(rows, MultinomialRows) or rows.stay
    seen = slice(0 if staying else n_states, n)
    # What the data say of each V and s once all others are known. What they say when the others
    # are not known would break the sums that they pin down best.
    alone = np.diag(information)[seen]
    share = np.clip(alone / (alone + prior[seen]), _LEAST_SHARE, _MOST_SHARE)
    inner = information[seen, seen] + np.diag(prior[seen])
    moved = -np.linalg.solve(inner, information[seen, n:]) / share[:, None]
    table = np.zeros((n, design.shape[1] - n + 2))
    table[seen, 0] = middle[seen] + (at - middle)[seen] / share
    table[seen, 1] = (1.0 / share - 1.0) / prior[seen]
    table[seen, 2:] = moved
    turn = levels = None
    if not staying:
        levels = _best_known(problem.graph, alone)
        table, turn = _without_staying(problem.graph, levels, table, share, at)
    return Coordinates(table, turn, levels, potential_sd, symmetric_sd, mean)


def _best_known(graph: SupportGraph, information: FloatArray) -> IntArray:
    """Return the edge of each component that has most information, (E,), in order of component."""
    component = graph.component[np.asarray(graph.edges)[:, 0]]
    groups = (np.flatnonzero(component == k) for k in np.unique(component))
    return np.array([group[np.argmax(information[group])] for group in groups])


def _without_staying(
    graph: SupportGraph, first: IntArray, table: FloatArray, share: FloatArray, at: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return coordinates of w and s, and the turn, from those of s alone.

    The data pin ``s_e − (V_i + V_j)/2`` relative to its value at one edge of the component.
    As s has the standard deviation σ_s about μ_s, that is an observation of the means of V, with
    variance σ_s², whose normal equations Q turns to diagonal form.

    Parameters
    ----------
    graph
        The support graph.
    first
        That edge, for each component.
    table
        Shape (S + E, 2 + b), as if V were known; its first S rows are not read.
    share
        κ of each s at the scales that fit, shape (E,).
    at
        V and s there, shape (S + E,).
    """
    n_states, ends = graph.n_states, np.asarray(graph.edges)
    component = graph.component[ends[:, 0]]
    level = first[np.searchsorted(component[first], component)]
    mean_of_ends = np.zeros((len(ends), n_states))
    mean_of_ends[np.arange(len(ends))[:, None], ends] = 0.5
    centred = mean_of_ends.copy()
    for k in np.unique(component):
        centred[component == k] -= mean_of_ends[component == k].mean(axis=0)
    strength, axes = np.linalg.eigh(centred.T @ centred)
    seen = strength > 1e-9 * max(float(strength.max()), 1e-12)
    answer, loading = np.zeros((n_states, len(ends))), np.zeros(n_states)
    answer[seen] = (centred @ axes[:, seen]).T / strength[seen, None]
    loading[seen] = 1.0 / strength[seen]

    symmetric = table[n_states:]
    moved = symmetric[:, 2:] * share[:, None]
    out = np.empty_like(table)
    out[:n_states, 0] = -answer @ (symmetric[:, 0] - centred @ at[:n_states])
    out[:n_states, 1] = np.where(seen, (answer**2) @ symmetric[:, 1], UNINFORMED)
    out[:n_states, 2:] = -answer @ moved
    relative = mean_of_ends - mean_of_ends[level]
    out[n_states:, 0] = symmetric[:, 0] - at[n_states:][level] - relative @ at[:n_states]
    out[n_states:, 1] = symmetric[:, 1]
    out[n_states:, 2:] = symmetric[:, 2:] - moved[level]
    out[n_states + first] = 0.0
    out[n_states + first, 1] = UNINFORMED
    return out, np.vstack([axes, loading, relative @ axes])
