"""A plan in words and tables."""

from collections.abc import Sequence

from equipoise.inference.planning import CycleInformation, Outlook, Plan
from equipoise.inference.verdict import STRENGTHS
from equipoise.report.layout import display_width, entry, label, table, wrap
from equipoise.report.numbers import fixed, outward, with_error
from equipoise.report.tables import beside_paths, cycle_path
from equipoise.text import listed

MOST_STATES, MOST_CYCLES, MOST_UNSEEN = 30, 6, 6
_STRONG = STRENGTHS["strong"]
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
    sections = (
        wrap(plan_answer(plan)),
        _so_far(plan),
        _cycles(plan),
        _outlook(plan),
        _next(plan),
        _assumed(plan),
    )
    return "\n\n".join("\n".join(section) for section in sections if section)


def _rows(plan: Plan, truth: str) -> list[Outlook]:
    return [row for row in plan.outlook if row.truth == truth]


def plan_answer(plan: Plan) -> str:
    """Return in words what more trials will do; whether it may be relied on, before all else."""
    graph = plan.graph
    if plan.doubt is not None:
        return f"Not to be relied on: {plan.doubt}."
    if not graph.n_cycles:
        return (
            "Nothing to plan: the support has no cycle, and without one every kernel obeys "
            "balance. Only states or transitions not seen so far could make a cycle."
        )
    if not graph.n_testable_cycles:
        return _untestable(plan)
    if not plan.outlook:
        return (
            "No outlook: more than 400 parameters, which cannot be simulated in reasonable time; "
            "information and allocation follow."
        )
    return f"{_contradicted(plan)}{_violation_found(plan)} {_balance_found(plan)}"


def _untestable(plan: Plan) -> str:
    last = plan.outlook[-1] if plan.outlook else None
    chance = ""
    if last is not None:
        chance = (
            f" If balance holds, {last.trials:,} more of the same trials{_ending(plan)} show "
            f"enough of them with probability {_chance(last.testable)}, which the priors decide as "
            "much as the data."
        )
    return (
        "No cycle is testable, and more trials that show only the transitions seen so far cannot "
        "help, however many: a potential fits one-way transitions exactly. What is needed are "
        f"transitions never seen, named below.{chance}"
    )


def _violation_found(plan: Plan) -> str:
    rows = _rows(plan, "violation")
    found = [row for row in rows if row.upper is not None and row.upper <= -_STRONG]
    what = f"A violation of ρ = {plan.rho:.3g} nats"
    if plan.cycle is not None:
        what = f"An affinity of {plan.affinity:g} nats round the cycle named"
    if not found:
        return (
            f"{what} is not found surely by {rows[-1].trials:,} {_further(plan)}: log BF is then "
            f"{_between(rows[-1])} with probability 0.9."
        )
    first = found[0]
    sure = f"log BF at most −{_STRONG:g} with probability 0.95"
    if first is rows[0]:
        return f"{what} is found by {first.trials:,} {_further(plan)}, or fewer: {sure}."
    before = rows[rows.index(first) - 1]
    return (
        f"{what} is found by {first.trials:,} {_further(plan)}: {sure}; {before.trials:,} may not "
        "do."
    )


def _ending(plan: Plan) -> str:
    """Say which trials are counted, where some so far were lost and are left out."""
    return " that end in a state" if plan.n_left_out else ""


def _further(plan: Plan) -> str:
    return f"further trials{_ending(plan)}"


def _balance_found(plan: Plan) -> str:
    last = _rows(plan, "none")[-1]
    return (
        f"If there is none, {last.trials:,} give log BF {_between(last)}; the ceiling is "
        f"{fixed(last.ceiling or 0.0, 1, sign=True)}."
    )


def _contradicted(plan: Plan) -> str:
    """Say where the counts so far speak against what is assumed."""
    size, factor = plan.size, plan.log_bayes_factor
    if size is None or factor is None or factor.distrust is not None:
        return ""
    against = []
    if not size.lower <= plan.rho <= size.upper:
        against.append(
            f"the violation assumed (they say ρ = {size.mean:.2g}, "
            f"{size.lower:.2g} to {size.upper:.2g})"
        )
    if factor.log_value <= -_STRONG:
        against.append(f"balance (log BF {fixed(factor.log_value, 1)})")
    if not against:
        return ""
    return (
        f"The counts so far already speak against {' and against '.join(against)}; what is said "
        "of that case holds if they mislead. "
    )


def _between(row: Outlook) -> str:
    return f"between {_interval(row, ' and ')}"


def _interval(row: Outlook, joined: str) -> str:
    if row.lower is None or row.upper is None:
        return "?"
    low, high = outward(row.lower, row.upper, 1)
    return f"{fixed(low, 1, sign=True)}{joined}{fixed(high, 1, sign=True)}"


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
        ceiling = f"; ceiling {fixed(plan.ceiling, 1, sign=True)}" if plan.ceiling else ""
        lines += entry("log BF", f"{value}, by the fast path{ceiling}")
    return lines + entry(
        "information", f"{fixed(plan.information_nats, 1)} nats on the cycles, expected"
    )


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
    cells = [["error", "weakest transition", "its share"]]
    for cycle in shown:
        source, target = cycle.weakest or ("", "")
        cells.append(
            [
                fixed(cycle.standard_error or 0.0, 2),
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


def _chance(share: float) -> str:
    """Return a share of simulations, which is never known to be 0 or 1."""
    return "< 0.01" if share < 0.01 else "> 0.99" if share > 0.99 else f"{share:.2f}"


def _tried(trials: int) -> str:
    return f"{trials:,}" if trials else "never a source"


def _outlook(plan: Plan) -> list[str]:
    if not plan.outlook:
        return []
    if not plan.graph.n_testable_cycles:
        cells = [["further trials", "P(some cycle testable), if balance holds"]]
        cells += [[f"{row.trials:,}", _chance(row.testable)] for row in plan.outlook]
        title = f"Outlook  {_further(plan)} {_SPREADS[plan.spread]}"
        return [title, *table(cells, right=[True] * 2)]
    head = ["further trials", "expected", "90 % interval", "P(≤ −1)"]
    head += ["expected", "90 % interval", "P(≥ 1)", "ceiling"]
    cells = [head]
    for one, none in zip(_rows(plan, "violation"), _rows(plan, "none"), strict=True):
        cells.append(
            [
                f"{one.trials:,}",
                _number(one.mean),
                _interval(one, " to "),
                _share(one.against),
                _number(none.mean),
                _interval(none, " to "),
                _share(none.favouring),
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


def _number(value: float | None) -> str:
    return "" if value is None else fixed(value, 1, sign=True)


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _next(plan: Plan) -> list[str]:
    best = plan.recommended
    if best is None:
        return []
    lines = [f"Next  how {round(best.further):,} {_further(plan)} determine the cycles best"]
    share = best.share_of_even
    lines += entry("gain", f"the same width of c with {share:.2f} of the trials spread evenly")
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
