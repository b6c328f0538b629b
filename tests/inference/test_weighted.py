"""Weighted summaries against closed forms."""

import numpy as np
import pytest
from scipy.special import logsumexp

from equipoise.counts import TransitionCounts
from equipoise.inference.evidence import laplace
from equipoise.inference.weighted import summarise, weighted_quantiles
from equipoise.models import Priors


def test_importance_weighted_normal():
    """Draws from Normal(0, 2), weighted to Normal(1, 1): moments and quantiles in MC errors."""
    rng = np.random.default_rng(7)
    x = rng.normal(0, 2, 40_000)
    log_weights = -0.5 * (x - 1) ** 2 + 0.5 * (x / 2) ** 2
    weights = np.exp(log_weights)
    weights /= weights.sum()
    assert 1 / (weights**2).sum() > 5_000
    summary = summarise(np.stack([x, -x], 1), weights)
    assert abs(summary.mean[0] - 1) < 3.9 * summary.mcse[0]
    assert summary.mean[1] == pytest.approx(-summary.mean[0])
    assert summary.sd[0] == pytest.approx(1, abs=0.03)
    assert summary.lower[0] == pytest.approx(1 - 1.96, abs=0.08)
    assert summary.upper[0] == pytest.approx(1 + 1.96, abs=0.08)
    assert summary.lower[1] == pytest.approx(-summary.upper[0])


def test_reported_error_of_the_mean_is_the_spread_over_repeats():
    rng = np.random.default_rng(8)
    means, errors = [], []
    for _ in range(300):
        x = rng.normal(0, 2, 2_000)
        weights = np.exp(-0.5 * (x - 1) ** 2 + 0.5 * (x / 2) ** 2)
        summary = summarise(x[:, None], weights / weights.sum())
        means.append(summary.mean[0])
        errors.append(summary.mcse[0])
    # the ratio has relative sd 1/√600 = 0.04; 3.9 of them
    assert np.std(means) / np.mean(errors) == pytest.approx(1, abs=0.16)


def test_quantiles_of_equal_weights_are_the_ordinary_ones():
    x = np.random.default_rng(1).normal(size=(5001, 2))
    ours = weighted_quantiles(x, np.full(5001, 1 / 5001), (0.1, 0.5))
    np.testing.assert_allclose(ours, np.quantile(x, (0.1, 0.5), axis=0), atol=2e-3)


def test_draws_of_the_fast_path_know_the_size_of_the_cycles_between_its_nodes():
    """A triangle by quadrature over Φ, z and σ_c: moments and tails of ρ, not only the evidence."""
    matrix = [[400, 90, 40], [60, 500, 75], [70, 50, 300]]
    counts = TransitionCounts.from_matrix(matrix, states=["a", "b", "c"])
    fit = laplace(
        counts,
        likelihood="pairwise",
        priors=Priors(scales="fixed"),
        draws=4000,
        random_seed=5,
    )
    draws = fit.cyclic_draws
    problem = fit.problem
    # c = z / √3 round the triangle; Φ has two differences, with the constant integrated out.
    z = np.linspace(-2.0, 2.0, 401)
    p, q = np.meshgrid(np.linspace(-1.5, 1.5, 121), np.linspace(-1.5, 1.5, 121), indexing="ij")
    phi = np.stack([np.zeros_like(p), p, q], axis=-1).reshape(-1, 3)
    centred = phi - phi.mean(axis=1, keepdims=True)
    log_prior = -0.5 * (centred**2).sum(axis=1) / 3.0**2
    sigma = np.geomspace(1e-3, 6.0, 800)
    width = np.gradient(sigma)
    spread = np.exp(-0.5 * (z[:, None] / sigma) ** 2) / sigma
    prior_z = spread @ (np.exp(-0.5 * sigma**2) * width)
    posterior = []
    for k, amplitude in enumerate(z):
        eta = phi @ problem.predictor.potential.T + problem.predictor.cycle[:, 0] * amplitude
        value = problem.likelihood.log_likelihood(eta) + log_prior
        posterior.append(np.log(prior_z[k]) + logsumexp(value))
    mass = np.exp(np.array(posterior) - max(posterior))
    mass /= mass.sum()
    rho = np.abs(z) / np.sqrt(3)
    size = 1.0 / (draws.weights**2).sum()
    assert size > 2000
    mean = mass @ rho
    ours = draws.weights @ draws.violation
    sd = np.sqrt(mass @ (rho - mean) ** 2)
    assert abs(ours - mean) < 4.5 * sd / np.sqrt(size)
    for level in (0.05, 0.02):  # how much lies below a tail's end
        order = np.argsort(rho)
        end = np.interp(level, np.cumsum(mass[order]) - mass[order] / 2, rho[order])
        below = draws.weights @ (draws.violation < end)
        assert abs(below - level) < 4.5 * np.sqrt(level / size)
