"""Weighted summaries against closed forms."""

import numpy as np
import pytest
from simulated import random_kernel

from equipoise.inference.evidence import laplace
from equipoise.inference.evidence.laplace import curve
from equipoise.inference.weighted import summarise, violation_of, weighted_quantiles
from equipoise.simulate import sample_draws


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


def test_draws_of_the_fast_path_fill_the_scales_between_its_nodes(monkeypatch):
    """The tail of ρ, against that of draws mixed over five times as many nodes.

    Draws at few nodes, merely mixed, make the tail half as heavy again.
    """
    kernel = random_kernel(np.random.default_rng(3), 5, 0.7, rho=0.4)
    counts = sample_draws(kernel, 800, 4)

    def below(fit, end):
        """P(ρ < end) where draws of the nodes are merely mixed."""
        found = []
        for node in fit.curve.nodes:
            weights = np.exp(node.log_weights - node.log_weights.max())
            size = violation_of(fit.graph, fit.cyclic.cycles(node.theta))
            found.append(weights @ (size < end) / weights.sum())
        return fit.curve.shares(fit.cycle_scale_posterior()) @ found

    fit = laplace(counts, draws=4000, random_seed=5)
    draws = fit.cyclic_draws
    (end,) = weighted_quantiles(draws.violation[:, None], draws.weights, (0.025,))[:, 0]
    ours = draws.weights @ (draws.violation < end)
    monkeypatch.setattr(curve, "_STEP", 0.15)
    want = below(laplace(counts, draws=2000, random_seed=6), end)
    error = np.sqrt(2 * want / (1.0 / (draws.weights**2).sum()))
    assert abs(ours - want) < 4.5 * error
    assert below(fit, end) - want > 4.5 * error  # what this test is there to see
