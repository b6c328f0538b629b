"""One-sided bounds against closed forms and a grid search."""

import numpy as np
import pytest
from scipy.optimize import brentq

from equipoise.counts import TransitionCounts
from equipoise.graph import support_graph
from equipoise.inference.bounds import likelihood_bound
from equipoise.likelihoods import pairwise

LOG20 = np.log(20.0)


def bound(matrix, upper, lower, other=None):
    states = [f"s{k}" for k in range(len(matrix))]
    counts = TransitionCounts.from_matrix(np.array(matrix), states=states, other=other)
    graph = support_graph(counts)
    return likelihood_bound(pairwise(counts, graph), graph, upper, lower)


def test_one_edge_is_the_rule_of_three():
    # all 4122 trials forward, none of 4000 back: m log(1 + e^-b 4000/4122) = log 20
    value = bound([[0, 0], [4122, 0]], 1, 0, other=[4000, 0])
    exact = -np.log(np.expm1(LOG20 / 4122) * 4122 / 4000)
    assert value == pytest.approx(exact, abs=1e-3)
    assert value == pytest.approx(np.log(4000 / 3), abs=0.01)


def test_part_of_the_trials_forward():
    value = bound([[0, 0], [10, 90]], 1, 0, other=[4000, 0])
    exact = -np.log(np.expm1(LOG20 / 10) * 100 / 4000)
    assert value == pytest.approx(exact, abs=1e-3)


def test_along_two_one_way_edges_the_bound_is_the_best_split():
    # s2 → s1 → s0, nothing back
    value = bound([[0, 0, 0], [300, 0, 0], [0, 50, 0]], 2, 0, other=[400, 20, 10])
    trials = np.array([400, 320, 60])

    def fall(gap, m, source, target):
        return m * np.logaddexp(0, -gap - np.log(trials[source] / trials[target]))

    gaps = np.linspace(-5, 12, 4001)

    def least(total):
        return np.min(fall(gaps, 300, 1, 0) + fall(total - gaps, 50, 2, 1))

    best = brentq(lambda total: least(total) - LOG20, 2, 15)
    assert value == pytest.approx(best, abs=0.005)


def test_a_detour_that_carries_no_information_changes_nothing():
    plain = bound([[0, 0], [200, 0]], 1, 0, other=[500, 0])
    # s2 hangs on s0 both ways, s3 leads one way into s1: neither lies between
    matrix = [[0, 0, 7, 0], [200, 0, 0, 0], [5, 0, 0, 0], [0, 9, 0, 0]]
    assert bound(matrix, 1, 0, other=[493, 0, 0, 0]) == pytest.approx(plain, abs=2e-3)


def test_more_trials_without_return_raise_the_bound():
    values = [bound([[0, 0], [1000, 0]], 1, 0, other=[m, 0]) for m in (30, 300, 3000)]
    assert np.all(np.diff(values) > 2)
