"""Graphs too large for dense matrices: modes, evidence and draws by sparse factors."""

from equipoise.inference.sparse.fit import LargeMap, NamedViolation, map_large

__all__ = ["LargeMap", "NamedViolation", "map_large"]
