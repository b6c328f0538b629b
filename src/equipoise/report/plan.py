"""A plan in words and tables."""

from collections.abc import Sequence

from equipoise.inference.planning import CycleInformation, Plan
from equipoise.report.caveats import alike_labels
from equipoise.report.layout import display_width, entry, label, table, wrap
from equipoise.report.numbers import decimals, fixed, with_error
from equipoise.report.plan_answer import (
    chance_text,
    further,
    interval_text,
    places_of,
    plan_answer,
    rows_of,
    simulated,
)
from equipoise.report.tables import beside_paths, cycle_path
from equipoise.text import listed

MOST_STATES, MOST_CYCLES, MOST_UNSEEN = 30, 6, 6
_LABEL = 28
_SPREADS = {
    "as-so-far": "over sources in the proportions so far",
    "even": "evenly over sources",
    "informative": "over sources as recommended",
}


def plan_summary(plan: Plan) -> str:
    """Return a plan in words and tables: plain text, lines of at most 100 columns.

    What more trials will do comes first (whether it may be relied on, before all else), then what
    the counts so far can tell, the outlook, which sources to sample next, and what was assumed.
    State names are not trusted: control characters are escaped.

    Parameters
    ----------
    plan
        From :func:`equipoise.inference.planning.plan`.

    Returns
    -------
    str
        Without a line feed at its end.
    """
    labels = alike_labels(plan.counts.states)
    sections = (
        wrap(labels) if labels else [],
        wrap(plan_answer(plan)),
        _so_far(plan),
        _cycles(plan),
        _outlook(plan),
        _next(plan),
        _assumed(plan),
    )
    return "\n\n".join("\n".join(section) for section in sections if section)


def _so_far(plan: Plan) -> list[str]:
    graph, factor = plan.graph, plan.log_bayes_factor
    lines = ["So far"]
    ended = " that ended in a state" if plan.n_left_out else ""
    made = f"{int(plan.trials.sum()):,}{ended}, from {int(graph.sources.sum()):,} states"
    lost = f"; {plan.n_left_out:,} more ended in none and are left out" if plan.n_left_out else ""
    lines += entry("trials", made + lost)
    lines += entry("cycles", f"{graph.n_testable_cycles:,} testable of {graph.n_cycles:,}")
    never = [s for s, tried in zip(graph.states, graph.sources, strict=True) if not tried]
    if never:
        lines += entry("never sources", listed(never))
    if not graph.n_testable_cycles:
        return lines
    if factor is not None:
        shown = factor.distrust is None
        value = with_error(factor.log_value, factor.mcse) if shown else "withheld"
        ceiling = "" if plan.ceiling is None else f"; ceiling {_ceiling(plan)}"
        lines += entry("log BF", f"{value}, by the fast path{ceiling}")
    return lines + entry(
        "information", f"{fixed(plan.information_nats, 1)} nats on the cycles, expected"
    )


def _ceiling(plan: Plan) -> str:
    if plan.ceiling is None or plan.ceiling_mcse is None:
        return f"{fixed(plan.ceiling or 0.0, 1, sign=True)}, roughly"
    return with_error(plan.ceiling, plan.ceiling_mcse)


def _cycles(plan: Plan) -> list[str]:
    testable = [cycle for cycle in plan.cycles if cycle.testable]
    hidden = [cycle for cycle in plan.cycles if not cycle.testable]
    lines = []
    if testable:
        lines += ["Cycles  standard error of the affinity by the likelihood alone, nats", ""]
        lines[-1:] = _testable_lines(testable)
    if hidden:
        lines += [""] if lines else []
        lines += _hidden_lines(hidden)
    return lines


def _testable_lines(cycles: Sequence[CycleInformation]) -> list[str]:
    shown = [*cycles[: MOST_CYCLES // 2], *cycles[max(len(cycles) - MOST_CYCLES // 2, 3) :]]
    cells = [["error", "weakest transition", "of error²"]]
    for cycle in shown:
        source, target = cycle.weakest or ("", "")
        cells.append(
            [
                _two_digits(cycle.standard_error or 0.0),
                f"{label(source, 16)} → {label(target, 16)}",
                f"{cycle.weakest_share or 0.0:.0%}",
            ]
        )
    columns = list(zip(*cells, strict=True))
    lines = beside_paths(columns, [True, False, True], [cycle.states for cycle in shown])
    if len(cycles) > len(shown):
        lines += wrap(
            f"The {MOST_CYCLES // 2} best and the {MOST_CYCLES // 2} worst determined of "
            f"{len(cycles):,} testable cycles of the minimum-weight basis; --json has all.",
            indent=2,
        )
    return lines


def _two_digits(value: float) -> str:
    return fixed(value, decimals(0.0, value))


def _hidden_lines(cycles: Sequence[CycleInformation]) -> list[str]:
    """Name the transitions that most cycles wait for, each once, and a cycle that needs it."""
    by_need: dict[tuple[str, ...], list[CycleInformation]] = {}
    for cycle in cycles:
        key = tuple(f"{step.source}\n{step.target}" for step in cycle.unseen)
        by_need.setdefault(key, []).append(cycle)
    groups = sorted(by_need.values(), key=lambda some: (-len(some), len(some[0].unseen)))
    lines = [f"Not testable  {len(cycles):,} of the cycles, until these transitions are seen"]
    cells = [["to be seen", "trials without", "cycles"]]
    for group in groups[:MOST_UNSEEN]:
        steps = group[0].unseen
        named = ", ".join(
            f"{label(step.source, 16)} → {label(step.target, 16)}" for step in steps[:2]
        )
        more = f" and {len(steps) - 2} more" if len(steps) > 2 else ""
        made = ", ".join(_tried(step.trials) for step in steps[:2])
        cells.append([named + more, made, f"{len(group):,}"])
    columns = list(zip(*cells, strict=True))
    examples = [group[0].states for group in groups[:MOST_UNSEEN]]
    lines += beside_paths(columns, [False, True, True], examples, header="such as")
    if len(groups) > MOST_UNSEEN:
        lines.append(f"  and {len(groups) - MOST_UNSEEN:,} other sets; --json has all.")
    return lines


def _tried(trials: int) -> str:
    return f"{trials:,}" if trials else "never a source"


def _outlook(plan: Plan) -> list[str]:
    if not plan.outlook:
        return []
    if not plan.graph.n_testable_cycles:
        cells = [["further trials", "P(some cycle testable), if balance holds"]]
        cells += [[f"{row.trials:,}", chance_text(row.testable)] for row in plan.outlook]
        title = f"Outlook  {further(plan)} {_SPREADS[plan.spread]}"
        return [title, *table(cells, right=[True] * 2)]
    head = ["further trials", "expected", "90 % interval", "P(≤ -1)"]
    head += ["expected", "90 % interval", "P(≥ 1)", "ceiling"]
    cells = [head]
    for one, none in zip(rows_of(plan, "violation"), rows_of(plan, "none"), strict=True):
        cells.append(
            [
                f"{one.trials:,}",
                _number(one.mean, places_of(one)),
                interval_text(one, " to "),
                simulated(plan, one.against),
                _number(none.mean, places_of(none)),
                interval_text(none, " to "),
                simulated(plan, none.favouring),
                _number(none.ceiling),
            ]
        )
    lines = table(cells, right=[True, True, False, True, True, False, True, True], gap=2)
    place = display_width(lines[0][: lines[0].index("expected")])
    second = display_width(lines[0][: lines[0].index("expected", place + 1)])
    groups = f"{'':{place}}{'with the violation':{second - place}}with none"
    return [
        f"Outlook  log BF of all trials, further ones {_SPREADS[plan.spread]}",
        groups.rstrip(),
        *lines,
    ]


def _number(value: float | None, places: int = 1) -> str:
    return "" if value is None else fixed(value, places, sign=True)


def _next(plan: Plan) -> list[str]:
    best = plan.recommended
    if best is None:
        return []
    lines = [f"Next  how {round(best.further):,} {further(plan)} determine the cycles best"]
    share = best.share_of_even
    lines += entry("gain", _gain(share))
    order = sorted(
        zip(plan.counts.states, plan.trials.tolist(), best.fractions.tolist(), strict=True),
        key=lambda row: (-row[2], row[0]),
    )
    cells = [["state", "trials so far", "share of further"]]
    cells += [
        [label(state, _LABEL), f"{made:,}", f"{fraction:.3f}"]
        for state, made, fraction in order[:MOST_STATES]
    ]
    lines += table(cells, right=[False, True, True])
    if len(order) > MOST_STATES:
        rest = sum(row[2] for row in order[MOST_STATES:])
        lines.append(f"  and {len(order) - MOST_STATES:,} states with {rest:.3f} together")
    return lines


def _gain(share: float) -> str:
    """Say how many trials these shares spare; share is of those spread evenly."""
    if round(share, 2) >= 1.0:
        return "none to speak of: spread evenly, as many trials determine them as well"
    return f"{share:.2f} times as many trials determine them as well as trials spread evenly"


def _assumed(plan: Plan) -> list[str]:
    lines = ["Assumed"]
    if plan.graph.n_testable_cycles:
        if plan.cycle is None:
            text = f"ρ = {plan.rho:.3g} nats on the testable cycles, in any direction"
        else:
            path = cycle_path(plan.cycle, 60)
            text = f"affinity {plan.affinity:g} round {path}, spread evenly over its edges"
        lines += entry("violation", text)
    kernels = "kernels drawn from the posterior given that; all trials are tested, those so far too"
    lines += entry("truth", kernels)
    lines += entry("support", "the transitions seen so far and their reverses; no others")
    if plan.n_left_out:
        lines += entry(
            "lost trials",
            "every number of trials here is of those that end in a state, so make more: so far "
            f"{plan.n_left_out / plan.counts.n_trials:.1%} ended in none",
        )
    if plan.counts.protocol == "trajectory":
        lines += entry(
            "path",
            "a longer path spreads its trials as so far, about; other spreads need sources that "
            "can be chosen",
        )
    if plan.factors.size:
        lines += entry(
            "simulations", f"{plan.factors.shape[2]:,} tables for each row, seed {plan.random_seed}"
        )
    return lines + entry("time", f"{fixed(plan.seconds, 1)} s")
