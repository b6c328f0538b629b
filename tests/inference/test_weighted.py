"""Weighted summaries against closed forms."""

import numpy as np
import pytest

from equipoise.inference.weighted import summarise, weighted_quantiles


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
