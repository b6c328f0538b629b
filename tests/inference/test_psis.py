"""Pareto smoothing against ArviZ, and against known tails."""

import numpy as np
import pytest
from scipy.stats import genpareto

from equipoise.inference.evidence.psis import fit_generalised_pareto, smooth


@pytest.mark.parametrize("df", [2, 5, 50])
def test_equals_arviz(df):
    from arviz_stats.base import array_stats

    log_weights = np.log(np.abs(np.random.default_rng(df).standard_t(df, 2000)))
    smoothed = smooth(log_weights)
    theirs, k = array_stats.psislw(-log_weights)
    assert smoothed.pareto_k == pytest.approx(float(k), abs=1e-6)
    ours = smoothed.log_weights - np.logaddexp.reduce(smoothed.log_weights)
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


@pytest.mark.parametrize("shape", [0.1, 0.5, 1.0])
def test_recovers_the_shape_of_a_pareto_tail(shape):
    sample = np.sort(genpareto.rvs(shape, scale=2.0, size=4000, random_state=1))
    k, sigma = fit_generalised_pareto(sample)
    # asymptotic sd of the ML shape is (1 + k)/√n
    assert abs(k - shape) < 4 * (1 + shape) / np.sqrt(4000)
    assert sigma == pytest.approx(2.0, rel=0.15)


def test_constant_weights_have_no_tail():
    smoothed = smooth(np.full(500, -3.0))
    assert smoothed.pareto_k == -np.inf
    np.testing.assert_array_equal(smoothed.log_weights, -3.0)


def test_smoothing_never_raises_the_largest_weight():
    log_weights = np.random.default_rng(0).normal(0, 3, 1000)
    smoothed = smooth(log_weights)
    assert smoothed.log_weights.max() <= log_weights.max()
    assert smoothed.pareto_k > 0.7


def test_weights_that_are_not_finite_are_not_trusted():
    assert smooth(np.array([0.0] * 99 + [-np.inf])).pareto_k == np.inf
