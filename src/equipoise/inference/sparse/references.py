"""Where the potential of each component of a large table is 0."""

from collections.abc import Sequence

import numpy as np

from equipoise.counts import TransitionCounts
from equipoise.graph import SupportGraph
from equipoise.inference.reference import reference_states


def large_references(
    counts: TransitionCounts, graph: SupportGraph, reference: str | Sequence[str] | None = None
) -> tuple[int, ...]:
    """Return the reference state of every component, as indices.

    By default a source of the largest strongly connected part of the component, the one with most
    incoming transitions, the earlier where two have as many: only potentials of states that lead to
    the reference and back are known on both sides, and in a large sparse table the state that is
    reached most often need not lead anywhere.

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
    if reference is not None and len(reference):
        return _asked(counts, graph, reference)
    table = counts.counts
    incoming = np.asarray(table.sum(axis=0)).ravel() - table.diagonal()
    together = np.bincount(graph.strong)[graph.strong]
    # The last key counts most; sorting is stable.
    order = np.lexsort((-incoming, -together, ~graph.sources, graph.component))
    _, first = np.unique(graph.component[order], return_index=True)
    return tuple(order[first].tolist())


def _asked(
    counts: TransitionCounts, graph: SupportGraph, reference: str | Sequence[str]
) -> tuple[int, ...]:
    """Return what was asked for where it was, and the default elsewhere."""
    labels = [reference] if isinstance(reference, str) else reference
    named = reference_states(counts, graph, reference)
    component = {int(graph.component[counts.states.index(label)]) for label in labels}
    best = large_references(counts, graph)
    pairs = zip(named, best, strict=True)
    return tuple(a if int(graph.component[a]) in component else b for a, b in pairs)
