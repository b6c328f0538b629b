"""Evidence by path sampling against closed integrals, other methods, and the reference values."""

import numpy as np
import pytest
from mcmc_tables import fast_of, path_of, sampler_of
from scipy.integrate import quad

from equipoise.counts import TransitionCounts
from equipoise.errors import UsageError
from equipoise.inference.evidence.cycle_scale import CycleScaleCurve, fine_grid
from equipoise.inference.evidence.path import walk_path
from equipoise.inference.evidence.path.curve import interpolation
from equipoise.inference.evidence.path.pilot import pilot
from equipoise.inference.evidence.path.slope import _controls
from equipoise.inference.modes.mode import find_mode
from equipoise.inference.problem import problem_of
from equipoise.models import Priors


def test_a_table_whose_scales_may_vanish():
    """Three states that the data may hold alike: σ_V reaches far towards 0, and the score beyond
    every bound. With a curvature that does not follow σ_V one seed in twelve is 0.4 nats off."""
    fit, fast = path_of("ring", "learned"), fast_of("ring", "learned").log_bayes_factor()
    factor = fit.log_bayes_factor()
    assert factor.mcse < 0.03
    assert abs(factor.log_value - fast.log_value) < 4 * np.hypot(factor.mcse, fast.mcse)


@pytest.mark.parametrize("sd", [1e-2, 1e-4, 1e-6])
def test_control_variates_keep_their_variance_as_a_scale_vanishes(sd):
    """Potentials as σ_V pins them to one value; each value of the score is of size 1/σ_V."""
    problem = sampler_of("ring").problem
    model = problem.cyclic().at_cycle_scale(0.5)
    rng = np.random.default_rng(0)
    theta = np.zeros((2, 400, model.size))
    theta[..., :2] = rng.normal(0.0, sd, (2, 400, 2))
    sds = np.stack([np.full((2, 400), sd), np.full((2, 400), 1.0)], axis=-1)
    controls = _controls(model, theta, sds, theta.mean(axis=(0, 1)), 0.5)
    assert np.ptp(controls, axis=0).max() < 1.0


def test_integration_of_a_known_slope():
    """log Z = −log(1 + σ²/4) and its slope; nodes as far apart as the path's."""
    nodes = np.geomspace(0.01, 20.0, 18)
    grid = fine_grid(nodes)
    slope = -2 * (nodes**2 / 4) / (1 + nodes**2 / 4)
    loadings = interpolation(nodes, grid)
    rise = loadings @ slope
    np.testing.assert_allclose(rise, -np.log1p(grid**2 / 4), atol=2e-3)
    curve = CycleScaleCurve(
        "path", 1.0, nodes, grid, rise, loadings, node_mcse=np.full(len(nodes), 0.01)
    )
    for tau in (0.25, 1.0, 4.0):

        def density(s, tau=tau):
            return np.sqrt(2 / np.pi) / tau * np.exp(-0.5 * (s / tau) ** 2) / (1 + s**2 / 4)

        expected = -np.log(quad(density, 0, 40)[0])
        factor = curve.log_bayes_factor(tau)
        assert factor.log_value == pytest.approx(expected, abs=3e-3)
        assert factor.distrust is None
        post = curve.posterior(tau)
        for quantile, p in ((post.lower, 0.025), (post.upper, 0.975)):
            below = quad(density, 0, quantile)[0] / quad(density, 0, 40)[0]
            assert below == pytest.approx(p, abs=5e-4)
    # the error is that of independent noise on the slopes, integrated
    rng = np.random.default_rng(0)
    noisy = rise + rng.normal(0, 0.01, (4000, len(nodes))) @ loadings.T
    values = [
        -np.log(np.trapezoid(np.exp(row - 0.5 * grid**2) * np.sqrt(2 / np.pi) * grid, np.log(grid)))
        for row in noisy
    ]
    assert np.std(values) == pytest.approx(curve.log_bayes_factor(1.0).mcse, rel=0.05)
    with pytest.raises(UsageError, match="must lie in"):
        curve.posterior(4.5)


def test_doubt_is_carried_to_the_bayes_factor():
    from dataclasses import replace

    curve = path_of("alofi-rain", "fixed").curve
    factor = replace(curve, doubt="3 divergent transitions along the path").log_bayes_factor()
    assert factor.distrust == "3 divergent transitions along the path"


@pytest.mark.slow
def test_the_same_seed_gives_the_same_path():
    sampler = sampler_of("alofi-rain", "fixed")
    one, two = (walk_path(sampler, random_seed=3, draws=40, tune=60) for _ in range(2))
    assert one.nodes == two.nodes
    assert walk_path(sampler, random_seed=4, draws=40, tune=60).nodes != one.nodes
    with pytest.raises(UsageError, match="at least 2 chains"):
        walk_path(sampler, chains=1)


def test_the_pilot_follows_a_curve_as_steep_as_a_thousand_nats():
    """At steps of 0.2 its spline missed the slope by 0.2, and log BF of −1,444 was 0.24 off."""
    counts = TransitionCounts.from_matrix(
        [[4_000, 900, 70], [30, 5_000, 1_400], [900, 200, 4_500]], states=list("abc")
    )
    problem = problem_of(counts, priors=Priors(scales="fixed"), likelihood="multinomial")
    reversible, cyclic = problem.reversible(), problem.cyclic()
    base = find_mode(reversible, (), reversible.prior_mean)
    guide = pilot(reversible, cyclic, (), 1e-4, 20.0)
    assert guide.rise[-1] > 1000

    def rise(x):
        rival = cyclic.at_cycle_scale(np.exp(x))
        found = find_mode(rival, (), cyclic.with_cycles(base.theta))
        return found.log_evidence - base.log_evidence

    for x in np.linspace(-8.9, 2.8, 40):
        assert guide.at(x) == pytest.approx(rise(x), abs=5e-4)
        slope = (rise(x + 0.01) - rise(x - 0.01)) / 0.02
        assert guide.slope(x) == pytest.approx(slope, abs=0.04)
