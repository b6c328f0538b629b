"""Simulated tables, and the quick log Bayes factor."""

import numpy as np
import pytest
from scipy.stats import binom
from simulated import random_kernel

from equipoise import datasets
from equipoise.inference.evidence.laplace import solve
from equipoise.inference.planning.outlook import add_trials, outlook
from equipoise.inference.planning.quick import Quick
from equipoise.inference.problem import problem_of
from equipoise.simulate import complete_edges, reversible_kernel, sample_draws


@pytest.mark.parametrize("stay", [True, False])
def test_further_trials_follow_the_kernel_and_are_added(stay):
    edges = complete_edges(4)
    kernel = reversible_kernel([0, 1, -0.5, 0.3], -0.5, edges=edges, stay=stay)
    rows = problem_of(sample_draws(kernel, 50, 1)).likelihood
    arcs = rows.arcs
    base = np.log(np.diag(kernel.matrix))[arcs.source] if stay else 0.0
    eta = np.log(kernel.matrix[arcs.source, arcs.target]) - base
    trials = np.array([100_000, 0, 40_000, 10_000])
    more = add_trials(rows, eta, trials, np.random.default_rng(2))
    np.testing.assert_array_equal(more.trials, rows.trials + trials)
    added = more.counts - rows.counts
    p = kernel.matrix[arcs.source, arcs.target]
    n = trials[arcs.source]
    tail = np.minimum(binom.cdf(added, n, p), binom.sf(added - 1, n, p))
    assert tail.min() > 1e-4 / len(p) / 2
    assert (added[n == 0] == 0).all()
    if not stay:
        left = np.bincount(arcs.source, weights=added, minlength=4)
        np.testing.assert_array_equal(left, trials)


@pytest.mark.parametrize(("trials", "rho"), [(1000, 0.0), (1000, 0.3), (100, 0.3)])
def test_quick_agrees_with_the_fast_path(trials, rho):
    """Within what docs/checks/plan.json records; the spread of a plan is many times that."""
    rng = np.random.default_rng([5, trials, int(10 * rho)])
    problem = problem_of(sample_draws(random_kernel(rng, 5, 0.7, rho=rho), trials, rng))
    fit = solve(problem, draws=500, random_seed=1)
    exact, mode = fit.log_bayes_factor(), fit.curve.reversible.mode
    quick = Quick(fit.reversible, fit.cyclic, problem.predictor, mode.scales, 1.0)
    found = quick.log_bayes_factor(problem.likelihood, mode.theta)
    assert abs(found - exact.log_value) < 0.25 + 0.03 * abs(exact.log_value) + 4 * exact.mcse


def test_quick_agrees_where_the_violation_is_gross():
    problem = problem_of(datasets.smollm2_weekday())
    fit = solve(problem, draws=200, random_seed=1)
    mode = fit.curve.reversible.mode
    quick = Quick(fit.reversible, fit.cyclic, problem.predictor, mode.scales, 1.0)
    found = quick.log_bayes_factor(problem.likelihood, mode.theta)
    assert found == pytest.approx(-399.0, abs=1.0)


def test_an_interval_holds_a_further_table_nine_times_in_ten():
    rng = np.random.default_rng(6)
    inside = 0
    for _ in range(1500):
        *known, new = rng.normal(size=40)
        row = outlook("none", 1, np.array([*known, np.nan]), 0.0, 1.0)
        inside += row.lower <= new <= row.upper
    low, high = binom.ppf([5e-5, 1 - 5e-5], 1500, 0.9)
    assert low <= inside <= high
    assert row.against == pytest.approx(np.mean(np.array(known) <= -1))
