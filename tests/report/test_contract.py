"""The JSON contract, against a schema written out here."""

import json
import math
from dataclasses import dataclass, replace

import pytest

from equipoise import __version__
from equipoise.report import to_dict, to_json

NUMBER, MAYBE = (float,), (float, type(None))
FACTOR = {"value": MAYBE, "mcse": MAYBE}


@dataclass(frozen=True)
class Optional:
    """What a value looks like where it is not null."""

    schema: object


ESTIMATE = {"mean": NUMBER, "lower": NUMBER, "upper": NUMBER, "mcse": MAYBE}
JUDGED = {
    "states": [(str,)],
    "mean": NUMBER,
    "lower": NUMBER,
    "upper": NUMBER,
    "p_beyond": MAYBE,
    "p_beyond_given_cyclic": NUMBER,
    "explains": NUMBER,
    "at_least": NUMBER,
    "named": (bool,),
    "testable": (bool,),
}
STATE = {
    "state": (str,),
    "mean": MAYBE,
    "mode": MAYBE,
    "sd": MAYBE,
    "lower": MAYBE,
    "upper": MAYBE,
    "bound": {"two-sided", "lower", "upper", "none"},
    "component": (int,),
    "mcse": MAYBE,
    "reference": (bool,),
}
SCHEMA = {
    "schema": {"equipoise.test/1"},
    "version": {__version__},
    "seconds": NUMBER,
    "data": {
        "n_states": (int,),
        "n_edges": (int,),
        "n_cycles": (int,),
        "n_testable_cycles": (int,),
        "n_components": (int,),
        "n_transitions": (int,),
        "n_trials": (int,),
        "protocol": {"draws", "trajectory"},
        "stay": (bool,),
        "never_sources": [(str,)],
        "states": [(str,)],
        "trials": [(int,)],
        "n_other": (int,),
        "metadata": dict,
    },
    "log_bayes_factor": {
        **FACTOR,
        "method": {"laplace", "path"},
        "likelihood": {"multinomial", "pairwise"},
        "scales": {"learned", "fixed"},
        "alternative": {"cyclic"},
        "cycle_scale": NUMBER,
    },
    "sensitivity": [{"cycle_scale": NUMBER, **FACTOR}],
    "verdict": {
        "favours": {"balance", "non-reversible", "undecided", "untestable"},
        "strength": {None, "positive", "strong", "very strong"},
        "reason": {None, "prior", "too_few_data", "no_testable_cycle"},
        "p_balance": MAYBE,
        "ceiling": MAYBE,
        "information_nats": NUMBER,
        "text": (str,),
        "size": {
            "mean": MAYBE,
            "lower": MAYBE,
            "upper": MAYBE,
            "rope": MAYBE,
            "call": {None, "negligible", "material", "unresolved"},
            "below_rope": MAYBE,
        },
        "trusted": (bool,),
        "lower": MAYBE,
        "upper": MAYBE,
        "reversing_odds": MAYBE,
        "ceiling_mcse": MAYBE,
    },
    "potential": [STATE],
    "cycles": [
        {
            "states": [(str,)],
            "mean": MAYBE,
            "sd": MAYBE,
            "lower": MAYBE,
            "upper": MAYBE,
            "mcse": MAYBE,
            "testable": (bool,),
        }
    ],
    "entropy_production": Optional(
        {
            "mean": NUMBER,
            "lower": NUMBER,
            "upper": NUMBER,
            "null_mean": NUMBER,
            "null_upper": NUMBER,
            "per": {"trial"},
            "p_value": NUMBER,
            "invalid": (str,),
        }
    ),
    "exact": Optional(
        {
            "edge_weight": NUMBER,
            "reinforced": NUMBER,
            "unrestricted_matched": NUMBER,
            "log_bayes_factor": NUMBER,
        }
    ),
    "diagnostics": {
        "r_hat_max": MAYBE,
        "ess_bulk_min": MAYBE,
        "divergences": (int, type(None)),
        "pareto_k": MAYBE,
        "converged": (bool,),
        "distrust": (str, type(None)),
        "potential_distrust": (str, type(None)),
    },
    "fixed_scales": [{"potential_sd": NUMBER, **FACTOR}],
    "prior_scales": [{"prior": {"potential_scale", "symmetric_scale"}, "value": NUMBER, **FACTOR}],
    "imputed_trials": [{"multiple": NUMBER, **FACTOR}],
    "cross_check": Optional({**FACTOR, "method": {"laplace"}}),
    "edges": [
        {
            "source": (str,),
            "target": (str,),
            "mean": MAYBE,
            "sd": MAYBE,
            "lower": MAYBE,
            "upper": MAYBE,
            "mcse": MAYBE,
            "testable": (bool,),
        }
    ],
    "cycle_scale_posterior": {"mean": MAYBE, "lower": MAYBE, "upper": MAYBE, "mcse": MAYBE},
    "violation": Optional(
        {
            "rope_affinity": NUMBER,
            "p_cyclic": MAYBE,
            "expected_false": NUMBER,
            "unexplained": ESTIMATE,
            "entropy_production_per_step": Optional(ESTIMATE),
            "cycles": [JUDGED],
            "asked": [JUDGED],
            "currents": [{"source": (str,), "target": (str,), **ESTIMATE}],
        }
    ),
    "sampling": {
        "checks": [
            {
                "check": {"blocks", "overdispersion", "drift", "order", "windows"},
                "status": {"fine", "suspect", "not checkable"},
                "statistic_name": (str, type(None)),
                "statistic": MAYBE,
                "p_value": MAYBE,
                "text": (str,),
            }
        ],
        "design_effect": Optional(
            {
                "mean": NUMBER,
                "lower": NUMBER,
                "upper": NUMBER,
                "correlation": NUMBER,
                "concentration": MAYBE,
                "by_state": [NUMBER],
            }
        ),
        "log_order_factor": MAYBE,
        "repeated": Optional(
            {
                "favours": {"balance", "non-reversible", "undecided", "untestable"},
                "strength": {"positive", "strong", "very strong", None},
                "text": (str,),
                "value": MAYBE,
                "mcse": MAYBE,
            }
        ),
    },
    "baselines": Optional(
        [
            {
                "baseline": (str,),
                "statistic": (str,),
                "value": MAYBE,
                "ndf": (int, type(None)),
                "p_value": MAYBE,
                "wrong": (str,),
                "invalid": (str,),
            }
        ]
    ),
    "least_action": Optional([{"state": (str,), "potential": MAYBE}]),
    "gradient": [STATE],
    "rejected": {"stay", "drop"},
    "priors": dict,
    "draws": (int,),
    "random_seed": (int, type(None)),
}
# The keys of the design, section 10, in its order: none may ever be renamed.
DESIGN = {
    "": "schema version seconds data log_bayes_factor sensitivity verdict potential cycles "
    "entropy_production exact diagnostics",
    "data": "n_states n_edges n_cycles n_testable_cycles n_components n_transitions n_trials "
    "protocol",
    "log_bayes_factor": "value mcse method likelihood scales alternative cycle_scale",
    "verdict": "favours strength reason p_balance ceiling information_nats text size",
    "diagnostics": "r_hat_max ess_bulk_min divergences pareto_k converged",
}
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


def check(value, schema, where="result"):
    """Compare a value with a schema: types in a tuple, choices in a set, exact keys in a dict."""
    if isinstance(schema, Optional):
        if value is not None:
            check(value, schema.schema, where)
    elif schema is dict:
        assert isinstance(value, dict), where
    elif isinstance(schema, dict):
        assert list(value) == list(schema), where
        for key, inner in schema.items():
            check(value[key], inner, f"{where}.{key}")
    elif isinstance(schema, list):
        assert isinstance(value, list), where
        for k, item in enumerate(value):
            check(item, schema[0], f"{where}[{k}]")
    elif isinstance(schema, set):
        assert value in schema, where
    else:
        assert type(value) in schema, f"{where} is {value!r}"
        assert not isinstance(value, float) or math.isfinite(value), where


@pytest.mark.parametrize("name", NAMES)
def test_every_result_keeps_the_contract(result, name):
    value = to_dict(result(name))
    check(value, SCHEMA)
    assert len(value["sensitivity"]) == 5
    assert [row["state"] for row in value["potential"]] == list(result(name).counts.states)


@pytest.mark.parametrize("name", NAMES)
def test_json_round_trip(result, name):
    text = to_json(result(name))
    assert text.isascii()
    assert text.endswith("}\n")
    assert json.loads(text) == to_dict(result(name))


@pytest.mark.parametrize("name", NAMES)
def test_one_sided_states_show_their_bound_only(result, name):
    for row in to_dict(result(name))["potential"]:
        if row["bound"] == "two-sided":
            continue
        assert row["mean"] is row["sd"] is row["mode"] is None
        assert (row["lower"] is None) == (row["bound"] != "lower")
        assert (row["upper"] is None) == (row["bound"] != "upper")


@pytest.mark.parametrize("part", DESIGN)
def test_keys_of_the_design_come_first_and_in_order(result, part):
    value = to_dict(result("alofi-rain"))
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
    other, own = value["cross_check"], value["log_bayes_factor"]
    error = math.hypot(other["mcse"], own["mcse"])
    assert error < 0.05
    assert abs(other["value"] - own["value"]) < 4 * error


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
