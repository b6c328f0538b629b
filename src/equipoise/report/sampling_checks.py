"""The checks of the sampling, in words."""

from dataclasses import replace

from equipoise.inference.diagnosis import Diagnosis
from equipoise.inference.sampling_checks import Check, Dispersion, RepeatedVerdict
from equipoise.report.facts import Facts
from equipoise.report.numbers import equals, fixed, probability, with_error
from equipoise.text import listed

_PLACES = 3


def sampling_facts(diagnosis: Diagnosis) -> Facts:
    """Say whether the trials are independent draws from one kernel, as far as the counts tell.

    Parameters
    ----------
    diagnosis
        From :func:`equipoise.diagnose`.
    """
    checked = checked_facts(diagnosis)
    blind = "; ".join(f"{names}: {why}" for names, why in blind_entries(diagnosis))
    return replace(
        checked, entries=(*checked.entries, *([("not checkable", blind)] if blind else []))
    )


def checked_facts(diagnosis: Diagnosis) -> Facts:
    """Say the same of the checks that could be made."""
    checks = diagnosis.sampling
    entries: list[tuple[str, str]] = [
        (check.name, _found(check)) for check in checks.all if check.status != "not checkable"
    ]
    if checks.dispersion is not None:
        entries.append(("design effect", _size(checks.dispersion)))
    if diagnosis.repeated is not None:
        entries.append(("divided by it", _repeated(diagnosis.repeated)))
    remarks = [
        f"p of {listed(c.name for c in checks.all if c.invalid == reason)}: {reason}."
        for reason in dict.fromkeys(check.invalid for check in checks.all if check.invalid)
    ]
    return Facts(
        "Sampling",
        "whether the trials are independent draws from one kernel",
        tuple(entries),
        (*remarks, *([diagnosis.no_repeat] if diagnosis.no_repeat else [])),
    )


def sampling_caveat(diagnosis: Diagnosis) -> str | None:
    """Return what the checks of the sampling take from the verdict; None where none is suspect."""
    suspect = diagnosis.sampling.suspect
    if not suspect:
        return None
    text = (
        "The verdict takes the trials as independent draws from one kernel, and the checks of the "
        f"sampling doubt that: {listed(check.name for check in suspect)} suspect."
    )
    if diagnosis.repeated is not None:
        text += f" With counts divided by their design effect: {diagnosis.repeated.verdict.text}"
    return text


def _found(check: Check) -> str:
    chance = "" if check.p_value is None else f", p {equals(probability(check.p_value))}"
    return f"{check.status}{chance}. {check.text}"


def blind_entries(diagnosis: Diagnosis) -> tuple[tuple[str, str], ...]:
    """Return which checks could not be made, and what they need; those of one reason together."""
    blind = [check for check in diagnosis.sampling.all if check.status == "not checkable"]
    return tuple(
        (
            listed(check.name for check in blind if check.text == text),
            text.removeprefix("Not checkable: ").rstrip("."),
        )
        for text in dict.fromkeys(check.text for check in blind)
    )


def _repeated(repeated: RepeatedVerdict) -> str:
    factor = repeated.log_bayes_factor
    shown = "withheld" if factor.distrust else with_error(factor.log_value, factor.mcse)
    return f"{repeated.verdict.text} Log BF {shown}, by the fast path."


def _size(dispersion: Dispersion) -> str:
    """Return the design effect, the correlation and the concentration, with their intervals."""
    low, high = fixed(dispersion.lower, _PLACES), fixed(dispersion.upper, _PLACES)
    strength = (
        "no bound on the concentration"
        if dispersion.concentration is None
        else f"concentration {fixed(dispersion.concentration, 1)}"
    )
    mean = (
        f"{fixed(dispersion.mean, 2)} "
        f"[{fixed(dispersion.mean_lower, 2)}, {fixed(dispersion.mean_upper, 2)}]"
    )
    return (
        f"{mean}, mean over trials; draws of one block are correlated by "
        f"{fixed(dispersion.correlation, _PLACES)} [{low}, {high}], {strength}"
    )
