"""The JSON contract ``equipoise.compare/1``: keys are never renamed, and no number is NaN."""

import json
from dataclasses import asdict
from typing import Any

from equipoise.inference.comparison import Comparison, Difference, Distance
from equipoise.report.comparison_words import comparison_headline
from equipoise.report.numbers import finite

SCHEMA = "equipoise.compare/1"


def comparison_dict(found: Comparison) -> dict[str, Any]:
    """Return a comparison as plain values.

    Numbers that must not be reported are None.

    Parameters
    ----------
    found
        From :func:`equipoise.compare`.

    Returns
    -------
    dict
        ``schema``, ``version``, ``kernels`` (each with its verdict, deviation from the shared
        potential, ρ and entropy production), ``verdict``, ``evidence`` (table of hypotheses),
        ``deviation`` (σ_δ), ``distances`` (a pair each), ``rho`` and ``entropy_production``
        (differences), ``states``, ``share`` of kernels that obey balance, ``may_be_added`` ("yes",
        "no", "undecided", None where not known), ``added`` (verdict on the counts added up),
        ``notes``, ``method`` ("path" or "laplace"), ``cross_check`` by the fast path,
        ``diagnostics`` of the chains. Nats.
    """
    from equipoise import __version__  # the package imports this module

    shown = found.converged
    verdict, check, state = found.verdict, found.cross_check, found.diagnostics
    top = max(h.log_evidence for h in found.hypotheses)
    return {
        "schema": SCHEMA,
        "version": __version__,
        "kernels": [_kernel(found, k) for k in range(len(found.kernels.names))],
        "data": {
            "n_states": len(found.kernels.states),
            "n_shared": len(found.kernels.shared),
            "n_comparisons": found.kernels.n_comparisons,
            "rejected": found.kernels.rejected,
        },
        "verdict": {
            "favours": verdict.favours,
            "strength": verdict.strength,
            "log_bayes_factor": finite(verdict.log_bayes_factor) if shown else None,
            "mcse": finite(verdict.mcse) if shown else None,
            "lower": finite(verdict.lower) if shown else None,
            "upper": finite(verdict.upper) if shown else None,
            "ceiling": finite(verdict.ceiling) if shown else None,
            "trusted": shown,
            "distrust": verdict.distrust,
            "text": comparison_headline(found),
        },
        "evidence": [
            {
                "potentials": h.potentials,
                "cyclic": h.cyclic,
                "log_evidence": None if h.distrust else finite(h.log_evidence),
                "relative": None if h.distrust else finite(h.log_evidence - top),
                "mcse": None if h.distrust else finite(h.mcse),
                "pareto_k": finite(h.pareto_k),
            }
            for h in found.hypotheses
        ],
        "deviation": {
            "mean": finite(found.deviation) if shown else None,
            "lower": finite(found.deviation_lower) if shown else None,
            "upper": finite(found.deviation_upper) if shown else None,
        },
        "distances": [_distance(d, shown) for d in found.distances],
        "rho": [_difference(d) for d in found.rho],
        "entropy_production": [_difference(d) for d in found.entropy_production],
        "states": [
            {
                "state": row.state,
                "n_kernels": row.n_kernels,
                "spread": finite(row.spread) if shown else None,
                "lower": finite(row.lower) if shown else None,
                "upper": finite(row.upper) if shown else None,
                "p_beyond": finite(row.beyond) if shown else None,
                "named": row.named and shown,
            }
            for row in found.spreads
        ],
        "rope": found.rope,
        "share": {
            "mean": finite(found.balances.share),
            "lower": finite(found.balances.lower),
            "upper": finite(found.balances.upper),
            "expected_false": finite(found.balances.expected_false),
        },
        "may_be_added": None
        if not shown
        else {"one potential": "yes", "several potentials": "no", "undecided": "undecided"}[
            "several potentials" if found.adding_breaks_balance else verdict.favours
        ],
        "added": None
        if found.added is None
        else {
            "favours": found.added.verdict.favours,
            "strength": found.added.verdict.strength,
            "text": found.added.verdict.text,
            "breaks_balance": found.adding_breaks_balance,
        },
        "notes": list(found.notes),
        "method": found.method,
        "cross_check": None
        if check is None
        else {
            "method": "laplace",
            "log_bayes_factor": None if check.distrust else finite(check.log_bayes_factor),
            "mcse": None if check.distrust else finite(check.mcse),
            "distrust": check.distrust,
        },
        "diagnostics": None
        if state is None
        else {
            "r_hat_max": finite(state.r_hat_max),
            "ess_bulk_min": finite(state.ess_bulk_min),
            "divergences": state.divergences,
        },
        "priors": asdict(found.priors),
        "random_seed": found.random_seed,
    }


def comparison_json(found: Comparison) -> str:
    """Return a comparison as JSON text, pure ASCII, ending in a line feed."""
    values = comparison_dict(found)
    return json.dumps(values, indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def _kernel(found: Comparison, k: int) -> dict[str, Any]:
    own, away = found.own[k], found.deviations[k]
    shown, size, rate, testable = (
        own.converged,
        own.verdict.size,
        own.entropy_production,
        own.testable,
    )
    return {
        "name": found.kernels.names[k],
        "n_states": own.graph.n_states,
        "n_edges": own.graph.n_edges,
        "n_testable_cycles": own.graph.n_testable_cycles,
        "n_trials": own.n_trials,
        "favours": own.verdict.favours,
        "strength": own.verdict.strength,
        "log_bayes_factor": finite(own.log_bayes_factor.log_value) if shown else None,
        "mcse": finite(own.log_bayes_factor.mcse) if shown else None,
        "p_balance": finite(float(found.balances.p_balance[k])),
        "deviation": {
            "mean": finite(away.rms) if found.converged else None,
            "lower": finite(away.lower) if found.converged else None,
            "upper": finite(away.upper) if found.converged else None,
        },
        "rho": {
            "mean": finite(size.mean) if size and testable else None,
            "lower": finite(size.lower) if size and testable else None,
            "upper": finite(size.upper) if size and testable else None,
        },
        "entropy_production": None
        if rate is None or not testable
        else {
            "mean": finite(rate.per_trial.mean),
            "lower": finite(rate.per_trial.lower),
            "upper": finite(rate.per_trial.upper),
            "per": "trial",
        },
    }


def _distance(d: Distance, shown: bool) -> dict[str, Any]:
    row = asdict(d)
    names = {"first", "second", "n_states"}
    return {k: v if k in names else (finite(v) if shown else None) for k, v in row.items()}


def _difference(d: Difference) -> dict[str, Any]:
    return asdict(d)
