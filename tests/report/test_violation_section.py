"""The terminal section of the violation, and its entry in the JSON contract."""

import json
from dataclasses import replace
from functools import cache

import pytest
from simulated import result_of

from equipoise.counts import TransitionCounts
from equipoise.inference.violation import violation
from equipoise.report.diagnosis_contract import entropy_production_entry
from equipoise.report.layout import WIDTH, display_width
from equipoise.report.violation import violation_lines


@pytest.fixture(scope="session")
def found(result):
    @cache
    def of(name, *cycles):
        return violation(result(name), cycles=cycles, random_seed=1)

    return of


def test_a_plain_violation_is_named(found):
    shown = found("smollm2-weekday", ("Sunday", "Saturday", "Monday"))
    text = "\n".join(violation_lines(shown))
    assert "Wednesday → Thursday → Sunday → Wednesday" in text
    assert f"{len(shown.named)} of {len(shown.cycles)}, whose P exceeds 0.95 by two" in text
    # The loop through the whole week is no cycle of the basis, and explains most by far.
    assert shown.cycles[0].origin == "loop"
    week = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    first = " → ".join((*week, "Monday"))
    assert f"the first {first}" in " ".join(text.split())
    loops = len(shown.cycles) - 15
    assert f"15 of the minimum-weight basis, {loops} longer loops beside it" in " ".join(
        text.split()
    )
    assert "Cycles asked for" in text
    assert "Sunday → Saturday → Monday → Sunday" in text
    assert "p < 0.001" in " ".join(text.split())
    current = next(line for line in violation_lines(shown) if line.startswith("  Saturday"))
    assert current.split()[:2] == ["Saturday", "Sunday"]  # the direction in which it flows
    assert float(current.split()[2]) > 0


def test_where_nothing_is_sure_nothing_is_named(found):
    text = "\n".join(violation_lines(found("alofi-rain")))
    assert "none of 1: no P exceeds 0.95 by two Monte Carlo errors" in text
    assert "biased" in text
    assert "per step" in text


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("claude-4", "No cycle is testable"),
        ("tree", "no cycle"),
        ("no edge", "no cycle"),
        ("distrusted smollm2-weekday", "Withheld: importance sampling failed"),
    ],
)
def test_what_is_not_there_is_said(found, name, words):
    shown = found(name)
    lines = violation_lines(shown)
    assert words in "\n".join(lines)
    assert len(lines) == 2
    assert entropy_production_entry(shown) is None


def test_the_pairwise_likelihood_says_why_it_has_no_flows(alofi):
    result = result_of(alofi, likelihood="pairwise", draws=100, random_seed=1)
    text = "\n".join(violation_lines(violation(result)))
    assert text.count("the pairwise likelihood compares") == 2
    assert "explained by no potential" in text


@pytest.mark.parametrize("name", ["smollm2-weekday", "alofi-rain", "hostile", "one way"])
def test_lines_fit_and_are_safe(found, result, name):
    cycles = [cycle.states[::-1] for cycle in result(name).cycles[:2]]
    for line in violation_lines(found(name, *cycles)):
        assert display_width(line) <= WIDTH
        assert line.isprintable()
        assert line == line.rstrip()


def test_a_cycle_that_cannot_be_tested_is_so_called():
    matrix = [[3, 30, 14, 0], [17, 0, 15, 0], [33, 14, 0, 0], [5, 9, 0, 1]]  # nothing leads to d
    counts = TransitionCounts.from_matrix(matrix, states=list("abcd"))
    result = result_of(counts, draws=100, random_seed=1)
    text = "\n".join(violation_lines(violation(result, cycles=[("a", "b", "d")], random_seed=1)))
    assert "untestable" in text.split("Cycles asked for")[1]
    assert "untestable" not in text.split("Cycles asked for")[0]


def test_the_entry_of_the_contract(found):
    shown = found("alofi-rain")
    entry = entropy_production_entry(shown)
    assert list(entry) == [
        "mean",
        "lower",
        "upper",
        "null_mean",
        "null_upper",
        "per",
        "p_value",
        "invalid",
    ]
    assert entry["mean"] == shown.entropy_production.per_trial.mean
    assert entry["lower"] < entry["mean"] < entry["upper"]
    assert entry["null_mean"] < entry["null_upper"]
    assert entry["per"] == "trial"
    json.dumps(entry, allow_nan=False)
    assert entropy_production_entry(replace(shown, distrust="it failed")) is None
