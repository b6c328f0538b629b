"""The baselines, in the text summary: never the headline, each with what it gets wrong."""

from math import isfinite, isinf, isnan

from equipoise.inference.baselines import Baselines, LeastAction
from equipoise.report.layout import entry, label, table, wrap
from equipoise.report.numbers import aligned, fixed, probability
from equipoise.text import listed

MOST_STATES = 12
_LABEL = 24
_PLACES = 3


def baseline_lines(found: Baselines) -> list[str]:
    """Return the section on the baselines.

    Parameters
    ----------
    found
        From :func:`equipoise.inference.baselines.baselines`.

    Returns
    -------
    list of str
        Lines of at most 100 columns.
    """
    lines = ["Baselines  for comparison only; the verdict rests on none of them"]
    values = ["" if row.value is None else fixed(row.value, _PLACES) for row in found.rows]
    columns = [
        ["baseline", *(row.baseline for row in found.rows)],
        ["statistic", *(row.statistic for row in found.rows)],
        ["value", *aligned(values)],
        ["ndf", *("" if row.ndf is None else f"{row.ndf:,}" for row in found.rows)],
        ["p", *("" if row.p_value is None else probability(row.p_value) for row in found.rows)],
    ]
    lines += table(list(zip(*columns, strict=True)), right=[False, False, True, True, True])
    lines += ["", *_potential(found.least_action), "", "  What each gets wrong"]
    for sentence in dict.fromkeys(row.wrong for row in found.rows):
        names = "; ".join(row.baseline for row in found.rows if row.wrong == sentence)
        lines += wrap(f"{names}: {sentence}", indent=4, hang=6)
    for reason in dict.fromkeys(row.invalid for row in found.rows if row.invalid):
        lines += wrap(f"every p above: {reason}.", indent=4, hang=6)
    return lines


def _potential(found: LeastAction) -> list[str]:
    """Return the least-action potential in words, lowest first."""
    pairs = sorted(
        (value, state)
        for state, value in zip(found.states, found.potential.tolist(), strict=True)
        if isfinite(value)
    )
    shown = [f"{label(state, _LABEL)} {fixed(value, 1)}" for value, state in pairs[:MOST_STATES]]
    if len(pairs) > MOST_STATES:
        shown.append(f"and {len(pairs) - MOST_STATES:,} more")
    lines = entry("least action", ", ".join(shown))
    both = list(zip(found.states, found.potential.tolist(), strict=True))
    for what, states in (
        ("without bound above", [s for s, v in both if isinf(v) and v > 0]),
        ("without bound below", [s for s, v in both if isinf(v) and v < 0]),
        ("not given", [s for s, v in both if isnan(v)]),
    ):
        if states:
            lines += entry("", f"{what}: {listed(states, MOST_STATES)}")
    return lines
