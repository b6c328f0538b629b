"""Where balance breaks and by how much, for the terminal and for the JSON contract."""

from collections.abc import Sequence
from math import isfinite

from equipoise.inference.violation import CycleViolation, EdgeViolation, Violation
from equipoise.inference.violation.cycles import CERTAIN
from equipoise.report.layout import INDENT, entry, label, table, wrap
from equipoise.report.numbers import aligned, decimals, fixed, interval, probability
from equipoise.report.tables import beside_paths
from equipoise.text import printable

MOST_CYCLES, MOST_EDGES = 5, 5
_LABEL = 28
_PER = 1000


def violation_lines(violation: Violation) -> list[str]:
    """Return the worst cycles, the largest net currents, and the entropy production.

    Parameters
    ----------
    violation
        From :func:`equipoise.inference.violation.violation`.

    Returns
    -------
    list of str
        Lines of at most 100 columns. State names are not trusted: control characters are escaped.
    """
    lines = [
        "Where balance breaks  affinity A = Σ log P_ij/P_ji round a cycle, nats (0 if balanced)"
    ]
    if not violation.cycles:
        return [*lines, "  The support has no cycle."]
    if violation.size is None:
        return [*lines, "  No cycle is testable; the priors alone would speak."]
    if violation.distrust is not None:
        return [*lines, *wrap(f"Withheld: {violation.distrust}.", indent=INDENT)]
    return lines + _cycles(violation) + _currents(violation) + _rates(violation)


def entropy_production_entry(violation: Violation) -> dict[str, float | str] | None:
    """Return ``entropy_production`` of the JSON contract.

    Returns
    -------
    dict or None
        Posterior ``mean``, ``lower`` and ``upper`` (95 %), ``null_mean`` and ``null_upper`` (95 %
        of the null lie below), nats; ``per``, always ``"trial"``. None where it is not known, or
        not to be trusted.
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
    return {**numbers, "per": "trial"} if all(map(isfinite, numbers.values())) else None


def _cycles(violation: Violation) -> list[str]:
    testable = [cycle for cycle in violation.cycles if cycle.affinity.testable]
    rope, named = violation.rope_affinity, len(violation.named)
    lines = _cycle_table(testable[:MOST_CYCLES], rope)
    if len(testable) > MOST_CYCLES:
        lines.append(
            f"  The worst {MOST_CYCLES} of {len(testable):,} testable cycles of the minimum-weight "
            "basis."
        )
    if named:
        text = (
            f"{named:,} of {len(testable):,}, whose P exceeds {CERTAIN:g}; of these "
            f"{_expected(violation.expected_false)} expected to be false"
        )
    else:
        text = f"none of {len(testable):,}: no P exceeds {CERTAIN:g}"
    lines += entry("named", text)
    lines += entry(
        "P",
        "averaged over both hypotheses, even prior odds; all other numbers are given the cyclic "
        f"one. Ranked by what |A| exceeds with probability {CERTAIN:g}",
    )
    if violation.asked:
        lines += ["  Cycles asked for", *_cycle_table(violation.asked, rope)]
        if not all(cycle.affinity.testable for cycle in violation.asked):
            lines.append("  (untestable: passes between states not seen to lead back)")
    return lines


def _cycle_table(cycles: Sequence[CycleViolation], rope: float) -> list[str]:
    rows = [(cycle.affinity, decimals(cycle.affinity.mcse, cycle.affinity.sd)) for cycle in cycles]
    columns = [
        ["A", *aligned([fixed(a.mean, places, sign=True) for a, places in rows])],
        ["sd", *aligned([fixed(a.sd, places) for a, places in rows])],
        ["95 % interval", *(interval(a.lower, a.upper, places) for a, places in rows)],
        [f"P(|A| > {rope:g})", *map(_chance, cycles)],
        ["", *("named" if cycle.named else "" for cycle in cycles)],
    ]
    right = [True, True, False, False, False]
    if not any(cycle.named for cycle in cycles):
        columns, right = columns[:-1], right[:-1]
    return beside_paths(columns, right, [cycle.states for cycle in cycles])


def _chance(cycle: CycleViolation) -> str:
    if not cycle.affinity.testable or cycle.averaged is None:
        return "untestable"
    return probability(cycle.averaged)


def _expected(number: float) -> str:
    return f"{fixed(number, 2)} are" if number >= 0.01 else "fewer than 0.01 are"


def _currents(violation: Violation) -> list[str]:
    lines = [
        "",
        f"Net currents  π_i P_ij - π_j P_ji, transitions in {_PER:,} trials (0 if balanced)",
    ]
    if violation.no_flows is not None:
        return [*lines, *wrap(f"Not known: {violation.no_flows}.", indent=INDENT)]
    known = [edge for edge in violation.edges if edge.current is not None]
    shown = sorted(known, key=_by_current)[:MOST_EDGES]
    cells = [_current(edge) for edge in shown]
    columns = [
        ["from", *(cell[0] for cell in cells)],
        ["to", *(cell[1] for cell in cells)],
        ["J", *aligned([cell[2] for cell in cells])],
        ["95 % interval", *(cell[3] for cell in cells)],
    ]
    lines += table(list(zip(*columns, strict=True)), right=[False, False, True, False])
    if len(known) > len(shown):
        lines.append(f"  The largest {len(shown)} of {len(known):,}, each in its own direction.")
    return lines


def _by_current(edge: EdgeViolation) -> float:
    return -abs(edge.current.mean) if edge.current else 0.0


def _current(edge: EdgeViolation) -> tuple[str, str, str, str]:
    """Return the cells from, to, J and interval, in the direction in which J is positive."""
    c, current = edge.circulation, edge.current
    if current is None:
        return label(c.source, _LABEL), label(c.target, _LABEL), "", ""
    places = decimals(_PER * current.mcse, _PER * current.sd)
    ends = (label(c.source, _LABEL), label(c.target, _LABEL))
    sign = 1.0
    if current.mean < 0:
        ends, sign = ends[::-1], -1.0
    low, high = sorted((sign * _PER * current.lower, sign * _PER * current.upper))
    return *ends, fixed(sign * _PER * current.mean, places), interval(low, high, places)


def _rates(violation: Violation) -> list[str]:
    lines = [
        "",
        "Entropy production  ½ Σ J_ij log(F_ij/F_ji), F_ij = π_i P_ij, nats (0 if balanced)",
    ]
    rate = violation.entropy_production
    if rate is None:
        lines += wrap(f"Not known: {printable(violation.no_flows or '', None)}.", indent=INDENT)
    else:
        for name, found in (("per trial", rate.per_trial), ("per step", rate.per_step)):
            places = decimals(found.mcse, found.sd)
            text = f"{fixed(found.mean, places)} {interval(found.lower, found.upper, places)}"
            lines += entry(name, text + (", a step to another state" if name == "per step" else ""))
        spread = rate.null_upper - rate.null_mean
        places = decimals(0.0, spread)
        lines += entry(
            "had it held",
            f"the mean per trial would be {fixed(rate.null_mean, places)}, and below "
            f"{fixed(rate.null_upper, places)} in 95 of 100 tables; {rate.p_text}",
        )
        lines += entry(
            "biased",
            "it cannot be negative, so near 0 its posterior is too high: hold the mean against "
            "what it would be had balance held, not against 0",
        )
    share = violation.unexplained
    if share is not None:
        places = decimals(100 * share.mcse, 100 * share.sd)
        lines += entry(
            "unexplained",
            f"{fixed(100 * share.mean, places)} % "
            f"{interval(100 * share.lower, 100 * share.upper, places)} of the squared log-ratios "
            "are explained by no potential",
        )
    return lines
