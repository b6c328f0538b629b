"""The checks of the sampling, in the text summary."""

from equipoise.inference.sampling_checks import Check, Dispersion, RepeatedVerdict, SamplingChecks
from equipoise.report.layout import INDENT, entry, wrap
from equipoise.report.numbers import fixed, probability, with_error

_PLACES = 3


def sampling_check_lines(
    checks: SamplingChecks, repeated: RepeatedVerdict | None = None
) -> list[str]:
    """Return the section on the checks of the sampling.

    Parameters
    ----------
    checks
        From :func:`equipoise.inference.sampling_checks.check_sampling`.
    repeated
        The verdict with counts divided by the design effect, from
        :func:`equipoise.inference.sampling_checks.repeat_verdict`.

    Returns
    -------
    list of str
        Lines of at most 100 columns.
    """
    lines = ["Sampling  whether the trials are independent draws from one kernel"]
    for check in checks.all:
        lines += entry(check.name, _found(check))
    if checks.dispersion is not None:
        lines += entry("design effect", _size(checks.dispersion))
    if repeated is not None:
        factor = repeated.log_bayes_factor
        shown = "withheld" if factor.distrust else with_error(factor.log_value, factor.mcse)
        lines += entry(
            "divided by it",
            f"{repeated.verdict.text} Log BF {shown}, by the fast path.",
        )
    reasons = dict.fromkeys(check.invalid for check in checks.all if check.invalid)
    for reason in reasons:
        names = " and ".join(check.name for check in checks.all if check.invalid == reason)
        lines += wrap(f"p of {names}: {reason}.", indent=INDENT)
    return lines


def _found(check: Check) -> str:
    if check.status == "not checkable":
        return check.text
    chance = "" if check.p_value is None else f", p = {probability(check.p_value)}"
    return f"{check.status}{chance}. {check.text}"


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
