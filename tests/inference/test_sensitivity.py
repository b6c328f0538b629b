"""What the log Bayes factor is under other settings, against fits made under those settings."""

from dataclasses import replace

import numpy as np
import pytest

import equipoise as eq
from equipoise import datasets
from equipoise.inference.evidence import laplace
from equipoise.inference.problem import problem_of


@pytest.fixture(scope="module")
def claude():
    return eq.test(datasets.load("claude-4"), fast=True, random_seed=1)


def by_setting(result, setting):
    return [other for other in result.alternatives if other.setting == setting]


@pytest.mark.parametrize("setting", ["potential_scale", "symmetric_scale"])
def test_reweighted_draws_give_the_evidence_under_the_other_prior(claude, setting):
    """The prior matters here: log BF is -0.5 at half the scale and -0.2 at twice it."""
    tried = by_setting(claude, setting)
    assert [other.value for other in tried] == [
        0.5 * getattr(eq.Priors(), setting),
        2.0 * getattr(eq.Priors(), setting),
    ]
    for other in tried:
        priors = replace(eq.Priors(), **{setting: other.value})
        fit = laplace(claude.counts, priors=priors, random_seed=2).log_bayes_factor()
        assert fit.distrust is None
        assert max(fit.mcse, other.factor.mcse) < 0.1
        gap = abs(fit.log_value - other.factor.log_value)
        assert gap < 4 * np.hypot(fit.mcse, other.factor.mcse)
    assert tried[1].factor.log_value - tried[0].factor.log_value > 0.1


def test_imputed_trials_are_those_of_a_table_with_more_of_them(claude):
    """Twice the trials, all the new ones replies that were no state."""
    counts = claude.counts
    double = replace(counts, other=counts.other + counts.trials)
    fit = laplace(double, random_seed=3).log_bayes_factor()
    half, twice = by_setting(claude, "imputed_trials")
    assert (half.value, twice.value) == (0.5, 2.0)
    assert abs(fit.log_value - twice.factor.log_value) < 4 * np.hypot(fit.mcse, twice.factor.mcse)
    # half as many trials as a row has: no row may have fewer than were seen to leave
    rows = problem_of(counts).with_imputed_trials(0.5).likelihood
    left = np.asarray(counts.counts.sum(axis=1)) - counts.self_transitions
    np.testing.assert_array_equal(rows.trials, np.maximum(0.5 * counts.trials, left))
    assert (rows.trials == left).any()


def test_observed_trials_are_not_varied():
    result = eq.test(datasets.load("alofi-rain"), fast=True, draws=400, random_seed=1)
    assert not by_setting(result, "imputed_trials")
    assert len(result.alternatives) == 12


def test_fixed_scales_leave_only_tau_and_themselves():
    result = eq.test(
        datasets.load("alofi-rain"),
        fast=True,
        draws=400,
        priors=eq.Priors(scales="fixed"),
        random_seed=1,
    )
    assert {other.setting for other in result.alternatives} == {"cycle_scale", "fixed_scales"}


def test_pairwise_counts_have_no_symmetric_scale():
    result = eq.test(
        datasets.load("alofi-rain"), fast=True, likelihood="pairwise", draws=400, random_seed=1
    )
    assert by_setting(result, "potential_scale")
    assert not by_setting(result, "symmetric_scale")
