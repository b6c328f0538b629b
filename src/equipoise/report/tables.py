"""The tables of the text summary: potential of the states, affinities of cycles."""

from collections.abc import Sequence

from equipoise.inference.balance import BalanceTest
from equipoise.inference.cycles import clearest as clearest_first
from equipoise.inference.potential import StatePotential
from equipoise.report.layout import INDENT, WIDTH, display_width, label, table, wrap
from equipoise.report.numbers import aligned, decimals, fixed, interval
from equipoise.text import listed

MOST_STATES = 30
MOST_CYCLES = 5
SEVERAL = "Potentials of different components cannot be compared."
_LABEL = 28
_NOTES = {
    "lower": "lower bound: seen to lead to {}, never to be reached from it.",
    "upper": "upper bound: seen to be reached from {}, never to lead to it.",
    "none": "no bound: never a source, or not joined to {} by transitions seen among sources.",
}


def by_potential(row: StatePotential) -> tuple[bool, float, str]:
    """Sort states by Φ or its one-sided bound, those without either last."""
    if row.bound == "none":
        return True, 0.0, row.state
    value = {"lower": row.lower, "upper": row.upper, "two-sided": row.mean}[row.bound]
    return value is None, value or 0.0, row.state


def potential_lines(result: BalanceTest) -> list[str]:
    """Return the table of potentials: by component, lowest first, at most 30 states."""
    trusted, gradient = result.potential_trusted, gradient_beside(result)
    components: list[list[StatePotential]] = [[] for _ in range(result.graph.n_components)]
    for row in sorted(result.potential, key=by_potential):
        components[row.component].append(row)
    lines = ["Potential  Φ = -log π in nats, given balance (lower = preferred)"]
    lines += [line for note in potential_caveats(result) for line in wrap(note, indent=INDENT)]
    shown: list[StatePotential] = []
    alone = [rows[0] for rows in components if len(rows) == 1]
    for number, rows in enumerate(components, start=1):
        left = MOST_STATES - len(shown)
        if len(rows) == 1 or left <= 0:
            continue
        part = _with_reference(rows, left)
        shown += part
        if len(components) > 1:
            lines.append(f"  Component {number} of {len(components):,}, {len(rows):,} states")
        lines += _component_table(part, gradient, trusted)
    hidden = len(result.potential) - len(shown) - len(alone)
    if hidden:
        lines.append(f"  ... and {hidden:,} more states; --json has all.")
    notes = bound_notes(shown)
    if alone:
        notes.append(f"Nothing to compare with: {listed((row.state for row in alone), 8)}.")
    if len(components) > 1:
        notes.append(SEVERAL)
    return lines + [line for note in notes for line in wrap(note, indent=INDENT)]


def gradient_beside(result: BalanceTest) -> dict[str, StatePotential]:
    """Return the gradient part by state, where balance is rejected; else nothing."""
    beside = result.verdict.favours == "non-reversible" and result.converged
    return {row.state: row for row in result.gradient} if beside else {}


def potential_caveats(result: BalanceTest) -> list[str]:
    """Return what must be known before the potential is read, a sentence each."""
    notes = []
    if gradient_beside(result):
        notes.append(
            "Balance is rejected, so Φ is only the best reversible description. Beside it stands "
            "the gradient part of the log-ratios under the cyclic hypothesis; it is not -log π."
        )
    if (distrust := result.findings.diagnostics.reversible) is not None:
        notes.append(
            f"Means and two-sided intervals are not given: {distrust}. Φ is the posterior mode."
        )
    return notes


def bound_notes(shown: Sequence[StatePotential]) -> list[str]:
    """Return what the bounds of these states mean, a sentence each."""
    bounds = {row.bound for row in shown}
    references = [row.state for row in shown if row.reference]
    reference = label(references[0], _LABEL) if len(references) == 1 else "the reference"
    notes = [note.format(reference) for bound, note in _NOTES.items() if bound in bounds]
    if bounds & {"lower", "upper"}:
        notes.append(
            "A bound is the likelihood's, where it has fallen to 1/20 of its greatest value; no "
            "prior enters it."
        )
    return notes


def _component_table(
    rows: Sequence[StatePotential], gradient: dict[str, StatePotential], trusted: bool
) -> list[str]:
    cells = [potential_cells(row, trusted) for row in rows]
    columns = [
        ["state", *(label(row.state, _LABEL) for row in rows)],
        ["Φ", *aligned([mean for mean, _, _ in cells])],
        ["sd", *aligned([sd for _, sd, _ in cells])],
        ["95 % interval", *(between for _, _, between in cells)],
    ]
    right = [False, True, True, False]
    if gradient:
        other = [potential_cells(gradient[row.state], trusted=True) for row in rows]
        columns += [
            ["gradient", *aligned([mean for mean, _, _ in other])],
            [
                "95 % interval",
                *("" if r.reference else c[2] for r, c in zip(rows, other, strict=True)),
            ],
        ]
        right += [True, False]
    return table(list(zip(*columns, strict=True)), right=right)


def potential_cells(row: StatePotential, trusted: bool) -> tuple[str, str, str]:
    """Return the cells Φ, sd and interval; a one-sided state shows its bound only."""
    if row.reference:
        return "0", "", "reference"
    if row.bound == "lower" and row.lower is not None:
        return f"≥ {fixed(row.lower, 1)}", "", "lower bound"
    if row.bound == "upper" and row.upper is not None:
        return f"≤ {fixed(row.upper, 1)}", "", "upper bound"
    if row.bound in ("lower", "upper"):
        return "?", "", "bound not found"
    if row.mean is None or row.mode is None or row.sd is None or row.mcse is None:
        return "?", "", "no bound"
    if row.lower is None or row.upper is None:
        return "?", "", "no bound"
    if not trusted:
        return fixed(row.mode, 1), "", "withheld"
    places = decimals(row.mcse, row.sd)
    return (
        fixed(row.mean, places),
        fixed(row.sd, places),
        interval(row.lower, row.upper, places),
    )


def _with_reference(rows: list[StatePotential], most: int) -> list[StatePotential]:
    """Return the lowest states, the reference always among them."""
    shown = rows[:most]
    if not any(row.reference for row in shown):
        shown[-1] = next(row for row in rows if row.reference)
    return shown


def cycle_lines(result: BalanceTest) -> list[str]:
    """Return the testable cycles that speak most clearly, by |mean|/sd."""
    testable = clearest_first(result.cycles)
    lines = ["Cycles  affinity = Σ log P_ij/P_ji round the cycle, nats (0 under balance)"]
    if not result.cycles:
        return [*lines, "  The support has no cycle."]
    if not testable:
        return [*lines, "  None is testable; their affinities are set by the priors."]
    if not result.converged:
        return [*lines, "  Withheld, for they rest on the same draws."]
    clearest = testable[:MOST_CYCLES]
    places = [decimals(cycle.mcse, cycle.sd) for cycle in clearest]
    both = list(zip(clearest, places, strict=True))
    columns = [
        ["affinity", *aligned([fixed(cycle.mean, p, sign=True) for cycle, p in both])],
        ["sd", *aligned([fixed(cycle.sd, p) for cycle, p in both])],
        ["95 % interval", *(interval(cycle.lower, cycle.upper, p) for cycle, p in both)],
    ]
    lines += beside_paths(columns, [True, True, False], [cycle.states for cycle in clearest])
    if len(testable) > len(clearest):
        lines.append(
            f"  The clearest {len(clearest)} of {len(testable):,} testable cycles of the "
            "minimum-weight basis; --json has all."
        )
    return lines


def beside_paths(
    columns: Sequence[Sequence[str]],
    right: Sequence[bool],
    cycles: Sequence[Sequence[str]],
    header: str = "cycle",
) -> list[str]:
    """Return columns, each with its header, and the path of each cycle beside them."""
    numbers = table(list(zip(*columns, strict=True)), right=right)
    column = max(map(display_width, numbers)) + 3
    paths = [header, *(cycle_path(states, WIDTH - column) for states in cycles)]
    return [
        f"{line}{' ' * (column - display_width(line))}{path}"
        for line, path in zip(numbers, paths, strict=True)
    ]


def cycle_path(states: Sequence[str], room: int) -> str:
    """Return "A → B → C → A" in at most ``room`` columns, cutting labels, then the middle."""
    closed = [*states, states[0]]
    for width in (24, 16, 12, 8):
        path = " → ".join(label(state, width) for state in closed)
        if display_width(path) <= room:
            return path
    for kept in range(len(closed) - 1, 2, -1):
        gap = f"({len(closed) - kept} more)"
        path = " → ".join(label(state, 8) for state in closed[: kept - 1])
        path += f" → {gap} → {label(closed[-1], 8)}"
        if display_width(path) <= room:
            return path
    return f"{label(states[0], 8)} → ({len(states) - 1} more) → {label(states[0], 8)}"
