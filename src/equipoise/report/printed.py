"""The tables of a result as they are read: rounded, sorted, cut, for the page and for LaTeX."""

from dataclasses import dataclass
from math import isfinite, isnan
from typing import Literal

import numpy as np

from equipoise.inference.balance import BalanceTest
from equipoise.inference.baselines import Baselines, LeastAction
from equipoise.inference.cycles import CycleAffinity, EdgeCirculation, ahead
from equipoise.inference.diagnosis import Diagnosis
from equipoise.inference.violation import CycleViolation, Violation
from equipoise.report.evidence import alternative_cells
from equipoise.report.layout import label
from equipoise.report.methods import check_diagnosis
from equipoise.report.numbers import decimals, fixed, interval, probability
from equipoise.report.tables import by_potential, cycle_path, gradient_beside, potential_cells
from equipoise.report.violation import (
    chance,
    current_cells,
    explained,
    judged_cycles,
    largest_currents,
)

Kind = Literal["text", "number", "interval"]
_INTERVAL: tuple[str, Kind] = ("95 % interval", "interval")


@dataclass(frozen=True)
class PrintedTable:
    """A table of text.

    Attributes
    ----------
    name, caption
        Of its file, and what it shows.
    header
        Title of each column, and what stands in it.
    rows
        Cells: printable text, not escaped for HTML or LaTeX.
    total
        How many rows there would be had none been cut.
    """

    name: str
    caption: str
    header: tuple[tuple[str, Kind], ...]
    rows: tuple[tuple[str, ...], ...]
    total: int


def potential_table(result: BalanceTest, most: int, width: int) -> PrintedTable:
    """Return Φ of the states, by component, lowest first.

    Parameters
    ----------
    result
        From :func:`equipoise.test`.
    most
        Number of rows at most.
    width
        Of a name, columns.
    """
    rows = sorted(result.potential, key=lambda row: (row.component, *by_potential(row)))
    shown = rows[:most]
    several = result.graph.n_components > 1
    gradient = gradient_beside(result)
    header: list[tuple[str, Kind]] = [("state", "text")]
    header += [("component", "number")] if several else []
    header += [("Φ", "number"), ("sd", "number"), _INTERVAL]
    header += [("gradient", "number"), _INTERVAL] if gradient else []
    cells = []
    for row in shown:
        line = [label(row.state, width)]
        line += [f"{row.component + 1:,}"] if several else []
        line += potential_cells(row, result.potential_trusted)
        if gradient:
            mean, _, between = potential_cells(gradient[row.state], trusted=True)
            line += [mean, "" if row.reference else between]
        cells.append(tuple(line))
    caption = "Potential Φ = −log π given balance, nats above the reference; lower is preferred."
    return PrintedTable("potential", caption, tuple(header), tuple(cells), len(rows))


def cycle_table(violation: Violation, most: int, width: int) -> PrintedTable:
    """Return the testable cycles, the worst first; parameters as above."""
    cycles = [] if violation.distrust else [c for c in violation.cycles if c.affinity.testable]
    return PrintedTable(
        "cycles",
        f"Affinity A = Σ log P_ij/P_ji round {judged_cycles(violation)}; nats, in the direction in "
        "which it is positive; 0 under balance. P is averaged over both hypotheses; a drive of the "
        "cycle alone explains so many nats, by which they are ranked, less what tells this cycle "
        "from all others (−log prior).",
        _cycle_header(violation),
        tuple(_cycle_row(cycle, ahead(cycle.affinity), width) for cycle in cycles[:most]),
        len(cycles),
    )


def asked_table(violation: Violation, width: int) -> PrintedTable:
    """Return the cycles that were asked for, in the order and direction asked."""
    cycles = () if violation.distrust or violation.size is None else violation.asked
    return PrintedTable(
        "asked",
        "Affinity round the cycles asked for, nats, in the direction asked; columns as above.",
        _cycle_header(violation),
        tuple(_cycle_row(cycle, cycle.affinity, width) for cycle in cycles),
        len(cycles),
    )


def _cycle_header(violation: Violation) -> tuple[tuple[str, Kind], ...]:
    return (
        ("cycle", "text"),
        ("A", "number"),
        ("sd", "number"),
        _INTERVAL,
        (f"P(|A| > {violation.rope_affinity:g})", "number"),
        ("explains", "number"),
    )


def _cycle_row(cycle: CycleViolation, affinity: CycleAffinity, width: int) -> tuple[str, ...]:
    places = decimals(affinity.mcse, affinity.sd)
    return (
        cycle_path(affinity.states, 3 * width),
        fixed(affinity.mean, places),
        fixed(affinity.sd, places),
        interval(affinity.lower, affinity.upper, places),
        chance(cycle),
        explained(cycle),
    )


def current_table(violation: Violation, most: int, width: int) -> PrintedTable:
    """Return the net currents, the largest first; parameters as above."""
    known = [] if violation.distrust else largest_currents(violation)
    rows = []
    for edge in known[:most]:
        source, target, current, between = current_cells(edge, width)
        rows.append((f"{source} → {target}", current, between))
    return PrintedTable(
        "currents",
        "Net currents π_i P_ij − π_j P_ji, transitions in 1,000 trials, each in its own direction; "
        "0 under balance.",
        (("edge", "text"), ("J", "number"), _INTERVAL),
        tuple(rows),
        len(known),
    )


def baseline_table(found: Baselines) -> PrintedTable:
    """Return what the baselines say, one line a statistic."""
    rows = tuple(
        (
            row.baseline,
            row.statistic,
            "" if row.value is None else fixed(row.value, 3),
            "" if row.ndf is None else f"{row.ndf:,}",
            "" if row.p_value is None else probability(row.p_value),
        )
        for row in found.rows
    )
    return PrintedTable(
        "baselines",
        "Baselines, for comparison only: the verdict rests on none of them.",
        (
            ("baseline", "text"),
            ("statistic", "text"),
            ("value", "number"),
            ("ndf", "number"),
            ("p", "number"),
        ),
        rows,
        len(rows),
    )


def least_action_table(found: LeastAction, most: int, width: int) -> PrintedTable:
    """Return the paper's least-action potential, lowest first; parameters as above."""
    pairs = sorted(
        (value, state)
        for state, value in zip(found.states, found.potential.tolist(), strict=True)
        if not isnan(value)
    )
    rows = tuple(
        (label(state, width), fixed(value, 2) if isfinite(value) else "no bound")
        for value, state in pairs[:most]
    )
    return PrintedTable(
        "least-action",
        "Potential by least action, nats above the reference; it has no error.",
        (("state", "text"), ("Φ", "number")),
        rows,
        len(pairs),
    )


def edge_table(result: BalanceTest, most: int, width: int) -> PrintedTable:
    """Return c on the testable edges, the clearest first; parameters as above."""
    table = result.counts.counts
    edges = zip(result.edges, np.asarray(result.graph.edges).tolist(), strict=False)
    testable = [pair for pair in edges if pair[0].testable] if result.converged else []
    testable.sort(key=lambda pair: (-_clarity(pair[0]), pair[1]))
    rows = []
    for edge, (i, j) in testable[:most]:
        # In the direction in which the transitions run more often than a potential allows.
        source, target, low, high = edge.source, edge.target, edge.lower, edge.upper
        if edge.mean < 0:
            source, target, low, high, i, j = target, source, -high, -low, j, i
        places = decimals(edge.mcse, edge.sd)
        rows.append(
            (
                f"{label(source, width)} → {label(target, width)}",
                f"{int(table[i, j]):,}",
                f"{int(table[j, i]):,}",
                fixed(abs(edge.mean), places),
                fixed(edge.sd, places),
                interval(low, high, places),
            )
        )
    return PrintedTable(
        "edges",
        "c on the edges of testable cycles, the part of log P_ij/P_ji that no potential explains, "
        "nats, in the direction in which it is positive.",
        (
            ("edge", "text"),
            ("there", "number"),
            ("back", "number"),
            ("c", "number"),
            ("sd", "number"),
            _INTERVAL,
        ),
        tuple(rows),
        len(testable),
    )


def sensitivity_table(result: BalanceTest) -> PrintedTable:
    """Return the log Bayes factor under every setting tried."""
    shown = bool(result.graph.n_cycles) and result.converged
    rows = tuple(alternative_cells(other) for other in result.alternatives) if shown else ()
    return PrintedTable(
        "sensitivity",
        "Log Bayes factor with one setting changed, nats; above 0 favours balance.",
        (("setting", "text"), ("log BF", "number"), ("MC error", "number")),
        rows,
        len(rows),
    )


def printed_tables(
    found: Diagnosis, most: int = 10_000, width: int = 40
) -> tuple[PrintedTable, ...]:
    """Return all tables that a diagnosis and its result have.

    Parameters
    ----------
    found : Diagnosis
        From :func:`equipoise.diagnose`.
    most : int
        Most rows of a table.
    width : int
        Longest name of a state, columns of text.

    Returns
    -------
    tuple of PrintedTable
        Potential, cycles, edges, currents and sensitivity; cycles asked for and baselines where
        there are any. :func:`equipoise.report.latex_text` makes LaTeX of one.

    Raises
    ------
    UsageError
        If it is no diagnosis.
    """
    check_diagnosis(found, "a set of tables")
    tables = [
        potential_table(found.result, most, width),
        cycle_table(found.violation, most, width),
        edge_table(found.result, most, width),
        current_table(found.violation, most, width),
        sensitivity_table(found.result),
    ]
    tables += [asked_table(found.violation, width)] if found.violation.asked else []
    if found.baselines is not None:
        tables += [
            baseline_table(found.baselines),
            least_action_table(found.baselines.least_action, most, width),
        ]
    return tuple(tables)


def _clarity(edge: EdgeCirculation) -> float:
    return abs(edge.mean) / max(edge.sd, 1e-300)
