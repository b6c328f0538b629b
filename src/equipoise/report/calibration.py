"""A calibration in words and numbers: a text for people, JSON for programs."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from math import isfinite
from typing import Any

import numpy as np

from equipoise.inference.calibration.check import FEWEST, CalibrationCheck, Statement
from equipoise.report.layout import INDENT, entry, label, table, wrap
from equipoise.report.numbers import compact
from equipoise.text import printable

SCHEMA = "equipoise.calibration-check/1"
_LABEL = 58
_NAME = 40
_TERMS = (
    (
        "crossed p",
        "mean p(cyclic) under balance less mean p(balance) under cyclic data; 0 if right",
    ),
    (
        "slope",
        "logistic regression of the truth on log BF; below 1: log BF are too large either way",
    ),
    (
        "mean BF",
        "of balance over cyclic, under cyclic data; the share given under balance if right",
    ),
    (
        "ranks of",
        "of the truth among posterior draws: their distribution less the uniform one, at the "
        "fraction of the draws where it is farthest out",
    ),
)


def calibration_summary(found: CalibrationCheck) -> str:
    """Return the outcome of a calibration as text: the judgement, statements, reliability table.

    Parameters
    ----------
    found
        From :func:`equipoise.inference.calibration.check`.

    Returns
    -------
    str
        Lines of at most 100 columns, without a line feed at its end.
    """
    sections = (wrap(_judgement(found)), _run(found), _statements(found), _reliability(found))
    return "\n\n".join("\n".join(section) for section in sections)


def calibration_dict(found: CalibrationCheck) -> dict[str, Any]:
    """Return the outcome as plain values, ``equipoise.calibration-check/1``; no NaN, only None."""
    engine = found.header.get("engine", "unknown")
    values: dict[str, Any] = {
        "schema": SCHEMA,
        "check": f"calibration-{engine}",
        "what": f"calibration of the {engine} engine on {found.n_balance + found.n_cyclic:,} data "
        f"sets drawn from the priors, {_states(found)}, 10² to 10⁶ trials.",
        "holds": found.holds,
        "run": dict(found.header),
        "datasets": {
            "balance": found.n_balance,
            "cyclic": found.n_cyclic,
            "graphs": dict(found.designs),
        },
        "withheld": {
            "evidence": dict(found.evidence_withheld),
            "posterior": dict(found.posterior_withheld),
        },
        "detectable_offset": found.detectable_offset,
        "detectable_slope": found.detectable_slope,
        "mean_mcse": found.mean_mcse,
        "claims": [
            {
                "statement": statement.name,
                "value": statement.value,
                "least": statement.lower,
                "greatest": statement.upper,
                "error": statement.error,
                "false_alarm": statement.false_alarm,
                "holds": statement.holds,
            }
            for statement in found.statements
        ],
        "reliability": [{**asdict(part), "holds": part.holds} for part in found.reliability],
        "ranks": [
            {
                "truth": ranks.truth,
                "quantity": ranks.quantity,
                "n": ranks.n,
                "largest_difference": float(np.max(np.abs(ranks.difference))),
                "half_width_of_band": float(np.max(ranks.upper - ranks.lower) / 2),
                "holds": ranks.holds,
            }
            for ranks in found.ranks
        ],
        "not_judged": [
            {"truth": truth, "quantity": quantity, "n": n} for truth, quantity, n in found.unjudged
        ],
    }
    plain: dict[str, Any] = _finite(values)
    return plain


def calibration_json(found: CalibrationCheck) -> str:
    """Return :func:`calibration_dict` as JSON."""
    return json.dumps(calibration_dict(found), ensure_ascii=False, allow_nan=False, indent=1)


def _judgement(found: CalibrationCheck) -> str:
    failed = sum(not statement.holds for statement in found.statements)
    if failed:
        return (
            f"Not calibrated: {failed} of {len(found.statements)} statements fail. Were the "
            "program right, any would fail in one calibration of a thousand."
        )
    seen = (
        f"An offset of {compact(found.detectable_offset, 2)} nats in every log Bayes factor would "
        "have been found nine times in ten, and a factor of "
        f"{compact(1.0 + found.detectable_slope, 2)}."
        if isfinite(found.detectable_offset + found.detectable_slope)
        else "The Bayes factors decide too little, or too much, to show an offset or a factor."
    )
    return (
        f"Calibrated as far as {found.n_balance + found.n_cyclic:,} data sets can tell: all "
        f"{len(found.statements)} statements hold. {seen}"
    )


def _run(found: CalibrationCheck) -> list[str]:
    lines = ["Run"]
    engine = {"fast": "the fast path", "path": "Markov chains and path sampling"}
    name = printable(found.header.get("engine", ""), _NAME)
    lines += entry("engine", f"{name}: {engine.get(name, 'unknown')}")
    lines += entry("seed", str(found.header.get("seed", "unknown")))
    lines += entry("data sets", f"{found.n_balance:,} from balance, {found.n_cyclic:,} cyclic")
    graphs = ", ".join(f"{n:,} {printable(name, _NAME)}" for name, n in found.designs.items())
    lines += entry("graphs", f"{graphs}; {_states(found)}")
    for kind, withheld in (
        ("evidence", found.evidence_withheld),
        ("posterior", found.posterior_withheld),
    ):
        lines += entry("withheld", f"{kind}: {_counted(withheld)}")
    error = (
        f"{compact(found.mean_mcse, 3)} nats, the mean over the log Bayes factors"
        if isfinite(found.mean_mcse)
        else "none, for no log Bayes factor is given"
    )
    return lines + entry("MC error", error)


def _states(found: CalibrationCheck) -> str:
    """Return the numbers of states of the graphs that were reached, in words."""
    sizes = {design["name"]: int(design["states"]) for design in found.header.get("designs", ())}
    reached = sorted({sizes[name] for name in found.designs if name in sizes})
    if not reached:
        return "unknown numbers of states"
    return f"{reached[0]} to {reached[-1]} states" if reached[1:] else f"{reached[0]} states"


def _counted(withheld: Mapping[str, int]) -> str:
    reasons = (f"{n:,} ({printable(reason, _LABEL)})" for reason, n in sorted(withheld.items()))
    return ", ".join(reasons) or "none"


def _statements(found: CalibrationCheck) -> list[str]:
    rows = [["statement", "figure", "least", "most", "holds"]]
    for statement in found.statements:
        holds = "yes" if statement.holds else "NO"
        rows.append([label(statement.label, _LABEL), *_figures(statement), holds])
    lines = ["What must hold", *table(rows, right=[False, True, True, True, True], gap=2), ""]
    for term, meaning in _TERMS:
        lines += entry(term, meaning)
    return lines + _unjudged(found)


def _unjudged(found: CalibrationCheck) -> list[str]:
    """Name the quantities whose ranks are too few to judge."""
    if not found.ranks and not found.unjudged:
        return entry("not judged", "ranks: no data set has any")
    names = [
        f"ranks of {printable(quantity, _NAME)}, {truth} ({n})"
        for truth, quantity, n in found.unjudged
    ]
    if not names:
        return []
    return entry("not judged", f"{', '.join(names)}: fewer than {FEWEST} each")


def _figures(statement: Statement) -> list[str]:
    return [
        "" if value is None else compact(value, 3)
        for value in (statement.value, statement.lower, statement.upper)
    ]


def _reliability(found: CalibrationCheck) -> list[str]:
    if not found.reliability:
        return ["Reliability", *wrap("No data set states a p(balance).", indent=INDENT)]
    rows = [["stated p(balance)", "mean", "data sets", "balance", "least", "most", "holds"]]
    for part in found.reliability:
        rows.append(
            [
                f"{part.lowest:.3f} to {part.highest:.3f}",
                f"{part.stated:.3f}",
                f"{part.n:,}",
                f"{part.observed:.3f}",
                f"{part.lower:.3f}",
                f"{part.upper:.3f}",
                "yes" if part.holds else "NO",
            ]
        )
    return ["Reliability", *table(rows, right=[False, *[True] * 6])]


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float):
        return float(f"{value:.6g}") if isfinite(value) else None
    return value
