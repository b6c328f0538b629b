"""Plans to check and to present, each made once."""

from dataclasses import replace
from functools import cache

from equipoise import datasets
from equipoise.counts import TransitionCounts
from equipoise.inference.planning import Plan, plan

TABLES = {
    "tree": [[3, 10, 0], [7, 0, 5], [0, 4, 0]],
    # d is testable with nothing: never a source
    "one way": [[3, 10, 4, 2], [7, 0, 5, 1], [3, 4, 0, 3], [0, 0, 0, 0]],
}
HOSTILE = ("<script>alert(1)</script>", "\u202eevil", "x" * 5000)


def counts_of(name: str) -> TransitionCounts:
    if name in datasets.names():
        return datasets.load(name)
    return TransitionCounts.from_matrix(TABLES[name], states=list("abcd")[: len(TABLES[name])])


@cache
def planned(name: str) -> Plan:
    """Return a plan of two numbers of further trials, with as few simulations as can be."""
    if name == "hostile":
        return _renamed(planned("alofi-rain"))
    return plan(counts_of(name), further=[1000, 30_000], simulations=39, random_seed=2)


def _renamed(found: Plan) -> Plan:
    """Return the same plan for states with names that nobody should trust."""
    new = dict(zip(found.counts.states, HOSTILE, strict=True))
    cycles = tuple(
        replace(
            cycle,
            states=tuple(new[state] for state in cycle.states),
            weakest=cycle.weakest and (new[cycle.weakest[0]], new[cycle.weakest[1]]),
        )
        for cycle in found.cycles
    )
    return replace(
        found, counts=found.counts.relabel(new), cycles=cycles, cycle=HOSTILE, affinity=1.0
    )
