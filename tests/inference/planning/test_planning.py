"""`plan` as a whole."""

import numpy as np
import pytest
from planned import counts_of, planned
from simulated import random_kernel

from equipoise.errors import DataError, UsageError
from equipoise.graph import cycle_vector
from equipoise.inference.planning import plan
from equipoise.inference.planning.assumptions import (
    assumed_violation,
    budgets_of,
    spread_trials,
)
from equipoise.simulate import sample_draws


def test_what_the_counts_so_far_say():
    found = planned("alofi-rain")
    (cycle,) = found.cycles
    assert cycle.standard_error == pytest.approx(0.2816, rel=0.03)  # 1/n, as in the literature
    assert found.log_bayes_factor.log_value == pytest.approx(0.34, abs=0.05)
    assert found.ceiling == pytest.approx(1.1, abs=0.15)
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
    counts = sample_draws(random_kernel(rng, 4, 0.5), 200, rng)
    cycle = ("s0", "s1", "s2")
    found = plan(counts, cycle=cycle, affinity=-1.5, further=[5000], simulations=39, random_seed=1)
    # ρ = sqrt(Σ c²/E), c = A/3 on three edges
    assert found.violation == pytest.approx(1.5 / np.sqrt(3 * found.graph.n_edges))
    assert found.outlook[0].mean < -3
    assert found.outlook[1].mean > 0
    graph = found.graph
    assumed = assumed_violation(counts, graph, 0.1, cycle, -1.5)
    c = assumed.radius * assumed.space[:, 0]
    assert cycle_vector(graph, [0, 1, 2]) @ c == pytest.approx(-1.5)


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
    given = {"further": [900], "simulations": 39, "random_seed": 4, "spread": "informative"}
    seen = []
    watched = plan(
        counts_of("alofi-rain"), progress=lambda _, fraction: seen.append(fraction), **given
    )
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    assert watched.outlook == plan(counts_of("alofi-rain"), **given).outlook


def test_default_numbers_of_trials_are_round_and_geometric():
    assert budgets_of(None, 5040) == (2000, 6000, 20_000, 60_000, 200_000)
    assert budgets_of(None, 12) == (10, 30, 100, 300, 1000)
    assert budgets_of([500, 20, 20], 12) == (20, 500)


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"violation": 0.0}, UsageError, "violation"),
        ({"violation": float("nan")}, UsageError, "violation"),
        ({"cycle": ("0", "1-5", "6+")}, UsageError, "affinity"),
        ({"affinity": 1.0}, UsageError, "cycle"),
        ({"cycle": ("0", "1-5", "6+"), "affinity": 0.0}, UsageError, "affinity"),
        ({"cycle": ("0", "1-5", "nowhere"), "affinity": 1.0}, DataError, "nowhere"),
        ({"cycle": ("0", "1-5"), "affinity": 1.0}, UsageError, "three"),
        ({"spread": "odd"}, UsageError, "spread"),
        ({"further": [0]}, UsageError, "further"),
        ({"further": []}, UsageError, "further"),
        ({"simulations": 10}, UsageError, "39"),
    ],
)
def test_bad_arguments(given, error, words):
    with pytest.raises(error, match=words):
        plan(counts_of("alofi-rain"), **given)


def test_a_cycle_that_cannot_be_tested_is_refused():
    with pytest.raises(UsageError, match="not testable"):
        plan(counts_of("claude-4"), cycle=("ATTITUDE", "BUZZY", "TURKEY"), affinity=1.0)
    with pytest.raises(UsageError, match="informative"):
        plan(counts_of("claude-4"), spread="informative")
