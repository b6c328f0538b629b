"""Coordinates fitted to the data, in which NUTS walks far in few steps."""

from dataclasses import dataclass, replace

import numpy as np

from equipoise.inference.modes.lattice import data_resolutions, scale_lattice
from equipoise.inference.problem import Problem
from equipoise.likelihoods import FloatArray, MultinomialRows
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
    potential_sd, symmetric_sd, symmetric_mean
        Scales that fit the data: where the chains start.
    """

    table: FloatArray
    turn: FloatArray | None
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
    turn = None
    if not staying:
        half = _ends_of(problem)
        table[seen, 0] -= half @ potential + mean
        table[:n_states], turn = _from_symmetric(half, table[seen])
    return Coordinates(table, turn, potential_sd, symmetric_sd, mean)


def _ends_of(problem: Problem) -> FloatArray:
    """Return A, shape (E, S): V's mean at the ends of each edge, less that of the component's."""
    graph = problem.graph
    ends = np.asarray(graph.edges)
    half = np.zeros((len(ends), graph.n_states))
    half[np.arange(len(ends))[:, None], ends] = 0.5
    label = graph.component[ends[:, 0]]
    for k in np.unique(label):
        half[label == k] -= half[label == k].mean(axis=0)
    return half


def _from_symmetric(half: FloatArray, table: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return coordinates of w, ``V = Q w``, and the turn, given what the data say of s − A V.

    As s has the standard deviation σ_s about μ_s, that is an observation of −A V with variance
    σ_s², whose normal equations Q turns to diagonal form.
    """
    n_edges, n_states = half.shape
    strength, axes = np.linalg.eigh(half.T @ half)
    seen = strength > 1e-9 * max(float(strength.max()), 1e-12)
    answer = np.zeros((n_states, n_edges))
    answer[seen] = (half @ axes[:, seen]).T / strength[seen, None]
    out = np.zeros((n_states, table.shape[1]))
    out[:, 0], out[:, 2:] = -answer @ table[:, 0], -answer @ table[:, 2:]
    out[:, 1] = np.where(seen, (answer**2) @ table[:, 1], UNINFORMED)
    loading = np.zeros(n_states)
    loading[seen] = 1.0 / strength[seen]
    return out, np.vstack([axes, loading, half @ axes])
