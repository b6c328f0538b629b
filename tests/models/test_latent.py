"""Densities with a scale summed over its grid, against SciPy."""

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from equipoise.models.latent import learned_block
from equipoise.models.sums import log_sum_exp


def test_a_sum_of_exponentials_equals_scipys():
    rng = np.random.default_rng(1)
    terms = 800 * rng.normal(size=(7, 30))
    terms[2, 5] = terms[4, :9] = -np.inf
    before = terms.copy()
    for axis in (0, 1):
        np.testing.assert_allclose(log_sum_exp(terms, axis), logsumexp(terms, axis), rtol=1e-14)
    np.testing.assert_array_equal(terms, before)


@pytest.mark.parametrize("mean_sd", [0.0, 3.0])
def test_a_marginal_density_is_the_sum_over_the_scales_of_its_grid(mean_sd):
    block = learned_block(slice(1, 5), 2.5, resolution=1e-3, mean=-1.5, mean_sd=mean_sd)
    theta = np.random.default_rng(2).normal(-1.0, 2.0, (6, 7))
    theta[0, 1:5] = -1.5
    each = [
        multivariate_normal(np.full(4, -1.5), sd**2 * np.eye(4) + mean_sd**2).logpdf(theta[:, 1:5])
        for sd in block.grid[30:]
    ]
    np.testing.assert_allclose(block.log_density(theta, block.grid)[:, 30:].T, each, rtol=1e-9)
    expected = logsumexp(block.log_prior + block.log_density(theta, block.grid), axis=-1)
    np.testing.assert_allclose(block.log_marginal(theta), expected, rtol=1e-13)
