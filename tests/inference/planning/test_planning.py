"""`plan` as a whole."""

import numpy as np
import pytest
from planned import counts_of, planned
from simulated import random_kernel

from equipoise.errors import DataError, UsageError
from equipoise.inference.planning import plan
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
    given = {"further": [5000], "simulations": 39, "cycle": ("s0", "s1", "s2")}
    there = plan(counts, affinity=1.5, random_seed=1, **given)
    back = plan(counts, affinity=-1.5, random_seed=1, **given)
    # ρ = sqrt(Σ c²/E), c = A/3 on three edges
    assert there.violation == pytest.approx(1.5 / np.sqrt(3 * there.graph.n_edges))
    assert back.violation == pytest.approx(there.violation)
    assert there.outlook[0].mean < -3
    assert back.outlook[0].mean < -3
    assert there.outlook[0].mean != back.outlook[0].mean


def test_spreads_and_seeds():
    counts = counts_of("alofi-rain")
    few = {"further": [900], "simulations": 39, "random_seed": 4}
    outlooks = {
        spread: plan(counts, spread=spread, **few).outlook
        for spread in ("as-so-far", "even", "informative")
    }
    assert outlooks["even"] == plan(counts, spread="even", **few).outlook
    assert len({rows[0].mean for rows in outlooks.values()}) == 3
    assert all(rows[0].trials == 900 for rows in outlooks.values())


def test_progress_rises_to_the_end():
    seen = []
    plan(
        counts_of("alofi-rain"),
        further=[500],
        simulations=39,
        random_seed=1,
        progress=lambda _, fraction: seen.append(fraction),
    )
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


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
