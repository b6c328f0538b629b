"""Reference states: where the potential of each component is 0."""

from collections.abc import Sequence

import numpy as np

from equipoise.counts import TransitionCounts
from equipoise.errors import UsageError
from equipoise.graph import SupportGraph
from equipoise.likelihoods import FloatArray, IntArray
from equipoise.text import listed, quoted


def reference_states(
    counts: TransitionCounts, graph: SupportGraph, reference: str | Sequence[str] | None = None
) -> tuple[int, ...]:
    """Return the reference state of every component, as indices.

    By default the source with most incoming transitions (ties by label); a state that was never a
    source is taken only where its component has no other, since nothing can be said relative to it.

    Parameters
    ----------
    counts, graph
        The counts and their support graph.
    reference
        One label, or several of different components, to use instead.

    Raises
    ------
    UsageError
        If a label is unknown, or two lie in one component.
    """
    table = counts.counts
    incoming = np.asarray(table.sum(axis=0)).ravel() - table.diagonal()
    order = sorted(
        range(len(counts.states)),
        key=lambda k: (not graph.sources[k], -incoming[k], counts.states[k]),
    )
    return chosen_references(counts, graph, reference, np.array(order))


def chosen_references(
    counts: TransitionCounts,
    graph: SupportGraph,
    reference: str | Sequence[str] | None,
    order: IntArray,
) -> tuple[int, ...]:
    """Return for every component the state that was asked for, or its first in an order.

    Parameters
    ----------
    counts, graph, reference
        As of :func:`reference_states`.
    order
        All states, the preferred ones first, shape (S,).

    Raises
    ------
    UsageError
        If a label is unknown, or two lie in one component.
    """
    labels, first = np.unique(graph.component[order], return_index=True)
    best = dict(zip(labels.tolist(), order[first].tolist(), strict=True))
    chosen: dict[int, int] = {}
    for label in [reference] if isinstance(reference, str) else reference or []:
        if label not in counts.states:
            raise UsageError(
                f"no state is called {quoted(label)}; the states are {listed(counts.states)}"
            )
        state = counts.states.index(label)
        if int(graph.component[state]) in chosen:
            raise UsageError(f"{quoted(label)} is a second reference state in one component")
        chosen[int(graph.component[state])] = state
    return tuple((best | chosen).values())


def above_reference(
    potential: FloatArray, graph: SupportGraph, references: Sequence[int]
) -> FloatArray:
    """Return potentials (..., S) with the reference state of each component at 0."""
    by_component = {int(graph.component[state]): state for state in references}
    columns = [by_component[int(label)] for label in graph.component]
    return np.asarray(potential - potential[..., columns])
