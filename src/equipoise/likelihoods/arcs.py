"""Arcs: every edge of the support graph, both ways, in the order the likelihoods use."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from equipoise.graph import SupportGraph
from equipoise.likelihoods.protocol import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Arcs:
    """The 2E arcs of a support graph, sorted by source, then target.

    Attributes
    ----------
    n_states, n_edges : int
        S and E.
    source, target : ndarray of int
        State indices of each arc, shape (2E,): the arc runs source → target.
    edge : ndarray of int
        Index of its edge, shape (2E,).
    sign : ndarray of float
        +1 where the arc runs along the edge's stored direction i → j (i < j), −1 against it.
    """

    n_states: int
    n_edges: int
    source: IntArray
    target: IntArray
    edge: IntArray
    sign: FloatArray

    @cached_property
    def row_starts(self) -> IntArray:
        """Position of the first arc of every state that has arcs, in order of state."""
        return np.flatnonzero(np.diff(self.source, prepend=-1))

    @cached_property
    def row(self) -> IntArray:
        """Place of each arc's source among the states that have arcs, shape (2E,)."""
        return np.cumsum(np.diff(self.source, prepend=-1) > 0) - 1


def support_arcs(graph: SupportGraph) -> Arcs:
    """Return the arcs of a support graph, both ways along every edge.

    Parameters
    ----------
    graph : SupportGraph
        S states and E edges.

    Returns
    -------
    Arcs
        2E of them, sorted by source, then target.
    """
    edges = np.asarray(graph.edges, dtype=np.int64).reshape(-1, 2)
    n_edges = len(edges)
    source = np.concatenate([edges[:, 0], edges[:, 1]])
    target = np.concatenate([edges[:, 1], edges[:, 0]])
    order = np.lexsort((target, source))
    sign = np.repeat([1.0, -1.0], n_edges)
    return Arcs(
        n_states=len(graph.states),
        n_edges=n_edges,
        source=source[order],
        target=target[order],
        edge=np.tile(np.arange(n_edges, dtype=np.int64), 2)[order],
        sign=sign[order],
    )
