"""What is said before the verdict is trusted."""

from dataclasses import replace
from html import escape
from importlib import import_module

import pytest
from planned import planned

from equipoise import compare
from equipoise.counts import TransitionCounts
from equipoise.inference.balance import test as run_test
from equipoise.inference.diagnosis import diagnose
from equipoise.models import Priors
from equipoise.report import html, summary
from equipoise.report.caveats import alike_labels, caveats, warnings
from equipoise.report.comparison import comparison_summary
from equipoise.report.plan import plan_summary
from equipoise.report.plan_answer import plan_answer

run = import_module("equipoise.cli.run")
# Learned scales cost three times as much.
FIXED = Priors(scales="fixed")


@pytest.mark.parametrize(
    ("states", "words"),
    [
        (["Sunny", "sunny", "rain"], "'Sunny' and 'sunny' differ"),
        (["a b", "ab"], "'a b' and 'ab' differ"),
        (["Straße", "STRASSE"], "'Straße' and 'STRASSE' differ"),
        (["\u202eX", "\u202ex"], "'\\u202eX' and '\\u202ex' differ"),
    ],
)
def test_labels_that_look_like_one_are_named(states, words):
    assert words in alike_labels(states)
    assert alike_labels(states).isprintable()


def test_a_comparison_and_a_plan_say_it_first():
    states = ["Idle", "run", "idle"]
    counts = TransitionCounts.from_matrix([[9, 5, 2], [4, 9, 3], [2, 4, 9]], states=states)
    found = planned("alofi-rain")
    plan = replace(found, counts=found.counts.relabel({"0": "Wet", "1-5": "wet"}))
    assert plan_summary(plan).startswith("Check the labels first: 'Wet' and 'wet' differ")
    assert plan_answer(plan) in " ".join(plan_summary(plan).split())
    both = compare({"a": counts, "b": counts}, fast=True, priors=FIXED, draws=100, random_seed=1)
    assert comparison_summary(both).startswith("Check the labels first: 'Idle' and 'idle' differ")


def test_others_are_not():
    assert alike_labels(["sunny", "rainy", "sunny day"]) is None
    assert alike_labels([]) is None


def test_a_typo_is_said_before_the_verdict_and_what_to_do():
    """Without a word it would be a state of its own, and make strong evidence of nothing."""
    counts = TransitionCounts.from_matrix(
        [[40, 30, 12, 0], [29, 27, 9, 0], [11, 10, 20, 0], [0, 0, 12, 0]],
        states=["sunny", "rainy", "foggy", "Sunny"],
    )
    result = run_test(counts, fast=True, priors=FIXED, draws=200, random_seed=1)
    found = diagnose(result)
    assert caveats(found) == []
    (said,) = warnings(found)
    assert "If they are one state, write them alike in the file and run this again" in said
    text = " ".join(summary(result, found).split())
    assert text.startswith(f"{said} {result.verdict.text}")
    assert run.short_text(found).splitlines() == [said, result.verdict.text]
    page = html(result, diagnosis=found)
    assert page.index("Check the labels first") < page.index(escape(result.verdict.text))
    assert "&#39;sunny&#39; and &#39;Sunny&#39;" in page
