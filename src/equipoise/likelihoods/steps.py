"""Steps: every arc of a support, and staying, with how often each was taken."""

from dataclasses import dataclass

import numpy as np

from equipoise.counts import TransitionCounts
from equipoise.graph import SupportGraph
from equipoise.likelihoods.multinomial import trials_of
from equipoise.likelihoods.protocol import FloatArray, IntArray, Rejected


@dataclass(frozen=True, eq=False)
class Steps:
    """What a walk may do on a support, sorted by source, then target, and what it did.

    The support is that of the other likelihoods: the edges seen or declared, and, where staying is
    possible by protocol, a loop at *every* state, whether or not any trial stayed there.

    Attributes
    ----------
    n_states : int
        S.
    edges : ndarray of int
        Undirected edges, shape (M, 2): E pairs i < j, then the loops (i, i) in order of state.
    source, target : ndarray of int
        State indices of each step, shape (A,); equal for a loop.
    edge : ndarray of int
        Index of its edge, shape (A,).
    counts : ndarray of float
        How often it was taken, shape (A,).
    """

    n_states: int
    edges: IntArray
    source: IntArray
    target: IntArray
    edge: IntArray
    counts: FloatArray

    @property
    def loops(self) -> "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]":
        """Whether each edge is a loop, shape (M,)."""
        return np.asarray(self.edges[:, 0] == self.edges[:, 1])

    def by_row(self, values: FloatArray) -> FloatArray:
        """Add values of steps, shape (..., A), up over each source, shape (..., S)."""
        values = np.asarray(values, dtype=float)
        ends = np.searchsorted(self.source, np.arange(self.n_states + 1))
        found = np.zeros((*values.shape[:-1], self.n_states))
        # A source without steps has no slice of its own: reduceat would give it its neighbour's.
        some = np.flatnonzero(np.diff(ends))
        if len(some):
            found[..., some] = np.add.reduceat(values, ends[some], axis=-1)
        return found

    def on_edges(self, values: FloatArray) -> FloatArray:
        """Add values of steps, shape (A,), up over each edge: both ways, shape (M,)."""
        return np.bincount(self.edge, values, len(self.edges))


def steps_of(
    counts: TransitionCounts, graph: SupportGraph, *, rejected: Rejected = "stay"
) -> Steps:
    """Return the steps on a support graph with their counts.

    Parameters
    ----------
    counts : TransitionCounts
        Transition counts; axis 0 is *from*, axis 1 *to*.
    graph : SupportGraph
        Their support graph, S states and E edges.
    rejected : {"stay", "drop"}
        ``"stay"``: a trial that ended in no state stayed where it was. ``"drop"``: it is left out.
        Where staying is impossible (``counts.stay`` is false) such trials are always left out.

    Returns
    -------
    Steps
        Both ways along every edge, then a loop at every state where staying is possible.

    Raises
    ------
    UsageError
        If ``rejected`` is neither ``"stay"`` nor ``"drop"``.
    """
    n = graph.n_states
    pairs = np.asarray(graph.edges, dtype=np.int64).reshape(-1, 2)
    own = np.arange(n if counts.stay else 0, dtype=np.int64)
    edges = np.concatenate([pairs, np.column_stack([own, own])])
    source = np.concatenate([pairs[:, 0], pairs[:, 1], own])
    target = np.concatenate([pairs[:, 1], pairs[:, 0], own])
    number = np.arange(len(pairs))
    edge = np.concatenate([number, number, len(pairs) + own])
    taken = (
        np.asarray(counts.counts[source, target], dtype=float).ravel()
        if len(source)
        else np.zeros(0)
    )
    extra = trials_of(counts, rejected) - np.asarray(counts.counts.sum(axis=1)).ravel()
    taken[source == target] += extra[own]
    order = np.lexsort((target, source))
    return Steps(n, edges, source[order], target[order], edge[order], taken[order])
