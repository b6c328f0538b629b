"""Digits end where Monte Carlo error begins."""

from math import inf, log

import pytest

from equipoise.inference.verdict import span_text
from equipoise.report import numbers


@pytest.mark.parametrize(
    ("error", "sd", "places"),
    [
        (0.001, 0.3, 2),  # two decimals are enough
        (0.012, 0.4, 2),  # the last digit is worth about the error
        (0.04, 0.9, 1),
        (0.3, 5.0, 0),
        (3.0, 50.0, 0),
        (1e-5, 0.0011, 4),  # a narrow posterior wants more digits,
        (1e-3, 0.0011, 3),  # if the draws give them
        (0.0, 0.0, 2),
        (inf, 0.3, 2),
    ],
)
def test_decimals(error, sd, places):
    assert numbers.decimals(error, sd) == places


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (-399.012, 0.0301, "-399.01 ± 0.03"),
        (0.3384, 0.0071, "+0.34 ± 0.01"),
        (-0.004, 0.0001, "0.00 ± 0.01"),
        (2.36, 0.14, "+2.4 ± 0.1"),
        (-1234.6, 1.6, "-1,235 ± 2"),
        (1.0, 0.0, "+1.00 ± 0.01"),
    ],
)
def test_with_error(value, error, text):
    assert numbers.with_error(value, error) == text


def test_no_negative_zero():
    assert numbers.fixed(-0.004, 2) == "0.00"
    assert numbers.fixed(-0.004, 2, sign=True) == "0.00"
    assert numbers.interval(-0.0001, 0.26, 1) == "[0.0, 0.3]"


def test_aligned_points():
    rows = numbers.aligned(["0", "-12.345", "≥ 7.2", "", "3"])
    assert [len(row) - row.index(".") for row in rows if "." in row] == [4, 4]
    assert rows[0] == "0    "
    assert rows[3] == ""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "< 0.001"),
        (5.1e-174, "< 0.001"),
        (0.0031, "0.003"),
        (0.584, "0.58"),
        (0.9969, "0.997"),
        (1 - 1e-9, "> 0.999"),
        (1.0, "> 0.999"),
    ],
)
def test_probability(value, text):
    assert numbers.probability(value) == text
    assert numbers.equals(text) == (text if text[0] in "<>" else f"= {text}")


@pytest.mark.parametrize(
    ("value", "trials", "text"),
    [(0.0, 39, "< 0.026"), (1.0, 100, "> 0.99"), (0.5, 100, "0.50"), (0.0, 100, "< 0.01")],
)
def test_share_of_simulations(value, trials, text):
    assert numbers.share(value, trials) == text


@pytest.mark.parametrize(
    ("mean", "lower", "upper", "text"),
    [
        (0.12, 0.008, 0.35, "0.12 [0.01, 0.35]"),
        (0.002, 0.00185, 0.00213, "0.00200 [0.00185, 0.00213]"),
        (4.6e-7, 3.9e-7, 5.2e-7, "4.6·10^-7 [3.9·10^-7, 5.2·10^-7]"),
        (0.0, 0.0, 0.0, "0.00 [0.00, 0.00]"),
        (12.3, 1.2, 30.1, "12 [1, 30]"),
    ],
)
def test_estimate_without_a_known_error(mean, lower, upper, text):
    places = numbers.spread_decimals(lower, upper)
    assert numbers.estimate(mean, lower, upper, places) == text


@pytest.mark.parametrize(
    ("log_value", "text"), [(0.0, "1.0"), (log(1.44), "1.4"), (5.0, "148"), (399.0, "10^173")]
)
def test_odds(log_value, text):
    assert numbers.odds(log_value) == text


@pytest.mark.parametrize(("lower", "upper"), [(2.117, 3.543), (-399.06, -398.9), (-0.02, 0.03)])
def test_the_range_has_the_digits_of_the_verdict(lower, upper):
    least, most = numbers.verdict_range(lower, upper)
    assert span_text(lower, upper) == f"log BF between {float(least):.1f} and {float(most):.1f}"
    assert float(least) <= lower
    assert float(most) >= upper


@pytest.mark.parametrize(
    ("value", "rounded"),
    [(1, 1), (7.6, 8), (99.4, 99), (333.3, 330), (33333.3, 33000), (99_600, 100_000), (1250, 1200)],
)
def test_two_digits(value, rounded):
    assert numbers.two_digits(value) == rounded
