"""Which cycles can be tested, how well, and what hides the others."""

import numpy as np
import pytest

from equipoise.counts import TransitionCounts
from equipoise.graph import cycle_vector, orthonormal_cycle_basis, support_graph
from equipoise.inference.evidence.information import cycle_information
from equipoise.inference.planning.testability import cycle_informations
from equipoise.inference.problem import problem_of
from equipoise.likelihoods import trials_of


def informations(matrix, states=None):
    labels = states or [chr(97 + k) for k in range(len(matrix))]
    counts = TransitionCounts.from_matrix(np.array(matrix), states=labels)
    graph = support_graph(counts)
    p = np.full((graph.n_edges, 2), 0.1)
    p[:, 1] = 0.2
    return cycle_informations(counts, graph, p, trials_of(counts, "stay"))


def unseen(cycle):
    return [(step.source, step.target, step.trials) for step in cycle.unseen]


def test_an_error_adds_up_the_arcs_of_the_cycle():
    (cycle,) = informations([[5, 3, 2], [4, 9, 7], [6, 8, 26]])
    n = [10, 20, 40]
    arcs = {(0, 1): 0.1, (1, 0): 0.2, (0, 2): 0.1, (2, 0): 0.2, (1, 2): 0.1, (2, 1): 0.2}
    square = sum(1 / (n[i] * p) for (i, _), p in arcs.items())
    assert cycle.standard_error == pytest.approx(np.sqrt(square))
    assert cycle.weakest == ("a", "b")  # as weak as a to c, and the first of the two
    assert cycle.weakest_share == pytest.approx(1 / (10 * 0.1) / square)
    assert cycle.testable
    assert cycle.unseen == ()


def test_an_error_is_that_of_the_profiled_information():
    matrix = [[0, 30, 20, 9], [25, 5, 14, 0], [31, 12, 0, 22], [8, 0, 17, 40]]
    counts = TransitionCounts.from_matrix(matrix, states=list("abcd"))
    problem = problem_of(counts)
    model = problem.reversible()
    theta = np.random.default_rng(3).normal(-1, 0.4, model.size)
    values = cycle_information(model, problem.predictor, theta)
    graph, arcs = problem.graph, problem.likelihood.arcs
    p = np.zeros((graph.n_edges, 2))
    along = problem.likelihood.probabilities(model.design @ theta)
    p[arcs.edge, np.where(arcs.sign > 0, 0, 1)] = along
    cycles = cycle_informations(counts, graph, p, problem.likelihood.trials)
    assert len(cycles) == len(values) == 2
    vectors = np.array([cycle_vector(graph, [counts.index(s) for s in c.states]) for c in cycles])
    # Two triangles: their errors and the spectrum say the same of one 2 × 2 covariance.
    basis = orthonormal_cycle_basis(graph)
    mixed = vectors @ basis
    d = (1 / (problem.likelihood.trials[graph.edges] * p)).sum(axis=1)
    covariance = basis.T @ (d[:, None] * basis)
    np.testing.assert_allclose(np.sort(1 / values), np.linalg.eigvalsh(covariance), rtol=1e-8)
    errors = np.sqrt(np.diag(mixed @ covariance @ mixed.T))
    np.testing.assert_allclose([c.standard_error for c in cycles], errors, rtol=1e-8)


def test_one_transition_back_is_all_a_feedforward_triangle_needs():
    (cycle,) = informations([[9, 5, 5], [0, 9, 5], [0, 0, 9]])
    assert not cycle.testable
    assert cycle.standard_error is None
    assert unseen(cycle) == [("c", "a", 9)]


def test_a_state_that_was_never_a_source_must_become_one():
    (cycle,) = informations([[9, 5, 5], [4, 9, 5], [0, 0, 0]])
    assert unseen(cycle) == [("c", "a", 0)]  # c to b would do as well, and comes after it


def test_the_fewest_that_do_are_named():
    # a leads to b and d, which lead on to c: c → a would close both ways round, but is no edge of
    # the cycle. Of its own transitions b → a and c → b are the likelier of the pairs that do.
    matrix = [[5, 4, 0, 4], [0, 5, 4, 0], [0, 0, 5, 0], [0, 0, 4, 5]]
    (cycle,) = informations(matrix)
    assert unseen(cycle) == [("b", "a", 9), ("c", "b", 5)]
    seen = {(i, j) for i in range(4) for j in range(4) if matrix[i][j]}
    added = {(ord(s) - 97, ord(t) - 97) for s, t, _ in unseen(cycle)}
    reach = np.eye(4, dtype=bool)
    for i, j in seen | added:
        reach[i, j] = True
    assert np.linalg.matrix_power(reach.astype(int), 4).all()
