"""The summary says what a referee asks for, and nothing that the data do not say."""

import re
from dataclasses import replace

import numpy as np
import pytest
from summary_parts import evidence, flat, section

from equipoise.graph import support_graph
from equipoise.inference.balance import test as run_test
from equipoise.inference.evidence import BayesFactor
from equipoise.inference.potential import StatePotential
from equipoise.inference.sensitivity import alternatives
from equipoise.models import Priors
from equipoise.report import summary
from equipoise.report.layout import WIDTH, display_width
from equipoise.report.tables import potential_lines
from equipoise.report.violation import violation_lines
from equipoise.simulate import reversible_kernel, sample_draws

NAMES = [
    "claude-4",
    "gemini-2.5-flash",
    "alofi-rain",
    "smollm2-weekday",
    "tree",
    "two components",
    "no edge",
    "one state",
    "one way",
    "upper",
    "hostile",
    "blocked",
    "distrusted alofi-rain",
    "sampled alofi-rain",
    "sampled distrusted alofi-rain",
    "diverged sampled smollm2-weekday",
]


HEADINGS = (
    "Data",
    "Sampling",
    "Can these",
    "Evidence",
    "Size",
    "Potential",
    "Where balance breaks",
    "Assumed",
    "Method",
)


@pytest.mark.parametrize("name", NAMES)
def test_plain_text_of_at_most_100_columns(result, name):
    text = summary(result(name))
    lines = text.split("\n")
    assert all(line.isprintable() for line in lines)
    assert max(map(display_width, lines)) <= WIDTH
    assert not any(line != line.rstrip() for line in lines)
    assert flat(text).startswith(flat(result(name).verdict.text))
    for heading in HEADINGS:
        assert f"\n{heading}" in text


def test_weekday_line_by_line(result):
    text = summary(result("smollm2-weekday"))
    assert text.startswith("Non-reversible, very strong evidence")
    assert "b1 = 15 independent cycles" in text
    assert "yes, b1* = 15 of 15" in text
    assert re.search(r"log BF +-39\d\.\d+ ± 0\.\d+ at τ = 1$", text, re.M)
    assert re.search(r"range +-39\d\.\d+ to -39\d\.\d+ over τ = ½ to 2", text)
    assert re.search(r"  τ +¼ +½ +1 +2 +4$", text, re.M)
    assert re.search(r"  fixed scales, σ_V = 1\.5 +-\d+\.\d+ +0\.\d+$", text, re.M)
    assert "below 0 at every setting tried" in text
    assert re.search(r"ceiling +\+\d\.\d\d ± 0\.\d\d: what these trials would give", text)
    assert re.search(r"information +2\d\.\d nats", text)
    assert re.search(
        r"p\(balance\) +< 0\.001 at even prior odds; prior odds of 10\^17\d to 1", text
    )
    assert re.search(r"ρ +1\.\d+ \[0\.9\d+, 1\.1\d+\]", text)
    assert "material: P(ρ < 0.1) < 0.001" in text
    potential = section(text, "Potential")
    assert "only the best reversible description" in flat(potential)
    assert "gradient" in potential
    order = [line.split()[0] for line in potential.splitlines()[4:]]
    assert order[0] == "Sunday"
    assert order[-1] == "Monday"
    cycles = section(text, "Where balance breaks")
    assert "Friday → Saturday → Sunday → Friday" in cycles
    judged = re.search(
        r"worst 5 of (\d+) testable cycles: 15 of the minimum-weight basis, (\d+) longer loops?",
        flat(cycles),
    )
    assert judged is not None
    assert int(judged[1]) == 15 + int(judged[2])
    assert "Saturday    Sunday" in section(text, "Net currents")
    assert "p < 0.001" in flat(section(text, "Entropy production"))
    sampling = flat(section(text, "Sampling"))
    assert "windows: these counts are given as independent draws, which have none" in sampling
    assert "not checkable blocks, overdispersion: the counts name no blocks" in sampling
    assumed = flat(section(text, "Assumed"))
    assert "σ_V ~ HalfNormal(5)" in assumed
    assert "μ_s ~ Normal(-3, 3)" in assumed
    assert "σ_c ~ HalfNormal(τ), τ = 1" in assumed
    assert "trials that ended in no state count as staying" in assumed
    assert "observed: every trial was counted" in assumed
    method = section(text, "Method")
    assert "200 draws each" in flat(method)
    assert "(limit 0.7); converged" in method
    assert "seed 3" in method


def test_untestable_says_prior_only(result):
    text = summary(result("claude-4"))
    assert text.startswith("Untestable")
    assert "(prior only: how the priors fit)" in text
    assert "p(balance)" not in text
    assert "no, b1* = 0" in text
    assert "transient      2 (BUZZY, TURKEY)" in text
    assert "both ways      3 (ATTITUDE, PERSONAL, PROBLEMS)" in text
    assert "its posterior is set by the priors, not measured" in section(text, "Size")
    assert "No cycle is testable" in section(text, "Where balance breaks")
    assert "imputed, not observed" in section(text, "Assumed")


def test_one_sided_states_show_a_bound_and_no_estimate(result):
    potential = section(summary(result("claude-4")), "Potential").splitlines()
    turkey = next(line for line in potential if "TURKEY" in line)
    assert re.fullmatch(r"  TURKEY +≥ 7\.\d +lower bound", turkey)
    assert "lower bound: seen to lead to ATTITUDE, never to be reached from it." in flat(
        " ".join(potential)
    )
    upper = section(summary(result("upper")), "Potential")
    assert re.search(r"  c +≤ -?\d\.\d +upper bound", upper)
    nothing = section(summary(result("one way")), "Potential")
    assert re.search(r"  e +\? +no bound", nothing)
    assert "never a source" in nothing


def test_odd_states_are_named(result):
    text = summary(result("one way"))
    assert "transient      1 (d)" in text
    assert "no source      1 (e)" in text
    assert "absorbing      1 (c)" in summary(result("upper"))
    assert "isolated       1 (G)".lower() in summary(result("two components")).lower()


def test_components_stand_apart(result):
    text = summary(result("two components"))
    assert "of 3, 3, 1 states; nothing is said across them" in text
    potential = section(text, "Potential")
    assert "Component 1 of 3, 3 states" in potential
    assert "Component 2 of 3, 3 states" in potential
    assert potential.count("reference\n") == 2
    assert "Nothing to compare with: g." in potential
    assert "Potentials of different components cannot be compared." in potential


@pytest.mark.parametrize("name", ["tree", "no edge", "one state"])
def test_without_a_cycle(result, name):
    text = summary(result(name))
    assert "without a cycle every kernel on this support obeys balance" in text
    assert "0 by definition" in evidence(text)
    assert "0 by definition" in section(text, "Size")
    assert "Nowhere: the support has no cycle." in section(text, "Where balance breaks")


def with_values(outcome, sensitivity, fixed):
    findings = replace(
        outcome.findings,
        sensitivity=tuple(
            BayesFactor(value, 0.01, "laplace", factor.cycle_scale)
            for value, factor in zip(sensitivity, outcome.sensitivity, strict=True)
        ),
        fixed_scales=tuple(
            (sd, BayesFactor(value, 0.01, "laplace", 1.0))
            for value, (sd, _) in zip(fixed, outcome.fixed_scales, strict=True)
        ),
    )
    return replace(outcome, findings=findings, alternatives=alternatives(findings)[:8])


@pytest.mark.parametrize(
    ("sensitivity", "fixed", "words"),
    [
        ([1, 1, 1, 1, 1], [1, 1, 1], "above 0 at every setting tried"),
        ([-1, -1, -1, -1, -1], [-1, -1, -1], "below 0 at every setting tried"),
        ([0, 1, 1, 1, 1], [1, 1, 1], "above 0, or within two Monte Carlo errors of 0, at every"),
        ([0, 0, 0, 0, 0], [0, 0, 0], "within two Monte Carlo errors of 0 at every setting tried"),
        (
            [-1, -1, 0, 1, 1],
            [-1, 1, 1],
            "changes sign with what is assumed, from -1.0 to +1.0: below 0 at τ = ¼, τ = ½, fixed "
            "scales, σ_V = 1.5; above 0 at 4 of 8 settings",
        ),
        (
            [1, 1, 1, 1, 1],
            [-1, 1, 1],
            "changes sign with what is assumed, from -1.0 to +1.0: below 0 at fixed scales, "
            "σ_V = 1.5; above 0 at 7 of 8 settings",
        ),
    ],
)
def test_a_change_of_sign_is_said_in_words(result, sensitivity, fixed, words):
    text = summary(with_values(result("alofi-rain"), sensitivity, fixed))
    assert words in flat(text)


def test_what_is_withheld_is_counted_out_and_says_why(result):
    outcome = with_values(result("alofi-rain"), [-1] * 5, [-1] * 3)
    first, *others = outcome.alternatives
    failed = replace(first, factor=replace(first.factor, pareto_k=0.93))
    text = flat(summary(replace(outcome, alternatives=(failed, *others))))
    assert "below 0 at every setting with a value (of 8, 1 withheld)" in text
    assert "withheld τ = ¼: importance sampling failed (k̂ = 0.93, limit 0.7)" in text
    assert "every setting tried" not in text


def test_settings_are_named(result):
    counts = result("alofi-rain").counts
    outcome = run_test(
        counts,
        fast=True,
        priors=Priors(scales="fixed", cycle_scale=0.5),
        likelihood="pairwise",
        rejected="drop",
        draws=100,
        random_seed=None,
    )
    text = flat(summary(outcome))
    assert "V ~ Normal(0, 3), s ~ Normal(-3, 3); scales fixed" in text
    assert "pairwise: each edge's transitions split binomially" in text
    assert re.search(r"at 0; pairwise likelihood", text)
    assert "τ = 0.5" in text or "at τ = ½" in text
    assert "τ ⅛ ¼ ½ 1 2 log BF" in text
    assert "learned not tried: --scales learned, the default, gives it" in text
    assert "fixed scales, σ_V = 1.5" in text
    assert "fixed scales, σ_V = 3" not in text  # the headline's own
    assert "seed none" in text
    assert "none: every trial ended in a state" in text
    weekday = run_test(
        result("smollm2-weekday").counts, fast=True, rejected="drop", draws=100, random_seed=1
    )
    assert "trials that ended in no state are left out" in summary(weekday)


def test_pairwise_names_the_edges_left_out(result):
    outcome = run_test(
        result("one way").counts, fast=True, likelihood="pairwise", draws=100, random_seed=1
    )
    assert "left out, with an end that was never a source: c - e" in flat(summary(outcome))


def test_hostile_names_are_escaped_and_aligned(result):
    text = summary(result("hostile"))
    assert "\u202e" not in text
    assert "\\u202eevil" in text
    assert "x" * 29 not in text
    rows = [line for line in section(text, "Potential").splitlines() if re.search(r"\[.*\]", line)]
    starts = {display_width(line[: line.index("[")]) for line in rows}
    assert len(starts) == 1


def many_states(outcome, n_states):
    """Return a result with made-up potentials of many states."""
    edges = np.column_stack([np.arange(n_states - 1), np.arange(1, n_states)])
    rng = np.random.default_rng(1)
    names = [f"state {k:03d}" for k in range(n_states)]
    kernel = reversible_kernel(rng.normal(size=n_states), -1.0, edges=edges, states=names)
    counts = sample_draws(kernel, 1000, 1)
    rows = tuple(
        StatePotential(name, 0, k % 50 + 1.0, 0.0, 0.1, 0.001, 0.0, 99.0, "two-sided", k == 77)
        for k, name in enumerate(names)
    )
    graph = support_graph(counts)
    return replace(outcome, counts=counts, graph=graph, potential=rows)


def test_long_tables_are_cut_and_say_so(result):
    lines = potential_lines(many_states(result("alofi-rain"), 300))
    assert len(lines) == 1 + 1 + 30 + 1
    assert lines[-1] == "  ... and 270 more states; --json has all."
    assert any("state 077" in line and "reference" in line for line in lines)


def test_long_cycles_are_cut_in_the_middle(diagnosed):
    found = diagnosed("alofi-rain").violation
    labels = tuple(f"quite a long label {k}" for k in range(40))
    long = replace(found.cycles[0], affinity=replace(found.cycles[0].affinity, states=labels))
    line = violation_lines(replace(found, cycles=(long,)))[2]
    assert display_width(line) <= WIDTH
    assert re.search(r"\(\d+ more\) → quite a…$", line)
