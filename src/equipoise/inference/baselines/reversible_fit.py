r"""The greatest likelihood of a reversible kernel, for one table or many at once.

Staying is free under either hypothesis, so only moves matter. With symmetric weights x the
likelihood of the moves ``Σ n_ij log(x_ij / x_i)`` is greatest where ``x_ij = m_e / (y_i + y_j)``,
``m_e = n_ij + n_ji`` and ``y_i = M_i / x_i``, M_i being the moves from i; ``x_i = Σ_j x_ij`` then
reads ``M_i = Σ_j m_e y_i / (y_i + y_j)``: the likelihood equations of Bradley and Terry, with n_ij
the wins of i over j. The fitted counts are ``m_e y_i / (y_i + y_j)``, and S numbers are to be
found instead of S + E. The greatest value is reached where the arcs seen strongly connect the
states (Ford 1957); across strongly connected components the fit is exact in the limit.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from scipy.special import expit, log_expit, xlogy

from equipoise.errors import NotTrustedError
from equipoise.likelihoods import FloatArray, IntArray

_MAX_STEPS = 200
_DECREMENT = 1e-9
_MOST_CELLS = 4_000_000


@dataclass(frozen=True, eq=False)
class ReversibleFit:
    """Fitted counts and likelihood ratios of tables.

    Attributes
    ----------
    forward
        Fitted counts along i → j of each edge, shape (n, E); those against it add up to m_e with
        them.
    likelihood_ratio
        ``2 (log L of any kernel − log L of reversible ones)``, both at their greatest, shape (n,).
    """

    forward: FloatArray
    likelihood_ratio: FloatArray


def fit_reversible(
    edges: IntArray, n_states: int, forward: FloatArray, backward: FloatArray
) -> ReversibleFit:
    """Fit a reversible kernel to each of several tables on one graph.

    Parameters
    ----------
    edges
        Pairs i < j of state indices, shape (E, 2).
    n_states
        S.
    forward, backward
        ``n_ij`` and ``n_ji`` of each table and edge, shape (n, E).

    Raises
    ------
    NotTrustedError
        If 200 Newton steps do not reach the greatest likelihood of some table.
    """
    size = max(_MOST_CELLS // max(n_states, 1) ** 2, 1)
    parts = [
        _fit(edges, n_states, forward[k : k + size], backward[k : k + size])
        for k in range(0, len(forward), size)
    ]
    fitted = np.concatenate([np.zeros((0, len(edges))), *(part[0] for part in parts)])
    return ReversibleFit(fitted, np.concatenate([np.zeros(0), *(part[1] for part in parts)]))


def _fit(
    edges: IntArray, n_states: int, forward: FloatArray, backward: FloatArray
) -> tuple[FloatArray, FloatArray]:
    i, j = edges.T
    strong = np.array(
        [_strong(edges, n_states, f, b) for f, b in zip(forward, backward, strict=True)]
    )
    inside = strong[:, i] == strong[:, j]
    won, lost = np.where(inside, forward, 0.0), np.where(inside, backward, 0.0)
    total = won + lost
    # Each component has a constant of its own, which nothing fixes.
    same = (strong[:, :, None] == strong[:, None, :]).astype(float)
    incidence = np.zeros((len(edges), n_states))
    incidence[np.arange(len(edges)), i] = 1.0
    incidence[np.arange(len(edges)), j] = -1.0
    y = np.zeros((len(forward), n_states))  # logarithms
    for _ in range(_MAX_STEPS):
        share = expit(y[:, i] - y[:, j])
        gradient = (won - total * share) @ incidence
        weight = total * share * (1.0 - share)
        matrix = np.zeros_like(same)
        matrix[:, i, j] = matrix[:, j, i] = -weight
        diagonal = -matrix.sum(axis=2)
        level = np.maximum(diagonal.max(axis=1, initial=0.0), 1e-300)
        matrix += same * level[:, None, None]
        matrix[:, np.arange(n_states), np.arange(n_states)] += diagonal
        step = np.linalg.solve(matrix, gradient[..., None])[..., 0]
        farthest = np.abs(step[:, i] - step[:, j]).max(axis=1, initial=0.0)
        # The curvature changes by at most e^t where no difference moves by more than t, so this
        # length never overshoots (Sun & Tran-Dinh 2019, Math. Program. 178, 145).
        length = np.log1p(farthest) / np.maximum(farthest, 1e-300)
        y += np.where(farthest > 0, length, 1.0)[:, None] * step
        if np.all((gradient * step).sum(axis=1) < _DECREMENT):
            break
    else:
        raise NotTrustedError(
            f"the greatest likelihood of reversible kernels was not reached in {_MAX_STEPS} Newton "
            "steps; perhaps two counts of one state differ too much, so leave out the rarest state"
        )
    ratio = y[:, i] - y[:, j]
    terms = (
        xlogy(won, won)
        + xlogy(lost, lost)
        - xlogy(total, total)
        - won * log_expit(ratio)
        - lost * log_expit(-ratio)
    )
    fitted = np.where(inside, total * expit(ratio), forward)
    return fitted, np.maximum(2.0 * terms.sum(axis=1), 0.0)


def _strong(edges: IntArray, n_states: int, forward: FloatArray, backward: FloatArray) -> IntArray:
    """Return the strongly connected component of each state by the arcs with counts, (S,)."""
    i, j = edges.T
    out, back = forward > 0, backward > 0
    ends = (np.concatenate([i[out], j[back]]), np.concatenate([j[out], i[back]]))
    seen = csr_array((np.ones(len(ends[0])), ends), shape=(n_states, n_states))
    return np.asarray(connected_components(seen, directed=True, connection="strong")[1], dtype=int)
