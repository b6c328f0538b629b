"""One path in closed form, against the walk and the urns written out step by step."""

from math import log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reinforced_walks import (
    counted,
    edges_of,
    path_from_counts,
    random_path,
    random_tree,
    simulated_path,
    urns_log_probability,
    walk_log_probability,
)
from scipy.special import betaln

from equipoise.counts import TransitionCounts
from equipoise.errors import DataError, UsageError
from equipoise.likelihoods import dirichlet, ends_of_path, reinforced


def matched_urns(path, edges, a, start=None):
    """The rival's urns: a/2 a step, and on a tree another half towards the start."""
    alpha = {}
    for i, j in edges:
        alpha.setdefault(i, {})[j] = alpha.setdefault(j, {})[i] = a / 2
    if start is not None:
        reached = [start]
        for here in reached:
            for v in alpha[here]:
                if v not in reached:
                    alpha[v][here] += 0.5
                    reached.append(v)
    return alpha


class TestAlofi:
    """Rain on Alofi: closed forms, their printed digits, and 1,095 steps one by one."""

    def test_reinforced(self, alofi):
        value = reinforced(alofi).log_evidence()
        path = path_from_counts(alofi)
        assert (len(path), path[0], path[-1]) == (1096, 2, 1)
        edges = [(0, 1), (0, 2), (1, 2), (0, 0), (1, 1), (2, 2)]
        assert value == pytest.approx(walk_log_probability(path, edges, [1.0] * 6), rel=1e-9)
        assert value / log(10) == pytest.approx(-458.81166, abs=5e-6)

    @pytest.mark.parametrize(
        ("alpha", "printed"), [(1.0, -458.56085), (1 / 3, -460.11976), (0.5, None)]
    )
    def test_dirichlet(self, alofi, alpha, printed):
        value = dirichlet(alofi, concentration=alpha).log_evidence()
        path = path_from_counts(alofi)
        urns = {i: dict.fromkeys(range(3), alpha) for i in range(3)}
        assert value == pytest.approx(urns_log_probability(path, urns), rel=1e-9)
        # in another arrangement: each row as stays against the rest, then between the rest
        n = alofi.counts.toarray()
        total = 0.0
        for i in range(3):
            j, k = (i + 1) % 3, (i + 2) % 3
            total += betaln(alpha + n[i, i], 2 * alpha + n[i, j] + n[i, k])
            total += betaln(alpha + n[i, j], alpha + n[i, k])
            total -= betaln(alpha, 2 * alpha) + betaln(alpha, alpha)
        assert value == pytest.approx(total, rel=1e-9)
        if printed is not None:
            assert value / log(10) == pytest.approx(printed, abs=5e-6)

    def test_matched(self, alofi):
        path = reinforced(alofi)
        assert not path.on_tree
        rows = path.matched_rows()
        np.testing.assert_array_equal(rows.concentration, np.full(9, 0.5))
        factor = (path.log_evidence() - rows.log_evidence()) / log(10)
        assert factor == pytest.approx(0.6503, abs=5e-5)


@pytest.mark.parametrize("a", [0.3, 1.0, 2.7])
@pytest.mark.parametrize("n_states", [2, 3, 5])
def test_closed_form_is_the_walk_step_by_step(n_states, a):
    rng = np.random.default_rng(n_states)
    for _ in range(10):
        path = random_path(rng, n_states, 60)
        edges = edges_of(path)
        expected = walk_log_probability(path, edges, [a] * len(edges))
        found = reinforced(counted(path), edge_weight=a)
        assert found.log_evidence() == pytest.approx(expected, rel=1e-12)
        ratio = found.posterior().log_normaliser() - found.prior.log_normaliser()
        assert found.log_evidence() == pytest.approx(ratio, rel=1e-10)
        rows = found.matched_rows()
        tree = path[0] if found.on_tree else None
        urns = matched_urns(path, edges, a, tree)
        assert rows.log_evidence() == pytest.approx(urns_log_probability(path, urns), rel=1e-12)


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 2**32),
    n_states=st.integers(2, 7),
    length=st.integers(1, 80),
    a=st.floats(0.05, 20.0),
)
def test_on_trees_with_loops_the_bayes_factor_is_exactly_one(seed, n_states, length, a):
    rng = np.random.default_rng(seed)
    path = random_path(rng, n_states, length, random_tree(rng, n_states))
    found = reinforced(counted(path), edge_weight=a)
    assert found.on_tree
    gap = found.log_evidence() - found.matched_rows().log_evidence()
    assert abs(gap) < 1e-10


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 2**32), n_states=st.integers(2, 6), length=st.integers(2, 60))
def test_relabelling_changes_nothing(seed, n_states, length):
    rng = np.random.default_rng(seed)
    path = random_path(rng, n_states, length)
    order = rng.permutation(n_states)
    one, two = (reinforced(counted(p)) for p in (path, [int(order[k]) for k in path]))
    assert one.log_evidence() == pytest.approx(two.log_evidence(), rel=1e-12)
    assert one.matched_rows().log_evidence() == pytest.approx(
        two.matched_rows().log_evidence(), rel=1e-12
    )


def test_posterior_over_prior_is_likelihood_over_evidence():
    path = reinforced(simulated_path(4, 90), edge_weight=1.4)
    x = path.prior.draw(20, 1)
    gain = path.posterior().log_density(x) - path.prior.log_density(x)
    np.testing.assert_allclose(gain + path.log_evidence(), path.log_likelihood(x), rtol=1e-10)
    n, log_x = path.steps.counts, np.log(x)
    i = path.steps.source
    sums = np.stack([x[:, [v in e for e in path.prior.edges.tolist()]].sum(1) for v in range(4)], 1)
    expected = (n * (log_x[:, path.steps.edge] - np.log(sums[:, i]))).sum(axis=1)
    np.testing.assert_allclose(path.log_likelihood(x), expected, rtol=1e-12)
    np.testing.assert_allclose(path.by_row(x).sum(axis=1), expected, rtol=1e-12)


def test_the_likelihood_averaged_over_prior_draws_is_the_evidence():
    path = reinforced(counted([0, 1, 1, 2, 0, 2, 1, 0, 0]), edge_weight=1.5)
    weight = np.exp(path.log_likelihood(path.prior.draw(60_000, 2)) - path.log_evidence())
    error = weight.std() / np.sqrt(len(weight))
    assert error < 0.02
    assert abs(weight.mean() - 1) < 3.9 * error


def test_support_has_a_loop_everywhere_unless_staying_is_impossible():
    path = [0, 1, 2, 0, 2, 1]  # never stays
    assert len(reinforced(counted(path)).prior.edges) == 6
    bare = reinforced(counted(path, stay=False))
    assert len(bare.prior.edges) == 3
    expected = walk_log_probability(path, [(0, 1), (0, 2), (1, 2)], [1.0] * 3)
    assert bare.log_evidence() == pytest.approx(expected, rel=1e-12)
    declared = counted([0, 1, 2, 1, 0], support=[("a", "c")])
    edges = [(0, 1), (1, 2), (0, 2), (0, 0), (1, 1), (2, 2)]
    assert reinforced(declared).log_evidence() == pytest.approx(
        walk_log_probability([0, 1, 2, 1, 0], edges, [1.0] * 6), rel=1e-12
    )


def test_states_that_the_path_cannot_reach_do_not_count():
    path = ["b", "c", "b", "b", "d"]
    alone = reinforced(TransitionCounts.from_sequences(path))
    more = TransitionCounts.from_sequences(path, states=list("abcdef"), support=[("a", "f")])
    among = reinforced(more)
    assert among.log_evidence() == pytest.approx(alone.log_evidence(), rel=1e-14)
    np.testing.assert_array_equal(among.states, [1, 2, 3])


def test_large_counts_lose_no_digits():
    big = TransitionCounts.from_matrix(
        [[10**8, 10**6], [10**6, 10**8]], states=["x", "y"], protocol="trajectory", starts=["x"]
    )
    found = reinforced(big)
    # a tree: rows of Dirichlet(½, ½) and Dirichlet(½, 1)
    expected = betaln(0.5 + 1e8, 0.5 + 1e6) - betaln(0.5, 0.5)
    expected += betaln(0.5 + 1e8, 1 + 1e6) - betaln(0.5, 1)
    assert found.log_evidence() == pytest.approx(float(expected), rel=1e-9)


class TestOnePath:
    """Which counts are those of one path."""

    def test_ends_from_sequences_and_from_counts(self, alofi):
        for path in ([2, 0, 1, 1], [1, 0, 2, 1], [0, 0]):
            counts = counted(path)
            ends = tuple(counts.states[k] for k in ends_of_path(counts))
            assert ends == ("abc"[path[0]], "abc"[path[-1]])
            bare = TransitionCounts.from_matrix(
                counts.counts.toarray(),
                states=counts.states,
                protocol="trajectory",
                starts=counts.starts,
            )
            assert ends_of_path(bare) == ends_of_path(counts)
        assert ends_of_path(alofi) == (2, 1)

    def test_the_start_is_found_where_the_counts_tell(self):
        counts = TransitionCounts.from_matrix(
            [[0, 2], [1, 3]], states=["x", "y"], protocol="trajectory"
        )
        assert ends_of_path(counts) == (0, 1)

    def test_paths_that_join_are_one(self):
        whole = TransitionCounts.from_sequences(list("abbcac"))
        parts = TransitionCounts.from_sequences([list("abb"), list("bc"), list("cac")])
        assert reinforced(whole).log_evidence() == reinforced(parts).log_evidence()
        assert ends_of_path(parts) == (0, 2)

    @pytest.mark.parametrize(
        ("matrix", "more", "words"),
        [
            ([[0, 2], [1, 3]], {"protocol": "draws"}, "independent draws are no path"),
            ([[0, 2], [1, 3]], {"other": [0, 4]}, "4 of the trials ended in no state"),
            ([[0, 5], [1, 3]], {}, "'x' was left 5 times and entered 1 times"),
            ([[0, 2], [1, 3]], {"starts": ["y"]}, "by the counts it began in 'x'"),
            ([[0, 2], [2, 3]], {}, "do not tell where; give its start"),
            ([[1, 0], [0, 3]], {"starts": ["x"]}, "no transition joins 'x' and 'y'"),
            ([[0, 2], [2, 3]], {"starts": ["x", "y"]}, "2 paths are counted together"),
            (
                [[0, 2, 0], [2, 0, 0], [0, 0, 0]],
                {"starts": ["z"]},
                "begin in 'z', which no transition touches",
            ),
        ],
    )
    def test_refused(self, matrix, more, words):
        counts = TransitionCounts.from_matrix(
            matrix, states=list("xyz")[: len(matrix)], **{"protocol": "trajectory", **more}
        )
        with pytest.raises(DataError, match=words):
            reinforced(counts)

    def test_sequences_that_do_not_join(self):
        counts = TransitionCounts.from_sequences([list("abc"), list("cab"), list("ab")])
        with pytest.raises(DataError, match="path 2 ends in 'b' and path 3 begins in 'a'"):
            reinforced(counts)

    @pytest.mark.parametrize("weight", [0, -1.0, np.inf, np.nan, "1"])
    def test_weights(self, alofi, weight):
        with pytest.raises(UsageError, match="edge_weight must be a positive number"):
            reinforced(alofi, edge_weight=weight)
