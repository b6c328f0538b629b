"""What is said before the verdict is trusted."""

import pytest

from equipoise.counts import TransitionCounts
from equipoise.inference.balance import test as run_test
from equipoise.inference.diagnosis import diagnose
from equipoise.report import html, summary
from equipoise.report.caveats import alike_labels, caveats


@pytest.mark.parametrize(
    ("states", "words"),
    [
        (["Sunny", "sunny", "rain"], "'Sunny' and 'sunny'."),
        (["a b", "ab"], "'a b' and 'ab'."),
        (["Straße", "STRASSE"], "'Straße' and 'STRASSE'."),
        (["\u202eX", "\u202ex"], "'\\u202eX' and '\\u202ex'."),
    ],
)
def test_labels_that_look_like_one_are_named(states, words):
    assert words in alike_labels(states)
    assert alike_labels(states).isprintable()


def test_others_are_not():
    assert alike_labels(["sunny", "rainy", "sunny day"]) is None
    assert alike_labels([]) is None


def test_a_typo_is_said_right_after_the_verdict():
    """Without a word it would be a state of its own, and make strong evidence of nothing."""
    counts = TransitionCounts.from_matrix(
        [[40, 30, 12, 0], [29, 27, 9, 0], [11, 10, 20, 0], [0, 0, 12, 0]],
        states=["sunny", "rainy", "foggy", "Sunny"],
    )
    result = run_test(counts, fast=True, draws=200, random_seed=1)
    found = diagnose(result)
    (said,) = caveats(found)
    text = " ".join(summary(result, found).split())
    assert text.startswith(f"{result.verdict.text} {said}")
    assert "&#39;sunny&#39; and &#39;Sunny&#39;" in html(result, diagnosis=found)
