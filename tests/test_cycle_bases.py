"""Bases of the cycle space and counts of spanning trees, against brute force and closed forms."""

from itertools import combinations
from math import log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_graphs import CLAUDE, from_edges, make, random_edges

from equipoise.errors import DataError, UsageError
from equipoise.graph import (
    SupportGraph,
    cycle_vector,
    edge_index,
    fundamental_cycle_basis,
    incidence,
    log_spanning_trees,
    minimum_cycle_basis,
    orthonormal_cycle_basis,
    reduced_incidence,
)


def all_cycles(graph: SupportGraph) -> list[tuple[int, ...]]:
    """List every simple cycle once, by depth-first search from its smallest state."""
    near = {k: set() for k in range(graph.n_states)}
    for i, j in graph.edges.tolist():
        near[i].add(j)
        near[j].add(i)
    found = []

    def extend(path: list[int]) -> None:
        for k in near[path[-1]]:
            if k == path[0] and len(path) > 2 and path[1] < path[-1]:
                found.append(tuple(path))
            elif k > path[0] and k not in path:
                extend([*path, k])

    for start in range(graph.n_states):
        extend([start])
    return found


def edge_sets(graph: SupportGraph, cycles) -> list[int]:
    """Write cycles as bit sets of edges."""
    return [sum(1 << int(e) for e in np.flatnonzero(cycle_vector(graph, c))) for c in cycles]


def gf2_greedy(vectors: list[int]) -> list[int]:
    """Positions of the vectors that are independent over GF(2) of all before them."""
    rows, kept = [], []
    for k, vector in enumerate(vectors):
        for row in rows:
            vector = min(vector, vector ^ row)
        if vector:
            rows.append(vector)
            kept.append(k)
    return kept


class TestBases:
    @pytest.mark.parametrize("seed", range(10))
    def test_both_span_the_kernel(self, seed):
        rng = np.random.default_rng(seed)
        graph = from_edges(9, random_edges(rng, 9, rng.uniform(0.1, 0.9)))
        g, f, b = incidence(graph), fundamental_cycle_basis(graph), orthonormal_cycle_basis(graph)
        assert f.shape == b.shape == (graph.n_edges, graph.n_cycles)
        assert set(np.unique(f.toarray())) <= {-1.0, 0.0, 1.0}
        assert not (g @ f).toarray().any()
        np.testing.assert_allclose(g @ b, 0, atol=1e-12)
        np.testing.assert_allclose(b.T @ b, np.eye(graph.n_cycles), atol=1e-12)
        np.testing.assert_allclose(b @ (b.T @ f.toarray()), f.toarray(), atol=1e-12)
        np.testing.assert_array_equal(b, orthonormal_cycle_basis(graph))

    def test_tree(self):
        graph = from_edges(4, [(0, 1), (1, 2), (1, 3)])
        assert orthonormal_cycle_basis(graph).shape == (3, 0)
        assert fundamental_cycle_basis(graph).shape == (3, 0)
        assert minimum_cycle_basis(graph) == ()

    def test_cycle_vector(self):
        graph = from_edges(4, [(0, 1), (1, 2), (2, 3), (0, 3)])
        assert graph.edges.tolist() == [[0, 1], [0, 3], [1, 2], [2, 3]]
        assert cycle_vector(graph, [0, 1, 2, 3]).tolist() == [1, -1, 1, 1]
        assert cycle_vector(graph, (2, 1, 0, 3)).tolist() == [-1, 1, -1, -1]

    def test_cycle_vector_refuses(self):
        graph = make(CLAUDE)
        with pytest.raises(DataError, match="'BUZZY' → 'PERSONAL' of the cycle is no edge"):
            cycle_vector(graph, [0, 1, 2])
        with pytest.raises(DataError, match="index 77"):
            cycle_vector(graph, [0, 1, 77])
        with pytest.raises(UsageError, match="at least three different"):
            cycle_vector(graph, [0, 1])
        with pytest.raises(UsageError, match="not repeated"):
            cycle_vector(graph, [0, 1, 4, 0])


class TestMinimum:
    @pytest.mark.parametrize("kind", ["equal", "few", "distinct"])
    @pytest.mark.parametrize("seed", range(15))
    def test_against_all_cycles(self, seed, kind):
        rng = np.random.default_rng(seed)
        graph = from_edges(7, random_edges(rng, 7, rng.uniform(0.3, 0.9)))
        weights = {
            "equal": np.ones(graph.n_edges),
            "few": rng.integers(1, 4, graph.n_edges),
            "distinct": rng.uniform(0.1, 3, graph.n_edges),
        }[kind]
        basis = minimum_cycle_basis(graph, weights)
        assert len(gf2_greedy(edge_sets(graph, basis))) == len(basis) == graph.n_cycles

        def weight(cycle) -> float:
            return float(np.abs(cycle_vector(graph, cycle)) @ weights)

        # The greedy choice among all cycles is a minimum basis (matroid).
        everything = sorted(all_cycles(graph), key=weight)
        best = [everything[k] for k in gf2_greedy(edge_sets(graph, everything))]
        assert [weight(c) for c in basis] == pytest.approx([weight(c) for c in best])
        assert list(basis) == sorted(basis, key=lambda c: (weight(c), len(c), c))
        for cycle in basis:
            assert cycle[0] == min(cycle)
            assert cycle[1] < cycle[-1]
        if kind == "distinct":
            assert sorted(basis) == sorted(best)

    def test_complete_graph_takes_triangles(self):
        basis = minimum_cycle_basis(from_edges(12, combinations(range(12), 2)))
        assert len(basis) == 55
        assert all(len(cycle) == 3 for cycle in basis)

    def test_grid_and_bridges(self):
        # Two squares joined by a bridge, with a tail.
        square = [(0, 1), (1, 2), (2, 3), (0, 3)]
        edges = [*square, *((a + 4, b + 4) for a, b in square), (3, 4), (7, 8)]
        assert minimum_cycle_basis(from_edges(9, edges)) == ((0, 1, 2, 3), (4, 5, 6, 7))

    def test_weights_decide(self):
        graph = from_edges(4, [(0, 1), (1, 2), (2, 3), (0, 3), (0, 2)])
        assert minimum_cycle_basis(graph) == ((0, 1, 2), (0, 2, 3))
        heavy = np.where(edge_index(graph, 0, 2) == np.arange(5), 10.0, 1.0)
        assert minimum_cycle_basis(graph, heavy)[0] == (0, 1, 2, 3)
        assert minimum_cycle_basis(graph, heavy * 1e-300) == minimum_cycle_basis(graph, heavy)

    @settings(max_examples=30, deadline=None)
    @given(st.integers(0, 10**6), st.permutations(range(8)))
    def test_relabelled(self, seed, order):
        rng = np.random.default_rng(seed)
        edges = random_edges(rng, 8, 0.5)
        graph = from_edges(8, edges)
        moved = from_edges(8, [(order[i], order[j]) for i, j in edges])
        weights = rng.uniform(0.5, 2, graph.n_edges)
        i, j = np.array(order)[graph.edges].T
        moved_weights = np.empty_like(weights)
        moved_weights[edge_index(moved, i, j)] = weights
        basis = minimum_cycle_basis(graph, weights)
        moved_basis = minimum_cycle_basis(moved, moved_weights)
        assert [{order[s] for s in cycle} for cycle in basis] == [set(c) for c in moved_basis]

    def test_large_graph_in_reasonable_time(self):
        rng = np.random.default_rng(4)
        pairs = np.array(list(combinations(range(150), 2)))
        graph = from_edges(150, rng.choice(pairs, 1000, replace=False))
        basis = minimum_cycle_basis(graph)
        assert len(basis) == graph.n_cycles == len(gf2_greedy(edge_sets(graph, basis)))

    @pytest.mark.parametrize("weights", [[1.0], [1, 1, 0], [1, 1, np.inf], [1, 1, np.nan]])
    def test_refuses(self, weights):
        with pytest.raises(UsageError, match="weights"):
            minimum_cycle_basis(from_edges(3, [(0, 1), (0, 2), (1, 2)]), weights)


class TestSpanningTrees:
    @pytest.mark.parametrize("n", [2, 3, 7, 20])
    def test_cayley(self, n):
        graph = from_edges(n, combinations(range(n), 2))
        assert log_spanning_trees(graph) == pytest.approx((n - 2) * log(n), abs=1e-10)

    def test_cycles_and_forests(self):
        ring = [(k, (k + 1) % 11) for k in range(11)]
        assert log_spanning_trees(from_edges(11, ring)) == pytest.approx(log(11))
        assert log_spanning_trees(from_edges(11, ring[:-1])) == pytest.approx(0, abs=1e-12)
        assert log_spanning_trees(from_edges(5, [(0, 1), (2, 3)])) == 0.0
        two = [(0, 1), (1, 2), (0, 2), *combinations(range(3, 7), 2)]
        assert log_spanning_trees(from_edges(8, two)) == pytest.approx(log(3 * 16))

    def test_sparse_path_equals_closed_form(self):
        # Prism over a ring of n: n / 2 · ((2 + √3)^n + (2 - √3)^n - 2) trees, n = 400.
        n = 400
        ring = [(k, (k + 1) % n) for k in range(n)]
        edges = [*ring, *((a + n, b + n) for a, b in ring), *((k, k + n) for k in range(n))]
        expected = log(n / 2) + n * log(2 + 3**0.5)
        assert log_spanning_trees(from_edges(2 * n, edges)) == pytest.approx(expected, rel=1e-12)

    @pytest.mark.parametrize("seed", range(6))
    def test_against_counting_and_duality(self, seed):
        rng = np.random.default_rng(seed)
        graph = from_edges(6, random_edges(rng, 6, 0.6))
        size = graph.n_states - graph.n_components
        g = reduced_incidence(graph).toarray()
        forests = sum(
            abs(np.linalg.det(g[:, chosen])) > 0.5
            for chosen in map(list, combinations(range(graph.n_edges), size))
        )
        assert log_spanning_trees(graph) == pytest.approx(log(forests), abs=1e-10)
        f = fundamental_cycle_basis(graph).toarray()
        assert np.linalg.slogdet(f.T @ f)[1] == pytest.approx(log(forests), abs=1e-10)

    @pytest.mark.parametrize("seed", range(8))
    @pytest.mark.parametrize("connected", [True, False])
    def test_determinant_identity(self, seed, connected):
        # det(BᵀKB) = det K · det(GᵀK⁻¹G) / det(GᵀG), rows of G being edges.
        rng = np.random.default_rng(seed)
        edges = random_edges(rng, 7, 0.6)
        if connected:
            edges += [(k, k + 1) for k in range(6)]
        else:
            edges += [(i + 7, j + 7) for i, j in random_edges(rng, 6, 0.7)]
        graph = from_edges(7 if connected else 14, edges)
        assert (graph.n_components == 1) == connected
        k = rng.lognormal(size=graph.n_edges)
        b = orthonormal_cycle_basis(graph)
        g = reduced_incidence(graph).T.toarray()
        left = np.linalg.slogdet(b.T @ (k[:, None] * b))[1]
        right = np.log(k).sum() + np.linalg.slogdet(g.T @ (g / k[:, None]))[1]
        assert left == pytest.approx(right - log_spanning_trees(graph), abs=1e-9)
