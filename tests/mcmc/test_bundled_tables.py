"""Posterior and evidence of the bundled tables; in one file, for their models compile slowly."""

import os
import signal
import threading

import numpy as np
import pytest
from mcmc_tables import TABLES, counts_named, fast_of, path_of, sampler_of
from reference_values import REFERENCES

from equipoise.inference.evidence import bridge, savage_dickey
from equipoise.inference.evidence.path import node_of
from equipoise.inference.posterior.compiled import compile_sampler
from equipoise.inference.posterior.convergence import convergence
from equipoise.inference.problem import problem_of
from equipoise.inference.weighted import chained

MOST = {"smollm2-weekday": 0.4}
# Each of these takes long: it compiles a model of its own.
LONG = ("claude-4", "gemini-2.5-flash")
QUICK = {("alofi-rain", "fixed"), ("alofi-rain", "learned")}
MARKED = {
    name: pytest.param(name, marks=pytest.mark.slow if name in LONG else ()) for name in TABLES
}
CASES = [
    pytest.param(name, scales, marks=() if (name, scales) in QUICK else pytest.mark.slow)
    for name in TABLES
    for scales in ("fixed", "learned")
]
STANDARD_ERRORS = 4.0  # some 60 moments each: false alarm 60 × 6e-5


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=() if n == "alofi-rain" else pytest.mark.slow) for n in TABLES]
)
@pytest.mark.parametrize("cyclic", [False, True])
def test_defaults_converge_on_every_bundled_table(name, cyclic):
    sampler = sampler_of(name)
    found = sampler.draw(cycle_sd=None if cyclic else 0.0, random_seed=7)
    state = convergence(sampler.problem, found, cyclic=cyclic)
    assert state.divergences == 0
    assert state.r_hat_max < 1.01
    assert state.ess_bulk_min >= 400
    assert state.distrust is None


@pytest.mark.slow
@pytest.mark.parametrize("name", ["six", "smollm2-weekday"])
@pytest.mark.parametrize("cyclic", [False, True])
def test_moments_equal_the_weighted_draws_of_the_fast_path(name, cyclic):
    sampler, fit = sampler_of(name), fast_of(name, "learned")
    assert fit.log_bayes_factor().pareto_k <= 0.7
    problem = sampler.problem
    found = sampler.draw(cycle_sd=None if cyclic else 0.0, random_seed=11)
    model = problem.cyclic() if cyclic else problem.reversible()
    theirs = fit.cyclic_draws if cyclic else fit.reversible_draws
    ours = chained(problem.graph, model, found.theta(problem, cyclic=cyclic))
    assert convergence(problem, found, cyclic=cyclic).ess_bulk_min >= 400
    assert 1.0 / (theirs.weights**2).sum() >= 400

    def moments(draws):
        first = np.hstack([draws.theta, draws.gradient_potential - draws.gradient_potential[:, :1]])
        values = np.hstack([first, first**2])
        return draws.weights @ values, draws.mcse(values)

    (mean, error), (other, other_error) = moments(ours), moments(theirs)
    scale = np.hypot(error, other_error)
    moving = scale > 1e-12
    assert np.all(np.abs(mean - other)[moving] < STANDARD_ERRORS * scale[moving])
    np.testing.assert_allclose(mean[~moving], other[~moving], atol=1e-9)


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


@pytest.mark.parametrize("name", list(MARKED.values())[:3])
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


@pytest.mark.parametrize("name", list(MARKED.values())[:3])
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
        node = node_of(sampler.problem, sampler.draw(cycle_sd=cycle_sd, random_seed=1), cycle_sd)
        assert node.mcse < 0.3 * node.plain_mcse
        assert abs(node.slope - node.plain) < 3.9 * node.plain_mcse


@pytest.mark.slow
def test_a_flipped_score_would_show():
    """Negative control: controls that do not have mean 0 shift the slope far beyond its error."""
    from dataclasses import replace

    sampler = sampler_of("six")
    found = sampler.draw(cycle_sd=0.5, random_seed=1)
    right = node_of(sampler.problem, found, 0.5)
    wrong = node_of(sampler.problem, replace(found, s=-found.s), 0.5)
    assert abs(right.slope - right.plain) < 3.9 * right.plain_mcse
    assert abs(wrong.slope - wrong.plain) > 10 * wrong.plain_mcse


def test_interrupting_ends_the_run_and_not_half_of_it():
    """Real SIGINTs while chains run, as from a user who presses Ctrl-C until it ends."""
    # Of all shapes this one is compiled for other tests too.
    sampler = compile_sampler(problem_of(counts_named("six"), likelihood="multinomial"))
    ended = threading.Event()

    def press():
        while not ended.wait(1.0):
            os.kill(os.getpid(), signal.SIGINT)

    # Where the tests run in the background of a shell, SIGINT is ignored.
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    thread = threading.Thread(target=press)
    thread.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            sampler.draw(draws=500_000, random_seed=1)
    finally:
        ended.set()
        thread.join()
        signal.signal(signal.SIGINT, handler)
