"""Symmetric systems on a graph, factorised: eliminated in one order, found once."""

from dataclasses import dataclass

import numpy as np

from equipoise.inference.sparse.elimination import Elimination, elimination_of
from equipoise.inference.sparse.factor import Factor, factorise
from equipoise.inference.sparse.pairs import Pairs
from equipoise.likelihoods import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class DirectSystem:
    """Factorises matrices of a graph.

    Attributes
    ----------
    pairs
        The edges.
    elimination
        In which order states are eliminated.
    pins
        One state of each component.
    log_forests
        Log number of spanning forests, ``log det(DᵀD)`` with the pinned states left out.
    """

    pairs: Pairs
    elimination: Elimination
    pins: IntArray
    log_forests: float

    def factorise(self, weight: FloatArray, ridge: float) -> Factor:
        """Factorise ``Dᵀ diag(weight) D + ridge``; ``ridge > 0``."""
        diagonal = _degrees(self.pairs, weight) + ridge
        return factorise(self.elimination, diagonal[None, None], -weight[None, None])

    def factorise_saddle(self, weight: FloatArray, ridge: float, cycle_sd: float) -> Factor:
        """Factorise the saddle-point matrix of potentials and multipliers.

        With ``L_W = Dᵀ diag(weight) D`` and ``L = Dᵀ D``, the blocks are ``L_W + ridge``, ``−L_W``
        and ``L_W − L/σ_c²``: quasi-definite. One multiplier of each component, which the constraint
        leaves free, is pinned; unknowns 2k and 2k + 1 are potential and multiplier of state k.
        """
        pairs = self.pairs
        flat = np.full(pairs.n_edges, 1.0 / cycle_sd**2)
        inner, outer = _degrees(pairs, weight), _degrees(pairs, flat)
        # A pin of any size leaves the solution as it is; its logarithm comes off the determinant.
        pin = outer[self.pins]
        diagonal = np.stack([[inner + ridge, -inner], [-inner, inner - outer]])
        diagonal[1, 1, self.pins] -= pin
        edges = np.stack([[-weight, weight], [weight, flat - weight]])
        factor = factorise(self.elimination, diagonal, edges)
        return factor.less(float(np.log(pin).sum()))


def direct_system(pairs: Pairs) -> DirectSystem:
    """Find the order in which the states of a graph are eliminated."""
    elimination = elimination_of(pairs.n_states, pairs.source, pairs.target)
    _, pins = np.unique(pairs.component, return_index=True)
    ones = np.ones(pairs.n_edges)
    diagonal = _degrees(pairs, ones)
    pin = diagonal[pins]
    diagonal[pins] += pin
    log_det = factorise(elimination, diagonal[None, None], -ones[None, None]).log_det
    return DirectSystem(pairs, elimination, pins, log_det - float(np.log(pin).sum()))


def _degrees(pairs: Pairs, weight: FloatArray) -> FloatArray:
    """Return the diagonal of ``Dᵀ diag(weight) D``, shape (n,)."""
    out = np.bincount(pairs.source, weight, pairs.n_states)
    return np.asarray(out + np.bincount(pairs.target, weight, pairs.n_states))
