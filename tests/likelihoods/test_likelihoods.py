"""The likelihoods against naive formulas, finite differences and each other."""

import numpy as np
import pytest

from equipoise import datasets
from equipoise.counts import TransitionCounts
from equipoise.errors import UsageError
from equipoise.graph import orthonormal_cycle_basis, support_graph
from equipoise.likelihoods import (
    multinomial,
    multinomial_predictor,
    pairwise,
    pairwise_predictor,
    support_arcs,
)

ASYMMETRIC = np.array([[5, 30, 7, 0], [12, 0, 20, 3], [2, 41, 9, 0], [0, 6, 1, 0]])
OTHER = np.array([4, 0, 13, 2])


def table(stay: bool = True) -> TransitionCounts:
    matrix = ASYMMETRIC if stay else ASYMMETRIC - np.diag(np.diag(ASYMMETRIC))
    return TransitionCounts.from_matrix(matrix, states=list("dacb"), other=OTHER, stay=stay)


def naive(counts: TransitionCounts, v, s, c, rejected: str) -> float:
    """Log-likelihood straight from design section 3, in loops; c is a full antisymmetric matrix."""
    n = counts.counts.toarray()
    graph = support_graph(counts)
    edge = {(int(i), int(j)): k for k, (i, j) in enumerate(graph.edges)}
    total = 0.0
    for i in range(len(n)):
        z = 1.0 if counts.stay else 0.0
        for j in range(len(n)):
            k = edge.get((min(i, j), max(i, j)))
            if i != j and k is not None:
                eta = s[k] + (v[i] - v[j] + c[i, j]) / 2
                z += np.exp(eta)
                total += n[i, j] * eta
        stays = n[i, i] + (counts.other[i] if rejected == "stay" and counts.stay else 0)
        total -= (n[i].sum() - n[i, i] + stays) * np.log(z) if z else 0.0
    return total


@pytest.mark.parametrize("stay", [True, False])
@pytest.mark.parametrize("rejected", ["stay", "drop"])
def test_multinomial_equals_the_formula_written_out(stay, rejected):
    rng = np.random.default_rng(3)
    counts = table(stay)
    graph = support_graph(counts)
    arcs = support_arcs(graph)
    rows = multinomial(counts, arcs, rejected=rejected)
    basis = orthonormal_cycle_basis(graph)
    predictor = multinomial_predictor(arcs, basis)
    v, s = rng.normal(0, 2, 4), rng.normal(-1, 1, graph.n_edges)
    z = rng.normal(0, 1, basis.shape[1])
    c = np.zeros((4, 4))
    for (i, j), value in zip(graph.edges, basis @ z, strict=True):
        c[i, j], c[j, i] = value, -value
    eta = predictor.potential @ v + predictor.symmetric @ s + predictor.cycle @ z
    assert rows.log_likelihood(eta) == pytest.approx(naive(counts, v, s, c, rejected), rel=1e-12)
    assert rows.by_row(eta).sum() == pytest.approx(float(rows.log_likelihood(eta)), rel=1e-12)


def likelihoods():
    counts = table()
    graph = support_graph(counts)
    arcs = support_arcs(graph)
    yield multinomial(counts, arcs), len(arcs.source)
    yield multinomial(table(stay=False), arcs), len(arcs.source)
    edges = pairwise(counts, graph)
    yield edges, len(edges.edges)


@pytest.mark.parametrize("which", [0, 1, 2])
def test_derivatives_agree_with_finite_differences(which):
    likelihood, size = list(likelihoods())[which]
    rng = np.random.default_rng(which)
    eta, direction = rng.normal(0, 1.5, size), rng.normal(0, 1, size)
    h = 1e-5
    up, down = eta + h * direction, eta - h * direction
    slope = (likelihood.log_likelihood(up) - likelihood.log_likelihood(down)) / (2 * h)
    assert slope == pytest.approx(float(likelihood.gradient(eta) @ direction), rel=1e-7)
    curve = (likelihood.gradient(up) - likelihood.gradient(down)) / (2 * h)
    product = likelihood.hessian_product(eta, direction)
    np.testing.assert_allclose(product, curve, atol=1e-6 * np.abs(curve).max())
    design = rng.normal(0, 1, (size, 3))
    information = likelihood.information(eta, design)
    columns = [likelihood.hessian_product(eta, column) for column in design.T]
    np.testing.assert_allclose(information, -design.T @ np.array(columns).T, atol=1e-9)
    at_once = likelihood.local(eta, design)
    alone = (likelihood.log_likelihood(eta), likelihood.gradient(eta), information)
    for one, other in zip(at_once, alone, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("which", [0, 1, 2])
def test_batches_equal_single_evaluations(which):
    likelihood, size = list(likelihoods())[which]
    eta = np.random.default_rng(1).normal(0, 3, (2, 5, size))
    vector = np.random.default_rng(2).normal(0, 1, eta.shape)
    for function in (likelihood.log_likelihood, likelihood.gradient, likelihood.by_row):
        batch = function(eta)
        for index in np.ndindex(2, 5):
            np.testing.assert_allclose(batch[index], function(eta[index]), rtol=1e-12)
    products = likelihood.hessian_product(eta, vector)
    np.testing.assert_allclose(
        products[1, 3], likelihood.hessian_product(eta[1, 3], vector[1, 3]), rtol=1e-12
    )


@pytest.mark.parametrize("which", [0, 1, 2])
def test_large_arguments_do_not_overflow(which):
    likelihood, size = list(likelihoods())[which]
    for eta in (np.full(size, 800.0), np.full(size, -800.0)):
        assert np.isfinite(likelihood.log_likelihood(eta))
        assert np.all(np.isfinite(likelihood.gradient(eta)))


def test_the_two_likelihoods_agree_on_the_saturated_fit():
    """Both are stationary where log-ratios equal the observed ones: exposure, sign and axes."""
    counts = datasets.smollm2_weekday()
    graph = support_graph(counts)
    arcs = support_arcs(graph)
    n = counts.counts.toarray().astype(float)
    rows, edges = multinomial(counts, arcs), pairwise(counts, graph)
    stays = np.diag(n) + counts.other
    eta = np.log(n[arcs.source, arcs.target] / stays[arcs.source])
    np.testing.assert_allclose(rows.gradient(eta), 0.0, atol=1e-9)
    predictor = multinomial_predictor(arcs, orthonormal_cycle_basis(graph))
    design = np.hstack([predictor.potential, predictor.symmetric, predictor.cycle])
    theta = np.linalg.lstsq(design, eta, rcond=None)[0]
    np.testing.assert_allclose(design @ theta, eta, atol=1e-9)  # every kernel is reached
    potential = theta[:7] - rows.log_normaliser(eta)
    circulation = predictor.basis @ theta[7 + graph.n_edges :]
    pairs = pairwise_predictor(edges, graph)
    np.testing.assert_allclose(pairs.basis, predictor.basis)
    ratio = pairs.potential @ potential + circulation
    np.testing.assert_allclose(edges.gradient(ratio), 0.0, atol=1e-8)
    i, j = graph.edges.T
    observed = np.log(n[i, j] / counts.trials[i]) - np.log(n[j, i] / counts.trials[j])
    np.testing.assert_allclose(ratio, observed, atol=1e-9)


def test_pairwise_is_the_conditional_of_poisson_counts():
    """Both directions Poisson, s profiled out: pairwise up to a constant."""
    counts = table()
    edges = pairwise(counts, support_graph(counts))
    n = counts.counts.toarray().astype(float)
    graph = support_graph(counts)

    def poisson_profile(ratio):
        total = 0.0
        for (i, j), r in zip(graph.edges, ratio, strict=True):
            # rates N_i e^{s + r/2} and N_j e^{s - r/2}: s profiled in closed form
            rates = np.array([counts.trials[i] * np.exp(r / 2), counts.trials[j] * np.exp(-r / 2)])
            seen = np.array([n[i, j], n[j, i]])
            rates *= seen.sum() / rates.sum()
            total += (seen * np.log(rates) - rates).sum()
        return total

    rng = np.random.default_rng(0)
    first, second = rng.normal(0, 1, (2, graph.n_edges))
    change = poisson_profile(first) - poisson_profile(second)
    assert change == pytest.approx(
        float(edges.log_likelihood(first) - edges.log_likelihood(second)), rel=1e-10
    )


def test_pairwise_leaves_out_and_names_edges_without_a_second_source():
    counts = TransitionCounts.from_matrix(
        np.array([[0, 5, 2], [3, 0, 4], [0, 0, 0]]), states=list("abc")
    )
    graph = support_graph(counts)
    edges = pairwise(counts, graph)
    assert [tuple(graph.edges[k]) for k in edges.left_out] == [(0, 2), (1, 2)]
    assert len(edges.forward) == 1
    assert pairwise_predictor(edges, graph).basis.shape == (3, 0)


def test_pairwise_cycles_are_those_of_what_is_left():
    """An edge left out may cut the graph in two: a triangle and a pair joined by a non-source."""
    n = np.zeros((6, 6), dtype=int)
    n[:3, :3] = [[0, 5, 2], [3, 0, 4], [6, 1, 0]]
    n[3, 4], n[4, 3], n[0, 5], n[3, 5] = 4, 3, 2, 1
    counts = TransitionCounts.from_matrix(n, states=list("abcdef"))
    graph = support_graph(counts)
    assert graph.n_components == 1
    edges = pairwise(counts, graph)
    assert len(edges.left_out) == 2
    basis = pairwise_predictor(edges, graph).basis
    assert basis.shape == (6, 1)
    np.testing.assert_array_equal(basis[edges.left_out], 0.0)


def test_expected_counts_have_no_score():
    for likelihood, size in likelihoods():
        eta = np.random.default_rng(5).normal(0, 1, size)
        np.testing.assert_allclose(likelihood.expected(eta).gradient(eta), 0.0, atol=1e-10)


def test_unknown_treatment_of_rejected_trials_is_refused():
    with pytest.raises(UsageError, match='rejected must be "stay" or "drop", not \'keep\''):
        multinomial(table(), support_arcs(support_graph(table())), rejected="keep")
