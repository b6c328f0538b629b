"""Chains in NumPy: they draw from the prior where there are no counts, and from the posterior."""

from dataclasses import replace
from math import sqrt

import numpy as np
import pytest
from arviz_stats.base import array_stats
from compared import drawn
from scipy.special import logsumexp

from equipoise.inference.comparison import kernel_table, kernels_of
from equipoise.inference.comparison.draws import convergence_of
from equipoise.inference.comparison.mcmc.walkers import Walkers
from equipoise.inference.comparison.table import latent_of
from equipoise.inference.evidence.laplace.proposal import draw_mixture, mixture
from equipoise.inference.hamilton import Tuning, move_scales, reference_of, state_at, turn
from equipoise.inference.modes.lattice import scale_lattice
from equipoise.models import Priors

PRIORS = Priors(potential_scale=3.0, cycle_scale=0.8)
NAMES = ("sigma_V", "sigma_delta", "sigma_c")
#: Of some thirty numbers each: false alarms below 1e-4.
WITHIN = 4.7


def kernels():
    """Two kernels on three states, few and lopsided counts, so that the posterior is skew."""
    rng = np.random.default_rng(3)
    phi = np.array([0.0, 1.5, 3.0])
    edges = np.array([[0, 1], [0, 2], [1, 2]])
    return kernels_of(
        {
            name: drawn(phi + 0.6 * rng.normal(size=3), edges, trials, rng)
            for name, trials in (("x", 25), ("y", 60))
        }
    )


def errors(x, want, want_error=0.0):
    """Return by how many standard errors the mean of chains misses what it should be."""
    effective = float(array_stats.ess(x, method="mean"))
    assert effective > 400
    return (x.mean() - want) / np.hypot(x.std() / sqrt(effective), want_error)


def test_without_counts_they_draw_from_the_prior():
    table = kernel_table(kernels())
    blank = replace(table, counts=np.zeros_like(table.counts))
    found = Walkers(blank, PRIORS).draw(draws=250, random_seed=4)
    widths = dict(zip(NAMES, (3.0, 1.0, 0.8), strict=True))
    for name, part in zip(NAMES, table.blocks, strict=True):
        sd, x = found.scales[name] / widths[name], found.x[..., part]
        assert abs(errors(sd, sqrt(2 / np.pi))) < WITHIN
        assert abs(errors(sd**2, 1.0)) < WITHIN
        unit = x / found.scales[name][..., None]
        for k in range(unit.shape[-1]):
            assert abs(errors(unit[..., k], 0.0)) < WITHIN
            assert abs(errors(unit[..., k] ** 2, 1.0)) < WITHIN
    assert found.divergences == 0


def test_posterior_equals_importance_sampling():
    """Every coordinate and learned scale; scales of the weighted draws on a fine grid."""
    table = kernel_table(kernels())
    found = Walkers(table, PRIORS).draw(draws=600, random_seed=5)
    state = convergence_of(table, found)
    assert state.distrust is None
    model = latent_of(table, PRIORS, deviation_sd=None, cycle_sd=None, resolution=1e-3)
    modes = scale_lattice(model, model.prior_mean, (1.0,) * 3)
    theta, log_q = draw_mixture(mixture(model, modes), 20_000, np.random.default_rng(6))
    log_w = model.log_joint(theta) - log_q
    w = np.exp(log_w - logsumexp(log_w))
    assert 1 / (w**2).sum() > 2000

    def weighted(x):
        mean = w @ x
        return mean, sqrt((w**2) @ (x - mean) ** 2)

    for k in range(model.size):
        for power in (1, 2):
            mean, error = weighted(theta[:, k] ** power)
            assert abs(errors(found.x[..., k] ** power, mean, error)) < WITHIN
    for name, block in zip(NAMES, model.learned, strict=True):
        logs = block.log_prior + block.log_density(theta, block.grid)
        inside = np.exp(logs - logsumexp(logs, axis=1, keepdims=True)) @ block.grid
        mean, error = weighted(inside)
        assert abs(errors(found.scales[name], mean, error)) < WITHIN


def test_energy_is_kept_as_the_step_shrinks():
    """A wrong gradient, or a turn that is not one, would leave an error that does not vanish."""
    table = kernel_table(kernels())
    model = latent_of(table, PRIORS, deviation_sd=0.7, cycle_sd=0.4)
    reference = reference_of(model, (3.0,), (1.5,))
    rng = np.random.default_rng(7)
    u = 1.5 * rng.standard_normal((40, model.size))
    start = state_at(reference, u, np.full((40, 1), np.log(1.2)))
    worst = [
        np.abs(turn(reference, start, step, np.random.default_rng(8))[1]).max()
        for step in (0.4, 0.1, 0.025)
    ]
    assert worst[0] > 1e-2
    # Of second order: a sixteenth for a quarter of the step.
    assert worst[1] < worst[0] / 10
    assert worst[2] < worst[1] / 10


def test_scales_where_rounding_spoils_the_curvature_are_no_place_to_go_to():
    table = kernel_table(kernels())
    model = latent_of(table, PRIORS, deviation_sd=None, cycle_sd=None)
    reference = reference_of(model, (3.0, 1.0, 0.8), (1.0, 1.0, 1.0))
    log_sd = np.zeros((2, 3))
    log_sd[1] = 400.0
    u = np.zeros((2, model.size))
    state = state_at(reference, u, log_sd)
    assert np.isfinite(state.fit[0])
    assert state.fit[1] == -np.inf
    far = Tuning(root=((1e6, 0.0, 0.0), (0.0, 1e6, 0.0), (0.0, 0.0, 1e6)))
    inside = state_at(reference, u, np.zeros((2, 3)))
    moved, hits = move_scales(reference, inside, far, np.random.default_rng(1))
    assert hits == pytest.approx(0.0)
    np.testing.assert_array_equal(moved.log_sd, inside.log_sd)


def test_separate_potentials_are_walked_kernel_by_kernel():
    table = kernel_table(kernels(), "separate")
    found = Walkers(table, PRIORS).draw(deviation_sd=0.0, cycle_sd=0.3, draws=50, random_seed=1)
    assert found.x.shape == (8, 50, table.size)
    assert found.scales["sigma_V"].shape == (8, 50, 2)
    again = Walkers(table, PRIORS).draw(deviation_sd=0.0, cycle_sd=0.3, draws=50, random_seed=1)
    np.testing.assert_array_equal(found.x, again.x)
    went_on = Walkers(table, PRIORS).draw(
        deviation_sd=0.0, cycle_sd=0.3, draws=20, start=found.walked[:, -1], random_seed=2
    )
    assert went_on.walked.shape == (8, 20, found.walked.shape[-1])
