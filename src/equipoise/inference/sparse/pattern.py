"""Sparse Laplacians of a graph, assembled anew for new weights."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array, csr_array

from equipoise.inference.sparse.pairs import Indices, Pairs, narrow
from equipoise.likelihoods import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Pattern:
    """Where the entries of a graph's Laplacian stand, compressed.

    Attributes
    ----------
    n
        Number of states.
    rows, indptr
        Compressed storage; by symmetry rows may stand for columns.
    diagonal
        Where the entries of the diagonal are, by position, shape (n,).
    """

    n: int
    rows: Indices
    indptr: Indices
    diagonal: Indices
    _place: Indices
    _source: IntArray
    _target: IntArray

    def laplacian(self, weight: FloatArray) -> FloatArray:
        """Return the entries of ``Dᵀ diag(weight) D``, shape (nnz,)."""
        diagonal = np.bincount(self._source, weight, self.n) + np.bincount(
            self._target, weight, self.n
        )
        return np.concatenate([-weight, -weight, diagonal])[self._place]

    def matrix(self, entries: FloatArray) -> csr_array:
        """Return entries as a symmetric matrix."""
        return csr_array((entries, self.rows, self.indptr), shape=(self.n, self.n))


def pattern_of(pairs: Pairs) -> Pattern:
    """Return the pattern of a graph."""
    n = pairs.n_states
    source, target = pairs.source, pairs.target
    states = np.arange(n)
    size = 2 * len(source) + n
    rows = narrow(np.concatenate([source, target, states]), size)
    columns = narrow(np.concatenate([target, source, states]), size)
    stored = csr_array(coo_array((np.arange(1.0, size + 1), (columns, rows)), shape=(n, n)))
    stored.sort_indices()
    place = narrow(stored.data.astype(np.int64) - 1, size)
    at = np.empty_like(place)
    at[place] = np.arange(size)
    return Pattern(
        n=n,
        rows=stored.indices,
        indptr=stored.indptr,
        diagonal=at[2 * len(source) :],
        _place=place,
        _source=source,
        _target=target,
    )
