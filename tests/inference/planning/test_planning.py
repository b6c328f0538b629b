"""`plan` as a whole."""

import json
from dataclasses import replace
from math import hypot

import numpy as np
import pytest
from planned import counts_of, planned
from simulated import random_kernel

from equipoise.errors import DataError, UsageError
from equipoise.graph import cycle_vector, support_graph
from equipoise.inference.balance import test as run_test
from equipoise.inference.planning import plan
from equipoise.inference.planning.assumptions import (
    assumed_circulation,
    budgets_of,
    rho_of,
    spread_trials,
)
from equipoise.report.plan import plan_summary
from equipoise.report.plan_contract import plan_json
from equipoise.simulate import complete_edges, sample_draws

SIMULATED = "equipoise.inference.planning.simulation.simulated_factors"


def test_what_the_counts_so_far_say():
    found = planned("alofi-rain")
    (cycle,) = found.cycles
    assert cycle.standard_error == pytest.approx(0.2816, rel=0.03)  # 1/n, as in the literature
    assert found.log_bayes_factor.log_value == pytest.approx(0.34, abs=0.05)
    assert found.ceiling == pytest.approx(1.1, abs=0.15)
    same = run_test(found.counts, fast=True, random_seed=1).verdict.ceiling
    error = hypot(found.ceiling_mcse, same.mcse)
    assert 0 < error < 0.05
    assert found.ceiling == pytest.approx(same.log_value, abs=4 * error)
    assert found.doubt is None
    assert found.exit_status == 0


def test_the_outlook_tells_a_violation_from_none():
    found = planned("alofi-rain")
    rows = {(row.truth, row.trials): row for row in found.outlook}
    assert set(rows) == {(t, n) for t in ("violation", "none") for n in (1000, 30_000)}
    for row in found.outlook:
        assert row.lower < row.mean < row.upper < row.ceiling + 0.2
    far, none = rows["violation", 30_000], rows["none", 30_000]
    # E log BF with ρ = 0.1 and 30,000 trials: −½ A²/se² + ½ log(…), A = 0.3, se = 0.055.
    assert far.mean < -5
    assert far.upper < none.lower
    assert none.mean > 1


def test_tables_of_a_plan():
    found = planned("alofi-rain")
    assert list(found.table()["trials"]) == [1000, 30_000] * 2
    assert found.sources()["fraction"].sum() == pytest.approx(1)
    factors = found.to_xarray()
    assert factors.dims == ("truth", "trials", "simulation")
    mean = found.outlook[3].mean
    assert float(factors.sel(truth="none", trials=30_000).mean()) == pytest.approx(mean)


@pytest.mark.parametrize("name", ["claude-4", "one way"])
def test_what_is_not_testable_is_not_simulated(name):
    found = planned(name)
    if name == "claude-4":
        assert all(row.mean is None and row.lower is None for row in found.outlook)
        assert {row.truth for row in found.outlook} == {"none"}
        assert found.outlook[0].testable <= found.outlook[1].testable < 0.9
        assert found.recommended is None
        (cycle,) = found.cycles
        assert [(s.source, s.target) for s in cycle.unseen] == [("ATTITUDE", "BUZZY")]
    else:
        # d was never a source: its cycles wait, and it gets no trial of the recommended ones.
        assert found.graph.n_testable_cycles == 1
        assert found.recommended.fractions[3] == 0
        assert sum(cycle.testable for cycle in found.cycles) == 1


def test_without_a_cycle_there_is_nothing_to_plan():
    found = planned("tree")
    assert found.cycles == found.outlook == found.allocations == ()
    assert found.exit_status == 0


def test_a_named_cycle_has_the_affinity_asked_for():
    rng = np.random.default_rng(1)
    counts = sample_draws(random_kernel(rng, 4, 0.5, edges=complete_edges(4)), 200, rng)
    graph = support_graph(counts)
    assumed = assumed_circulation(counts, graph, 0.1, ("s3", "s1", "s2"), -1.5)
    c = assumed.radius * assumed.space[:, 0]
    assert cycle_vector(graph, [3, 1, 2]) @ c == pytest.approx(-1.5)
    # ρ = sqrt(Σ c²/E), |c| = A/3 on three of six edges
    assert rho_of(graph, assumed) == pytest.approx(0.5 / np.sqrt(2))


@pytest.mark.parametrize("budget", [1, 10, 12_345])
def test_spreads_add_up(budget):
    found = planned("alofi-rain")
    made = found.counts.trials.astype(float)
    spread = {
        name: spread_trials(name, found.graph, made, budget, found.recommended)
        for name in ("as-so-far", "even", "informative")
    }
    assert all(trials.sum() == budget and trials.min() >= 0 for trials in spread.values())
    assert np.abs(spread["even"] - budget / 3).max() < 1
    assert np.abs(spread["as-so-far"] - budget * made / made.sum()).max() < 1
    assert np.abs(spread["informative"] - budget * found.recommended.fractions).max() < 1


def test_the_same_seed_gives_the_same_plan_and_progress_rises_to_the_end():
    seen = []
    again = plan(
        counts_of("one way"),
        further=[900],
        simulations=39,
        random_seed=2,
        progress=lambda _, fraction: seen.append(fraction),
    )
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    assert again.outlook == planned("one way").outlook


def test_default_numbers_of_trials_are_round_and_geometric():
    assert budgets_of(None, 5040) == (2000, 6000, 20_000, 60_000, 200_000)
    assert budgets_of(None, 12) == (10, 30, 100, 300, 1000)
    assert budgets_of([500, 20, 20], 12) == (20, 500)
    assert (
        budgets_of(1000, 12) == budgets_of(np.int64(1000), 12) == budgets_of([1e3], 12) == (1000,)
    )


def no_factors(quick, rows, truths, budgets, rng, done, run):
    """Simulate nothing: as if no table had a mode."""
    return np.full((len(budgets), len(truths.eta)), np.nan)


def test_lost_trials_that_are_dropped_count_nowhere(monkeypatch):
    rng = np.random.default_rng(8)
    whole = sample_draws(random_kernel(rng, 3, 0.5, edges=complete_edges(3)), 200, rng)
    lossy = replace(whole, other=np.array([100, 0, 300]))
    asked = {"further": 900, "simulations": 39, "random_seed": np.int64(2)}
    found, clean = plan(lossy, rejected="drop", **asked), plan(whole, **asked)
    assert found.random_seed == 2
    assert (found.rejected, found.n_left_out, clean.n_left_out) == ("drop", 400, 0)
    assert found.outlook == clean.outlook
    np.testing.assert_array_equal(found.trials, [200, 200, 200])
    np.testing.assert_array_equal(found.sources()["trials"], [200, 200, 200])
    monkeypatch.setattr(SIMULATED, no_factors)
    stay = plan(lossy, **asked)
    np.testing.assert_array_equal(stay.trials, [300, 200, 500])
    assert stay.n_left_out == 0


def test_without_a_single_mode_the_plan_is_doubted(monkeypatch):
    monkeypatch.setattr(SIMULATED, no_factors)
    found = plan(counts_of("alofi-rain"), further=900, simulations=39, random_seed=2)
    assert "100% of the simulated tables have no posterior mode" in found.doubt
    assert found.exit_status == 3
    assert {(row.mean, row.lower, row.against) for row in found.outlook} == {(None, None, None)}
    assert plan_summary(found).startswith("Not to be relied on: 100% of the simulated tables")
    assert json.loads(plan_json(found))["outlook"][0]["mean"] is None


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"rho": 0.0}, UsageError, "rho"),
        ({"rho": float("nan")}, UsageError, "rho"),
        ({"cycle": ("0", "1-5", "6+")}, UsageError, "affinity"),
        ({"affinity": 1.0}, UsageError, "cycle"),
        ({"cycle": ("0", "1-5", "6+"), "affinity": 0.0}, UsageError, "affinity"),
        ({"cycle": ("0", "1-5", "nowhere"), "affinity": 1.0}, DataError, "nowhere"),
        ({"cycle": ("0", "1-5"), "affinity": 1.0}, UsageError, "three"),
        ({"spread": "odd"}, UsageError, "spread"),
        ({"further": [0]}, UsageError, "further"),
        ({"further": []}, UsageError, "further"),
        ({"simulations": 10}, UsageError, "39"),
        ({"simulations": 39.5}, UsageError, "simulations .* whole number, not 39.5"),
        ({"simulations": float("nan")}, UsageError, "simulations .* whole number"),
        ({"further": 0}, UsageError, "further"),
        ({"further": ["a"]}, UsageError, "further .* whole number, not 'a'"),
        ({"further": [1.7]}, UsageError, "further .* whole number, not 1.7"),
        ({"further": [None]}, UsageError, "further .* whole number, not None"),
        ({"rho": "a"}, UsageError, "rho must lie above 0 .* not 'a'"),
        ({"rho": None}, UsageError, "rho must lie above 0"),
        ({"cycle": "abc", "affinity": 1.0}, UsageError, "a cycle is a list of labels, not"),
        ({"cycle": 7, "affinity": 1.0}, UsageError, "a cycle is a list of labels, not"),
        ({"cycle": ("0", "1-5", "6+"), "affinity": "b"}, UsageError, "affinity must be a number"),
        ({"random_seed": -1}, UsageError, "random_seed must be a whole number from 0"),
        ({"random_seed": "a"}, UsageError, "random_seed must be a whole number from 0"),
    ],
)
def test_bad_arguments(given, error, words):
    with pytest.raises(error, match=words):
        plan(counts_of("alofi-rain"), **given)


def test_a_cycle_that_cannot_be_tested_is_refused():
    with pytest.raises(UsageError, match="not testable"):
        plan(counts_of("claude-4"), cycle=("ATTITUDE", "BUZZY", "TURKEY"), affinity=1.0)
    found = planned("claude-4")
    with pytest.raises(UsageError, match="informative"):
        spread_trials("informative", found.graph, np.ones(5), 10, None)
