"""What a plan assumes: the violation, numbers of further trials, and how sources share them."""

from collections.abc import Sequence
from math import isfinite
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from equipoise.counts import TransitionCounts
from equipoise.errors import UsageError
from equipoise.graph import SupportGraph, cycle_vector, edge_subgraph, orthonormal_cycle_basis
from equipoise.inference.planning.allocation import Allocation
from equipoise.inference.planning.truths import Violation
from equipoise.likelihoods import FloatArray, IntArray

Spread = Literal["as-so-far", "even", "informative"]
#: ρ planned for unless said otherwise, nats.
VIOLATION = 0.1
#: Kernels drawn for either assumption.
SIMULATIONS = 100
_FEWEST_SIMULATIONS, _MOST_TRIALS = 39, 10**9
_STEPS = (1, 3, 10, 30, 100)


def check_arguments(
    violation: float,
    cycle: Sequence[str] | None,
    affinity: float | None,
    spread: str,
    simulations: int,
) -> None:
    """Refuse arguments of :func:`equipoise.inference.planning.plan` out of their range.

    Raises
    ------
    UsageError
    """
    if not (isfinite(violation) and 0 < violation <= 10):
        raise UsageError(f"violation must lie above 0 and at most at 10 nats, not {violation!r}")
    if (cycle is None) != (affinity is None):
        raise UsageError("cycle and affinity belong together: give both or neither")
    if affinity is not None and not (isfinite(affinity) and 0 < abs(affinity) <= 100):
        raise UsageError(f"affinity must be a number other than 0, up to ±100, not {affinity!r}")
    if spread not in get_args(Spread):
        raise UsageError(f"spread must be one of {', '.join(get_args(Spread))}, not {spread!r}")
    if simulations < _FEWEST_SIMULATIONS:
        raise UsageError(
            f"simulations must be at least {_FEWEST_SIMULATIONS} for a 90 % interval, "
            f"not {simulations!r}"
        )


def budgets_of(further: Sequence[int] | None, made: int) -> tuple[int, ...]:
    """Return the numbers of further trials asked for, increasing, or a geometric grid."""
    if further is None:
        third = max(made / 3, 10)
        unit = 10 ** int(np.floor(np.log10(third)))
        first = unit * min((1, 2, 5, 10), key=lambda digit: abs(np.log(digit * unit / third)))
        return tuple(int(first * step) for step in _STEPS)
    found = tuple(sorted({int(n) for n in further}))
    if not found or found[0] < 1 or found[-1] > _MOST_TRIALS:
        raise UsageError(
            f"further must hold numbers of trials from 1 to {_MOST_TRIALS:,}, not {further!r}"
        )
    return found


def inside_strong(graph: SupportGraph) -> npt.NDArray[np.bool_]:
    """Return which edges lie inside strongly connected components, shape (E,)."""
    return np.asarray(graph.strong[graph.edges[:, 0]] == graph.strong[graph.edges[:, 1]])


def assumed_violation(
    counts: TransitionCounts,
    graph: SupportGraph,
    violation: float,
    cycle: Sequence[str] | None,
    affinity: float | None,
) -> Violation | None:
    """Return what is assumed of c; None where no cycle is testable.

    Raises
    ------
    UsageError, DataError
        If the cycle named is none, or not testable.
    """
    if cycle is not None and affinity is not None:
        states = [counts.index(label) for label in cycle]
        vector = cycle_vector(graph, states)
        if len({int(graph.strong[state]) for state in states}) > 1:
            raise UsageError(
                "the cycle named is not testable: its states were not all seen to lead to each "
                "other and back; name another"
            )
        length = float(np.sqrt(len(states)))
        space = np.sign(affinity) * vector[:, None] / length
        return Violation(space, abs(affinity) / length, known=True)
    if not graph.n_testable_cycles:
        return None
    inside = inside_strong(graph)
    basis = orthonormal_cycle_basis(edge_subgraph(graph, inside))
    space = np.zeros((graph.n_edges, basis.shape[1]))
    space[inside] = basis
    return Violation(space, violation * float(np.sqrt(inside.sum())), known=False)


def rho_of(graph: SupportGraph, assumed: Violation) -> float:
    """Return ρ of the violation assumed, nats."""
    return assumed.radius / float(np.sqrt(inside_strong(graph).sum()))


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
