"""The tables of a comparison as they are read: rounded, sorted, cut, for the page and for LaTeX."""

from equipoise.inference.comparison import Comparison, Hypothesis
from equipoise.report.layout import label
from equipoise.report.numbers import (
    error_decimals,
    estimate,
    fixed,
    interval,
    probability,
    shown_error,
    spread_decimals,
)
from equipoise.report.printed import Kind, PrintedTable
from equipoise.text import told_apart

POTENTIALS = {
    "shared": "one potential",
    "pooled": "one, with deviations",
    "separate": "each its own",
}
#: Columns of a kernel's name on the page, in LaTeX and in figures.
NAME = 24
_INTERVAL: tuple[str, Kind] = ("95 % interval", "interval")


def kernel_table(found: Comparison, most: int, width: int) -> PrintedTable:
    """Return the kernels: in their order, or where they are cut the most deviating first.

    Parameters
    ----------
    found
        From :func:`equipoise.compare`.
    most
        Number of rows at most.
    width
        Of a name, columns.
    """
    rows = []
    names = told_apart(found.kernels.names, width)
    for k in kernels_shown(found, most):
        own, away = found.own[k], found.deviations[k]
        size, factor = own.verdict.size, own.log_bayes_factor
        chance = float(found.balances.p_balance[k])
        rows.append(
            (
                names[k],
                f"{own.graph.n_states:,}",
                f"{own.n_trials:,}",
                spread_cell(away.rms, away.lower, away.upper) if found.converged else "",
                own.verdict.favours if own.converged else "withheld",
                fixed(factor.log_value, 1, sign=True) if own.testable else "",
                spread_cell(size.mean, size.lower, size.upper) if own.testable and size else "",
                "" if chance != chance else probability(chance),
            )
        )
    caption = (
        "Kernels: deviation δ of their potential from the shared one (root mean square, nats; "
        "never negative, so near 0 it lies too high); log BF for balance of each alone; its "
        "violation ρ; p(balance), the share of kernels that obey it being learned."
    )
    header: tuple[tuple[str, Kind], ...] = (
        ("kernel", "text"),
        ("states", "number"),
        ("trials", "number"),
        ("δ, 95 %", "interval"),
        ("balance", "interval"),
        ("log BF", "number"),
        ("ρ, 95 %", "interval"),
        ("p(balance)", "number"),
    )
    return PrintedTable("kernels", caption, header, tuple(rows), len(found.own))


def spread_cell(mean: float | None, lower: float | None, upper: float | None) -> str:
    """Return a mean and its interval, or nothing where they are not known."""
    if mean is None or lower is None or upper is None:
        return ""
    return estimate(mean, lower, upper, spread_decimals(lower, upper))


def kernels_shown(found: Comparison, most: int) -> list[int]:
    """Return which kernels a table of so many rows shows: all in order, or the most deviating."""
    order = list(range(len(found.own)))
    if len(order) <= most:
        return order
    return sorted(order, key=lambda k: -found.deviations[k].rms)[:most]


def hypothesis_cells(h: Hypothesis, top: float) -> tuple[str, str]:
    """Return the log evidence of a hypothesis less the greatest, and its Monte Carlo error."""
    if h.distrust:
        return "withheld", ""
    places = error_decimals(h.mcse)
    return fixed(h.log_evidence - top, places), shown_error(h.mcse, places)


def hypothesis_table(found: Comparison) -> PrintedTable:
    """Return the log evidence of all hypotheses, less the greatest that is shown."""
    known = [h.log_evidence for h in found.hypotheses if not h.distrust]
    top = max(known, default=0.0)
    rows = [
        (
            POTENTIALS[h.potentials],
            "with cycles" if h.cyclic else "balance",
            *hypothesis_cells(h, top),
        )
        for h in found.hypotheses
        if found.converged
    ]
    header: tuple[tuple[str, Kind], ...] = (
        ("potentials", "text"),
        ("each kernel", "text"),
        ("log Z − max", "number"),
        ("MC error", "number"),
    )
    caption = "Log evidence of each hypothesis, less the greatest, nats."
    return PrintedTable("evidence", caption, header, tuple(rows), len(rows))


def distance_table(found: Comparison, most: int, width: int) -> PrintedTable:
    """Return the distances of pairs, the largest first; parameters as above."""
    known = [d for d in found.distances if d.rms is not None and found.converged]
    rows = []
    names = dict(zip(found.kernels.names, told_apart(found.kernels.names, width), strict=True))
    for d in sorted(known, key=lambda d: -(d.rms or 0.0))[:most]:
        cells = [names[d.first], names[d.second], f"{d.n_states:,}"]
        cells += [
            spread_cell(d.rms, d.rms_lower, d.rms_upper),
            spread_cell(d.divergence, d.divergence_lower, d.divergence_upper),
            spread_cell(d.rank, d.rank_lower, d.rank_upper),
        ]
        rows.append(tuple(cells))
    header: tuple[tuple[str, Kind], ...] = (
        ("first", "text"),
        ("second", "text"),
        ("states", "number"),
        ("rms, 95 %", "interval"),
        ("JSD, 95 %", "interval"),
        ("rank, 95 %", "interval"),
    )
    caption = (
        "Distances of potentials over states that both kernels join, constants removed: "
        "root-mean-square difference and Jensen-Shannon divergence, nats; rank correlation."
    )
    return PrintedTable("distances", caption, header, tuple(rows), len(known))


def difference_tables(found: Comparison, most: int, width: int) -> tuple[PrintedTable, ...]:
    """Return differences of ρ and of entropy production, the clearest first; as above."""
    names = dict(zip(found.kernels.names, told_apart(found.kernels.names, width), strict=True))
    header: tuple[tuple[str, Kind], ...] = (
        ("first", "text"),
        ("less second", "text"),
        ("difference", "number"),
        _INTERVAL,
    )
    tables = []
    for name, what, found_rows in (
        ("violation", "violation ρ of balance, nats", found.rho),
        ("entropy-production", "entropy production, nats a trial", found.entropy_production),
    ):
        order = sorted(found_rows, key=lambda d: -abs(d.mean) / max(d.upper - d.lower, 1e-300))
        rows = []
        for d in order[:most]:
            places = spread_decimals(d.lower, d.upper)
            mean = fixed(d.mean, places, sign=True)
            rows.append((names[d.first], names[d.second], mean, interval(d.lower, d.upper, places)))
        caption = f"Differences of kernels in {what}, the clearest first; posterior means."
        tables.append(PrintedTable(name, caption, header, tuple(rows), len(found_rows)))
    return tuple(tables)


def state_table(found: Comparison, most: int, width: int) -> PrintedTable:
    """Return the states by how surely they differ; parameters as above."""
    spreads = found.spreads if found.converged else ()
    rows = []
    for row in spreads[:most]:
        places = spread_decimals(row.lower, row.upper)
        rows.append(
            (
                label(row.state, width),
                f"{row.n_kernels:,}",
                fixed(row.spread, places),
                interval(row.lower, row.upper, places),
                probability(row.beyond),
            )
        )
    header: tuple[tuple[str, Kind], ...] = (
        ("state", "text"),
        ("kernels", "number"),
        ("spread", "number"),
        _INTERVAL,
        (f"P(> {found.rope:g})", "number"),
    )
    caption = (
        "Spread of each state's potential over the kernels that have it, nats; P averaged over one "
        "potential (spread 0) and deviations, even prior odds."
    )
    return PrintedTable("states", caption, header, tuple(rows), len(spreads))


def comparison_tables(found: Comparison, most: int, width: int) -> tuple[PrintedTable, ...]:
    """Return all tables that have a row; parameters as above."""
    tables = (
        kernel_table(found, most, width),
        hypothesis_table(found),
        distance_table(found, most, width),
        *difference_tables(found, most, width),
        state_table(found, most, width),
    )
    return tuple(table for table in tables if table.rows)
