"""Ranks, bands and the two identities, against enumeration and against their false-alarm rates."""

from itertools import product

import numpy as np
import pytest
from calibration_records import exact_factors
from scipy.stats import binom, binomtest

from equipoise.inference.calibration.factors import (
    Factors,
    crossed_probabilities,
    detectable_offset,
    detectable_slope,
    mean_factor,
    recalibration_slope,
)
from equipoise.inference.calibration.quantities import rank
from equipoise.inference.calibration.ranks import (
    check_ranks,
    probability_inside,
    simultaneous_band,
)
from equipoise.inference.calibration.reliability import reliability_curve, sum_of_bernoullis


def test_rank_counts_the_draws_below():
    draws = np.array([0.3, -1.0, 2.0, 0.7])
    assert [rank(x, draws, np.random.default_rng(0)) for x in (-2.0, 0.5, 5.0)] == [0, 2, 4]


def test_ties_are_broken_evenly():
    draws = np.array([0.0, 0.0, 0.0, 1.0])
    rng = np.random.default_rng(1)
    counts = np.bincount([rank(0.0, draws, rng) for _ in range(4000)], minlength=5)
    assert counts[4] == 0
    # four standard errors of 1,000 expected
    assert np.abs(counts[:4] - 1000).max() < 4 * np.sqrt(750)


def test_probability_inside_equals_enumeration():
    n, low, high = 5, np.array([0, 1, 2]), np.array([2, 4, 5])
    inside = 0
    for ranks in product(range(4), repeat=n):
        reached = np.cumsum(np.bincount(ranks, minlength=4))[:3]
        inside += bool(np.all((reached >= low) & (reached <= high)))
    assert probability_inside(n, low, high) == pytest.approx(inside / 4**n, rel=1e-12)


@pytest.mark.parametrize("n", [20, 150, 2500])
@pytest.mark.parametrize("false_alarm", [0.05, 5e-5])
def test_band_spends_its_false_alarm_rate_and_no_more(n, false_alarm):
    low, high = simultaneous_band(n, 99, false_alarm)
    alarm = 1 - probability_inside(n, low, high)
    assert 0.3 * false_alarm < alarm <= false_alarm


def test_false_alarms_of_the_rank_check_are_as_stated():
    rng = np.random.default_rng(2)
    repeats, rate = 2000, 0.05
    alarms = sum(
        not check_ranks("balance", "x", rng.integers(0, 100, 200), 99, rate).holds
        for _ in range(repeats)
    )
    low, high = simultaneous_band(200, 99, rate)
    exact = 1 - probability_inside(200, low, high)
    assert abs(alarms / repeats - exact) < 4 * np.sqrt(exact * (1 - exact) / repeats)


@pytest.mark.parametrize("kind", ["shifted", "too narrow", "too wide"])
def test_the_rank_check_sees_what_is_wrong(kind):
    rng = np.random.default_rng(3)
    truth, draws = rng.normal(size=400), rng.normal(size=(400, 99))
    if kind == "shifted":
        truth += 0.5
    else:
        draws *= {"too narrow": 0.5, "too wide": 2.0}[kind]
    ranks = np.array([rank(x, y, rng) for x, y in zip(truth, draws, strict=True)])
    assert not check_ranks("balance", "x", ranks, 99, 5e-5).holds


def test_sum_of_bernoullis_is_binomial_where_all_are_alike():
    assert sum_of_bernoullis(np.full(12, 0.3)) == pytest.approx(binom.pmf(np.arange(13), 12, 0.3))


def test_reliability_of_true_probabilities_fails_as_rarely_as_stated():
    rng = np.random.default_rng(4)
    repeats, rate, alarms = 1000, 0.1, 0
    for _ in range(repeats):
        p = rng.beta(0.5, 0.5, 150)
        curve = reliability_curve(p, (rng.random(150) < p).astype(float), rate)
        alarms += not all(part.holds for part in curve)
    # Bonferroni and discreteness only make it rarer; 1e-4 to exceed it by chance
    assert binomtest(alarms, repeats, rate, alternative="greater").pvalue > 1e-4
    assert alarms > 0.02 * repeats


def test_reliability_sees_overconfidence():
    rng = np.random.default_rng(5)
    logit = rng.normal(0, 2, 600)
    balance = (rng.random(600) < 1 / (1 + np.exp(-logit))).astype(float)
    curve = reliability_curve(1 / (1 + np.exp(-2.5 * logit)), balance, 1e-3)
    assert not all(part.holds for part in curve)
    assert sum(part.n for part in curve) == 600
    assert len(curve) == 10
    assert all(part.n >= 10 for part in curve)
    assert all(int(10 * part.lowest) == int(10 * part.highest) for part in curve)


def test_bins_with_few_data_sets_are_joined():
    p = np.repeat([0.05, 0.15, 0.45, 0.95], [4, 12, 30, 5])
    curve = reliability_curve(p, np.zeros(51), 1e-3)
    assert [part.n for part in curve] == [16, 35]


@pytest.mark.parametrize("sd", [1.0, 2.0])
def test_identities_fail_as_rarely_as_stated(sd):
    rng = np.random.default_rng(6)
    repeats, rate = 400, 0.05
    crossed = means = slopes = 0
    for _ in range(repeats):
        factors = exact_factors(200, sd, rng)
        crossed += not crossed_probabilities(factors, rate).holds
        means += not mean_factor(factors, rate).holds
        slopes += not recalibration_slope(factors, rate).holds
    for alarms in (crossed, means, slopes):
        assert binomtest(alarms, repeats, rate, alternative="greater").pvalue > 1e-4
    # The band of the difference is no wider than it must be; Chernoff's are.
    assert crossed > 0.01 * repeats
    assert slopes > 0


@pytest.mark.parametrize("factor", [0.5, 0.8, 1.25, 2.0])
def test_log_bayes_factors_too_large_or_too_small_are_found(factor):
    exact = exact_factors(4000, 2.0, np.random.default_rng(10))
    right = recalibration_slope(exact, 1e-3)
    assert right.holds
    assert detectable_slope(right) < 0.25
    wrong = Factors(factor * exact.log_values, exact.given, exact.cyclic)
    found = recalibration_slope(wrong, 1e-3)
    assert not found.holds
    assert (found.value < 1) == (factor > 1)


def test_factors_that_decide_nothing_or_everything_have_no_slope_to_be_wrong():
    truth = np.array([False, True] * 10)
    for value in (0.0, 2000.0):
        certain = Factors(np.where(truth, -value, value), np.ones(20, bool), truth)
        assert recalibration_slope(certain, 1e-3).holds


def test_the_error_of_the_mean_factor_is_its_spread_though_its_tail_is_heavy():
    rng = np.random.default_rng(7)
    found = [mean_factor(exact_factors(400, 1.5, rng), 1e-3) for _ in range(150)]
    spread = np.std([x.value for x in found], ddof=1)
    error = np.sqrt(np.mean([x.error**2 for x in found]))
    # the standard error of a spread of 150 heavy-tailed values is some 10 %
    assert spread == pytest.approx(error, rel=0.3)
    assert np.mean([x.value for x in found]) == pytest.approx(1, abs=4 * spread / np.sqrt(150))


def test_withheld_results_leave_both_identities_true():
    rng = np.random.default_rng(8)
    alarms = 0
    for _ in range(200):
        factors = exact_factors(300, 2.0, rng)
        # withheld for what the data say, as diagnostics do
        given = factors.log_values < 1.5
        factors = Factors(factors.log_values, given, factors.cyclic)
        alarms += not crossed_probabilities(factors, 0.01).holds
        alarms += not mean_factor(factors, 0.01).holds
    assert binomtest(alarms, 400, 0.01, alternative="greater").pvalue > 1e-4


def test_the_detectable_offset_is_detected_nine_times_in_ten():
    rng = np.random.default_rng(9)
    found, rate = 0, 1e-3
    for _ in range(300):
        factors = exact_factors(400, 2.0, rng)
        offset = detectable_offset(factors, rate)
        moved = Factors(factors.log_values + offset, factors.given, factors.cyclic)
        found += not crossed_probabilities(moved, rate).holds
    # first order in the offset, so not to the last per cent
    assert 0.78 < found / 300 < 0.97
