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
    for answer in found.answers:
        lines += [line for text in _compared(answer) for line in wrap(text, indent=INDENT)]
    lines += wrap(_verdict(found), indent=INDENT)
    return "\n".join(lines)


def cross_check_short(found: CrossCheck) -> str:
    """Return one line: the log Bayes factor of the reference, and whether the others agree."""
    first = found.answers[0]
    failures = [f"{a.method} is withheld: {a.failure}." for a in found.answers if a.failure]
    shown = []
    if first.failure is None and first.factor is not None:
        value = with_error(first.factor.log_value, first.factor.mcse)
        shown = [f"Log BF {value} nats by {first.method}."]
    return " ".join([*shown, *failures, _verdict(found)])


def cross_check_json(found: CrossCheck) -> str:
    """Return the answers as JSON text, pure ASCII: numbers that are withheld are null."""
    from equipoise import __version__  # the package imports this module

    value = {
        "schema": SCHEMA,
        "version": __version__,
        "random_seed": found.random_seed,
        "likelihood": found.problem.likelihood.name,
        "scales": found.problem.priors.scales,
        "rejected": found.rejected,
        "cycle_scale": found.problem.priors.cycle_scale,
        "agree": found.agree,
        "answers": [_plain(answer) for answer in found.answers],
    }
    return json.dumps(value, indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def _row(answer: Answer, tau: float) -> list[str]:
    held = answer.held_cycle_scale
    cycles = f"σ_c ~ HalfNormal({tau:g})" if held is None else f"σ_c = {held:g}"
    seconds = f"{answer.seconds:.1f}"
    if answer.failure is not None or answer.factor is None:
        return [answer.method, cycles, "withheld", "", "", seconds]
    value = with_error(answer.factor.log_value, answer.factor.mcse)
    gap, error = answer.difference, answer.combined_error
    if answer.factor is answer.reference:
        return [answer.method, cycles, value, "reference", "", seconds]
    if answer.agrees is None or gap is None or error is None:
        return [answer.method, cycles, value, "", "", seconds]
    places = error_decimals(error)
    difference = f"{fixed(gap, places, sign=True)} ± {shown_error(error, places)}"
    return [answer.method, cycles, value, difference, f"{gap / error:+.1f}", seconds]


def _compared(answer: Answer) -> list[str]:
    """Say what a method that holds σ_c is compared with."""
    held, reference = answer.held_cycle_scale, answer.reference
    if held is None or reference is None or answer.agrees is None:
        return []
    value = with_error(reference.log_value, reference.mcse)
    return [f"{answer.method} is compared with {reference.method} at σ_c = {held:g}: {value}."]


def _verdict(found: CrossCheck) -> str:
    reference = found.answers[0].method
    if found.answers[0].failure is not None:
        return f"Nothing to compare with, for {reference} is the reference."
    if not found.answers[1:]:
        return f"Nothing to compare: {reference} alone was asked. Name other methods beside it."
    if found.agree:
        return f"All agree with {reference} within {AGREEING_ERRORS:g} combined Monte Carlo errors."
    apart = [answer.method for answer in found.answers if answer.agrees is False]
    if apart:
        return (
            f"DISAGREES with {reference} beyond {AGREEING_ERRORS:g} combined Monte Carlo errors: "
            f"{', '.join(apart)}."
        )
    if all(answer.failure is not None for answer in found.answers[1:]):
        return f"Nothing to compare: {reference} alone answered."
    return f"Those that answered agree with {reference}."


def _plain(answer: Answer) -> dict[str, Any]:
    shown = answer.factor if answer.failure is None else None
    reference = answer.reference
    if reference is not None and reference.distrust is not None:
        reference = None
    return {
        "method": answer.method,
        "cycle_scale_fixed": answer.held_cycle_scale,
        "value": shown.log_value if shown else None,
        "mcse": shown.mcse if shown else None,
        "reference": reference.log_value if reference else None,
        "reference_mcse": reference.mcse if reference else None,
        "agrees": answer.agrees,
        "backend": answer.factor.backend if answer.factor else None,
        "failure": answer.failure,
        "seconds": answer.seconds,
    }
