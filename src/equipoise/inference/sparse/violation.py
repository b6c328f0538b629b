"""The violation map: how far each edge's log-ratio stands off the potential, and how surely."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, log_expit, xlogy

from equipoise.inference.sparse.balance import BalanceMode
from equipoise.inference.sparse.pairs import Pairs
from equipoise.likelihoods import FloatArray, IntArray

_COLUMNS = 16
# An edge that alone holds its ends together has no residual; rounding leaves it this much.
_FREE = 1e-6


@dataclass(frozen=True, eq=False)
class ViolationMap:
    """What the potential leaves of each edge's log-ratio.

    Attributes
    ----------
    edges
        Positions among the edges of ``Pairs``, shape (k,).
    deviation
        Estimate of ``log P_ij/P_ji − (Φ_i − Φ_j)`` if this edge alone broke balance, nats: the
        log-ratio seen, half a count added to either side, less the one fitted, over the share that
        the fit did not follow.
    z
        Signed root of twice the log-likelihood that the fit loses on this edge, over the root of
        that share: approximately standard normal under balance where counts are many. 0 for an
        edge on no cycle.
    free
        That share, ``1 − h``, h the leverage of the edge; 0 on no cycle.
    """

    edges: IntArray
    deviation: FloatArray
    z: FloatArray
    free: FloatArray


def violation_map(pairs: Pairs, mode: BalanceMode) -> ViolationMap:
    """Return the map over all edges, with each edge's leverage approximated from its ends.

    The residual of edge e has variance ``ω_e (1 − h_e)`` under balance, h_e the leverage
    ``ω_e R_e`` and R_e the effective resistance between its ends. R_e is taken as that of its
    ends' other edges alone, exact in trees of infinite width and near it on sparse graphs with
    many cycles; :func:`exact_violation` solves for it.
    """
    eta = pairs.incidence @ mode.potential
    weight = pairs.weight(eta)
    ridge = 1.0 / mode.potential_sd**2
    held = np.bincount(pairs.source, weight, pairs.n_states)
    held += np.bincount(pairs.target, weight, pairs.n_states) + ridge
    others = 1.0 / np.maximum(held[pairs.source] - weight, 1e-300)
    others = others + 1.0 / np.maximum(held[pairs.target] - weight, 1e-300)
    # In parallel with the rest: R = 1/(ω + 1/others), so that 1 − ω R = 1/(1 + ω·others).
    free = 1.0 / (1.0 + weight * others)
    return _estimates(pairs, np.arange(pairs.n_edges), eta, free)


def exact_violation(pairs: Pairs, mode: BalanceMode, edges: IntArray) -> ViolationMap:
    """Return the same for chosen edges with exact leverages, a sparse solve each."""
    eta = pairs.incidence @ mode.potential
    weight = pairs.weight(eta)[edges]
    free = np.empty(len(edges))
    for begin in range(0, len(edges), _COLUMNS):
        part = slice(begin, begin + _COLUMNS)
        up, down = pairs.source[edges[part]], pairs.target[edges[part]]
        column = np.arange(len(up))
        contrast = np.zeros((pairs.n_states, len(up)))
        contrast[up, column], contrast[down, column] = 1.0, -1.0
        spread = mode.factor.solve(contrast)
        free[part] = 1.0 - weight[part] * (spread[up, column] - spread[down, column])
    return _estimates(pairs, edges, eta, free)


def _estimates(pairs: Pairs, edges: IntArray, eta: FloatArray, free: FloatArray) -> ViolationMap:
    forward, total = pairs.forward[edges], pairs.total[edges]
    logit = eta[edges] + pairs.exposure[edges]
    free = np.where((free > _FREE) & (total > 0), free, 0.0)
    share = np.where(free > 0, free, 1.0)
    seen = np.log((forward + 0.5) / (total - forward + 0.5))
    backward = total - forward
    lost = xlogy(forward, forward) + xlogy(backward, backward) - xlogy(total, total)
    lost -= forward * log_expit(logit) + backward * log_expit(-logit)
    sign = np.sign(forward - total * expit(logit))
    known = free > 0
    return ViolationMap(
        edges=edges,
        deviation=np.where(known, (seen - logit) / share, 0.0),
        z=np.where(known, sign * np.sqrt(2 * np.maximum(lost, 0.0) / share), 0.0),
        free=free,
    )
