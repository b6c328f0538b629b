"""Reference states: where the potential of each component is 0."""

from collections.abc import Sequence

import numpy as np

from equipoise.counts import TransitionCounts
from equipoise.errors import UsageError
from equipoise.graph import SupportGraph
from equipoise.likelihoods import FloatArray
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
    for state in order:
        chosen.setdefault(int(graph.component[state]), state)
    return tuple(chosen[label] for label in sorted(chosen))


def above_reference(
    potential: FloatArray, graph: SupportGraph, references: Sequence[int]
) -> FloatArray:
    """Return potentials (..., S) with the reference state of each component at 0."""
    by_component = {int(graph.component[state]): state for state in references}
    columns = [by_component[int(label)] for label in graph.component]
    return np.asarray(potential - potential[..., columns])
