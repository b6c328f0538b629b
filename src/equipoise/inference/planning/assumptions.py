"""What a plan assumes: the violation, numbers of further trials, and how sources share them."""

from collections.abc import Iterable, Sequence
from typing import Literal, get_args

import numpy as np

from equipoise.arguments import is_finite, whole_number
from equipoise.counts import TransitionCounts
from equipoise.errors import UsageError
from equipoise.graph import SupportGraph, cycle_vector, edge_subgraph, orthonormal_cycle_basis
from equipoise.inference.planning.allocation import Allocation
from equipoise.inference.planning.truths import AssumedCirculation
from equipoise.likelihoods import FloatArray, IntArray
from equipoise.text import quoted

Spread = Literal["as-so-far", "even", "informative"]
#: ρ planned for unless said otherwise, nats.
RHO = 0.1
#: Kernels drawn for either assumption.
SIMULATIONS = 100
_FEWEST_SIMULATIONS, _MOST_TRIALS = 39, 10**9
_STEPS = (1, 3, 10, 30, 100)


def check_arguments(
    rho: float,
    cycle: object,
    affinity: float | None,
    spread: str,
    simulations: int,
) -> int:
    """Refuse arguments of :func:`equipoise.inference.planning.plan` out of their range.

    Returns
    -------
    int
        The number of simulations.

    Raises
    ------
    UsageError
    """
    if not (is_finite(rho) and 0 < rho <= 10):
        raise UsageError(f"rho must lie above 0 and at most at 10 nats, not {rho!r}")
    if isinstance(cycle, str) or not isinstance(cycle, Iterable | None):
        raise UsageError(
            f"a cycle is a list of labels, not {quoted(repr(cycle))}: cycle=['a', 'b', 'c']"
        )
    if (cycle is None) != (affinity is None):
        raise UsageError("cycle and affinity belong together: give both or neither")
    if affinity is not None and not (is_finite(affinity) and 0 < abs(affinity) <= 100):
        raise UsageError(f"affinity must be a number other than 0, up to ±100, not {affinity!r}")
    if spread not in get_args(Spread):
        raise UsageError(f"spread must be one of {', '.join(get_args(Spread))}, not {spread!r}")
    # Fewer give no 90 % interval.
    return whole_number(simulations, "simulations", _FEWEST_SIMULATIONS)


def budgets_of(further: int | Sequence[int] | None, made: int) -> tuple[int, ...]:
    """Return the numbers of further trials asked for, increasing, or a geometric grid.

    Raises
    ------
    UsageError
        If there is none, or one is no whole number in range.
    """
    if further is None:
        third = max(made / 3, 10)
        unit = 10 ** int(np.floor(np.log10(third)))
        first = unit * min((1, 2, 5, 10), key=lambda digit: abs(np.log(digit * unit / third)))
        return tuple(int(first * step) for step in _STEPS)
    asked: Sequence[object]
    try:
        asked = list(further)  # type: ignore[arg-type]  # a single number, then
    except TypeError:
        asked = [further]
    if not asked:
        raise UsageError("further holds no number of trials; give one or more, or leave it out")
    return tuple(sorted({whole_number(n, "further", 1, _MOST_TRIALS) for n in asked}))


def assumed_circulation(
    counts: TransitionCounts,
    graph: SupportGraph,
    rho: float,
    cycle: Sequence[str] | None,
    affinity: float | None,
) -> AssumedCirculation | None:
    """Return what is assumed of c; None where no cycle is testable.

    Raises
    ------
    UsageError, DataError
        If the cycle named is none, or not testable.
    """
    if cycle is not None and affinity is not None:
        states = [counts.index(label) for label in cycle]
        vector = cycle_vector(graph, states)
        if not graph.is_testable(states):
            raise UsageError(
                "the cycle named is not testable: its states were not all seen to lead to each "
                "other and back; name another"
            )
        length = float(np.sqrt(len(states)))
        space = np.sign(affinity) * vector[:, None] / length
        return AssumedCirculation(space, abs(affinity) / length, known=True)
    if not graph.n_testable_cycles:
        return None
    inside = graph.inside
    basis = orthonormal_cycle_basis(edge_subgraph(graph, inside))
    space = np.zeros((graph.n_edges, basis.shape[1]))
    space[inside] = basis
    return AssumedCirculation(space, rho * float(np.sqrt(inside.sum())), known=False)


def rho_of(graph: SupportGraph, assumed: AssumedCirculation) -> float:
    """Return ρ of the violation assumed, nats."""
    return assumed.radius / float(np.sqrt(graph.inside.sum()))


def spread_trials(
    spread: Spread,
    graph: SupportGraph,
    made: FloatArray,
    budget: int,
    best: Allocation | None,
) -> IntArray:
    """Return whole numbers of further trials from each state, shape (S,).

    Parameters
    ----------
    spread, budget
        How many, and how they are shared.
    graph, made
        Sources, and the trials of each so far, shape (S,).
    best
        The informative share; None without a testable cycle.

    Raises
    ------
    UsageError
        If an informative spread is asked for without a testable cycle.
    """
    if spread == "as-so-far":
        share = made / made.sum()
    elif spread == "even":
        share = graph.sources / graph.sources.sum()
    elif best is not None:
        share = best.fractions
    else:
        raise UsageError("an informative spread needs a testable cycle, and these counts have none")
    exact = budget * share
    whole = np.floor(exact)
    # The trials left over go to the largest remainders.
    left = round(budget - whole.sum())
    whole[np.argsort(whole - exact, kind="stable")[:left]] += 1
    return whole.astype(np.int64)
