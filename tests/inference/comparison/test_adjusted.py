"""Pairwise edges with the curvature of multinomial rows."""

import numpy as np
import pytest
from compared import metropolis

from equipoise.counts import TransitionCounts
from equipoise.graph import support_graph
from equipoise.likelihoods import (
    adjusted,
    multinomial,
    multinomial_predictor,
    pairwise,
    pairwise_predictor,
    support_arcs,
)

PHI = np.array([0.4, -0.9, 1.3, 0.0])
EDGES = np.array([[0, 1], [0, 2], [1, 2], [1, 3], [2, 3]])
RATES = np.array([0.6, 0.2, 0.4, 0.5, 0.3])


def expected(trials):
    """Counts that equal their expectation, with as good as no rounding."""
    kernel = metropolis(PHI, EDGES, RATES)
    table = np.rint(np.asarray(trials)[:, None] * kernel).astype(np.int64)
    return TransitionCounts.from_matrix(table, states=list("abcd"))


@pytest.mark.parametrize("trials", [[10**6] * 4, [2 * 10**6, 10**5, 10**6, 4 * 10**5]])
def test_the_covariance_of_the_potential_is_that_of_multinomial_rows(trials):
    counts = expected(trials)
    graph = support_graph(counts)
    edges = pairwise(counts, graph)
    differences = pairwise_predictor(edges, graph).potential
    found = adjusted(edges, differences, PHI)
    information = found.edges.information(found.potential @ PHI, found.potential)
    ours = np.linalg.pinv(information)
    theirs = multinomial_covariance(counts, graph)
    assert ours == pytest.approx(theirs, rel=2e-3, abs=2e-3 * theirs.max())
    # Without the correction it is too large by diag(1/N), modulo the constant.
    centre = np.eye(4) - 0.25
    plain = np.linalg.pinv(edges.information(differences @ PHI, differences))
    excess = centre @ np.diag(1.0 / np.array(trials)) @ centre
    assert plain - theirs == pytest.approx(excess, rel=0.02, abs=0.02 * excess.max())


def multinomial_covariance(counts, graph):
    """Covariance of Φ = V − log Z at the truth by the delta method, centred."""
    arcs = support_arcs(graph)
    rows = multinomial(counts, arcs)
    predictor = multinomial_predictor(arcs, np.zeros((graph.n_edges, 0)))
    design = np.hstack([predictor.potential, predictor.symmetric])
    # η = log(P_ij / P_ii) of reversible counts: V and s from least squares.
    table = counts.counts.toarray()
    eta = np.log(table[arcs.source, arcs.target] / table[arcs.source, arcs.source])
    theta = np.linalg.lstsq(design, eta)[0]
    covariance = np.linalg.pinv(rows.information(design @ theta, design), rcond=1e-12)
    p = rows.probabilities(design @ theta)
    slope = np.zeros((graph.n_states, design.shape[1]))
    slope[np.arange(graph.n_states), np.arange(graph.n_states)] = 1.0
    np.add.at(slope, arcs.source, -p[:, None] * design)
    centre = np.eye(graph.n_states) - 1.0 / graph.n_states
    return centre @ slope @ covariance @ slope.T @ centre


def test_nothing_moves_at_the_mode_and_constants_do_not_matter():
    counts = expected([10**4] * 4)
    graph = support_graph(counts)
    edges = pairwise(counts, graph)
    differences = pairwise_predictor(edges, graph).potential
    found = adjusted(edges, differences, PHI)
    at_mode = found.edges.log_likelihood(found.potential @ PHI)
    assert at_mode == pytest.approx(edges.log_likelihood(differences @ PHI), rel=1e-12)
    shifted = found.edges.log_likelihood(found.potential @ (PHI + 7.0))
    assert shifted == pytest.approx(at_mode, rel=1e-12)
    moved = adjusted(edges, differences, PHI + 7.0)
    other = PHI[::-1].copy()
    assert moved.edges.log_likelihood(moved.potential @ other) == pytest.approx(
        found.edges.log_likelihood(found.potential @ other), rel=1e-10
    )
    # Away from it the likelihood falls faster than without the correction.
    step = np.array([0.05, -0.02, 0.0, 0.01])
    ours = at_mode - found.edges.log_likelihood(found.potential @ (PHI + step))
    theirs = at_mode - edges.log_likelihood(differences @ (PHI + step))
    assert ours > 1.05 * theirs


def test_edges_seen_one_way_only_stay_bounded_by_the_prior():
    counts = TransitionCounts.from_matrix([[10, 5, 0], [0, 10, 4], [0, 3, 10]], states=list("abc"))
    graph = support_graph(counts)
    edges = pairwise(counts, graph)
    differences = pairwise_predictor(edges, graph).potential
    found = adjusted(edges, differences, np.array([8.0, 0.0, -0.2]))
    assert np.isfinite(found.potential).all()
    assert np.abs(found.potential).max() < 5
