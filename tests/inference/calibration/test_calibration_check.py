"""The check as a whole: exact records pass, and known mistakes in them fail."""

import re
from dataclasses import replace

import numpy as np
import pytest
from calibration_records import HEADER, exact_records

from equipoise.errors import UsageError
from equipoise.inference.calibration.check import FALSE_ALARM, check_records
from equipoise.inference.calibration.controls import shifted, without_half_determinant
from equipoise.inference.calibration.ranks import check_ranks
from equipoise.plots import plot_reliability
from equipoise.report.calibration import calibration_json, calibration_summary
from equipoise.report.layout import display_width

N = 2000


@pytest.fixture(scope="module")
def records():
    return exact_records(N, np.random.default_rng(11))


def failing(check):
    return [statement.name for statement in check.statements if not statement.holds]


def test_exact_records_pass(records):
    found = check_records(HEADER, records)
    assert failing(found) == []
    assert found.holds
    assert (found.n_balance, found.n_cyclic) == (N // 2, N // 2)
    assert sum(part.n for part in found.reliability) == N
    assert sum(statement.false_alarm for statement in found.statements) <= FALSE_ALARM * (1 + 1e-9)
    assert found.detectable_offset < 0.3


@pytest.mark.parametrize("nats", [0.3, -0.3])
def test_evidence_off_by_three_tenths_of_a_nat_fails(records, nats):
    assert any(
        "mean p(cyclic)" in name for name in failing(check_records(HEADER, shifted(records, nats)))
    )


def test_a_determinant_to_the_wrong_power_fails(records):
    """½ log det(FᵀF) is 0.55 nats for a triangle, and more for each larger graph here."""
    moved = without_half_determinant(records)
    gap = {
        r.design: m.log_bayes_factor - r.log_bayes_factor
        for r, m in zip(records, moved, strict=True)
    }
    # 3 spanning trees; 8; Cayley's 5³; and again 8, for two bridges add none
    expected = {"triangle": 3, "diagonal": 8, "complete-5": 125, "pendant": 8}
    assert gap == pytest.approx({name: 0.5 * np.log(trees) for name, trees in expected.items()})
    assert not check_records(HEADER, moved).holds


def test_ranks_of_one_quantity_fail_alone(records):
    narrow = [
        replace(r, ranks={**r.ranks, "circulation": int(40 + r.ranks["circulation"] / 5)})
        if r.truth == "cyclic"
        else r
        for r in records
    ]
    names = failing(check_records(HEADER, narrow))
    assert len(names) == 1
    assert names[0].startswith("ranks of circulation, cyclic data")


def test_withheld_results_are_counted_by_reason_and_too_many_fail(records):
    withheld = [
        replace(r, evidence_withheld=f"importance sampling failed (k̂ = 0.7{r.number}, limit 0.7)")
        if r.number % 8 < 2
        else r
        for r in records
    ]
    found = check_records(HEADER, withheld)
    assert found.evidence_withheld == {"importance sampling failed": N // 4}
    assert failing(found) == ["share of data sets with a Bayes factor given"]
    assert sum(part.n for part in found.reliability) == N - N // 4


def test_ranks_of_withheld_posteriors_take_no_part(records):
    wrong = [
        replace(r, posterior_withheld="2 divergent transitions", ranks=dict.fromkeys(r.ranks, 0))
        if r.number < 100
        else r
        for r in records
    ]
    found = check_records(HEADER, wrong)
    assert found.posterior_withheld == {"divergent transitions": 100}
    assert found.holds
    assert {ranks.n for ranks in found.ranks} == {N // 2 - 50}


def test_a_check_needs_both_hypotheses(records):
    with pytest.raises(UsageError, match=r"20 data sets from either hypothesis .* 19 from balance"):
        check_records(HEADER, records[:38])


def test_the_worst_place_of_ranks_that_fail_is_outside_their_band(records):
    high = [replace(r, ranks={n: 99 - k // 2 for n, k in r.ranks.items()}) for r in records]
    for ranks in check_records(HEADER, high).ranks:
        assert not ranks.holds
        k = ranks.worst
        assert not ranks.lower[k] <= ranks.difference[k] <= ranks.upper[k]
        # no rank below 50: half of the uniform distribution is missing there
        assert ranks.difference[k] == pytest.approx(-0.5, abs=0.02)


@pytest.mark.parametrize("value", [None, 0.4])
def test_where_every_bayes_factor_is_withheld_nothing_is_calibrated(records, value):
    withheld = [
        replace(r, evidence_withheld="did not converge", log_bayes_factor=value, mcse=value)
        for r in records
    ]
    found = check_records(HEADER, withheld)
    assert found.reliability == ()
    assert failing(found) == [
        "frequency of balance less stated p(balance): no data set states one",
        "share of data sets with a Bayes factor given",
    ]
    assert {s.name: s.value for s in found.statements}[failing(found)[1]] == 0.0
    text = calibration_summary(found)
    assert text.startswith("Not calibrated: 2 of 13 statements fail.")
    assert "none, for no log Bayes factor is given" in text
    calibration_json(found)  # no NaN
    plot_reliability(found)


def test_ranks_too_few_to_judge_are_named(records):
    rare = [
        replace(r, ranks={n: k for n, k in r.ranks.items() if n != "violation" or r.number < 30})
        for r in records
    ]
    found = check_records(HEADER, rare)
    assert found.unjudged == (("cyclic", "violation", 15),)
    assert found.holds
    assert "not judged     ranks of violation, cyclic (15)" in calibration_summary(found)
    without = check_records(HEADER, [replace(r, ranks={}) for r in records])
    assert "not judged     ranks: no data set has any" in calibration_summary(without)


def test_extreme_figures_keep_the_table_in_its_width(records):
    """One cyclic data set in 20 with a log Bayes factor for balance of 250 to 350 nats."""
    extreme = [
        replace(r, log_bayes_factor=250.0 + r.number / 20) if r.number % 40 == 1 else r
        for r in records
    ]
    named = [
        replace(r, ranks={"a quantity of a very long name " * 4: r.number % 100}) for r in extreme
    ]
    for case in (extreme, named):
        text = calibration_summary(check_records(HEADER, case))
        assert text.startswith("Not calibrated")
        assert re.search(r"mean Bayes factor, cyclic data +\d\.\d·10\^1[0-5]\d ", text)
        assert max(map(display_width, text.splitlines())) <= 100


def test_every_term_of_the_table_is_explained(records):
    found = check_records(HEADER, records)
    key = calibration_summary(found).split("What must hold")[1].split("\n\n")[1]
    for statement in found.statements:
        assert len(statement.label) <= len(statement.name)
    for term in ("crossed p", "slope", "mean BF", "ranks of"):
        assert f"\n  {term} " in "\n" + key


def test_false_alarms_are_those_of_the_bands_used(records):
    """With twelve quantities each band is narrower than with ten, and the statements say so."""
    many = [
        replace(r, ranks={f"q{k}": (7 * k + r.number) % 100 for k in range(6)}) for r in records
    ]
    found = check_records(HEADER, many)
    ranks = [s for s in found.statements if s.name.startswith("ranks")]
    assert len(ranks) == 12
    assert {s.false_alarm for s in ranks} == {r.false_alarm for r in found.ranks}
    assert sum(s.false_alarm for s in found.statements) == pytest.approx(FALSE_ALARM)


def test_the_worst_place_is_the_farthest_in_half_widths_of_the_band():
    ranks = np.repeat(np.arange(100), 2)
    ranks[:6] = 99
    found = check_ranks("balance", "x", ranks, 99, 5e-5)
    half = (found.upper - found.lower) / 2
    assert found.holds
    assert found.worst == np.argmax(np.abs(found.difference) / half)
