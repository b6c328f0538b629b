"""The section of exact evidence in the summary."""

from dataclasses import replace

import pytest

from equipoise.counts import TransitionCounts
from equipoise.inference import balance
from equipoise.inference.balance import test as run_test
from equipoise.report import summary, to_dict
from equipoise.report.layout import WIDTH, display_width


def section(text):
    parts = [part for part in text.split("\n\n") if part.startswith("Exact")]
    assert len(parts) < 2
    return " ".join(parts[0].split()) if parts else None


def test_alofi_says_both_evidences_and_their_difference(result):
    text = section(summary(result("alofi-rain")))
    # 0.6503 and −458.81166 in powers of ten, times log 10
    assert "log BF +1.50 their difference; above 0 favours balance" in text
    assert "balance -1,056.45 reinforced walk, every edge and loop of weight 1" in text
    assert "unrestricted -1,057.95 Dirichlet rows of matched strength" in text
    assert "Where their signs differ, the prior decides." in text


def test_draws_have_no_such_section(result):
    assert section(summary(result("smollm2-weekday"))) is None
    assert to_dict(result("smollm2-weekday"))["exact"] is None


@pytest.mark.parametrize(
    ("paths", "words"),
    [
        ([["a", "b"], ["c", "a"]], "path 1 ends in 'b' and path 2 begins in 'c'"),
        ([["a", "\u202e" + "😀" * 80], ["c", "b"]], "do not join to one path"),
    ],
)
def test_a_trajectory_that_is_no_single_path_says_why(result, paths, words):
    counts = TransitionCounts.from_sequences(paths)
    text = summary(run_test(counts, fast=True, draws=100, random_seed=1))
    assert "log BF not given: path 1 ends in" in section(text)
    assert words in section(text)
    # The test was made without it: that is no advice.
    assert "test without" not in section(text)
    assert "\u202e" not in text
    assert max(map(display_width, text.splitlines())) <= WIDTH


def test_a_result_concluded_without_it_says_so(result):
    bare = replace(result("alofi-rain"), exact=None)
    assert bare.exact_refusal is None
    assert "not given: the result was concluded without it." in section(summary(bare))


@pytest.mark.parametrize("path", ["abcbaab", "aaaa"])
def test_without_a_cycle_the_difference_is_0_by_construction(path):
    counts = TransitionCounts.from_sequences(list(path))
    found = run_test(counts, fast=True, draws=100, random_seed=1)
    assert found.exact.on_tree
    assert abs(found.exact.log_bayes_factor) < 1e-12
    text = section(summary(found))
    assert "log BF 0 by construction: no cycle" in text
    assert "the prior decides" not in text


def test_why_there_is_none_is_kept_and_not_asked_again(monkeypatch):
    counts = TransitionCounts.from_sequences([["a", "b"], ["c", "a"]])
    found = run_test(counts, fast=True, draws=100, random_seed=1)
    assert found.exact_refusal.startswith("path 1 ends in 'b'")
    monkeypatch.setattr(balance, "exact", None)
    assert found.exact_refusal in section(summary(found))
