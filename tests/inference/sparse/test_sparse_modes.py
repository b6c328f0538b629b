"""Sparse modes, evidences and Gaussians against the dense ones, and against closed forms."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import halfnorm, norm
from sparse_tables import pieces, reversible_table, sparse_of

from equipoise.graph import log_spanning_trees, support_graph
from equipoise.inference.modes.mode import find_mode
from equipoise.inference.problem import problem_of
from equipoise.inference.sparse.balance import balance_mode
from equipoise.inference.sparse.cyclic import cyclic_mode, gaussian
from equipoise.inference.sparse.envelope import envelope_mode
from equipoise.inference.sparse.iterative import iterative_system
from equipoise.inference.sparse.scale import scale_posterior
from equipoise.likelihoods import pairwise

TABLES = {"pieces": pieces(), "one piece": reversible_table(1, states=11, trials=40)}


def dense(model, sds):
    """The dense mode, and Laplace's evidence with every scale fixed."""
    mode = find_mode(model, sds[:1], model.prior_mean)
    value = float(model.likelihood.log_likelihood(model.design @ mode.theta))
    for block, sd in zip(model.blocks, sds, strict=True):
        value += float(block.log_density(mode.theta, sd))
    log_det = 2 * float(np.log(np.diag(mode.cholesky)).sum())
    return mode, value + 0.5 * (model.size * np.log(2 * np.pi) - log_det)


@pytest.mark.parametrize("name", TABLES)
def test_pairs_are_those_of_the_pairwise_likelihood(name):
    counts = TABLES[name]
    graph = support_graph(counts)
    pairs, known = sparse_of(counts)[0], pairwise(counts, graph)
    np.testing.assert_array_equal(pairs.edge, known.edges)
    np.testing.assert_array_equal(pairs.forward, known.forward)
    np.testing.assert_array_equal(pairs.total, known.total)
    np.testing.assert_allclose(pairs.exposure, known.exposure, rtol=1e-15)
    eta = np.random.default_rng(0).normal(size=(pairs.n_edges, 3))
    np.testing.assert_allclose(pairs.log_likelihood(eta), known.log_likelihood(eta.T), rtol=1e-12)
    np.testing.assert_allclose(pairs.residual(eta), known.gradient(eta.T).T, atol=1e-12)


@pytest.mark.parametrize("sd", [0.7, 2.0, 6.0])
@pytest.mark.parametrize("name", TABLES)
def test_balance_equals_the_dense_mode(name, sd):
    problem = problem_of(TABLES[name], likelihood="pairwise")
    pairs, system = sparse_of(TABLES[name])
    model = problem.reversible()
    expected, log_evidence = dense(model, (sd,))
    phi = pairs.centred(model.potential(expected.theta)[pairs.states])
    for solver in (system, iterative_system(pairs, 1e-10)):
        mode = balance_mode(pairs, solver, sd)
        np.testing.assert_allclose(mode.potential, phi, atol=1e-8)
    assert balance_mode(pairs, system, sd).log_evidence == pytest.approx(log_evidence, abs=1e-8)


@pytest.mark.parametrize("cycle_sd", [1e-3, 0.1, 1.0, 5.0])
@pytest.mark.parametrize("name", TABLES)
def test_cycles_by_multipliers_equal_those_in_a_basis(name, cycle_sd):
    problem = problem_of(TABLES[name], likelihood="pairwise")
    pairs, system = sparse_of(TABLES[name])
    model = problem.cyclic().at_cycle_scale(cycle_sd)
    expected, log_evidence = dense(model, (2.0, cycle_sd))
    mode = cyclic_mode(pairs, system, 2.0, cycle_sd)
    phi = pairs.centred(model.potential(expected.theta)[pairs.states])
    np.testing.assert_allclose(mode.potential, phi, atol=1e-8)
    np.testing.assert_allclose(mode.cycles, model.cycles(expected.theta)[pairs.edge], atol=1e-8)
    assert mode.log_evidence == pytest.approx(log_evidence, abs=1e-8)


@pytest.mark.parametrize("cycle_sd", [0.1, 1.0, 2.0])
@pytest.mark.parametrize("name", TABLES)
def test_cycles_edge_by_edge_equal_those_by_multipliers(name, cycle_sd):
    pairs, system = sparse_of(TABLES[name])
    expected = cyclic_mode(pairs, system, 2.0, cycle_sd)
    start = balance_mode(pairs, system, 2.0).potential
    solver = iterative_system(pairs, 1e-10)
    phi, cycles = envelope_mode(pairs, solver, 2.0, cycle_sd, start, 1e-8)
    np.testing.assert_allclose(phi, expected.potential, atol=1e-6)
    np.testing.assert_allclose(cycles, expected.cycles, atol=1e-6)


def test_spanning_forests():
    counts = TABLES["one piece"]
    assert sparse_of(counts)[1].log_forests == pytest.approx(
        log_spanning_trees(support_graph(counts)), abs=1e-9
    )


def test_gaussian_of_potential_and_cycles_against_its_dense_matrix():
    counts = TABLES["one piece"]
    model = problem_of(counts, likelihood="pairwise").cyclic()
    pairs, system = sparse_of(counts)
    rng = np.random.default_rng(5)
    weight = rng.gamma(1.0, 2.0, pairs.n_edges)
    normal = gaussian(pairs, system, weight, 1.3, 0.4)
    basis = model.basis[pairs.edge]
    n, b = pairs.n_states, basis.shape[1]
    design = np.hstack([pairs.incidence.toarray(), basis])
    precision = design.T @ (weight[:, None] * design)
    precision += np.diag(np.r_[np.full(n, 1.3**-2), np.full(b, 0.4**-2)])
    right = rng.normal(size=(n, 2)), rng.normal(size=(pairs.n_edges, 2))
    found = normal.solve(*right)
    expected = np.linalg.solve(precision, np.vstack([right[0], basis.T @ right[1]]))
    np.testing.assert_allclose(found[0], expected[:n], atol=1e-10)
    np.testing.assert_allclose(found[1], basis @ expected[n:], atol=1e-10)
    np.testing.assert_allclose(
        normal.square(*found), np.einsum("ik,ij,jk->k", expected, precision, expected), rtol=1e-10
    )
    log_det = np.linalg.slogdet(precision)[1] + 2 * n * np.log(1.3) + 2 * b * np.log(0.4)
    assert normal.log_scale == pytest.approx(-0.5 * log_det, abs=1e-9)
    # Draws have the covariance: in its own metric each direction has variance 1.
    size = 4000
    phi, cycles = normal.sample(rng, size)
    x = np.linalg.cholesky(precision).T @ np.vstack([phi, basis.T @ cycles])
    assert np.abs(pairs.divergence @ cycles).max() < 1e-9
    assert np.abs(x.mean(axis=1)).max() < 4.8 / np.sqrt(size)
    spread = x @ x.T / size - np.eye(n + b)
    assert np.abs(spread).max() < 5.5 * np.sqrt(2.0 / size)


@pytest.mark.parametrize("true", [0.02, 0.5, 3.0])
def test_a_learned_scale_against_quadrature(true):
    y = np.random.default_rng(7).normal(0.0, np.hypot(true, 1.0), 40)

    def evidence(scale):
        return float(norm.logpdf(y, 0.0, np.hypot(scale, 1.0)).sum())

    found = scale_posterior(evidence, 5.0, 1.0, len(y))
    top = evidence(max(true, 1e-3))
    exact = quad(lambda s: np.exp(evidence(s) - top) * halfnorm.pdf(s, 0, 5), 0, 25, limit=400)[0]
    assert found.log_evidence == pytest.approx(top + np.log(exact), abs=0.01)
