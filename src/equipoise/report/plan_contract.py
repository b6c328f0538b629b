"""A plan as plain values for programs: a stable contract."""

import json
from math import isfinite
from typing import Any

from equipoise.inference.planning import Allocation, CycleInformation, Plan
from equipoise.report.plan_answer import plan_answer

SCHEMA = "equipoise.plan/1"


def plan_dict(plan: Plan) -> dict[str, Any]:
    """Return a plan as plain values, ``equipoise.plan/1``; no NaN, only None.

    Keys may be added in later versions, none is renamed.
    """
    from equipoise import __version__  # the package imports this module

    graph, size, best = plan.graph, plan.size, plan.recommended
    factor = plan.log_bayes_factor
    known = factor is not None and factor.distrust is None
    return {
        "schema": SCHEMA,
        "version": __version__,
        "seconds": plan.seconds,
        "random_seed": plan.random_seed,
        "text": plan_answer(plan),
        "doubt": plan.doubt,
        "data": {
            "n_states": graph.n_states,
            "n_edges": graph.n_edges,
            "n_cycles": graph.n_cycles,
            "n_testable_cycles": graph.n_testable_cycles,
            "n_trials": int(plan.trials.sum()),
            "n_left_out": plan.n_left_out,
        },
        "assumed": {
            "rho": plan.rho if graph.n_testable_cycles else None,
            "cycle": None if plan.cycle is None else list(plan.cycle),
            "affinity": plan.affinity,
            "rejected": plan.rejected,
            "spread": plan.spread,
            "cycle_scale": plan.priors.cycle_scale,
            "scales": plan.priors.scales,
            "simulations": int(plan.factors.shape[2]),
        },
        "log_bayes_factor": {
            "value": factor.log_value if factor and known else None,
            "mcse": factor.mcse if factor and known else None,
        },
        "ceiling": plan.ceiling,
        "ceiling_mcse": plan.ceiling_mcse,
        "information_nats": plan.information_nats,
        "size": {
            "mean": size.mean if size and known else None,
            "lower": size.lower if size and known else None,
            "upper": size.upper if size and known else None,
        },
        "cycles": [_plain_cycle(cycle) for cycle in plan.cycles],
        "outlook": [dict(vars(row)) for row in plan.outlook],
        "next": None if best is None else _plain_allocation(plan, best),
    }


def plan_json(plan: Plan) -> str:
    """Return :func:`plan_dict` as JSON text, pure ASCII, ending in a line feed."""
    return json.dumps(plan_dict(plan), indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def _plain_cycle(cycle: CycleInformation) -> dict[str, Any]:
    return {
        "states": list(cycle.states),
        "testable": cycle.testable,
        "standard_error": cycle.standard_error,
        "weakest": None if cycle.weakest is None else list(cycle.weakest),
        "weakest_share": cycle.weakest_share,
        "unseen": [dict(vars(step)) for step in cycle.unseen],
    }


def _plain_allocation(plan: Plan, best: Allocation) -> dict[str, Any]:
    return {
        "further": best.further,
        "share_of_even": best.share_of_even,
        "width_before": best.width_before if isfinite(best.width_before) else None,
        "width_even": best.width_even,
        "width": best.width,
        "gap": best.gap,
        "sources": [
            {"state": state, "trials": int(made), "fraction": float(share)}
            for state, made, share in zip(
                plan.counts.states, plan.trials, best.fractions, strict=True
            )
        ],
    }
