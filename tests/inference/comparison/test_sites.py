"""Gaussians of expectation propagation, on edges walked one way only, against quadrature."""

import numpy as np
import pytest
from scipy.special import softmax

from equipoise.counts import TransitionCounts
from equipoise.inference.comparison import kernels_of
from equipoise.inference.comparison.mcmc.walkers import gaussian_of
from equipoise.inference.comparison.models import kernel_data, separate_model
from equipoise.inference.comparison.sites import fit_gaussian
from equipoise.inference.hamilton import reference_of
from equipoise.inference.modes.mode import find_mode
from equipoise.models import Priors

#: Two of the edges of this triangle were walked one way only.
TRIANGLE = TransitionCounts.from_matrix([[5, 20, 7], [0, 9, 1], [0, 4, 30]], states=list("abc"))


@pytest.fixture(scope="module")
def model():
    data = kernel_data(kernels_of({"x": TRIANGLE, "y": TRIANGLE}))[0]
    return separate_model(data, Priors(scales="fixed"), cycles=True).at_cycle_scale(3.0)


@pytest.fixture(scope="module")
def moments(model):
    """Mean and covariance of the posterior, on a grid over all of it."""
    axis = np.linspace(-24.0, 24.0, 121)
    theta = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    mass = softmax(model.log_joint(theta))
    mean = mass @ theta
    away = theta - mean
    return mean, away.T @ (mass[:, None] * away)


def misses(mean, covariance, moments):
    """Return by how many of its standard deviations a mean is off, and log-ratios of variances."""
    want, spread = moments
    root = np.linalg.inv(np.linalg.cholesky(spread))
    off = np.linalg.norm(root @ (mean - want))
    return off, np.log(np.linalg.eigvalsh(root @ covariance @ root.T))


def test_it_has_the_moments_of_the_posterior_where_the_mode_has_not(model, moments):
    mode = find_mode(model, (), model.prior_mean)
    ours = fit_gaussian(model, mode)
    off, widths = misses(ours.centre, ours.root @ ours.root.T, moments)
    # Expectation propagation is no more than an approximation: a tenth of what the mode misses.
    at_mode, too_narrow = misses(mode.theta, np.linalg.inv(_precision(model, mode)), moments)
    assert off < 0.1 * at_mode
    assert np.abs(widths).max() < 0.2 * np.abs(too_narrow).max()


def test_chains_walk_about_that_gaussian(model):
    ours = fit_gaussian(model, find_mode(model, (), model.prior_mean))
    reference = gaussian_of(model, (), ())
    precision = reference.information + model.precision(())
    centre = reference.theta(np.linalg.solve(precision, reference.natural))
    np.testing.assert_allclose(centre, ours.centre, rtol=1e-8)
    np.testing.assert_allclose(np.linalg.inv(precision), ours.root @ ours.root.T, rtol=1e-7)
    assert np.trace(reference.information) < 0.8 * np.trace(reference_of(model, (), ()).information)


def _precision(model, mode):
    eta = model.design @ mode.theta
    return model.likelihood.information(eta, model.design) + model.precision(mode.scales)
