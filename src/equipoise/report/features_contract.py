"""The JSON contract ``equipoise.features/1``: keys are never renamed, and no number is NaN."""

import json
from dataclasses import asdict
from typing import Any

from equipoise.inference.features import Estimate, Explanation, Scores
from equipoise.report.numbers import finite

SCHEMA = "equipoise.features/1"


def features_dict(found: Explanation) -> dict[str, Any]:
    """Return an explanation as plain values.

    Numbers that must not be reported are None.

    Parameters
    ----------
    found
        From :func:`equipoise.explain`.

    Returns
    -------
    dict
        ``schema``, ``version``, ``data``, ``model``, ``verdict`` (log BF of features against none,
        positive for features), ``sensitivity``, ``cycles`` (the same where balance may be broken,
        and the log BF of balance against that), ``share`` of the spread explained, beside what the
        priors say of it, ``scales``, ``coefficients``, ``potential``, ``predictions`` (above
        ``reference``), ``scores`` (their numbers None where importance sampling failed at every
        state left out), ``priors``, ``random_seed``. Nats.
    """
    from equipoise import __version__  # the package imports this module

    shown = found.converged
    verdict, problem = found.verdict, found.problem
    return {
        "schema": SCHEMA,
        "version": __version__,
        "data": {
            "n_states": len(problem.states),
            "n_edges": len(problem.ends),
            "n_components": len(problem.references),
            "n_features": len(found.table.names),
            "rejected": found.rejected,
            "left_out": list(found.left_out),
        },
        "model": {
            "kind": "embedding" if found.embedding else "columns",
            "scale": found.scale,
            "signal_half_normal": found.explaining.signals[0].half_normal,
            "cycle_sd": problem.cycle_sd,
        },
        "verdict": {
            "favours": verdict.favours,
            "strength": verdict.strength,
            "log_bayes_factor": finite(verdict.log_bayes_factor) if shown else None,
            "mcse": finite(verdict.mcse) if shown else None,
            "lower": finite(verdict.lower) if shown else None,
            "upper": finite(verdict.upper) if shown else None,
            "trusted": shown,
            "distrust": verdict.distrust,
            "text": verdict.text,
        },
        "sensitivity": [
            {
                "half_normal": one.cycle_scale,
                "value": None if one.distrust else finite(one.log_value),
                "mcse": None if one.distrust else finite(one.mcse),
                "pareto_k": finite(one.pareto_k),
            }
            for one in found.sensitivity
        ],
        "cycles": None
        if found.cycles is None or not shown
        else {name: finite(value) for name, value in asdict(found.cycles).items()},
        "share": _estimate(found.share, shown),
        "prior_share": _estimate(found.prior_share, True),
        "scales": {
            "residual": _estimate(found.residual_scale, shown),
            "signal": _estimate(found.signal_scale, shown),
            "lengthscale": _estimate(found.lengthscale, shown),
        },
        "coefficients": [_row(c, shown, ("name", "centre", "unit")) for c in found.coefficients],
        "reference": found.reference,
        "potential": [_row(s, shown, ("state", "component", "reference")) for s in found.potential],
        "predictions": [_row(p, shown, ("state",)) for p in found.predictions],
        "scores": None if found.scores is None or not shown else _scores(found.scores),
        "priors": asdict(problem.priors),
        "random_seed": found.random_seed,
    }


def features_json(found: Explanation) -> str:
    """Return an explanation as JSON text, pure ASCII, ending in a line feed."""
    values = features_dict(found)
    return json.dumps(values, indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def _estimate(one: Estimate | None, shown: bool) -> dict[str, float | None] | None:
    if one is None:
        return None
    return {name: finite(value) if shown else None for name, value in asdict(one).items()}


def _row(row: Any, shown: bool, always: tuple[str, ...]) -> dict[str, Any]:
    return {
        name: value if name in always else (finite(value) if shown else None)
        for name, value in asdict(row).items()
    }


def _scores(scores: Scores) -> dict[str, Any]:
    shown = not scores.failed
    return {
        "difference": finite(scores.difference) if shown else None,
        "se": finite(scores.se) if shown else None,
        "states": [
            {
                "state": state,
                "features": finite(float(scores.features.elpd[k])) if shown else None,
                "none": finite(float(scores.none.elpd[k])) if shown else None,
                "pareto_k": finite(
                    float(max(scores.features.pareto_k[k], scores.none.pareto_k[k]))
                ),
            }
            for k, state in enumerate(scores.states)
        ],
    }
