"""Factors of symmetric matrices on a graph: sparse levels first, then a dense core.

A matrix has one number a state and edge, or blocks of two: a potential and a multiplier, positive
in the first and negative in the second (quasi-definite, so that no pivoting is needed in any order,
Vanderbei 1995). Blocks are stored as (b, b, ...), what they belong to last.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg.blas import dtrsm
from scipy.linalg.lapack import dpotrf
from scipy.sparse import csr_array

from equipoise.errors import NotTrustedError
from equipoise.inference.sparse.elimination import Elimination, Level
from equipoise.inference.sparse.pairs import narrow
from equipoise.likelihoods import FloatArray, IntArray

# Levels are gathered while their product has at most so many times the entries of all.
_FILL = 1.5


@dataclass(frozen=True, eq=False)
class _Step:
    """Some levels: unknowns from ``begin`` to ``end`` give to all from ``begin`` on, and take."""

    begin: int
    end: int
    give: csr_array
    take: csr_array


@dataclass(frozen=True, eq=False)
class _Core:
    """The dense core: ``[[A, Bᵀ], [B, −C]]`` with ``A = L Lᵀ``, ``W = L⁻¹ Bᵀ``, ``C + WᵀW = R Rᵀ``.

    Without blocks A is all there is.
    """

    lower: FloatArray
    between: FloatArray | None
    second: FloatArray | None

    @property
    def log_det(self) -> float:
        """Log of the absolute value of its determinant."""
        total = 2 * float(np.log(self.lower.diagonal()).sum())
        if self.second is not None:
            total += 2 * float(np.log(self.second.diagonal()).sum())
        return total

    def solve(self, right: FloatArray) -> FloatArray:
        """Return the solution for (d·b, k), unknowns of a state together."""
        if self.between is None or self.second is None:
            return _back(self.lower, _forth(self.lower, right))
        out = np.empty_like(right)
        up = _forth(self.lower, right[0::2])
        down = self.between.T @ up - right[1::2]
        down = _back(self.second, _forth(self.second, down))
        out[1::2] = down
        out[0::2] = _back(self.lower, up - self.between @ down)
        return out


@dataclass(frozen=True, eq=False)
class Factor:
    """What solves with one matrix.

    Attributes
    ----------
    log_det
        Log of the absolute value of its determinant.
    """

    log_det: float
    _elimination: Elimination
    _steps: tuple[_Step, ...]
    _inverse: FloatArray
    _core: _Core

    def less(self, log_det: float) -> "Factor":
        """Return the same with so much off the logarithm of the determinant."""
        return replace(self, log_det=self.log_det - log_det)

    def solve(self, right: FloatArray) -> FloatArray:
        """Return the solution for right sides (n·b, ...), in the order of the states."""
        inverse, position = self._inverse, self._elimination.position
        width, n = len(inverse), len(position)
        by_state = right.reshape(n, -1)
        ordered = np.empty_like(by_state)
        ordered[position] = by_state
        x = ordered.reshape(n * width, -1)
        for step in self._steps:
            x[step.begin :] += step.give @ x[step.begin : step.end]
        done = inverse.shape[2]
        own = x[: width * done].reshape(done, width, x.shape[1])
        turned = sum(inverse[:, k, :, None] * own[:, k] for k in range(width))
        x[: width * done] = np.swapaxes(turned, 0, 1).reshape(width * done, x.shape[1])
        if done < n:
            x[width * done :] = self._core.solve(x[width * done :])
        for step in reversed(self._steps):
            x[step.begin : step.end] += step.take @ x[step.begin :]
        return np.asarray(x.reshape(by_state.shape)[position].reshape(right.shape))


def factorise(elimination: Elimination, diagonal: FloatArray, edges: FloatArray) -> Factor:
    """Factorise a symmetric matrix.

    Parameters
    ----------
    elimination
        Of its graph.
    diagonal
        Blocks of the states, (b, b, n).
    edges
        Blocks (source, target) of the edges, (b, b, M), in the order they were given in.

    Raises
    ------
    NotTrustedError
        If rounding leaves nothing to factorise.
    """
    width = len(diagonal)
    diagonal, edges = diagonal.copy(), edges[..., elimination.sorting]
    inverses = np.empty((width, width, elimination.n - len(elimination.core)))
    steps: list[_Step] = []
    gathered, alone, begin, done = None, 0, 0, 0
    log_det = 0.0
    for level in elimination.levels:
        end = done + len(level.states)
        inverse, size = _inverse(diagonal[..., level.states])
        inverses[..., done:end] = inverse
        log_det += float(np.log(np.abs(size)).sum())
        own = edges[..., level.edge]
        own = np.where(level.turned, own.swapaxes(0, 1), own)
        follow = _products(inverse[..., level.owner], own)
        edges = _after(level, edges, own, follow)
        each = _transposed_products(own, follow)
        for row in range(width):
            for column in range(width):
                diagonal[row, column] -= np.bincount(
                    level.neighbour, each[row, column], elimination.n
                )
        gives = _gives(level, follow, elimination, done)
        if gathered is not None:
            # One product for several levels, as long as it does not fill up.
            together = gathered + gives + gives @ gathered
            if together.nnz > _FILL * (alone + gives.nnz):
                steps.append(_step(gathered, width * begin, width * done))
                gathered, begin, alone = gives, done, gives.nnz
            else:
                gathered, alone = together, alone + gives.nnz
        else:
            gathered, alone = gives, gives.nnz
        done = end
    if gathered is not None:
        steps.append(_step(gathered, width * begin, width * done))
    core = _core(elimination, diagonal, edges)
    return Factor(log_det + core.log_det, elimination, tuple(steps), inverses, core)


def _step(gives: csr_array, begin: int, end: int) -> _Step:
    give = csr_array(gives[begin:, begin:end])
    return _Step(begin, end, give, csr_array(give.T))


def _inverse(blocks: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return inverses and determinants of blocks (b, b, k)."""
    if len(blocks) == 1:
        return 1.0 / blocks, blocks[0, 0]
    size = blocks[0, 0] * blocks[1, 1] - blocks[0, 1] * blocks[1, 0]
    inverse = np.empty_like(blocks)
    inverse[0, 0], inverse[1, 1] = blocks[1, 1], blocks[0, 0]
    inverse[0, 1], inverse[1, 0] = -blocks[0, 1], -blocks[1, 0]
    return inverse / size, size


def _products(a: FloatArray, b: FloatArray) -> FloatArray:
    """Return ``A B`` of blocks (b, b, k)."""
    return np.asarray((a[:, :, None] * b[None]).sum(axis=1))


def _transposed_products(a: FloatArray, b: FloatArray) -> FloatArray:
    """Return ``Aᵀ B`` of blocks (b, b, k)."""
    return np.asarray((a[:, :, None] * b[:, None]).sum(axis=0))


def _after(level: Level, edges: FloatArray, own: FloatArray, follow: FloatArray) -> FloatArray:
    """Return the blocks of the edges after a level."""
    width = len(edges)
    out = np.zeros((width, width, level.n_edges))
    out[..., level.place] = edges[..., level.kept]
    pulled = _transposed_products(own[..., level.left], follow[..., level.right])
    for row in range(width):
        for column in range(width):
            out[row, column] -= np.bincount(level.target, pulled[row, column], level.n_edges)
    return out


def _gives(level: Level, follow: FloatArray, elimination: Elimination, begin: int) -> csr_array:
    """Return ``−(K_aa⁻¹ K_ab)ᵀ`` of a level, over all unknowns."""
    width = len(follow)
    inside = np.arange(width)[:, None]
    row = width * elimination.position[level.neighbour] + inside
    column = width * (begin + level.owner) + inside
    rows = np.broadcast_to(row[:, None], (width, *row.shape))
    columns = np.broadcast_to(column[None], (width, *column.shape))
    size = width * elimination.n
    data = -follow.swapaxes(0, 1).ravel()
    places = narrow(rows.ravel(), size), narrow(columns.ravel(), size)
    return csr_array((data, places), shape=(size, size))


def _core(elimination: Elimination, diagonal: FloatArray, edges: FloatArray) -> _Core:
    core, i, j = elimination.core, elimination.source, elimination.target
    own = diagonal[..., core]
    if not len(core):
        return _Core(np.zeros((0, 0)), None, None)
    first = _cholesky(_dense(i, j, own[0, 0], edges[0, 0], edges[0, 0]))
    if len(diagonal) == 1:
        return _Core(first, None, None)
    # (multiplier of one, potential of the other): the transposed blocks stand on the other side.
    between = _dense(i, j, own[1, 0], edges[1, 0], edges[0, 1])
    between = np.asfortranarray(_forth(first, between.T))
    second = between.T @ between - _dense(i, j, own[1, 1], edges[1, 1], edges[1, 1])
    return _Core(first, between, _cholesky(second))


def _dense(
    i: IntArray, j: IntArray, own: FloatArray, there: FloatArray, back: FloatArray
) -> FloatArray:
    out = np.zeros((len(own), len(own)))
    out[i, j], out[j, i] = there, back
    np.fill_diagonal(out, own)
    return out


def _cholesky(matrix: FloatArray) -> FloatArray:
    # Symmetric: transposed it has the order of Fortran, and no copy is made.
    lower, failed = dpotrf(matrix.T, lower=1, overwrite_a=1)
    if failed:
        raise NotTrustedError(
            "a matrix of the graph is singular to rounding; perhaps one count is too extreme"
        )
    return np.asarray(lower)


# BLAS itself: SciPy's solve_triangular takes three times as long for a few columns.
def _forth(lower: FloatArray, right: FloatArray) -> FloatArray:
    return np.asarray(dtrsm(1.0, lower, right, lower=1))


def _back(lower: FloatArray, right: FloatArray) -> FloatArray:
    return np.asarray(dtrsm(1.0, lower, right, lower=1, trans_a=1))
