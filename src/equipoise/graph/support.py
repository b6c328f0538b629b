"""The support graph: which states are joined, and which can be reached from which."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, connected_components

from equipoise.counts import TransitionCounts
from equipoise.errors import DataError, UsageError
from equipoise.text import quoted


@dataclass(frozen=True, eq=False, repr=False)
class SupportGraph:
    """The undirected graph of pairs seen (or declared), and the arcs seen along it.

    Build one with `support_graph`. All arrays are read-only.

    Attributes
    ----------
    states : tuple of str
        Labels of the S states.
    edges : ndarray of int, shape (E, 2)
        Pairs ``(i, j)`` of state indices, ``i < j``, sorted lexicographically. Every
        antisymmetric quantity of an edge is stored as its value from i to j.
    sources : ndarray of bool, shape (S,)
        Whether any trial began in the state.
    component : ndarray of int, shape (S,)
        Connected component of each state, numbered by first state.
    strong : ndarray of int, shape (S,)
        Strongly connected component (SCC) of each state in the graph of `arcs`,
        numbered by first state.
    arcs : ndarray of int, shape (A, 2)
        Directed pairs ``(i, j)``, axis order (from, to), with ``i != j``, at least one
        transition i → j, and j itself a source; sorted lexicographically.
    """

    states: tuple[str, ...]
    edges: NDArray[np.int64]
    sources: NDArray[np.bool_]
    component: NDArray[np.int64]
    strong: NDArray[np.int64]
    arcs: NDArray[np.int64]

    def __repr__(self) -> str:
        return (
            f"SupportGraph({self.n_states} states, {self.n_edges} edges, "
            f"{self.n_components} component{'s'[: self.n_components != 1]}, "
            f"{self.n_cycles} independent cycles, "
            f"{self.n_testable_cycles} testable)"
        )

    @property
    def n_states(self) -> int:
        """Number of states S."""
        return len(self.states)

    @property
    def n_edges(self) -> int:
        """Number of undirected edges E."""
        return len(self.edges)

    @property
    def n_components(self) -> int:
        """Number of connected components K."""
        return _n_labels(self.component)

    @property
    def n_cycles(self) -> int:
        """Number of independent cycles, ``b1 = E - S + K``."""
        return self.n_edges - self.n_states + self.n_components

    @property
    def n_testable_cycles(self) -> int:
        """Number of independent cycles that data can test, ``b1*``.

        The sum over the SCCs of ``E_scc - S_scc + 1``, where ``E_scc`` counts the edges
        with both ends inside the SCC. Outside the SCCs a potential fits every one-way
        edge exactly (Ford 1957).
        """
        return int(np.count_nonzero(self.inside)) - self.n_states + _n_labels(self.strong)

    @property
    def inside(self) -> NDArray[np.bool_]:
        """Which edges have both ends in one SCC, shape (E,): those that data can test, and bridges.

        A new array each time.
        """
        return np.asarray(self.strong[self.edges[:, 0]] == self.strong[self.edges[:, 1]])

    def is_testable(self, cycle: Sequence[int]) -> bool:
        """Say whether data can test a cycle: its states share one SCC.

        Parameters
        ----------
        cycle : sequence of int
            State indices in order.

        Returns
        -------
        bool
        """
        return len({int(self.strong[state]) for state in cycle}) == 1


def support_graph(counts: TransitionCounts, trials: ArrayLike | None = None) -> SupportGraph:
    """Build the support graph of a table of counts.

    Two states share an edge when a transition between them was counted in either
    direction, or when ``counts.support`` declares the pair. Self-transitions make no
    edge. States that were never a source stay in the graph; since nothing is known of
    what follows them, each is an SCC of its own.

    Parameters
    ----------
    counts : TransitionCounts
        The counted transitions.
    trials : array of int, shape (S,), optional
        What counts as a trial from each state, where it is not all of ``counts.trials``: a state
        without any is no source.

    Returns
    -------
    SupportGraph

    Raises
    ------
    DataError
        If a declared edge names a state that does not exist or joins a state to itself.
    """
    n = len(counts.states)
    table = counts.counts.tocoo()
    moved = (table.row != table.col) & (table.data > 0)
    pairs = np.column_stack([table.row[moved], table.col[moved]]).astype(np.int64)
    sources = np.asarray(counts.trials if trials is None else trials) > 0

    both = np.sort(np.concatenate([pairs, _declared(counts)]), axis=1)
    arcs = pairs[sources[pairs[:, 1]]]
    edges = _sorted_unique(both, n)
    arcs = _sorted_unique(arcs, n)
    fields = (
        edges,
        sources,
        _numbered_by_first(_adjacency(edges, n), "weak"),
        _numbered_by_first(_adjacency(arcs, n), "strong"),
        arcs,
    )
    for array in fields:
        array.setflags(write=False)
    return SupportGraph(tuple(counts.states), *fields)


def reachable(graph: SupportGraph, start: int) -> NDArray[np.bool_]:
    """Say which states can be reached from a state along observed arcs.

    Parameters
    ----------
    graph : SupportGraph
    start : int
        Index of the state to start from.

    Returns
    -------
    ndarray of bool, shape (S,)
        True at `start` itself and wherever a path of arcs leads from it. A state that
        was never a source has no arcs, so it is reached from itself alone.

    Raises
    ------
    UsageError
        If `start` is no state index.
    """
    if not 0 <= start < graph.n_states:
        raise UsageError(
            f"start must be a state index from 0 to {graph.n_states - 1}, got {start!r}"
        )
    order = breadth_first_order(
        _adjacency(graph.arcs, graph.n_states), start, directed=True, return_predecessors=False
    )
    reached = np.zeros(graph.n_states, dtype=np.bool_)
    reached[order] = True
    return reached


def edge_subgraph(graph: SupportGraph, kept: NDArray[np.bool_]) -> SupportGraph:
    """Keep some edges of a support graph, and all its states.

    Parameters
    ----------
    graph : SupportGraph
    kept : ndarray of bool, shape (E,)
        Which edges stay.

    Returns
    -------
    SupportGraph
        With the arcs along those edges; components and SCCs are those of what is left.
    """
    n = graph.n_states
    edges = graph.edges[kept]
    codes = np.sort(graph.arcs, axis=1) @ np.array([n, 1])
    arcs = graph.arcs[np.isin(codes, edges @ np.array([n, 1]))]
    return SupportGraph(
        graph.states,
        edges,
        graph.sources,
        _numbered_by_first(_adjacency(edges, n), "weak"),
        _numbered_by_first(_adjacency(arcs, n), "strong"),
        arcs,
    )


def incidence(graph: SupportGraph) -> csr_array:
    """Build the incidence matrix of the support graph.

    Parameters
    ----------
    graph : SupportGraph

    Returns
    -------
    csr_array, shape (S, E)
        Column e of edge ``(i, j)`` has +1 at i and -1 at j, so that
        ``(G.T @ V)[e] = V[i] - V[j]``. ``G @ c = 0`` says that c is divergence-free.
    """
    e = graph.n_edges
    rows = graph.edges.T.ravel()
    cols = np.tile(np.arange(e), 2)
    return csr_array((np.repeat([1.0, -1.0], e), (rows, cols)), shape=(graph.n_states, e))


def reduced_incidence(graph: SupportGraph) -> csr_array:
    """Build the incidence matrix with one state of each component left out.

    Parameters
    ----------
    graph : SupportGraph

    Returns
    -------
    csr_array, shape (S - K, E)
        The rows of `incidence` but for the state with most edges in each component
        (ties: the first): full row rank, and ``det(G @ G.T)`` is the number of spanning
        forests (Kirchhoff's matrix-tree theorem).
    """
    degree = np.bincount(graph.edges.ravel(), minlength=graph.n_states)
    by_component = np.lexsort((np.arange(graph.n_states), -degree, graph.component))
    _, first = np.unique(graph.component[by_component], return_index=True)
    keep = np.ones(graph.n_states, dtype=np.bool_)
    keep[by_component[first]] = False
    return incidence(graph)[np.flatnonzero(keep)]


def edge_index(graph: SupportGraph, source: ArrayLike, target: ArrayLike) -> NDArray[np.int64]:
    """Find edges by their ends, in either order.

    Parameters
    ----------
    graph : SupportGraph
    source, target : array_like of int
        State indices, broadcast against each other.

    Returns
    -------
    ndarray of int
        Position of each edge in ``graph.edges``; -1 where the pair is no edge.
    """
    a, b = np.broadcast_arrays(
        np.asarray(source, dtype=np.int64), np.asarray(target, dtype=np.int64)
    )
    n = graph.n_states
    valid = (np.minimum(a, b) >= 0) & (np.maximum(a, b) < n)
    if not graph.n_edges:
        return np.full(a.shape, -1, dtype=np.int64)
    keys = graph.edges[:, 0] * n + graph.edges[:, 1]
    wanted = np.minimum(a, b) * n + np.maximum(a, b)
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    found: NDArray[np.int64] = np.where(valid & (keys[place] == wanted), place, -1)
    return found


def _declared(counts: TransitionCounts) -> NDArray[np.int64]:
    """Turn declared edges (labels) into index pairs."""
    if not counts.support:
        return np.empty((0, 2), dtype=np.int64)
    position = {label: k for k, label in enumerate(counts.states)}
    pairs = []
    for a, b in counts.support:
        if a not in position or b not in position or a == b:
            raise DataError(
                "a declared edge must join two different states of the table, "
                f"got {quoted(a)} and {quoted(b)}: correct support= or declare states="
            )
        pairs.append((position[a], position[b]))
    return np.array(pairs, dtype=np.int64)


def _sorted_unique(pairs: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Sort index pairs lexicographically and drop repeats."""
    keys = np.sort(pairs[:, 0] * n + pairs[:, 1])
    # np.unique hashes whole numbers, which costs ten times as much here.
    keys = keys[np.append(True, keys[1:] != keys[:-1])[: len(keys)]]
    return np.column_stack([keys // n, keys % n])


def _adjacency(pairs: NDArray[np.int64], n: int) -> csr_array:
    return csr_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n, n))


def _numbered_by_first(
    adjacency: csr_array, connection: Literal["weak", "strong"]
) -> NDArray[np.int64]:
    """Label (weakly or strongly) connected components in the order of their first state."""
    _, labels = connected_components(adjacency, directed=True, connection=connection)
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[inverse]


def _n_labels(labels: NDArray[np.int64]) -> int:
    return int(labels.max()) + 1 if len(labels) else 0
