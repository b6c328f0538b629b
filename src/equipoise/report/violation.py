"""Where balance breaks and by how much, for the terminal."""

from collections.abc import Sequence

from equipoise.inference.cycles import CycleAffinity, ahead
from equipoise.inference.violation import CycleViolation, EdgeViolation, Violation
from equipoise.inference.violation.cycles import CERTAIN
from equipoise.report.facts import Facts, fact_lines
from equipoise.report.layout import INDENT, entry, label, table, wrap
from equipoise.report.numbers import (
    aligned,
    decimals,
    estimate,
    fixed,
    interval,
    probability,
    scientific,
)
from equipoise.report.tables import beside_paths, cycle_path
from equipoise.text import printable

MOST_CYCLES, MOST_EDGES = 5, 5
_LABEL = 28
# Of a path that stands by itself, columns.
_WHOLE = 400
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
        return [*lines, "  Nowhere: the support has no cycle."]
    if violation.size is None:
        asked = " Those asked for are not either." if violation.asked else ""
        return [*lines, f"  No cycle is testable; the priors alone would speak.{asked}"]
    if violation.distrust is not None:
        return [*lines, *wrap(f"Withheld: {violation.distrust}.", indent=INDENT)]
    return [
        *lines,
        *_cycles(violation),
        *_currents(violation),
        "",
        *fact_lines(rate_facts(violation)),
    ]


def _cycles(violation: Violation) -> list[str]:
    testable = [cycle for cycle in violation.cycles if cycle.affinity.testable]
    rope = violation.rope_affinity
    worst = testable[:MOST_CYCLES]
    # Each in the direction in which it runs rather than back.
    lines = _cycle_table(worst, [ahead(cycle.affinity) for cycle in worst], rope)
    path = cycle_path(ahead(worst[0].affinity).states, _WHOLE)
    if not any(line.endswith(path) for line in lines):
        lines += entry("the first", path)
    if len(testable) > MOST_CYCLES:
        lines.append(f"  The worst {MOST_CYCLES} of {judged_cycles(violation)}.")
    lines += [line for name, text in named_entries(violation) for line in entry(name, text)]
    if violation.asked:
        own = [cycle.affinity for cycle in violation.asked]
        lines += ["  Cycles asked for", *_cycle_table(violation.asked, own, rope)]
        sure = [cycle for cycle in violation.asked if cycle.named]
        lines += entry("named", f"{len(sure)} of {len(violation.asked)}, by the same rule")
        if not all(cycle.affinity.testable for cycle in violation.asked):
            lines.append("  (untestable: passes between states not seen to lead back)")
    return lines


def judged_cycles(violation: Violation) -> str:
    """Say how many testable cycles were judged, and which: "17 testable cycles: ...".

    Nothing of loops is said where none was found.
    """
    testable = [cycle for cycle in violation.cycles if cycle.affinity.testable]
    loops = sum(cycle.origin == "loop" for cycle in testable)
    basis = len(testable) - loops
    if not loops:
        return f"{basis:,} testable cycles of the minimum-weight basis"
    return (
        f"{len(testable):,} testable cycles: {basis:,} of the minimum-weight basis, "
        f"{loops} longer {'loops' if loops > 1 else 'loop'} beside it"
    )


def named_entries(violation: Violation) -> list[tuple[str, str]]:
    """Say which cycles are named, how many of them falsely, and what the columns mean."""
    total = sum(cycle.affinity.testable for cycle in violation.cycles)
    named = len(violation.named)
    if named:
        text = (
            f"{named:,} of {total:,}, whose P exceeds {CERTAIN:g} by two Monte Carlo errors; "
            f"of these {expected_text(violation.expected_false)} expected to be false"
        )
    else:
        text = f"none of {total:,}: no P exceeds {CERTAIN:g} by two Monte Carlo errors"
    return [
        ("named", text),
        (
            "P",
            "averaged over both hypotheses, even prior odds; all else is given the cyclic "
            "hypothesis",
        ),
        (
            "explains",
            "nats of log-likelihood that a drive of this cycle alone accounts for, near balance, "
            "some half a nat by chance; ranked by it less what tells this cycle from all others "
            "(-log prior), after whether the interval holds 0. Cycles share edges: where one is "
            "driven, others have affinities too",
        ),
    ]


def _cycle_table(
    cycles: Sequence[CycleViolation], affinities: Sequence[CycleAffinity], rope: float
) -> list[str]:
    rows = [(affinity, decimals(affinity.mcse, affinity.sd)) for affinity in affinities]
    columns = [
        ["A", *aligned([fixed(a.mean, places, sign=True) for a, places in rows])],
        ["95 % interval", *(interval(a.lower, a.upper, places) for a, places in rows)],
        [f"P(|A| > {rope:g})", *map(chance, cycles)],
        ["explains", *aligned([explained(cycle) for cycle in cycles])],
    ]
    paths = [affinity.states for affinity in affinities]
    return beside_paths(columns, [True, False, False, True], paths)


def explained(cycle: CycleViolation) -> str:
    """Return the nats that a drive of a cycle alone explains."""
    return fixed(cycle.explains, 1 if cycle.explains < 10 else 0)


def chance(cycle: CycleViolation) -> str:
    """Return P of a cycle, averaged over both hypotheses, or that it cannot be tested."""
    if not cycle.affinity.testable or cycle.averaged is None:
        return "untestable"
    return probability(cycle.averaged)


def expected_text(number: float) -> str:
    """Return "0.03 are" or "fewer than 0.01 are", of an expected number of false findings."""
    return f"{fixed(number, 2)} are" if number >= 0.01 else "fewer than 0.01 are"


def _currents(violation: Violation) -> list[str]:
    lines = [
        "",
        f"Net currents  π_i P_ij - π_j P_ji, transitions in {_PER:,} trials (0 if balanced)",
    ]
    if violation.no_flows is not None:
        return [*lines, *wrap(f"Not known: {violation.no_flows}.", indent=INDENT)]
    known = largest_currents(violation)
    shown = known[:MOST_EDGES]
    cells = [current_cells(edge, _LABEL) for edge in shown]
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


def largest_currents(violation: Violation) -> list[EdgeViolation]:
    """Return the edges whose net current is known, the largest first."""
    known = [edge for edge in violation.edges if edge.current is not None]
    return sorted(known, key=lambda edge: -abs(edge.current.mean) if edge.current else 0.0)


def current_cells(edge: EdgeViolation, width: int) -> tuple[str, str, str, str]:
    """Return from, to, J and its interval, in the direction in which J is positive.

    In transitions in 1,000 trials; ``width`` is that of a label, columns.
    """
    c, current = edge.circulation, edge.current
    ends = (label(c.source, width), label(c.target, width))
    if current is None:
        return *ends, "", ""
    places = decimals(_PER * current.mcse, _PER * current.sd)
    sign = 1.0
    if current.mean < 0:
        ends, sign = ends[::-1], -1.0
    low, high = sorted((sign * _PER * current.lower, sign * _PER * current.upper))
    return *ends, fixed(sign * _PER * current.mean, places), interval(low, high, places)


def rate_facts(violation: Violation) -> Facts:
    """Say how fast entropy is produced, and how fast it would seem to be had balance held."""
    entries: list[tuple[str, str]] = []
    rate = violation.entropy_production
    if rate is None:
        entries.append(("not known", printable(violation.no_flows or "", None)))
    else:
        for name, found, unit in (
            ("per trial", rate.per_trial, ""),
            ("per step", rate.per_step, ", a step to another state"),
        ):
            places = decimals(found.mcse, found.sd)
            text = estimate(found.mean, found.lower, found.upper, places)
            entries.append((name, f"{text}{unit}"))
        places = decimals(0.0, rate.null_upper - rate.null_mean)
        tiny = rate.null_upper < 10.0**-places
        null_mean, null_upper = (
            scientific(value) if tiny else fixed(value, places)
            for value in (rate.null_mean, rate.null_upper)
        )
        entries.append(
            (
                "had it held",
                f"the mean per trial would be {null_mean}, and below {null_upper} in 95 of 100 "
                f"tables; {rate.p_text}, {rate.invalid}",
            )
        )
        entries.append(
            (
                "biased",
                "it cannot be negative, so near 0 its posterior is too high: hold the mean against "
                "what it would be had balance held, not against 0",
            )
        )
    share = violation.unexplained
    if share is not None:
        percent = (100 * share.mean, 100 * share.lower, 100 * share.upper)
        places = decimals(100 * share.mcse, 100 * share.sd)
        entries.append(
            (
                "unexplained",
                f"{estimate(*percent, places)} % of the squared log-ratios are explained by no "
                "potential",
            )
        )
    return Facts(
        "Entropy production",
        "½ Σ J_ij log(F_ij/F_ji), F_ij = π_i P_ij, nats (0 if balanced)",
        tuple(entries),
    )
