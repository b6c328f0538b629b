"""The tables of a result as they are read: rounded, sorted, cut, for the page and for LaTeX."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from equipoise.inference.balance import BalanceTest
from equipoise.inference.cycles import EdgeCirculation, ahead, clearest
from equipoise.report.evidence import alternative_cells
from equipoise.report.layout import label
from equipoise.report.numbers import decimals, fixed, interval
from equipoise.report.tables import by_potential, cycle_path, gradient_beside, potential_cells

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


def cycle_table(result: BalanceTest, most: int, width: int) -> PrintedTable:
    """Return the affinities of the testable cycles, the clearest first; parameters as above."""
    cycles = [ahead(c) for c in clearest(result.cycles)] if result.converged else []
    rows = []
    for cycle in cycles[:most]:
        places = decimals(cycle.mcse, cycle.sd)
        rows.append(
            (
                fixed(cycle.mean, places),
                fixed(cycle.sd, places),
                interval(cycle.lower, cycle.upper, places),
                cycle_path(cycle.states, 3 * width),
            )
        )
    return PrintedTable(
        "cycles",
        "Affinity Σ log P_ij/P_ji round the testable cycles of the minimum-weight basis, nats, "
        "in the direction in which it is positive; 0 under balance.",
        (("affinity", "number"), ("sd", "number"), _INTERVAL, ("cycle", "text")),
        tuple(rows),
        len(cycles),
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


def printed_tables(result: BalanceTest, most: int, width: int) -> tuple[PrintedTable, ...]:
    """Return all four tables; parameters as of :func:`potential_table`."""
    return (
        potential_table(result, most, width),
        cycle_table(result, most, width),
        edge_table(result, most, width),
        sensitivity_table(result),
    )


def _clarity(edge: EdgeCirculation) -> float:
    return abs(edge.mean) / max(edge.sd, 1e-300)
