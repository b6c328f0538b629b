"""Log-determinants by random probes, and Laplace's evidence with them, against exact ones."""

import numpy as np
import pytest
from sparse_tables import pieces, reversible_table, sparse_of

import equipoise as eq
from equipoise.errors import NotTrustedError, UsageError
from equipoise.inference.sparse import laplace, probes
from equipoise.inference.sparse.balance import balance_mode
from equipoise.inference.sparse.cyclic import cyclic_mode
from equipoise.inference.sparse.iterative import Conjugate, iterative_system
from equipoise.inference.sparse.probed import probed_rises
from equipoise.inference.sparse.probes import balance_log_det, cycle_log_det, quadratic_form

FIXED = eq.Priors(scales="fixed")
DRIVEN = reversible_table(3, states=40, trials=100, violation=0.6)


def test_lanczos_quadrature_is_the_quadratic_form():
    rng = np.random.default_rng(1)
    values, vectors = rng.gamma(1.0, 3.0, 30), np.linalg.qr(rng.normal(size=(30, 30)))[0]
    matrix = (vectors * values) @ vectors.T
    start = rng.normal(size=(30, 4))
    start[:, 3] = vectors[:, 5]  # of an invariant subspace
    expected = ((vectors.T @ start) ** 2 * np.log1p(values)[:, None]).sum(axis=0)
    found = quadratic_form(lambda x: matrix @ x, start, np.log1p, 1e-10)
    np.testing.assert_allclose(found, expected, rtol=1e-9)


@pytest.mark.parametrize("counts", [DRIVEN, pieces()], ids=["whole", "in pieces"])
def test_probes_along_every_axis_add_up_to_the_determinants(counts):
    pairs, _ = sparse_of(counts)
    system = iterative_system(pairs, 1e-10)
    eta = pairs.incidence @ np.random.default_rng(2).normal(size=pairs.n_states)
    weight, ridge, sd = pairs.weight(eta), 1.0 / 1.3**2, 0.7
    d = pairs.incidence.toarray()
    alone = d.T @ (weight[:, None] * d) + ridge * np.eye(pairs.n_states)
    axes = np.sqrt(pairs.n_states) * np.eye(pairs.n_states)
    found = balance_log_det(system, weight, ridge, axes, 1e-8)
    assert found.mean() == pytest.approx(np.linalg.slogdet(alone)[1], abs=1e-6)
    # The covariance of η under the prior, with and without cycles.
    circulation = np.eye(pairs.n_edges) - d @ np.linalg.pinv(d)
    root = np.sqrt(weight)[:, None] * np.sqrt(weight)

    def log_det(prior):
        return np.linalg.slogdet(np.eye(pairs.n_edges) + root * prior)[1]

    expected = log_det(d @ d.T / ridge + sd**2 * circulation) - log_det(d @ d.T / ridge)
    flat = Conjugate(system.pattern.matrix(system.pattern.laplacian(np.ones(pairs.n_edges))), 1e-10)
    axes = np.sqrt(pairs.n_edges) * np.eye(pairs.n_edges)
    curvature = system.factorise(weight, ridge)
    found = cycle_log_det(pairs, flat, curvature, weight, sd, axes, 1e-8)
    assert found.mean() == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    "counts", [reversible_table(2), DRIVEN, pieces()], ids=["reversible", "driven", "in pieces"]
)
def test_rises_equal_exact_ones_within_their_error(counts):
    """At every σ_c from 0.02 nats of balance to far beyond the best; σ_Φ fixed."""
    pairs, system = sparse_of(counts)
    sd = FIXED.fixed_potential_sd
    nodes, rises = probed_rises(pairs, FIXED, 48, np.random.default_rng(3), None)
    base = balance_mode(pairs, system, sd).log_evidence
    exact = [cyclic_mode(pairs, system, sd, float(at)).log_evidence - base for at in nodes]
    error = rises.std(axis=1, ddof=1) / np.sqrt(rises.shape[1])
    assert error[np.argmax(exact)] < 0.35
    # One draw of probes serves all σ_c, so that all are off by much the same.
    assert (np.abs(rises.mean(axis=1) - exact) < 4.5 * error + 1e-3).all()
    assert abs(exact[0]) < 0.02


def test_evidence_by_probes_is_that_by_factors():
    exact = eq.laplace_large(DRIVEN, priors=FIXED).log_bayes_factor()
    found = eq.laplace_large(DRIVEN, priors=FIXED, determinants="probes", random_seed=1)
    factor = found.log_bayes_factor()
    assert found.probes == 32
    assert 0 < factor.mcse < 0.3
    assert abs(factor.log_value - exact.log_value) < 4.5 * factor.mcse
    assert "not corrected" in factor.distrust
    again = eq.laplace_large(DRIVEN, priors=FIXED, determinants="probes", random_seed=1)
    assert again.log_bayes_factor() == factor


def test_graphs_whose_factors_would_fill_up_get_probes(monkeypatch):
    monkeypatch.setattr(laplace, "MOST_FOR_FACTORS", 3)
    steps = []
    found = eq.laplace_large(
        DRIVEN, probes=8, random_seed=1, progress=lambda *done: steps.append(done)
    )
    assert found.probes == 8
    assert len(steps) >= 6
    assert found.log_bayes_factor().log_value < -1


def test_refusals(monkeypatch):
    with pytest.raises(UsageError, match="determinants must be 'auto', 'exact' or 'probes'"):
        eq.laplace_large(DRIVEN, determinants="dense")
    with pytest.raises(UsageError, match="at least 4 probes, not 1"):
        eq.laplace_large(DRIVEN, probes=1)
    monkeypatch.setattr(probes, "_MAX_STEPS", 2)
    with pytest.raises(NotTrustedError, match="by probes did not converge in 2 products"):
        eq.laplace_large(DRIVEN, priors=FIXED, determinants="probes")
