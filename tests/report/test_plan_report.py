"""A plan as text and as JSON."""

import json
import re
import unicodedata
from dataclasses import replace

import numpy as np
import pytest
from planned import HOSTILE, planned

from equipoise.report.layout import display_width
from equipoise.report.plan import _gain, plan_summary
from equipoise.report.plan_answer import plan_answer
from equipoise.report.plan_contract import SCHEMA, plan_dict, plan_json

NAMES = ["alofi-rain", "claude-4", "tree", "one way", "hostile"]


@pytest.mark.parametrize("name", NAMES)
def test_lines_are_short_and_printable(name):
    text = plan_summary(planned(name))
    assert max(map(display_width, text.splitlines())) <= 100
    assert all(unicodedata.category(c) not in ("Cc", "Cf") for c in text.replace("\n", ""))


def test_many_cycles_are_cut_short():
    found = planned("alofi-rain")
    text = plan_summary(replace(found, cycles=found.cycles * 15))
    assert "of 15 testable cycles" in text
    assert max(map(display_width, text.splitlines())) <= 100
    assert text.count("6+ → 0  ") == 6


def test_a_gain_of_nothing_is_said_in_words():
    assert _gain(0.999).startswith("none to speak of")
    assert _gain(0.62).startswith("0.62 times as many trials")


def test_the_answer_comes_first():
    text = " ".join(plan_summary(planned("alofi-rain")).split())
    assert re.match(
        r"About [\d,]+ more trials a state \([\d,]+ in all\) decide: log BF is at", text
    )
    assert "A violation of ρ = 0.1 nats is found by" in text
    assert "no cycle" in plan_summary(planned("tree")).splitlines()[0]
    doubted = replace(planned("alofi-rain"), doubt="reasons")
    assert plan_summary(doubted).startswith("Not to be relied on: reasons.")
    assert doubted.exit_status == 3


def answer(against, favouring):
    """Return the first sentence of a plan with these shares of its simulations."""
    found = planned("alofi-rain")
    shares = {"violation": against, "none": favouring}
    rows = {truth: iter(shares[truth]) for truth in shares}
    field = {"violation": "against", "none": "favouring"}
    outlook = tuple(
        replace(row, **{field[row.truth]: next(rows[row.truth])}) for row in found.outlook
    )
    text = " ".join(plan_answer(replace(found, outlook=outlook)).split())
    return text.partition(". ")[0]


def test_how_many_trials_are_needed_is_said_first():
    assert answer([0.95, 1.0], [0.92, 1.0]).startswith(
        "About 330 more trials a state (1,000 in all) decide: log BF is at most -1 with "
        "probability 0.95 if ρ = 0.1 nats, and at least 1 with probability 0.92"
    )
    assert answer([0.5, 1.0], [0.92, 0.95]).startswith("About 10,000 more trials a state (30,000")
    # More must not do worse: 1,000 were luck.
    assert answer([0.95, 0.8], [0.92, 0.95]).startswith("No number tried decides: even about 10,")
    never = answer([0.95, 1.0], [0.1, 0.3])
    assert never.startswith("About 330 more trials a state (1,000 in all) find a violation of ρ")
    assert "that balance holds is not told surely by any number tried" in never
    none = answer([0.1, 0.4], [0.1, 0.3])
    assert none.endswith("with probability 0.40 only; try more (--trials 90000,300000)")


def test_more_of_the_same_cannot_help():
    text = plan_summary(planned("claude-4"))
    assert text.startswith("No cycle is testable, and more trials that show only the transitions")
    assert "ATTITUDE → BUZZY" in text
    assert "expected  90 %" not in text


def test_json_has_the_numbers_of_the_plan():
    found = planned("alofi-rain")
    value = json.loads(plan_json(found))
    assert value["schema"] == SCHEMA == "equipoise.plan/1"
    assert value["outlook"][1]["upper"] == found.outlook[1].upper
    assert value["cycles"][0]["standard_error"] == found.cycles[0].standard_error
    assert sum(row["fraction"] for row in value["next"]["sources"]) == pytest.approx(1)
    assert plan_json(found).isascii()


@pytest.mark.parametrize("name", NAMES)
def test_json_has_no_nan_and_the_same_keys(name):
    def refuse(constant):
        raise AssertionError(constant)

    value = json.loads(plan_json(planned(name)), parse_constant=refuse)
    assert set(value) == set(plan_dict(planned("alofi-rain")))


def told(log_value, mean, lower, upper):
    """Return the answer of a plan whose counts so far have this log BF and this size."""
    found = planned("alofi-rain")
    factor = replace(found.log_bayes_factor, log_value=log_value)
    size = replace(found.size, mean=mean, lower=lower, upper=upper)
    return plan_answer(replace(found, log_bayes_factor=factor, size=size))


def test_what_the_counts_say_already_comes_before_what_is_assumed():
    text = told(-20.0, 0.5, 0.4, 0.6)
    assert text.startswith(
        "The counts so far decide already: log BF is -20.0, against balance, with ρ = 0.5, "
        "0.4 to 0.6 nats. No more trials are needed for that; `equipoise test` gives"
    )
    assert "speak against the violation assumed, ρ = 0.1 nats (they say 0.5, 0.4 to 0.6)" in text
    assert "and against balance; what the outlook says of these two cases holds only if" in text
    assert text.endswith("`--rho 0.5` plans for a violation of the size that they show.")
    assert "is found by" not in text
    assert "If there is none" not in text


def test_of_counts_that_decide_only_what_they_contradict_is_named():
    assert "speak against balance; what the outlook says of that case" in told(
        -20.0, 0.2, 0.05, 0.4
    )
    held = told(3.4, 0.02, 0.001, 0.05)
    assert held.startswith("The counts so far decide already: log BF is +3.4, for balance. No")
    assert "speak against the violation assumed, ρ = 0.1 nats (they say 0.02, 0.001 to" in held
    assert "--rho" not in held
    assert told(3.4, 0.05, 0.001, 0.2).endswith("which sets the strength.")


def test_counts_that_do_not_decide_but_contradict_the_assumption_say_so_first():
    text = told(-2.0, 0.5, 0.4, 0.6)
    assert text.startswith("The counts so far already speak against the violation assumed, ρ =")
    assert "A violation of ρ = 0.1 nats is found by" in text


def test_lost_trials_are_named_where_they_are_dropped():
    found = planned("alofi-rain")
    lossy = replace(
        found, counts=replace(found.counts, other=np.array([365, 0, 0])), rejected="drop"
    )
    made = int(found.trials.sum())
    text = " ".join(plan_summary(lossy).split())
    assert "is found by 30,000 further trials that end in a state: log BF" in text
    assert f"trials {made:,} that ended in a state, from 3 states; 365 more ended in none" in text
    assert "Next how 30,000 further trials that end in a state determine" in text
    assert f"make more: so far {365 / (made + 365):.1%} ended in none" in text
    value = json.loads(plan_json(lossy))
    assert (value["data"]["n_trials"], value["data"]["n_left_out"]) == (made, 365)
    assert sum(row["trials"] for row in value["next"]["sources"]) == made
    assert value["assumed"]["rejected"] == "drop"
    assert "that end in a state" not in plan_summary(found)
    assert json.loads(plan_json(found))["assumed"]["rho"] == found.rho


def test_hostile_names_are_escaped():
    text = plan_summary(planned("hostile"))
    assert "\\u202eevil" in text
    assert HOSTILE[2] not in text
