"""Sparse symmetric systems on a graph: assembled anew for new weights, factorised in one order."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import bsr_array, coo_array, csc_array, csr_array
from scipy.sparse.linalg import SuperLU, splu

from equipoise.inference.sparse.pairs import Pairs
from equipoise.likelihoods import FloatArray, IntArray

# SciPy's compressed storage takes whichever integers suffice.
Indices = npt.NDArray[np.int32] | IntArray


@dataclass(frozen=True, eq=False)
class Pattern:
    """Where the entries of a graph's Laplacian stand, compressed, in a given order of the states.

    Attributes
    ----------
    n
        Number of states.
    order
        Position of each state in the matrix, shape (n,).
    rows, indptr
        Compressed storage; by symmetry rows may stand for columns.
    diagonal
        Where the entries of the diagonal are, by position, shape (n,).
    """

    n: int
    order: IntArray
    rows: Indices
    indptr: Indices
    diagonal: IntArray
    _place: IntArray
    _source: IntArray
    _target: IntArray

    def laplacian(self, weight: FloatArray) -> FloatArray:
        """Return the entries of ``Dᵀ diag(weight) D``, shape (nnz,)."""
        diagonal = np.bincount(self._source, weight, self.n) + np.bincount(
            self._target, weight, self.n
        )
        return np.concatenate([-weight, -weight, diagonal])[self._place]

    def matrix(self, entries: FloatArray) -> csr_array:
        """Return entries as a symmetric matrix, states in the pattern's order."""
        return csr_array((entries, self.rows, self.indptr), shape=(self.n, self.n))


def pattern_of(pairs: Pairs, order: IntArray) -> Pattern:
    """Return the pattern of a graph with its states in a given order."""
    n = pairs.n_states
    source, target = order[pairs.source], order[pairs.target]
    states = np.arange(n)
    rows = np.concatenate([source, target, states])
    columns = np.concatenate([target, source, states])
    stored = csr_array(coo_array((np.arange(1.0, len(rows) + 1), (columns, rows)), shape=(n, n)))
    stored.sort_indices()
    place = stored.data.astype(np.int64) - 1
    at = np.empty(len(rows), dtype=np.int64)
    at[place] = np.arange(len(rows))
    return Pattern(
        n=n,
        order=order,
        rows=stored.indices,
        indptr=stored.indptr,
        diagonal=at[2 * len(source) :],
        _place=place,
        _source=source,
        _target=target,
    )


@dataclass(frozen=True, eq=False)
class Factor:
    """Triangular factors of a symmetric matrix.

    Attributes
    ----------
    log_det
        Log of the absolute value of its determinant.
    """

    log_det: float
    _lu: SuperLU
    _order: IntArray

    def solve(self, right: FloatArray) -> FloatArray:
        """Return the solution for right sides (d, ...), in the order of the states."""
        permuted = np.empty_like(right)
        permuted[self._order] = right
        return np.asarray(self._lu.solve(permuted)[self._order])


@dataclass(frozen=True, eq=False)
class DirectSystem:
    """Factorises matrices of a graph in an order that keeps the factors sparse.

    Attributes
    ----------
    pattern
        In that order.
    pins
        Positions of one state of each component.
    log_forests
        Log number of spanning forests, ``log det(DᵀD)`` with the pinned states left out.
    """

    pattern: Pattern
    pins: IntArray
    log_forests: float

    def factorise(self, weight: FloatArray, ridge: float) -> Factor:
        """Factorise ``Dᵀ diag(weight) D + ridge``; ``ridge > 0``."""
        entries = self.pattern.laplacian(weight)
        entries[self.pattern.diagonal] += ridge
        return _factor(csc_array(self.pattern.matrix(entries).T), self.pattern.order)

    def factorise_saddle(self, weight: FloatArray, ridge: float, cycle_sd: float) -> Factor:
        """Factorise the saddle-point matrix of potentials and multipliers.

        With ``L_W = Dᵀ diag(weight) D`` and ``L = Dᵀ D``, the blocks are ``L_W + ridge``, ``−L_W``
        and ``L_W − L/σ_c²``. It is quasi-definite, so that no pivoting is needed in any order
        (Vanderbei 1995). One multiplier of each component, which the constraint leaves free, is
        pinned; unknowns 2k and 2k + 1 are potential and multiplier of state k.
        """
        pattern = self.pattern
        inner = pattern.laplacian(weight)
        outer = pattern.laplacian(np.ones(len(weight))) / cycle_sd**2
        blocks = np.empty((len(inner), 2, 2))
        blocks[:, 0, 0] = inner
        blocks[:, 0, 1] = blocks[:, 1, 0] = -inner
        blocks[:, 1, 1] = inner - outer
        blocks[pattern.diagonal, 0, 0] += ridge
        # A pin of any size leaves the solution as it is; its logarithm comes off the determinant.
        pinned = pattern.diagonal[self.pins]
        pin = outer[pinned]
        blocks[pinned, 1, 1] -= pin
        size = 2 * pattern.n
        matrix = bsr_array((blocks, pattern.rows, pattern.indptr), shape=(size, size))
        order = np.stack([2 * pattern.order, 2 * pattern.order + 1], axis=1).ravel()
        factor = _factor(csc_array(matrix.tocsr().T), order)
        return Factor(factor.log_det - float(np.log(pin).sum()), factor._lu, order)


def direct_system(pairs: Pairs) -> DirectSystem:
    """Find an order that keeps factors sparse: minimum degree, in which leaves go first.

    A state with one neighbour is eliminated exactly and at no cost; one with two leaves a single
    edge behind.
    """
    natural = pattern_of(pairs, np.arange(pairs.n_states))
    entries = natural.laplacian(np.ones(pairs.n_edges))
    entries[natural.diagonal] += 1.0
    order = _splu(csc_array(natural.matrix(entries).T), "MMD_AT_PLUS_A").perm_c
    pattern = pattern_of(pairs, np.asarray(order, dtype=np.int64))
    _, first = np.unique(pairs.component, return_index=True)
    pins = pattern.order[first]
    entries = pattern.laplacian(np.ones(pairs.n_edges))
    pin = entries[pattern.diagonal[pins]]
    entries[pattern.diagonal[pins]] += pin
    log_det = _factor(csc_array(pattern.matrix(entries).T), pattern.order).log_det
    return DirectSystem(pattern, pins, log_det - float(np.log(pin).sum()))


def _factor(matrix: csc_array, order: IntArray) -> Factor:
    lu = _splu(matrix, "NATURAL")
    return Factor(float(np.log(np.abs(lu.U.diagonal())).sum()), lu, order)


def _splu(matrix: csc_array, ordering: str) -> SuperLU:
    # The stubs of SciPy do not know the option.
    lu: SuperLU = splu(  # type: ignore[call-overload]
        matrix, permc_spec=ordering, diag_pivot_thresh=0.0, options={"SymmetricMode": True}
    )
    return lu
