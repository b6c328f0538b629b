"""Where the potential of each component of a large table is 0."""

from collections.abc import Sequence

import numpy as np

from equipoise.counts import TransitionCounts
from equipoise.graph import SupportGraph
from equipoise.inference.reference import chosen_references
from equipoise.likelihoods import IntArray


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
    table = counts.counts
    incoming = np.asarray(table.sum(axis=0)).ravel() - table.diagonal()
    together = np.bincount(graph.strong)[graph.strong]
    # The last key counts most; sorting is stable.
    order = np.lexsort((-incoming, -together, ~graph.sources))
    return chosen_references(counts, graph, reference, order)


def own_reference(graph: SupportGraph, references: Sequence[int]) -> IntArray:
    """Return the reference state of each state's component, shape (S,)."""
    at = np.empty(graph.n_components, dtype=np.int64)
    at[graph.component[list(references)]] = references
    return np.asarray(at[graph.component])
