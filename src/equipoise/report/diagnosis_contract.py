"""What stands beside the verdict, in the JSON contract ``equipoise.test/1``."""

from dataclasses import asdict
from math import isfinite
from typing import Any

from equipoise.inference.baselines import Baselines
from equipoise.inference.diagnosis import Diagnosis
from equipoise.inference.sampling_checks import Dispersion, RepeatedVerdict
from equipoise.inference.violation import CycleViolation, EdgeViolation, Violation
from equipoise.inference.violation.estimate import Estimate
from equipoise.report.numbers import finite


def entropy_production_entry(violation: Violation) -> dict[str, float | str] | None:
    """Return ``entropy_production`` of the contract.

    Returns
    -------
    dict or None
        Posterior ``mean``, ``lower`` and ``upper`` (95 %), ``null_mean`` and ``null_upper`` (95 %
        of the null lie below), nats; ``per``, always ``"trial"``; ``p_value``, and when it is
        ``invalid``. None where it is not known, or not to be trusted.
    """
    rate = violation.entropy_production
    if rate is None or violation.distrust is not None:
        return None
    numbers = {
        "mean": rate.per_trial.mean,
        "lower": rate.per_trial.lower,
        "upper": rate.per_trial.upper,
        "null_mean": rate.null_mean,
        "null_upper": rate.null_upper,
    }
    if not all(map(isfinite, numbers.values())):
        return None
    return {**numbers, "per": "trial", "p_value": rate.p_value, "invalid": rate.invalid}


def violation_entry(violation: Violation) -> dict[str, Any] | None:
    """Return ``violation``: cycles worst first, net currents; None where not to be trusted.

    ``cycles`` holds the testable ones, by ``origin`` of the "basis" or a longer "loop", ``asked``
    those the user named.
    """
    if violation.distrust is not None or violation.size is None:
        return None
    rate = violation.entropy_production
    return {
        "rope_affinity": violation.rope_affinity,
        "p_cyclic": violation.p_cyclic,
        "expected_false": violation.expected_false,
        "unexplained": _estimate(violation.unexplained),
        "entropy_production_per_step": _estimate(rate.per_step if rate else None),
        "cycles": [_cycle(c) for c in violation.cycles if c.affinity.testable],
        "asked": [_cycle(c) for c in violation.asked],
        "currents": [_current(edge) for edge in violation.edges if edge.current is not None],
    }


def sampling_entry(diagnosis: Diagnosis) -> dict[str, Any]:
    """Return ``sampling``: the checks, the design effect, and the verdict repeated with it."""
    checks = diagnosis.sampling
    return {
        "checks": [
            {
                "check": check.name,
                "status": check.status,
                "statistic_name": check.statistic_name or None,
                "statistic": finite(check.statistic),
                "p_value": finite(check.p_value),
                "text": check.text,
            }
            for check in checks.all
        ],
        "design_effect": _dispersion(checks.dispersion),
        "log_order_factor": finite(checks.log_order_factor),
        "repeated": _repeated(diagnosis.repeated),
    }


def baselines_entry(found: Baselines | None) -> list[dict[str, Any]] | None:
    """Return ``baselines``: one entry a statistic, with what it gets wrong."""
    if found is None:
        return None
    return [
        {**asdict(row), "value": finite(row.value), "p_value": finite(row.p_value)}
        for row in found.rows
    ]


def least_action_entry(found: Baselines | None) -> list[dict[str, Any]] | None:
    """Return ``least_action``: the paper's potential of each state, null where it has no bound."""
    if found is None:
        return None
    action = found.least_action
    return [
        {"state": state, "potential": finite(value)}
        for state, value in zip(action.states, action.potential.tolist(), strict=True)
    ]


def _cycle(cycle: CycleViolation) -> dict[str, Any]:
    return {
        "states": list(cycle.states),
        "origin": cycle.origin,
        "mean": finite(cycle.affinity.mean),
        "lower": finite(cycle.affinity.lower),
        "upper": finite(cycle.affinity.upper),
        "p_beyond": finite(cycle.averaged),
        "p_beyond_given_cyclic": finite(cycle.beyond),
        "explains": finite(cycle.explains),
        "log_prior": finite(cycle.log_prior),
        "at_least": finite(cycle.at_least),
        "named": cycle.named,
        "testable": cycle.affinity.testable,
    }


def _current(edge: EdgeViolation) -> dict[str, Any]:
    ends = {"source": edge.circulation.source, "target": edge.circulation.target}
    return {**ends, **(_estimate(edge.current) or {})}


def _dispersion(found: Dispersion | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "mean": finite(found.mean),
        "lower": finite(found.mean_lower),
        "upper": finite(found.mean_upper),
        "correlation": finite(found.correlation),
        "concentration": finite(found.concentration),
        "by_state": [float(d) for d in found.design_effect],
    }


def _repeated(found: RepeatedVerdict | None) -> dict[str, Any] | None:
    if found is None:
        return None
    factor, shown = found.log_bayes_factor, found.verdict.trusted
    return {
        "favours": found.verdict.favours,
        "strength": found.verdict.strength,
        "text": found.verdict.text,
        "value": finite(factor.log_value if shown else None),
        "mcse": finite(factor.mcse if shown else None),
    }


def _estimate(found: Estimate | None) -> dict[str, float | None] | None:
    if found is None:
        return None
    return {name: finite(getattr(found, name)) for name in ("mean", "lower", "upper", "mcse")}
