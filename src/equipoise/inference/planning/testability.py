"""Which cycles the counts can test, how well each is determined, and what hides the others."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from equipoise.counts import TransitionCounts
from equipoise.graph import SupportGraph, edge_index
from equipoise.inference.cycles import minimum_basis
from equipoise.likelihoods import FloatArray, IntArray

# More unseen transitions than this are not searched for the fewest that would do.
_SEARCHED, _MOST_NEEDED = 14, 3


@dataclass(frozen=True)
class Unseen:
    """A transition that was never counted, and that a cycle would need.

    Attributes
    ----------
    source, target
        Labels.
    trials
        Trials made from ``source`` without it.
    """

    source: str
    target: str
    trials: int


@dataclass(frozen=True)
class CycleInformation:
    """How well the counts so far determine one cycle of the minimum-weight basis.

    Attributes
    ----------
    states
        Labels in order, the first not repeated.
    testable
        Whether its states were seen to lead to each other and back.
    standard_error
        Of its affinity, nats, from the likelihood alone: Fisher's information of c with V and s
        profiled out, at the cyclic fit. None where untestable.
    weakest
        The transition on it, (source, target), that adds most to the error; None where untestable.
    weakest_share
        Its share of the error's square.
    unseen
        Where untestable: the fewest transitions that would have to be seen; the likelier ones
        by the fit, where there is a choice.
    """

    states: tuple[str, ...]
    testable: bool
    standard_error: float | None
    weakest: tuple[str, str] | None
    weakest_share: float | None
    unseen: tuple[Unseen, ...]


def cycle_informations(
    counts: TransitionCounts, graph: SupportGraph, probability: FloatArray, trials: FloatArray
) -> tuple[CycleInformation, ...]:
    """Return every cycle of the minimum-weight basis, the best-determined first.

    Parameters
    ----------
    counts, graph
        The data, axis 0 from, axis 1 to, and its support graph.
    probability
        ``P_ij`` and ``P_ji`` of each edge at the cyclic fit, shape (E, 2).
    trials
        N_i, shape (S,).
    """
    if not graph.n_cycles:
        return ()
    table = counts.counts
    i, j = np.asarray(graph.edges).T
    forward = np.asarray(table[i, j], dtype=float).ravel()
    cycles = minimum_basis(graph, forward, np.asarray(table[j, i], dtype=float).ravel())
    search = _Search(graph, probability, trials, _seen(counts))
    found = [_cycle(cycle, graph, probability, trials, search) for cycle in cycles]
    return tuple(sorted(found, key=lambda one: (one.standard_error or np.inf, one.states)))


def arc_variances(edges: IntArray, probability: FloatArray, trials: FloatArray) -> FloatArray:
    """Return ``1/(N_i P_ij)`` both ways along each edge, infinite without trials, shape (E, 2)."""
    with np.errstate(divide="ignore"):
        return np.asarray(1.0 / (trials[edges] * probability))


def strong_components(n_states: int, arcs: Iterable[tuple[int, int]]) -> IntArray:
    """Return the strongly connected component of each state, shape (S,)."""
    source, target = np.array(list(arcs), dtype=np.int64).reshape(-1, 2).T
    joined = csr_array((np.ones(len(source)), (source, target)), shape=(n_states, n_states))
    return np.asarray(connected_components(joined, directed=True, connection="strong")[1])


def _seen(counts: TransitionCounts) -> set[tuple[int, int]]:
    table = counts.counts.tocoo()
    return {(int(i), int(j)) for i, j in zip(table.row, table.col, strict=True) if i != j}


def _cycle(
    cycle: Sequence[int],
    graph: SupportGraph,
    probability: FloatArray,
    trials: FloatArray,
    search: "_Search",
) -> CycleInformation:
    states = tuple(graph.states[state] for state in cycle)
    if not graph.is_testable(cycle):
        return CycleInformation(states, False, None, None, None, search.fewest(cycle))
    here = np.asarray(cycle, dtype=np.int64)
    edges = edge_index(graph, here, np.roll(here, -1))
    variance = arc_variances(graph.edges[edges], probability[edges], trials)
    edge, end = np.unravel_index(int(np.argmax(variance)), variance.shape)
    ends = graph.edges[edges[edge]]
    return CycleInformation(
        states=states,
        testable=True,
        standard_error=float(np.sqrt(variance.sum())),
        weakest=(graph.states[ends[end]], graph.states[ends[1 - end]]),
        weakest_share=float(variance[edge, end] / variance.sum()),
        unseen=(),
    )


@dataclass(frozen=True, eq=False)
class _Search:
    """What the counts have seen, to find what they would still have to see."""

    graph: SupportGraph
    probability: FloatArray
    trials: FloatArray
    seen: set[tuple[int, int]]

    def fewest(self, cycle: Sequence[int]) -> tuple[Unseen, ...]:
        """Return the fewest transitions along a cycle that would make it testable."""
        steps = list(zip(cycle, [*cycle[1:], cycle[0]], strict=True))
        unseen = [step for pair in steps for step in (pair, pair[::-1]) if step not in self.seen]
        unseen.sort(key=lambda step: (-self._chance(step), step))
        if len(unseen) <= _SEARCHED:
            for size in range(1, _MOST_NEEDED + 1):
                for some in combinations(unseen, size):
                    if self._joined(cycle, some):
                        return self._named(some)
        return self._named(unseen)

    def _chance(self, step: tuple[int, int]) -> float:
        edge = int(edge_index(self.graph, step[0], step[1]))
        return float(self.probability[edge, 0 if step[0] < step[1] else 1])

    def _joined(self, cycle: Sequence[int], more: Iterable[tuple[int, int]]) -> bool:
        arcs = self.seen | set(more)
        sources = {source for source, _ in arcs} | set(np.flatnonzero(self.trials > 0).tolist())
        # What follows a state is not known until it has been a source.
        known = [(i, j) for i, j in arcs if j in sources]
        strong = strong_components(self.graph.n_states, known)
        return len({int(strong[state]) for state in cycle}) == 1

    def _named(self, steps: Iterable[tuple[int, int]]) -> tuple[Unseen, ...]:
        states = self.graph.states
        return tuple(Unseen(states[i], states[j], int(self.trials[i])) for i, j in steps)
