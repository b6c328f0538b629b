"""Several kernels on overlapping states: the question put to a comparison."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from equipoise.counts import TransitionCounts
from equipoise.errors import DataError, UsageError
from equipoise.graph import SupportGraph, support_graph
from equipoise.likelihoods import IntArray, Rejected, trials_of
from equipoise.text import quoted


@dataclass(frozen=True, eq=False, repr=False)
class Kernels:
    """Named kernels, each with its own counts and support, on the union of their states.

    Attributes
    ----------
    names
        In the order given.
    counts
        Of each.
    graphs
        Support graph of each.
    states
        The U labels that occur in any of them: in order of first occurrence.
    places
        Of each kernel the position of its states among ``states``, shape (S,).
    component
        Component of each of the U states in the union of all supports, shape (U,).
    rejected
        What a trial that ended in no state counts as.
    """

    names: tuple[str, ...]
    counts: tuple[TransitionCounts, ...]
    graphs: tuple[SupportGraph, ...]
    states: tuple[str, ...]
    places: tuple[IntArray, ...]
    component: IntArray
    rejected: Rejected

    def __repr__(self) -> str:
        return (
            f"Kernels({len(self.names):,}: {', '.join(self.names[:3])}"
            f"{', ...' if len(self.names) > 3 else ''}; {len(self.states):,} states, "
            f"{len(self.shared):,} of them in two or more)"
        )

    @property
    def occurrences(self) -> IntArray:
        """In how many kernels each state takes part in a transition to another, shape (U,)."""
        found = np.zeros(len(self.states), dtype=np.int64)
        for graph, place in zip(self.graphs, self.places, strict=True):
            found[place[np.unique(graph.edges)]] += 1
        return found

    @property
    def n_comparisons(self) -> int:
        """Number of independent differences of potential that kernels know beyond a shared one.

        ``Σ_m (S_m − K_m) − (U − K)``: what all kernels know about differences of potential, less
        what one potential on the union of their states has. Where it is 0, any potentials of the
        kernels are parts of one.
        """
        own = sum(graph.n_states - graph.n_components for graph in self.graphs)
        return own - (len(self.states) - int(self.component.max()) - 1)

    @property
    def shared(self) -> tuple[str, ...]:
        """States that take part in transitions of two kernels or more."""
        return tuple(
            s for s, n in zip(self.states, self.occurrences.tolist(), strict=True) if n > 1
        )


def kernels_of(counts: Mapping[str, TransitionCounts], *, rejected: Rejected = "stay") -> Kernels:
    """Put kernels together for a comparison.

    Parameters
    ----------
    counts : mapping of str to TransitionCounts
        By name, two at least.
    rejected : {"stay", "drop"}
        What a trial that ended in no state counts as.

    Raises
    ------
    UsageError
        If there is one kernel only, or something is no TransitionCounts.
    DataError
        If no two kernels share two states between which potentials could be compared.
    """
    if not isinstance(counts, Mapping):
        raise UsageError(
            f"kernels must be a mapping of names to TransitionCounts, not {type(counts).__name__}: "
            '{"model A": counts_a, "model B": counts_b}'
        )
    if len(counts) < 2:
        raise UsageError(
            f"a comparison needs two kernels or more, and was given {len(counts)}: give another, "
            "or name the column of a table that tells kernels apart (--by)"
        )
    for name, one in counts.items():
        if not str(name).strip():
            raise UsageError(f"the name of a kernel must not be empty, and one is {name!r}")
        if not isinstance(one, TransitionCounts):
            raise UsageError(
                f"kernel {quoted(name)} must be an equipoise.TransitionCounts, not "
                f"{type(one).__name__}"
            )
    tables = tuple(counts.values())
    graphs = tuple(support_graph(one, trials_of(one, rejected)) for one in tables)
    states = tuple(dict.fromkeys(state for one in tables for state in one.states))
    position = {state: k for k, state in enumerate(states)}
    places = tuple(np.array([position[s] for s in one.states], dtype=np.int64) for one in tables)
    edges = np.concatenate([p[g.edges] for p, g in zip(places, graphs, strict=True)])
    adjacency = coo_array(
        (np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(len(states), len(states))
    )
    component = connected_components(adjacency, directed=False)[1].astype(np.int64)
    found = Kernels(tuple(counts), tables, graphs, states, places, component, rejected)
    if not found.n_comparisons:
        raise DataError(
            "no two of these kernels have two states in common that transitions join in both, so "
            f"that their potentials cannot be compared; they have {len(found.shared):,} states in "
            "common altogether: check that the labels are written alike"
        )
    return found
