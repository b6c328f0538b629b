"""The JSON contract, against a schema written out here."""

import json
import math
from dataclasses import replace
from functools import cache

import pytest
from report_schema import DESIGN, SCHEMA, check

from equipoise.report import to_dict, to_json

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
    "distrusted claude-4",
    "sampled alofi-rain",
    "sampled distrusted alofi-rain",
    "diverged sampled smollm2-weekday",
]


@pytest.fixture(scope="module")
def value_of(result):
    """Return a result as plain values, by its name; to be read, not changed."""
    return cache(lambda name: to_dict(result(name)))


@pytest.mark.parametrize("name", NAMES)
def test_every_result_keeps_the_contract(result, value_of, name):
    value = value_of(name)
    check(value, SCHEMA)
    assert len(value["sensitivity"]) == 5
    assert [row["state"] for row in value["potential"]] == list(result(name).counts.states)


@pytest.mark.parametrize("name", NAMES)
def test_json_round_trip(result, value_of, name):
    text = to_json(result(name))
    assert text.isascii()
    assert text.endswith("}\n")
    assert json.loads(text) == value_of(name)


@pytest.mark.parametrize("name", NAMES)
def test_one_sided_states_show_their_bound_only(value_of, name):
    for row in value_of(name)["potential"]:
        if row["bound"] == "two-sided":
            continue
        assert row["mean"] is row["sd"] is row["mode"] is None
        assert (row["lower"] is None) == (row["bound"] != "lower")
        assert (row["upper"] is None) == (row["bound"] != "upper")


@pytest.mark.parametrize("part", DESIGN)
def test_keys_of_the_design_come_first_and_in_order(value_of, part):
    value = value_of("alofi-rain")
    keys = DESIGN[part].split()
    assert list(value[part] if part else value)[: len(keys)] == keys


def test_numbers_are_those_of_the_result(result):
    outcome = result("smollm2-weekday")
    value = to_dict(outcome)
    assert value["log_bayes_factor"]["value"] == outcome.log_bayes_factor.log_value < -390
    assert value["log_bayes_factor"]["mcse"] == outcome.log_bayes_factor.mcse > 0
    assert [row["cycle_scale"] for row in value["sensitivity"]] == [0.25, 0.5, 1.0, 2.0, 4.0]
    assert [row["potential_sd"] for row in value["fixed_scales"]] == [1.5, 3.0, 6.0]
    assert value["data"]["n_testable_cycles"] == 15
    assert value["data"]["metadata"]["trials"] == "observed"
    assert value["verdict"]["favours"] == "non-reversible"
    assert value["verdict"]["size"]["call"] == "material"
    monday = value["potential"][0]
    assert monday["lower"] < monday["mean"] < monday["upper"]
    assert monday["mean"] == outcome.potential[0].mean != value["gradient"][0]["mean"]
    assert value["cycles"][0]["states"] == list(outcome.cycles[0].states)


@pytest.mark.parametrize("name", ["distrusted alofi-rain", "distrusted claude-4"])
def test_what_did_not_converge_is_withheld(result, name):
    value = to_dict(result(name))
    assert value["violation"] is value["entropy_production"] is None
    shown = [value["log_bayes_factor"], *value["sensitivity"], *value["fixed_scales"]]
    shown += [*value["prior_scales"], *value["imputed_trials"]]
    assert all(row["value"] is None and row["mcse"] is None for row in shown)
    verdict = value["verdict"]
    hidden = [verdict[key] for key in ("p_balance", "ceiling", "lower", "upper", "reversing_odds")]
    assert hidden == [None] * 5
    assert verdict["size"]["mean"] is verdict["size"]["call"] is None
    assert all(cycle["mean"] is None for cycle in value["cycles"])
    assert value["diagnostics"] == {
        "r_hat_max": None,
        "ess_bulk_min": None,
        "divergences": None,
        "pareto_k": 0.93,
        "converged": False,
        "distrust": "importance sampling failed (k̂ = 0.93, limit 0.7)",
        "potential_distrust": None,
    }


@pytest.mark.parametrize("name", ["alofi-rain", "tree", "no edge"])
def test_the_fast_path_has_no_numbers_of_mcmc(result, name):
    value = to_dict(result(name))
    assert value["log_bayes_factor"]["method"] == "laplace"
    assert value["cross_check"] is None
    shown = value["diagnostics"]
    assert shown["r_hat_max"] is shown["ess_bulk_min"] is shown["divergences"] is None


def test_mcmc_has_its_diagnostics_and_the_fast_path_beside_it(result):
    fast, value = to_dict(result("alofi-rain")), to_dict(result("sampled alofi-rain"))
    assert value["log_bayes_factor"]["method"] == "path"
    assert value["log_bayes_factor"]["value"] != fast["log_bayes_factor"]["value"]
    assert value["cross_check"] == {
        "value": fast["log_bayes_factor"]["value"],
        "mcse": fast["log_bayes_factor"]["mcse"],
        "method": "laplace",
    }
    assert value["diagnostics"] == {
        "r_hat_max": 1.0034,
        "ess_bulk_min": 1234.5,
        "divergences": 0,
        "pareto_k": fast["diagnostics"]["pareto_k"],
        "converged": True,
        "distrust": None,
        "potential_distrust": None,
    }


def test_a_cross_check_that_failed_is_withheld_and_mcmc_stands(result):
    value = to_dict(result("sampled distrusted alofi-rain"))
    assert value["cross_check"] == {"value": None, "mcse": None, "method": "laplace"}
    assert value["diagnostics"]["pareto_k"] == 0.93
    assert value["diagnostics"]["converged"] is True
    assert value["log_bayes_factor"]["value"] is not None


def test_chains_that_diverged_are_withheld_and_the_potential_stands(result):
    value = to_dict(result("diverged sampled smollm2-weekday"))
    shown = [value["log_bayes_factor"], *value["sensitivity"], *value["fixed_scales"]]
    shown += [*value["prior_scales"], *value["imputed_trials"]]
    assert all(row["value"] is None and row["mcse"] is None for row in shown)
    assert value["diagnostics"]["converged"] is False
    assert value["diagnostics"]["distrust"] == "7 divergent transitions"
    assert value["diagnostics"]["divergences"] == 7
    assert value["potential"][0]["mean"] is not None
    assert all(row["mean"] is None for row in value["gradient"])
    assert all(edge["mean"] is None for edge in value["edges"])


def test_a_real_run_by_mcmc_keeps_the_contract(saved_run):
    value = json.loads(saved_run.json)
    check(value, SCHEMA)
    state = value["diagnostics"]
    assert 0.99 < state["r_hat_max"] <= 1.01
    assert 400 <= state["ess_bulk_min"] < 8000
    assert state["divergences"] == 0
    assert value["draws"] == 700
    made = value["computation"]
    assert (made["method"], made["backend"]) == ("path", "numpy")
    assert made["sampler"] == "Hamiltonian Monte Carlo"
    assert (made["chains"], made["draws_balance"], made["draws_cyclic"]) == (8, 700, 700)
    # the sentence of the terminal says the same
    said = "Hamiltonian Monte Carlo, 8 chains of 700 draws given balance and of 700 with cycles"
    assert made["effort"] == f"{said}; path over {made['nodes']} values of σ_c"
    other, own = value["cross_check"], value["log_bayes_factor"]
    error = math.hypot(other["mcse"], own["mcse"])
    assert error < 0.05
    assert abs(other["value"] - own["value"]) < 4 * error


def test_without_chains_no_sampler_is_named(result):
    made = to_dict(result("alofi-rain"))["computation"]
    assert made.pop("effort").startswith("nested Laplace, corrected by Pareto-smoothed")
    assert made.pop("nodes") > 5
    assert made.pop("method") == "laplace"
    assert set(made.values()) == {None}


def test_untestable_rests_on_the_graph_and_is_trusted(result):
    value = to_dict(result("distrusted claude-4"))
    assert value["verdict"]["favours"] == "untestable"
    assert value["verdict"]["trusted"] is True
    assert to_dict(result("distrusted alofi-rain"))["verdict"]["trusted"] is False


@pytest.mark.parametrize("bad", [math.inf, -math.inf, math.nan])
def test_no_nan_and_no_infinity(result, bad):
    outcome = result("sampled alofi-rain")
    diagnostics = replace(
        outcome.findings.diagnostics, pareto_k=bad, r_hat_max=bad, ess_bulk_min=bad
    )
    findings = replace(outcome.findings, diagnostics=diagnostics)
    outcome = replace(outcome, findings=findings, seconds=bad)
    value = to_dict(outcome)
    shown = value["diagnostics"]
    assert shown["pareto_k"] is shown["r_hat_max"] is shown["ess_bulk_min"] is None
    assert value["seconds"] is None
    assert "NaN" not in to_json(outcome)
    assert "Infinity" not in to_json(outcome)
