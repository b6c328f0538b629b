"""The rules of the verdict, one by one."""

from math import exp

import numpy as np
import pytest

from equipoise.graph import support_graph
from equipoise.inference.evidence import BayesFactor
from equipoise.inference.verdict import ViolationSize, decide, strength_of


def factors(*values, mcse=0.0):
    return [
        BayesFactor(value, mcse, "laplace", tau)
        for value, tau in zip(values, (0.5, 1, 2), strict=True)
    ]


def verdict_of(counts, range_over, *, trusted=True, size=None):
    return decide(
        support_graph(counts),
        range_over[1],
        range_over,
        ceiling=BayesFactor(2.0, 0.0, "laplace", 1.0),
        information_nats=3.0,
        size=size,
        distrust=None if trusted else "importance sampling failed (k̂ = 0.90, limit 0.7)",
    )


@pytest.mark.parametrize(
    ("values", "favours", "strength", "reason"),
    [
        ((-9.0, -7.0, -5.5), "non-reversible", "very strong", None),
        ((-9.0, -7.0, -3.5), "non-reversible", "strong", None),
        ((-1.5, -2.0, -3.0), "non-reversible", "positive", None),
        ((1.2, 2.0, 2.5), "balance", "positive", None),
        ((3.1, 4.0, 4.5), "balance", "strong", None),
        ((-0.5, 0.5, 0.9), "undecided", None, "too_few_data"),
        ((-1.5, 0.0, 0.5), "undecided", None, "too_few_data"),
        ((-1.5, 0.0, 1.5), "undecided", None, "prior"),
    ],
)
def test_existence(alofi, values, favours, strength, reason):
    verdict = verdict_of(alofi, factors(*values))
    assert (verdict.favours, verdict.strength, verdict.reason) == (favours, strength, reason)
    assert verdict.trusted
    assert verdict.text


def test_the_range_is_widened_by_two_monte_carlo_errors(alofi):
    assert verdict_of(alofi, factors(-1.5, -1.3, -1.2)).favours == "non-reversible"
    assert verdict_of(alofi, factors(-1.5, -1.3, -1.2, mcse=0.2)).favours == "undecided"


def test_probability_and_reversing_odds(alofi):
    verdict = verdict_of(alofi, factors(-2.0, -2.0, -2.0))
    assert verdict.p_balance == pytest.approx(1 / (1 + exp(2.0)))
    assert verdict.reversing_odds == pytest.approx(exp(2.0))
    extreme = verdict_of(alofi, factors(-4e4, -4e4, -4e4))
    assert extreme.p_balance is not None
    assert 0 <= extreme.p_balance < 1e-300
    assert np.isfinite(extreme.reversing_odds)


def test_without_a_testable_cycle_nothing_else_counts(claude, gemini):
    for counts in (claude, gemini):
        for values in ((-99.0, -99.0, -99.0), (9.0, 9.0, 9.0)):
            for trusted in (True, False):
                verdict = verdict_of(counts, factors(*values), trusted=trusted)
                assert verdict.favours == "untestable"
                assert verdict.reason == "no_testable_cycle"
                assert verdict.p_balance is None
                assert verdict.trusted


def test_what_is_not_trusted_says_so_first(alofi):
    verdict = verdict_of(alofi, factors(-9, -9, -9), trusted=False)
    assert not verdict.trusted
    assert verdict.p_balance is None
    assert verdict.text.startswith("Not to be trusted")
    assert "0.90" in verdict.text


@pytest.mark.parametrize(
    ("nats", "word"),
    [(0.99, None), (1.0, "positive"), (3.0, "positive"), (3.01, "strong"), (5.01, "very strong")],
)
def test_kass_and_raftery(nats, word):
    assert strength_of(nats) == word


def test_existence_and_size_are_told_apart_in_words(alofi):
    size = ViolationSize(0.03, 0.02, 0.04, 0.0, 0.1, 1.0, "negligible")
    text = verdict_of(alofi, factors(-200.0, -199.0, -198.0), size=size).text
    assert text.startswith("Non-reversible, very strong evidence")
    assert "negligible" in text
