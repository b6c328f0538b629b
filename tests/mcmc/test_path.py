"""Evidence by path sampling against closed integrals, other methods, and the reference values."""

import numpy as np
import pytest
from mcmc_tables import TABLES, fast_of, path_of, sampler_of
from reference_values import REFERENCES
from scipy.integrate import quad

from equipoise.errors import UsageError
from equipoise.inference.evidence import bridge, savage_dickey
from equipoise.inference.evidence.cycle_scale import CycleScaleCurve, fine_grid
from equipoise.inference.evidence.path import measure_slope, walk_path
from equipoise.inference.evidence.path.pilot import interpolation
from equipoise.inference.evidence.path.slope import _controls

MOST = {"smollm2-weekday": 0.4}
CASES = [(name, scales) for name in TABLES for scales in ("fixed", "learned")]


@pytest.mark.parametrize(("name", "scales"), CASES)
def test_path_meets_the_reference_values(name, scales):
    fit, reference = path_of(name, scales), REFERENCES[name, scales]
    for tau, expected in zip((0.5, 1.0, 2.0), reference.values, strict=True):
        factor = fit.log_bayes_factor(tau)
        assert factor.distrust is None
        assert factor.mcse <= MOST.get(name, 0.1)
        assert abs(factor.log_value - expected) <= 3 * np.hypot(factor.mcse, reference.error)


@pytest.mark.parametrize(("name", "scales"), CASES)
def test_path_agrees_with_the_fast_path(name, scales):
    fit, fast = path_of(name, scales), fast_of(name, scales)
    for tau in (0.25, 0.5, 1.0, 2.0, 4.0):
        ours, theirs = fit.log_bayes_factor(tau), fast.log_bayes_factor(tau)
        assert theirs.pareto_k <= 0.7
        # 40 comparisons of correlated numbers, false alarm 1e-4 together
        assert abs(ours.log_value - theirs.log_value) < 4.5 * np.hypot(ours.mcse, theirs.mcse)


@pytest.mark.parametrize("name", ["alofi-rain", "claude-4", "gemini-2.5-flash"])
@pytest.mark.parametrize("scales", ["fixed", "learned"])
def test_bridge_agrees_with_the_path_at_fixed_cycle_scale(name, scales):
    sampler, fit = sampler_of(name, scales), path_of(name, scales)
    problem = sampler.problem
    base = bridge(
        problem.reversible(),
        sampler.draw(cycle_sd=0.0, random_seed=1).theta(problem, cyclic=False),
        random_seed=1,
    )
    at = np.array([0.3, 1.0, 3.0])
    curve, error = fit.curve.log_bayes_factor_at(at)
    for k, cycle_sd in enumerate(at.tolist()):
        theta = sampler.draw(cycle_sd=cycle_sd, random_seed=2 + k).theta(problem)
        rival = bridge(problem.cyclic().at_cycle_scale(cycle_sd), theta, random_seed=2 + k)
        factor = base - rival
        assert abs(factor.log_value - curve[k]) < 3 * np.hypot(factor.mcse, error[k])


@pytest.mark.parametrize("name", ["alofi-rain", "claude-4", "gemini-2.5-flash"])
@pytest.mark.parametrize("scales", ["fixed", "learned"])
def test_savage_dickey_agrees_with_the_path(name, scales):
    sampler, fit = sampler_of(name, scales), path_of(name, scales)
    found = sampler.draw(random_seed=4)
    factor = savage_dickey(sampler.problem, V=found.V, s=found.s, z=found.z, scales=found.scales)
    assert factor.distrust is None
    expected = fit.log_bayes_factor()
    difference = abs(factor.log_value - expected.log_value)
    assert difference < 3 * np.hypot(factor.mcse, expected.mcse)


def test_joint_run_gives_the_posterior_of_the_cycle_scale():
    post = path_of("alofi-rain", "learned").cycle_scale_posterior()
    sigma = sampler_of("alofi-rain").draw(random_seed=9).scales["sigma_c"]
    from arviz_stats.base import array_stats

    assert array_stats.ess(sigma) >= 400
    error = np.hypot(float(array_stats.mcse(sigma)), post.mean_mcse)
    assert abs(sigma.mean() - post.mean) < 3.9 * error
    low, high = np.quantile(sigma, [0.025, 0.975])
    assert post.lower == pytest.approx(low, abs=0.03)
    assert post.upper == pytest.approx(high, rel=0.12)


def test_control_variates_change_the_error_and_not_the_slope():
    sampler = sampler_of("smollm2-weekday", "fixed")
    for cycle_sd in (0.02, 0.2, 1.0):
        node = measure_slope(
            sampler.problem, sampler.draw(cycle_sd=cycle_sd, random_seed=1), cycle_sd
        )
        assert node.mcse < 0.3 * node.plain_mcse
        assert abs(node.slope - node.plain) < 3.9 * node.plain_mcse


def test_a_flipped_score_would_show():
    """Negative control: controls that do not have mean 0 shift the slope far beyond its error."""
    from dataclasses import replace

    sampler = sampler_of("six")
    found = sampler.draw(cycle_sd=0.5, random_seed=1)
    right = measure_slope(sampler.problem, found, 0.5)
    wrong = measure_slope(sampler.problem, replace(found, s=-found.s), 0.5)
    assert abs(right.slope - right.plain) < 3.9 * right.plain_mcse
    assert abs(wrong.slope - wrong.plain) > 10 * wrong.plain_mcse


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


def test_the_same_seed_gives_the_same_path():
    sampler = sampler_of("alofi-rain", "fixed")
    one, two = (walk_path(sampler, random_seed=3, draws=40, tune=60) for _ in range(2))
    assert one.nodes == two.nodes
    assert walk_path(sampler, random_seed=4, draws=40, tune=60).nodes != one.nodes
    with pytest.raises(UsageError, match="at least 2 chains"):
        walk_path(sampler, chains=1)
