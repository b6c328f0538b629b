"""The support graph against closed forms and brute force."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_graphs import ALOFI, CLAUDE, GEMINI, WEEKDAY, from_edges, make

from equipoise.counts import TransitionCounts
from equipoise.errors import UsageError
from equipoise.graph import (
    SupportGraph,
    cycle_vector,
    edge_index,
    fundamental_cycle_basis,
    incidence,
    log_spanning_trees,
    minimum_cycle_basis,
    orthonormal_cycle_basis,
    reachable,
    reduced_incidence,
    support_graph,
)


class TestSupport:
    @pytest.mark.parametrize(
        ("rows", "cycles", "testable"),
        [(CLAUDE, 1, 0), (GEMINI, 11, 0), (ALOFI, 1, 1), (WEEKDAY, 15, 15)],
        ids=["claude", "gemini", "alofi", "weekday"],
    )
    def test_real_tables(self, rows, cycles, testable):
        graph = make(rows)
        assert (graph.n_cycles, graph.n_testable_cycles) == (cycles, testable)
        assert graph.n_components == 1

    def test_claude_in_detail(self):
        graph = make(CLAUDE)
        assert graph.states == ("ATTITUDE", "BUZZY", "PERSONAL", "PROBLEMS", "TURKEY")
        assert graph.edges.tolist() == [[0, 1], [0, 2], [0, 3], [0, 4], [1, 4]]
        assert graph.strong.tolist() == [0, 1, 0, 0, 2]
        assert [0, 1] not in graph.arcs.tolist()
        assert reachable(graph, 1).all()
        assert reachable(graph, 0).tolist() == [True, False, True, True, False]
        assert minimum_cycle_basis(graph) == ((0, 1, 4),)
        assert "1 independent cycles, 0 testable" in repr(graph)

    def test_never_a_source(self):
        # c is seen as a target only: its edges stay, but no arc leads to it.
        graph = make([("a", "b", 1), ("b", "a", 1), ("a", "c", 5), ("b", "c", 5)])
        assert graph.sources.tolist() == [True, True, False]
        assert graph.n_cycles == 1
        assert graph.n_testable_cycles == 0
        assert graph.arcs.tolist() == [[0, 1], [1, 0]]
        assert reachable(graph, 0).tolist() == [True, True, False]
        assert reachable(graph, 2).tolist() == [False, False, True]
        # One trial that failed makes it a source, still without a way back.
        graph = make([("a", "b", 1), ("b", "a", 1), ("a", "c", 5), ("c", "", 1)])
        assert graph.sources.all()
        assert [0, 2] in graph.arcs.tolist()
        assert graph.strong.tolist() == [0, 0, 1]

    def test_edges_inside_and_testable_cycles(self):
        # a, b, c lead to each other and back; d and e only follow, and close a second triangle.
        steps = ["ab", "bc", "ca", "cd", "de", "ec"]
        graph = make([(i, j, 1) for i, j in steps[:-1]] + [("c", "e", 1), ("e", "", 1)])
        assert graph.edges.tolist() == [[0, 1], [0, 2], [1, 2], [2, 3], [2, 4], [3, 4]]
        assert graph.inside.tolist() == [True, True, True, False, False, False]
        assert graph.is_testable((0, 1, 2)) is graph.is_testable((2, 1, 0)) is True
        assert graph.is_testable((2, 3, 4)) is False
        graph = make([(i, j, 1) for i, j in steps])
        assert graph.inside.all()
        assert graph.is_testable([2, 3, 4])
        assert make([("a", "a", 1)], extra=("b",)).inside.shape == (0,)

    def test_testable_cycle_of_one_way_arcs(self):
        graph = make([("a", "b", 1), ("b", "c", 1), ("c", "a", 1), ("c", "d", 1), ("d", "e", 1)])
        assert graph.n_testable_cycles == graph.n_cycles == 1
        chain = make([("a", "b", 1), ("b", "c", 1), ("a", "c", 1), ("c", "", 1)])
        assert (chain.n_cycles, chain.n_testable_cycles) == (1, 0)

    def test_declared_edges(self):
        rows = [("a", "b", 1), ("b", "a", 1), ("b", "c", 1), ("c", "b", 1)]
        assert make(rows).n_cycles == 0
        graph = make(rows, support=[("c", "a")])
        assert graph.edges.tolist() == [[0, 1], [0, 2], [1, 2]]
        assert (graph.n_cycles, graph.n_testable_cycles) == (1, 1)
        assert len(graph.arcs) == 4
        joined = make(rows, support=[("a", "x"), ("a", "y"), ("x", "y")], extra=["x", "y"])
        assert joined.n_components == 1
        assert (joined.n_cycles, joined.n_testable_cycles) == (1, 0)

    def test_without_edges(self):
        graph = support_graph(TransitionCounts.from_matrix([[3, 0], [0, 2]], states=["a", "b"]))
        assert graph.edges.shape == graph.arcs.shape == (0, 2)
        assert (graph.n_components, graph.n_cycles, graph.n_testable_cycles) == (2, 0, 0)
        assert incidence(graph).shape == (2, 0)
        assert reduced_incidence(graph).shape == (0, 0)
        assert fundamental_cycle_basis(graph).shape == (0, 0)
        assert orthonormal_cycle_basis(graph).shape == (0, 0)
        assert minimum_cycle_basis(graph) == ()
        assert log_spanning_trees(graph) == 0.0
        assert edge_index(graph, [0], [1]).tolist() == [-1]
        assert reachable(graph, 1).tolist() == [False, True]

    def test_edge_index(self):
        graph = from_edges(4, [(0, 1), (1, 3)])
        assert edge_index(graph, [1, 3, 0, -1, 9], [0, 1, 3, 1, 1]).tolist() == [0, 1, -1, -1, -1]

    def test_read_only(self):
        graph = make(CLAUDE)
        for array in (graph.edges, graph.arcs, graph.sources, graph.component, graph.strong):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 0

    @pytest.mark.parametrize("start", [-1, 5])
    def test_reachable_refuses(self, start):
        with pytest.raises(UsageError, match="from 0 to 4"):
            reachable(make(CLAUDE), start)

    def test_incidence_takes_differences(self):
        graph = make(GEMINI)
        v = np.random.default_rng(0).normal(size=graph.n_states)
        i, j = graph.edges.T
        np.testing.assert_allclose(incidence(graph).T @ v, v[i] - v[j])


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_relabelling_keeps_what_the_graph_says(data):
    n = data.draw(st.integers(1, 7))
    cells = st.lists(st.integers(0, 2), min_size=n * n, max_size=n * n).filter(any)
    matrix = np.array(data.draw(cells)).reshape(n, n)
    order = np.array(data.draw(st.permutations(range(n))))
    labels = [f"s{k}" for k in range(n)]
    graph = support_graph(TransitionCounts.from_matrix(matrix, states=labels))
    moved = support_graph(
        TransitionCounts.from_matrix(
            matrix[np.ix_(order, order)], states=[labels[k] for k in order]
        )
    )
    numbers = ("n_edges", "n_components", "n_cycles", "n_testable_cycles")
    assert [getattr(graph, x) for x in numbers] == [getattr(moved, x) for x in numbers]

    def classes(g: SupportGraph, of: np.ndarray) -> set[frozenset[str]]:
        return {frozenset(np.array(g.states)[of == k]) for k in np.unique(of)}

    assert classes(graph, graph.strong) == classes(moved, moved.strong)
    assert classes(graph, graph.component) == classes(moved, moved.component)
    assert log_spanning_trees(graph) == pytest.approx(log_spanning_trees(moved), abs=1e-9)
    # SCCs are mutual reachability; cycles are divergence-free.
    reach = np.array([reachable(graph, k) for k in range(n)])
    np.testing.assert_array_equal(reach & reach.T, graph.strong[:, None] == graph.strong)
    for cycle in minimum_cycle_basis(graph):
        assert not (incidence(graph) @ cycle_vector(graph, cycle)).any()
