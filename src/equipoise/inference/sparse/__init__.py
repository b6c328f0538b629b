"""Graphs too large for dense matrices: modes, evidence and draws by sparse factors."""

from equipoise.inference.sparse.laplace import LargeLaplace, laplace_large
from equipoise.inference.sparse.map import LargeMap, NamedViolation, map_large
from equipoise.inference.sparse.path import SparsePath, path_large
from equipoise.inference.sparse.posterior import posterior_large
from equipoise.inference.sparse.verdict import LargeTest, test_large

__all__ = [
    "LargeLaplace",
    "LargeMap",
    "LargeTest",
    "NamedViolation",
    "SparsePath",
    "laplace_large",
    "map_large",
    "path_large",
    "posterior_large",
    "test_large",
]
