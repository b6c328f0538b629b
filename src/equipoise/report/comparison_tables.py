"""The tables of a comparison as they are read: rounded, sorted, cut, for the page and for LaTeX."""

from equipoise.inference.comparison import Comparison
from equipoise.report.layout import label
from equipoise.report.numbers import by_draws, decimals, fixed, interval, probability
from equipoise.report.printed import Kind, PrintedTable
from equipoise.text import told_apart

POTENTIALS = {
    "shared": "one potential",
    "pooled": "one, with deviations",
    "separate": "each its own",
}
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
                _both(away.rms, away.lower, away.upper, 2) if found.converged else "",
                own.verdict.favours if own.converged else "withheld",
                fixed(factor.log_value, 1, sign=True) if own.testable else "",
                _both(size.mean, size.lower, size.upper, 2) if own.testable and size else "",
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


def _both(mean: float, lower: float, upper: float, places: int) -> str:
    return f"{fixed(mean, places)} {interval(lower, upper, places)}"


def kernels_shown(found: Comparison, most: int) -> list[int]:
    """Return which kernels a table of so many rows shows: all in order, or the most deviating."""
    order = list(range(len(found.own)))
    if len(order) <= most:
        return order
    return sorted(order, key=lambda k: -found.deviations[k].rms)[:most]


def hypothesis_table(found: Comparison) -> PrintedTable:
    """Return the log evidence of all hypotheses, less the greatest that is shown."""
    known = [h.log_evidence for h in found.hypotheses if not h.distrust]
    top = max(known, default=0.0)
    rows = [
        (
            POTENTIALS[h.potentials],
            "with cycles" if h.cyclic else "balance",
            "withheld" if h.distrust else fixed(h.log_evidence - top, 2),
            "" if h.distrust else fixed(h.mcse, 2),
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
        for places, mean, low, high in (
            (2, d.rms, d.rms_lower, d.rms_upper),
            (3, d.divergence, d.divergence_lower, d.divergence_upper),
            (2, d.rank, d.rank_lower, d.rank_upper),
        ):
            nothing = mean is None or low is None or high is None
            cells.append("" if nothing else _both(mean or 0.0, low or 0.0, high or 0.0, places))
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
            places = decimals(0.0, max(d.upper - d.lower, 1e-12) / 4)
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
        places = decimals(0.0, max(row.upper - row.lower, 1e-12) / 4)
        rows.append(
            (
                label(row.state, width),
                f"{row.n_kernels:,}",
                fixed(row.spread, places),
                interval(row.lower, row.upper, places),
                by_draws(row.beyond),
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
