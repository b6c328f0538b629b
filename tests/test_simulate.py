"""Kernels of known truth and the exact identities they obey."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.counts import TransitionCounts
from equipoise.errors import DataError, UsageError
from equipoise.graph import (
    cycle_vector,
    fundamental_cycle_basis,
    minimum_cycle_basis,
    support_graph,
)
from equipoise.simulate import (
    Kernel,
    affinity,
    complete_edges,
    cycle_circulation,
    driven_kernel,
    entropy_production,
    log_ratio,
    metropolised,
    reversible_kernel,
    stationary_distribution,
)

# The exact SmolLM2 weekday kernel (Monday … Sunday), columns to; the last is every other answer.
WEEKDAY = np.array(
    """
    0.131588437 0.128742362 0.212809919 0.069339775 0.162068426 0.104065057 0.095159469 0.096226556
    0.029491587 0.030182567 0.182607236 0.119056392 0.104978627 0.167874268 0.309045484 0.056763840
    0.013375663 0.016912352 0.280885812 0.404282914 0.149363637 0.067695967 0.036951109 0.030532545
    0.024101646 0.035012815 0.104821677 0.048154806 0.150315527 0.123586085 0.466266768 0.047740676
    0.040656667 0.046937624 0.099392220 0.071586386 0.034122549 0.293455667 0.364516821 0.049332066
    0.019810147 0.020835374 0.058279582 0.035262436 0.053116125 0.052471847 0.727669198 0.032555290
    0.073811023 0.085025185 0.150733588 0.124277448 0.151721711 0.168408355 0.173157092 0.072865598
    """.split(),
    dtype=float,
).reshape(7, 8)
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
WEEKDAY /= WEEKDAY.sum(axis=1, keepdims=True)


def weekday() -> Kernel:
    return Kernel(DAYS, WEEKDAY[:, :7], WEEKDAY[:, 7])


def random_kernel(seed: int, n: int = 6, *, other: bool = False, reach: float = 1.0) -> Kernel:
    """Draw a kernel with a positive off-diagonal entry wherever its reverse has one."""
    rng = np.random.default_rng(seed)
    table = rng.dirichlet(np.full(n + 1, 0.7), size=n)
    table[:, n] *= other
    possible = np.triu(rng.random((n, n)) < reach, 1)
    possible[np.arange(n - 1), np.arange(1, n)] = True
    table[:, :n] *= possible + possible.T + np.eye(n, dtype=bool)
    table /= table.sum(axis=1, keepdims=True)
    return Kernel(tuple("abcdefghijkl"[:n]), table[:, :n], table[:, n])


def graph_of(kernel: Kernel):
    seen = (kernel.matrix > 0).astype(int)
    return support_graph(TransitionCounts.from_matrix(seen, states=kernel.states))


def log_ratios(kernel: Kernel, edges: np.ndarray) -> np.ndarray:
    return np.array([log_ratio(kernel, int(i), int(j)) for i, j in edges])


class TestKernel:
    def test_holds_what_it_got(self):
        kernel = Kernel(["a", "b"], [[0.5, 0.25], [0.0, 1.0]], [0.25, 0.0])
        assert kernel.states == ("a", "b")
        assert kernel.stay
        assert kernel.n_states == 2
        assert (kernel.index("b"), kernel.index(1)) == (1, 1)
        assert repr(kernel) == "Kernel(2 states: a, b; 1 edges, other ≤ 0.25)"
        for array in (kernel.matrix, kernel.other):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 1.0

    def test_long_repr_is_one_short_line(self):
        text = repr(reversible_kernel(np.zeros(100), 0.0, stay=False))
        assert len(text) < 120
        assert "s00, s01" in text
        assert text.endswith("4950 edges, stay=False)")

    @pytest.mark.parametrize(
        ("states", "matrix", "other", "message"),
        [
            (["a"], [[0.5, 0.5]], [0.0], "needs a matrix of shape"),
            (["a"], [[1.0]], [0.0, 0.0], "other of shape"),
            (["a", "b"], [[1.5, -0.5], [0, 1]], [0, 0], "not negative.*'a'"),
            (["a", "b"], [[1, 0], [np.nan, 1]], [0, 0], "finite.*'b'"),
            (["a", "b"], [[1, 0], [0.5, 0.4]], [0, 0], "'b' adds up to 0.9: normalise it"),
            (["a", "b"], [[1, 0], [0.5, 0.5]], [0, 1e-6], "'b' adds up to 1.000001"),
            (["a", "a"], np.eye(2), [0, 0], "twice"),
            (["a", ""], np.eye(2), [0, 0], "empty"),
            ([], np.zeros((0, 0)), [], "at least one state"),
        ],
    )
    def test_refuses(self, states, matrix, other, message):
        with pytest.raises(DataError, match=message) as caught:
            Kernel(states, matrix, other)
        assert "\n" not in str(caught.value)

    def test_refuses_staying(self):
        with pytest.raises(DataError, match="diagonal of 'b'"):
            Kernel(("a", "b"), [[0, 1], [0.5, 0.5]], [0, 0], stay=False)

    @pytest.mark.parametrize("state", ["z", 2, -1])
    def test_unknown_state(self, state):
        with pytest.raises(UsageError, match="there is no state"):
            Kernel(("a", "b"), np.eye(2), [0, 0]).index(state)


class TestBuilders:
    @pytest.mark.parametrize("stay", [True, False])
    @pytest.mark.parametrize("seed", range(5))
    def test_reversible(self, seed, stay):
        rng = np.random.default_rng(seed)
        v = rng.normal(0, 2, 7)
        s = rng.normal(-1, 1, 21)
        kernel = reversible_kernel(v, s, stay=stay)
        i, j = complete_edges(7).T
        eta = np.full((7, 7), -np.inf)
        eta[i, j] = s + (v[i] - v[j]) / 2
        eta[j, i] = s + (v[j] - v[i]) / 2
        z = stay + np.exp(eta).sum(axis=1)
        pi = np.exp(-v) * z / np.sum(np.exp(-v) * z)
        flux = pi[:, None] * kernel.matrix
        np.testing.assert_allclose(flux, flux.T, atol=1e-12, rtol=0)
        np.testing.assert_allclose(stationary_distribution(kernel), pi, rtol=1e-12)
        np.testing.assert_allclose(np.diag(kernel.matrix), stay / z, rtol=1e-12)
        phi = v - np.log(z)
        np.testing.assert_allclose(log_ratios(kernel, complete_edges(7)), phi[i] - phi[j])
        assert entropy_production(kernel) == pytest.approx(0, abs=1e-14)
        assert affinity(kernel, [0, 3, 5, 1]) == pytest.approx(0, abs=1e-12)
        assert not kernel.other.any()
        assert kernel.stay is stay

    @pytest.mark.parametrize("seed", range(5))
    def test_driven(self, seed):
        rng = np.random.default_rng(seed)
        v, c = rng.normal(0, 3, 6), rng.normal(0, 1, 15)
        kernel = driven_kernel(v, rng.normal(size=15), c)
        graph = graph_of(kernel)
        for cycle in minimum_cycle_basis(graph):
            assert affinity(kernel, cycle) == pytest.approx(cycle_vector(graph, cycle) @ c)
        assert entropy_production(kernel) > 1e-3

    def test_gradient_field_drives_nothing(self):
        h = np.array([0.3, -1.0, 2.0, 0.5])
        i, j = complete_edges(4).T
        kernel = driven_kernel(np.zeros(4), -1.0, h[i] - h[j])
        np.testing.assert_allclose(kernel.matrix, reversible_kernel(h, -1.0).matrix)

    def test_edges_in_either_direction(self):
        one = driven_kernel([0, 1, 2], 0.0, [1, 2, 3], edges=[[0, 1], [1, 2], [0, 2]])
        two = driven_kernel([0, 1, 2], 0.0, [-1, 2, -3], edges=[[1, 0], [1, 2], [2, 0]])
        np.testing.assert_array_equal(one.matrix, two.matrix)
        assert affinity(one, [0, 1, 2]) == pytest.approx(1 + 2 - 3)

    def test_cycle_circulation(self):
        edges = complete_edges(5)
        c = cycle_circulation(edges, [4, 1, 3], 1.5) + cycle_circulation(edges, [0, 1, 2], -6)
        kernel = driven_kernel([0, 3, -1, 2, 0.5], -1.0, c, states=list("abcde"))
        assert affinity(kernel, ["e", "b", "d"]) == pytest.approx(1.5)
        assert affinity(kernel, ["d", "b", "e"]) == pytest.approx(-1.5)
        assert affinity(kernel, [0, 1, 2]) == pytest.approx(-6)
        div = np.zeros(5)
        np.add.at(div, edges[:, 0], c)
        np.add.at(div, edges[:, 1], -c)
        np.testing.assert_allclose(div, 0, atol=1e-15)

    def test_extreme_potential(self):
        kernel = reversible_kernel([0.0, 1500.0, -1500.0], 0.0)
        assert np.isfinite(kernel.matrix).all()
        np.testing.assert_allclose(kernel.matrix.sum(axis=1), 1)

    def test_isolated_states(self):
        kernel = reversible_kernel([0.0, 1.0, 2.0], 0.0, edges=[(0, 1)])
        assert kernel.matrix[2].tolist() == [0, 0, 1]
        assert reversible_kernel([0.0], 0.0).matrix.tolist() == [[1.0]]
        with pytest.raises(UsageError, match="'s2' has none"):
            reversible_kernel([0.0, 1.0, 2.0], 0.0, edges=[(0, 1)], stay=False)

    def test_default_labels_sort(self):
        states = reversible_kernel(np.zeros(11), 0.0).states
        assert states[:2] == ("s00", "s01")
        assert list(states) == sorted(states)

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"potential": [[0.0]]}, "potential"),
            ({"potential": [0, np.inf, 0]}, "potential"),
            ({"symmetric": [1.0, 2.0]}, "symmetric must be one finite number, or one for each"),
            ({"circulation": np.nan}, "circulation"),
            ({"edges": [[0, 1, 2]]}, "shape"),
            ({"edges": [[0.0, 1.0]]}, "float64"),
            ({"edges": [[0, 3]]}, "indices 0 to 2"),
            ({"edges": [[1, 1]]}, "different"),
            ({"edges": [[0, 1], [1, 0]]}, "once"),
            ({"states": ["a"]}, "3 labels"),
        ],
    )
    def test_refuses(self, arguments, message):
        chosen = {"potential": [0, 0, 0], "symmetric": 0.0, "circulation": 0.0} | arguments
        with pytest.raises(UsageError, match=message):
            driven_kernel(**chosen)

    @pytest.mark.parametrize("cycle", [[0, 1], [0, 1, 0], [0, 1, 3]])
    def test_cycle_circulation_refuses(self, cycle):
        with pytest.raises(UsageError, match="cycle"):
            cycle_circulation([[0, 1], [1, 2], [0, 2]], cycle, 1.0)


class TestBalance:
    @pytest.mark.parametrize("seed", range(8))
    def test_stationary(self, seed):
        kernel = random_kernel(seed, other=seed % 2 == 0, reach=0.5)
        pi = stationary_distribution(kernel)
        assert pi.sum() == pytest.approx(1)
        np.testing.assert_allclose(pi @ kernel.matrix + pi * kernel.other, pi, atol=1e-15)

    def test_tiny_probabilities_are_exact(self):
        e = 1e-14
        kernel = Kernel(
            ("a", "b", "c"), [[1 - e, e, 0], [0.5, 0.5 - e, e], [0, 0.25, 0.75]], [0, 0, 0]
        )
        pi = stationary_distribution(kernel)
        np.testing.assert_allclose(pi[1:] / pi[0], [2 * e, 8 * e * e], rtol=1e-13)

    def test_transient_states(self):
        kernel = Kernel(("a", "b", "c"), [[0.2, 0.8, 0], [0, 0.5, 0.5], [0, 1, 0]], [0, 0, 0])
        np.testing.assert_allclose(stationary_distribution(kernel), [0, 2 / 3, 1 / 3])
        absorbing = Kernel(("a", "b"), [[0.5, 0.5], [0, 0.9]], [0, 0.1])
        assert stationary_distribution(absorbing).tolist() == [0, 1]
        assert entropy_production(absorbing) == 0

    def test_several_closed_classes(self):
        kernel = Kernel(("a", "b", "c"), [[1, 0, 0], [0.5, 0, 0.5], [0, 0, 1]], [0, 0, 0])
        for function in (stationary_distribution, entropy_production, metropolised):
            with pytest.raises(DataError, match="2 closed classes"):
                function(kernel)

    def test_log_ratio(self):
        kernel = Kernel(("a", "b", "c"), [[0.2, 0.8, 0], [0.1, 0.4, 0.5], [0, 0, 1]], [0, 0, 0])
        assert log_ratio(kernel, "a", "b") == pytest.approx(np.log(8))
        assert log_ratio(kernel, 1, 0) == -log_ratio(kernel, 0, 1)
        assert log_ratio(kernel, "b", "c") == np.inf
        assert log_ratio(kernel, "c", "b") == -np.inf
        with pytest.raises(DataError, match="'a' and 'c'"):
            log_ratio(kernel, "a", "c")

    def test_affinity_of_one_way_cycles(self):
        ring = Kernel(("a", "b", "c"), [[0, 1, 0], [0, 0, 1], [0.5, 0.5, 0]], [0, 0, 0])
        assert affinity(ring, "abc") == np.inf
        assert affinity(ring, "cba") == -np.inf
        assert entropy_production(ring) == np.inf
        cut = Kernel(("a", "b", "c"), [[0, 1, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]], [0, 0, 0])
        with pytest.raises(DataError, match="neither direction"):
            affinity(cut, "abc")
        with pytest.raises(UsageError, match="three different"):
            affinity(ring, "ab")
        with pytest.raises(UsageError, match="not repeated"):
            affinity(ring, "abca")

    @pytest.mark.parametrize("reach", [0.4, 1.0])
    @pytest.mark.parametrize("seed", range(5))
    def test_entropy_is_currents_times_affinities(self, seed, reach):
        kernel = random_kernel(seed, other=True, reach=reach)
        graph = graph_of(kernel)
        i, j = graph.edges.T
        flux = stationary_distribution(kernel)[:, None] * kernel.matrix
        current = flux[i, j] - flux[j, i]
        ratio = log_ratios(kernel, graph.edges)
        rate = entropy_production(kernel)
        assert rate == pytest.approx(np.sum(current * ratio), abs=1e-14)
        assert rate == pytest.approx(np.sum(flux[i, j] * ratio - flux[j, i] * ratio), abs=1e-14)
        # An edge on one fundamental cycle only, such as its chord, carries that cycle's current.
        f = fundamental_cycle_basis(graph).toarray()
        alone = (f == 1) & (np.abs(f).sum(axis=1, keepdims=True) == 1)
        assert alone.any(axis=0).all()
        weight = current[alone.argmax(axis=0)]
        np.testing.assert_allclose(f @ weight, current, atol=1e-14)
        assert rate == pytest.approx(weight @ (f.T @ ratio), abs=1e-14)
        # The same with simple cycles and their affinities.
        cycles = minimum_cycle_basis(graph)
        m = np.array([cycle_vector(graph, c) for c in cycles]).reshape(-1, graph.n_edges)
        z = np.linalg.lstsq(m.T, current)[0]
        affinities = np.array([affinity(kernel, c) for c in cycles])
        assert rate == pytest.approx(z @ affinities, abs=1e-13)

    def test_weekday(self):
        # 0.44 nats a step on valid answers: self-answers and residual out, renormalised.
        matrix = WEEKDAY[:, :7] * (1 - np.eye(7))
        matrix /= matrix.sum(axis=1, keepdims=True)
        kernel = Kernel(DAYS, matrix, np.zeros(7), stay=False)
        assert entropy_production(kernel) == pytest.approx(0.44, abs=0.005)
        # A trial that fails or stays produces nothing.
        assert 0 < entropy_production(weekday()) < 0.44

    @pytest.mark.parametrize("seed", range(4))
    def test_metropolised(self, seed):
        kernel = random_kernel(seed, other=True, reach=0.6)
        calm = metropolised(kernel)
        pi = stationary_distribution(kernel)
        np.testing.assert_allclose(stationary_distribution(calm), pi, rtol=1e-10)
        flux, before = pi[:, None] * calm.matrix, pi[:, None] * kernel.matrix
        off = ~np.eye(6, dtype=bool)
        np.testing.assert_allclose(flux[off], np.minimum(before, before.T)[off], atol=1e-15)
        np.testing.assert_array_equal(calm.other, kernel.other)
        assert entropy_production(calm) == pytest.approx(0, abs=1e-13)
        again = metropolised(calm)
        np.testing.assert_allclose(again.matrix, calm.matrix, atol=1e-12)

    def test_metropolised_keeps_transient_rows(self):
        kernel = Kernel(("a", "b", "c"), [[0, 1, 0], [0, 0.5, 0.5], [0, 1, 0]], [0, 0, 0])
        assert metropolised(kernel).matrix[0].tolist() == [0, 1, 0]
        moving = Kernel(
            ("a", "b", "c"), [[0, 0.9, 0.1], [0.5, 0, 0.5], [0.9, 0.1, 0]], [0] * 3, stay=False
        )
        assert metropolised(moving).stay


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**6), st.integers(3, 7), st.booleans())
def test_metropolised_never_produces_entropy(seed, n, other):
    kernel = random_kernel(seed, n, other=other, reach=0.5)
    assert entropy_production(kernel) >= -1e-15
    assert abs(entropy_production(metropolised(kernel))) < 1e-12
