"""Sampling checks and baselines as lines for a terminal."""

import re
from dataclasses import replace

import numpy as np
import pytest
from sampled import KERNEL, OTHER_KERNEL, blocked

from equipoise.graph import support_graph
from equipoise.inference.baselines import baselines
from equipoise.inference.evidence import BayesFactor
from equipoise.inference.sampling_checks import RepeatedVerdict, check_sampling
from equipoise.inference.verdict import decide
from equipoise.report.baselines import baseline_lines
from equipoise.report.layout import WIDTH, display_width
from equipoise.report.sampling_checks import sampling_check_lines

HOSTILE = {
    "a": "\u202egnp.exe",
    "b": "=cmd()" * 900,
    "c": "<script>alert(1)</script>",
    "d": "🐈" * 30,
}


def rough():
    counts = blocked([KERNEL, OTHER_KERNEL] * 4, 100, np.random.default_rng(1), correlation=0.05)
    return counts.relabel(HOSTILE)


@pytest.fixture(scope="module")
def lines():
    counts = rough()
    checks = check_sampling(counts, replicates=199, random_seed=1)
    factor = BayesFactor(-0.4, 0.02, "laplace", cycle_scale=1.0, pareto_k=0.1)
    verdict = decide(
        support_graph(counts),
        factor,
        [factor] * 3,
        ceiling=None,
        information_nats=1.0,
        size=None,
        distrust=None,
    )
    repeated = RepeatedVerdict(verdict, factor, checks.dispersion.design_effect)
    return sampling_check_lines(checks, repeated) + baseline_lines(
        baselines(counts, replicates=19, random_seed=1)
    )


def test_lines_fit_and_are_harmless(lines):
    for line in lines:
        assert display_width(line) <= WIDTH, line
        assert line.isprintable()


def test_what_the_lines_say(lines):
    text = re.sub(r"\s+", " ", " ".join(lines))
    for said in (
        "blocks suspect, p = ",
        "Not checkable: independent draws have no step before them",
        "design effect ",
        "divided by it Undecided: too few data",
        "Log BF -0.40 ± 0.02",
        "p of blocks and overdispersion: invalid if someone looked at the draws",
        "the verdict rests on none of them",
        "parametric bootstrap",
        "every p above: invalid if someone looked at the counts to choose sources",
        "It is a mean squared residual that no error divides",
    ):
        assert said in text, said


def test_states_without_a_finite_potential_are_named(claude):
    found = baselines(claude, random_seed=1)
    text = "\n".join(baseline_lines(found))
    assert "ATTITUDE 0.0, PERSONAL 4.1, PROBLEMS 5.2" in text
    assert "without bound above: BUZZY, TURKEY" in text
    action = replace(found.least_action, potential=np.array([0, -np.inf, np.nan, 1, 2.0]))
    text = "\n".join(baseline_lines(replace(found, least_action=action)))
    assert "without bound below: BUZZY" in text
    assert "not given: PERSONAL" in text
