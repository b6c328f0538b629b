"""The same systems by conjugate gradients: for graphs whose factors would fill up."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from equipoise.errors import NotTrustedError
from equipoise.inference.sparse.pairs import Pairs
from equipoise.inference.sparse.pattern import Pattern, pattern_of
from equipoise.likelihoods import FloatArray

_MAX_STEPS = 3000


@dataclass(frozen=True, eq=False)
class Conjugate:
    """A positive matrix that is only ever multiplied with.

    Attributes
    ----------
    log_det
        NaN: not known without factors.
    """

    matrix: csr_array
    tolerance: float
    log_det: float = float("nan")

    def solve(self, right: FloatArray, start: FloatArray | None = None) -> FloatArray:
        """Return the solution for right sides (n, ...), to ``tolerance`` of each one's length.

        Raises
        ------
        NotTrustedError
            If 3,000 steps do not reach it.
        """
        shape = right.shape
        b = right.reshape(len(right), -1)
        inverse = (1.0 / self.matrix.diagonal())[:, None]
        x = np.zeros_like(b) if start is None else start.reshape(b.shape).copy()
        rest = b - self.matrix @ x if start is not None else b.copy()
        target = self.tolerance**2 * _dot(b, b)
        z = inverse * rest
        along, size = z.copy(), _dot(rest, z)
        for _ in range(_MAX_STEPS):
            open_ = _dot(rest, rest) > target
            if not open_.any():
                return x.reshape(shape)
            turned = self.matrix @ along
            # A column that is done stands still.
            length = np.where(open_, size / np.maximum(_dot(along, turned), 1e-300), 0.0)
            x += length * along
            rest -= length * turned
            np.multiply(inverse, rest, out=z)
            size, before = _dot(rest, z), size
            along *= np.where(open_, size / np.maximum(before, 1e-300), 0.0)
            along += z
        raise NotTrustedError(
            f"conjugate gradients did not converge in {_MAX_STEPS} steps: the graph has long "
            "chains or weights too unequal; test a part of the states"
        )


@dataclass(frozen=True, eq=False)
class IterativeSystem:
    """Solves with matrices of a graph by conjugate gradients, Jacobi-preconditioned.

    Random and heavy-tailed graphs have no small separators, so that factors fill up; but their
    Laplacians are well conditioned, and some 50 products solve a system.

    Attributes
    ----------
    pattern
        Of the graph.
    tolerance
        Of each solve, relative.
    """

    pattern: Pattern
    tolerance: float = 1e-4

    def factorise(self, weight: FloatArray, ridge: float) -> Conjugate:
        """Assemble ``Dᵀ diag(weight) D + ridge``; the name is that of the direct system."""
        entries = self.pattern.laplacian(weight)
        entries[self.pattern.diagonal] += ridge
        return Conjugate(self.pattern.matrix(entries), self.tolerance)


def iterative_system(pairs: Pairs, tolerance: float = 1e-4) -> IterativeSystem:
    """Return the system of a graph."""
    return IterativeSystem(pattern_of(pairs), tolerance)


def _dot(a: FloatArray, b: FloatArray) -> FloatArray:
    """Return the product of each column of one with that of the other."""
    return np.asarray(np.einsum("ik,ik->k", a, b))
