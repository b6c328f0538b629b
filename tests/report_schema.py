"""The JSON contract `equipoise.test/1`, written out, and what compares a value with it."""

import math
from dataclasses import dataclass

from equipoise import __version__

NUMBER, MAYBE = (float,), (float, type(None))
FACTOR = {"value": MAYBE, "mcse": MAYBE}


@dataclass(frozen=True)
class Optional:
    """What a value looks like where it is not null."""

    schema: object


ESTIMATE = {"mean": NUMBER, "lower": NUMBER, "upper": NUMBER, "mcse": MAYBE}
JUDGED = {
    "states": [(str,)],
    "origin": {"basis", "loop", "asked"},
    "mean": NUMBER,
    "lower": NUMBER,
    "upper": NUMBER,
    "p_beyond": MAYBE,
    "p_beyond_given_cyclic": NUMBER,
    "explains": NUMBER,
    "log_prior": NUMBER,
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
    "computation": {
        "method": {"path", "laplace"},
        "backend": {"numpy", "nutpie", "numpyro", None},
        "sampler": (str, type(None)),
        "chains": (int, type(None)),
        "draws_balance": (int, type(None)),
        "draws_cyclic": (int, type(None)),
        "nodes": (int, type(None)),
        "effort": (str,),
    },
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
