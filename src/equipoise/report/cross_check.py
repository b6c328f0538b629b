"""Several methods side by side, as text and as JSON."""

import json
from typing import Any

from equipoise.inference.evidence import Answer, CrossCheck
from equipoise.inference.evidence.cross_check import AGREEING_ERRORS
from equipoise.report.layout import INDENT, table, wrap
from equipoise.report.numbers import error_decimals, fixed, shown_error, with_error

SCHEMA = "equipoise.evidence/1"


def cross_check_summary(found: CrossCheck) -> str:
    """Return the answers as a table and whether they agree: lines of at most 100 columns."""
    tau = found.problem.priors.cycle_scale
    rows = [["method", "size of the cycles", "log BF", "less reference", "in errors", "seconds"]]
    rows += [_row(answer, tau) for answer in found.answers]
    lines = ["Evidence  log Bayes factor in nats: above 0 favours balance, below 0 its violation"]
    lines += table(rows, right=[False, False, True, True, True, True])
    lines.append("")
    for answer in found.answers:
        if answer.failure is not None:
            lines += wrap(f"{answer.method} is withheld: {answer.failure}.", indent=INDENT)
    lines += wrap(_verdict(found), indent=INDENT)
    return "\n".join(lines)


def cross_check_json(found: CrossCheck) -> str:
    """Return the answers as JSON text, pure ASCII: numbers that are withheld are null."""
    value = {
        "schema": SCHEMA,
        "likelihood": found.problem.likelihood.name,
        "cycle_scale": found.problem.priors.cycle_scale,
        "agree": found.agree,
        "answers": [_plain(answer) for answer in found.answers],
    }
    return json.dumps(value, indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def _row(answer: Answer, tau: float) -> list[str]:
    cycles = f"σ_c = {tau:g}" if answer.cycle_scale is not None else f"σ_c ~ HalfNormal({tau:g})"
    seconds = f"{answer.seconds:.1f}"
    if answer.failure is not None or answer.factor is None:
        return [answer.method, cycles, "withheld", "", "", seconds]
    value = with_error(answer.factor.log_value, answer.factor.mcse)
    gap, error = answer.difference, answer.combined_error
    if answer.factor is answer.reference or gap is None or error is None:
        return [answer.method, cycles, value, "reference", "", seconds]
    places = error_decimals(error)
    difference = f"{fixed(gap, places, sign=True)} ± {shown_error(error, places)}"
    return [answer.method, cycles, value, difference, f"{gap / error:+.1f}", seconds]


def _verdict(found: CrossCheck) -> str:
    reference = found.answers[0].method
    if found.agree:
        return f"All agree with {reference} within {AGREEING_ERRORS:g} combined Monte Carlo errors."
    apart = [answer.method for answer in found.answers if answer.agrees is False]
    if apart:
        return (
            f"DISAGREES with {reference} beyond {AGREEING_ERRORS:g} combined Monte Carlo errors: "
            f"{', '.join(apart)}."
        )
    return f"Those that answered agree with {reference}."


def _plain(answer: Answer) -> dict[str, Any]:
    shown = answer.failure is None and answer.factor is not None
    return {
        "method": answer.method,
        "cycle_scale_fixed": answer.cycle_scale,
        "value": answer.factor.log_value if shown and answer.factor else None,
        "mcse": answer.factor.mcse if shown and answer.factor else None,
        "reference": answer.reference.log_value,
        "reference_mcse": answer.reference.mcse,
        "agrees": answer.agrees,
        "failure": answer.failure,
        "seconds": answer.seconds,
    }
