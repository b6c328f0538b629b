"""What a plan says in a few sentences: how many trials are needed, and what they will tell."""

from collections.abc import Sequence

from equipoise.inference.evidence import BayesFactor
from equipoise.inference.planning import Outlook, Plan
from equipoise.inference.verdict import STRENGTHS, ViolationSize
from equipoise.report.numbers import decimals, fixed, outward, share, two_digits

_STRONG = STRENGTHS["strong"]
_ENOUGH = 0.9


def rows_of(plan: Plan, truth: str) -> list[Outlook]:
    """Return the outlook under one assumption, by number of trials."""
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
            "information and allocation follow. `equipoise large` tests such counts."
        )
    factor = plan.log_bayes_factor
    if factor is not None and _decided(factor):
        return _told_already(plan, factor.log_value)
    return f"{_contradicted(plan)}{_needed(plan)} {_violation_found(plan)} {_balance_found(plan)}"


def _decided(factor: BayesFactor) -> bool:
    """Return whether the counts so far are strong evidence, for either side."""
    return factor.distrust is None and abs(factor.log_value) >= _STRONG


def _told_already(plan: Plan, log_value: float) -> str:
    """Say what the counts say; of what is assumed, only what it is still good for."""
    size, against = plan.size, _spoken_against(plan)
    says = f"log BF is {fixed(log_value, 1, sign=True)}, "
    says += "for balance" if log_value > 0 else "against balance"
    if size is not None and log_value < 0:
        says += f", with ρ = {_size_text(size)} nats"
    text = (
        f"The counts so far decide already: {says}. No more trials are needed for that; "
        "`equipoise test` gives the range over priors, which sets the strength."
    )
    if against:
        which = "that case" if len(against) == 1 else "these two cases"
        text += (
            f" They speak against {' and against '.join(against)}; what the outlook says of "
            f"{which} holds only if they mislead."
        )
    if size is not None and len(against) == 2 and plan.cycle is None:
        text += f" `--rho {size.mean:.2g}` plans for a violation of the size that they show."
    return text


def _needed(plan: Plan) -> str:
    """Say in one sentence how many trials are needed, or why no number is."""
    violation, none = rows_of(plan, "violation"), rows_of(plan, "none")
    found = _first(violation, [row.against or 0.0 for row in violation])
    held = _first(none, [row.favouring or 0.0 for row in none])
    size = f"ρ = {plan.rho:.3g}" if plan.cycle is None else f"affinity {plan.affinity:g}"
    size += " nats"
    if found is not None and held is not None:
        k = max(found, held)
        return (
            f"{_a_state(plan, violation[k])} decide: log BF is at most -1 with probability "
            f"{simulated(plan, violation[k].against)} if {size}, and at least 1 with "
            f"probability {simulated(plan, none[k].favouring)} if balance holds."
        )
    if found is not None:
        return (
            f"{_a_state(plan, violation[found])} find a violation of {size} (log BF at most -1) "
            f"with probability {simulated(plan, violation[found].against)}; that balance holds is "
            f"not told surely by any number tried (with {none[-1].trials:,} the ceiling is "
            f"{fixed(none[-1].ceiling or 0.0, 1, sign=True)})."
        )
    most = violation[-1]
    also = "" if held is None else f", though {none[held].trials:,} tell that balance holds"
    return (
        f"No number tried decides: {_a_state(plan, most, 'even ')} find a violation of {size} "
        f"(log BF at most -1) with probability {simulated(plan, most.against)} only{also}; try "
        f"more (--trials {3 * most.trials},{10 * most.trials})."
    )


def _first(rows: Sequence[Outlook], chances: Sequence[float]) -> int | None:
    """Return the first number of trials from which on all decide."""
    last = None
    for k in reversed(range(len(rows))):
        if chances[k] < _ENOUGH:
            break
        last = k
    return last


def _a_state(plan: Plan, row: Outlook, before: str = "") -> str:
    """Return "About 1,300 more trials a state (5,000 in all)": a share of a number tried."""
    sources = max(int(plan.graph.sources.sum()), 1)
    text = f"{before}about {two_digits(max(row.trials / sources, 1.0)):,} more trials a state"
    text += f"{_ending(plan)} ({row.trials:,} in all)"
    return text if before else text[0].upper() + text[1:]


def simulated(plan: Plan, chance: float | None) -> str:
    """Return a share of the simulations of a plan."""
    return "?" if chance is None else share(chance, plan.factors.shape[2])


def _untestable(plan: Plan) -> str:
    last = plan.outlook[-1] if plan.outlook else None
    chance = ""
    if last is not None:
        chance = (
            f" If balance holds, {last.trials:,} more of the same trials{_ending(plan)} show "
            f"enough of them with probability {chance_text(last.testable)}, which the priors "
            "decide as much as the data."
        )
    return (
        "No cycle is testable, and more trials that show only the transitions seen so far cannot "
        "help, however many: a potential fits one-way transitions exactly. What is needed are "
        f"transitions never seen, named below.{chance}"
    )


def _violation_found(plan: Plan) -> str:
    rows = rows_of(plan, "violation")
    found = [row for row in rows if row.upper is not None and row.upper <= -_STRONG]
    what = f"A violation of ρ = {plan.rho:.3g} nats"
    if plan.cycle is not None:
        what = f"An affinity of {plan.affinity:g} nats round the cycle named"
    if not found:
        return (
            f"{what} is not found surely by {rows[-1].trials:,} {further(plan)}: log BF is then "
            f"{_between(rows[-1])} with probability 0.9."
        )
    first = found[0]
    sure = f"log BF at most -{_STRONG:g} with probability 0.95 or more"
    if first is rows[0]:
        return f"{what} is found by {first.trials:,} {further(plan)}, or fewer: {sure}."
    before = rows[rows.index(first) - 1]
    return (
        f"{what} is found by {first.trials:,} {further(plan)}: {sure}; {before.trials:,} may not "
        "do."
    )


def _ending(plan: Plan) -> str:
    """Say which trials are counted, where some so far were lost and are left out."""
    return " that end in a state" if plan.n_left_out else ""


def further(plan: Plan) -> str:
    """Return "further trials", and which are meant."""
    return f"further trials{_ending(plan)}"


def _balance_found(plan: Plan) -> str:
    last = rows_of(plan, "none")[-1]
    return (
        f"If there is none, {last.trials:,} give log BF {_between(last)}; the ceiling is about "
        f"{fixed(last.ceiling or 0.0, 1, sign=True)}."
    )


def _contradicted(plan: Plan) -> str:
    """Say where the counts so far speak against what is assumed."""
    against = _spoken_against(plan)
    if not against:
        return ""
    return (
        f"The counts so far already speak against {' and against '.join(against)}; what is said "
        "of that case holds if they mislead. "
    )


def _spoken_against(plan: Plan) -> list[str]:
    """Name what is assumed although the counts so far speak against it."""
    size, factor = plan.size, plan.log_bayes_factor
    if size is None or factor is None or factor.distrust is not None:
        return []
    against = []
    if not size.lower <= plan.rho <= size.upper:
        against.append(
            f"the violation assumed, ρ = {plan.rho:.3g} nats (they say {_size_text(size)})"
        )
    if factor.log_value <= -_STRONG:
        against.append("balance")
    return against


def _size_text(size: ViolationSize) -> str:
    return f"{size.mean:.2g}, {size.lower:.2g} to {size.upper:.2g}"


def _between(row: Outlook) -> str:
    return f"between {interval_text(row, ' and ')}"


def interval_text(row: Outlook, joined: str) -> str:
    """Return the 90 % interval of log BF, as many decimals as the simulations support."""
    if row.lower is None or row.upper is None:
        return "?"
    places = places_of(row)
    low, high = outward(row.lower, row.upper, places)
    return f"{fixed(low, places, sign=True)}{joined}{fixed(high, places, sign=True)}"


def places_of(row: Outlook) -> int:
    """Return the decimals that some hundred simulations support: at most one."""
    if row.lower is None or row.upper is None:
        return 1
    sd = (row.upper - row.lower) / 3.3
    return min(decimals(sd / 10, sd), 1)


def chance_text(share: float) -> str:
    """Return a share of simulations, which is never known to be 0 or 1."""
    return "< 0.01" if share < 0.01 else "> 0.99" if share > 0.99 else f"{share:.2f}"
