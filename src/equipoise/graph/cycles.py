"""Bases of the cycle space: a sparse fundamental one and a dense orthonormal one."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array
from scipy.sparse.csgraph import breadth_first_order

from equipoise.errors import DataError, UsageError
from equipoise.graph.support import SupportGraph, edge_index
from equipoise.text import listed, quoted


def fundamental_cycle_basis(graph: SupportGraph) -> csc_array:
    """Build a fundamental basis of the cycle space.

    A breadth-first forest is grown from the first state of each component; each edge
    outside it (a chord) closes one cycle with the path between its ends in the forest.

    Parameters
    ----------
    graph : SupportGraph

    Returns
    -------
    csc_array, shape (E, b1)
        Entries in {-1, 0, 1}, columns in the order of their chords, +1 at the chord:
        each cycle runs along its chord ``(i, j)`` from i to j and back through the
        forest. ``incidence(graph) @ F = 0``.
    """
    parent, depth = _forest(graph)
    child = np.flatnonzero(parent >= 0)
    # Edge from each state to its parent, and its sign when walked upwards.
    up = np.full(graph.n_states, -1, dtype=np.int64)
    up[child] = edge_index(graph, child, parent[child])
    sign = np.where(np.arange(graph.n_states) < parent, 1, -1)
    chord = np.ones(graph.n_edges, dtype=np.bool_)
    chord[up[child]] = False
    chords = np.flatnonzero(chord)

    parent_, depth_, up_, sign_ = parent.tolist(), depth.tolist(), up.tolist(), sign.tolist()
    rows: list[int] = []
    values: list[int] = []
    pointer = [0]
    for e, (i, j) in zip(chords.tolist(), graph.edges[chords].tolist(), strict=True):
        rows.append(e)
        values.append(1)
        while i != j:
            if depth_[j] >= depth_[i]:  # the walk goes on from j, upwards
                rows.append(up_[j])
                values.append(sign_[j])
                j = parent_[j]
            else:  # and comes back to i, downwards
                rows.append(up_[i])
                values.append(-sign_[i])
                i = parent_[i]
        pointer.append(len(rows))
    basis = csc_array(
        (np.array(values, dtype=np.float64), np.array(rows, dtype=np.int64), np.array(pointer)),
        shape=(graph.n_edges, len(chords)),
    )
    basis.sort_indices()
    return basis


def orthonormal_cycle_basis(graph: SupportGraph) -> NDArray[np.float64]:
    """Build an orthonormal basis of the divergence-free edge fields.

    Dense: memory E · b1 and time E · b1², which suits up to some 3,000 edges (seconds).
    Beyond that work with the sparse `fundamental_cycle_basis`, or with the constraint
    ``incidence(graph) @ c = 0`` itself.

    Parameters
    ----------
    graph : SupportGraph

    Returns
    -------
    ndarray, shape (E, b1)
        Orthonormal columns B with ``incidence(graph) @ B = 0``; shape (E, 0) without
        cycles. Fixed by the graph: B is the Gram-Schmidt image of the fundamental
        basis, signs included.
    """
    dense = fundamental_cycle_basis(graph).toarray()
    if dense.size == 0:
        return np.zeros((graph.n_edges, 0))
    q, r = np.linalg.qr(dense)
    basis: NDArray[np.float64] = q * np.sign(np.diag(r))
    return basis


def cycle_vector(graph: SupportGraph, cycle: Sequence[int]) -> NDArray[np.float64]:
    """Write a cycle as a signed sum of edges.

    The affinity of the cycle is ``cycle_vector(graph, cycle) @ log_ratio``, with
    ``log_ratio[e] = log(P_ij / P_ji)`` for edge e = (i, j).

    Parameters
    ----------
    graph : SupportGraph
    cycle : sequence of int
        Indices of at least three different states in order; the first is not repeated.

    Returns
    -------
    ndarray, shape (E,)
        +1 for an edge walked from i to j, -1 from j to i, 0 for the others.

    Raises
    ------
    DataError
        If a step of the cycle is no edge of the graph.
    UsageError
        If fewer than three states are listed, or one twice.
    """
    walk = [int(state) for state in cycle]
    if len(walk) < 3 or len(set(walk)) < len(walk):
        raise UsageError(
            "a cycle must list at least three different states, the first not repeated at "
            f"the end, got {listed((_named(graph, state) for state in walk), 10)}"
        )
    here = np.array(walk, dtype=np.int64)
    there = np.roll(here, -1)
    edges = edge_index(graph, here, there)
    if np.any(edges < 0):
        k = int(np.argmin(edges))
        names = " → ".join(quoted(_named(graph, int(s))) for s in (here[k], there[k]))
        raise DataError(f"the step {names} of the cycle is no edge of the support graph")
    vector = np.zeros(graph.n_edges)
    vector[edges] = np.where(here < there, 1.0, -1.0)
    return vector


def _named(graph: SupportGraph, state: int) -> str:
    return graph.states[state] if 0 <= state < graph.n_states else f"index {state}"


def _forest(graph: SupportGraph) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Grow a breadth-first forest: parent (-1 at a root) and depth of each state."""
    n = graph.n_states
    i, j = graph.edges.T
    both = csr_array(
        (np.ones(2 * len(i)), (np.concatenate([i, j]), np.concatenate([j, i]))), shape=(n, n)
    )
    both.sort_indices()
    parent = np.full(n, -1, dtype=np.int64)
    depth = np.zeros(n, dtype=np.int64)
    _, roots = np.unique(graph.component, return_index=True)
    for root in roots:
        order, before = breadth_first_order(both, root, directed=True)
        parent[order[1:]] = before[order[1:]]
        for state in order[1:]:
            depth[state] = depth[parent[state]] + 1
    return parent, depth
