"""Which loop is driven: the cycles worth looking at beside those of the basis.

A basis holds short cycles. A drive round a longer loop shows in each of those that share an edge
with it, and in none of them fully, so that the loop itself has to be looked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from math import log

import numpy as np
import numpy.typing as npt

from equipoise.graph import SupportGraph, cycle_vector, edge_subgraph, orthonormal_cycle_basis
from equipoise.inference.violation.drive import CycleMetric
from equipoise.inference.weighted import WeightedDraws
from equipoise.likelihoods import FloatArray

Loop = tuple[int, ...]
Edges = frozenset[tuple[int, int]]
#: Loops taken at most, each for what the ones before it leave unexplained.
MOST_LOOPS = 5
# Candidates beside the basis, in each round.
_FLOWS = 8
# A share of the strongest edge below which nothing flows.
_NOTHING = 1e-6


@dataclass(frozen=True, eq=False)
class LoopPrior:
    """Prior of which loop is the one driven.

    Half evenly on the b1* testable cycles of the basis; half on all other loops, each with the
    probability that a walk which never turns back begins with it: on any edge on testable cycles,
    either way, and on at random. With M such edges, d_i of them at state i, it is
    ``Π 1/(d_i − 1) · Σ (d_i − 1)/M``, product and sum over the states of the loop. No walk begins
    with two loops, for the shorter would come back to its start inside the longer: so all of it
    adds up to at most 1 on every graph, and a loop cannot win by being one of very many.

    Attributes
    ----------
    basis
        The edges of each testable cycle of the basis.
    ways
        ``d_i − 1`` of each state, 1 up to two edges; shape (S,).
    n_edges
        M.
    """

    basis: frozenset[Edges]
    ways: FloatArray
    n_edges: int

    def log(self, cycle: Loop) -> float:
        """Return the log prior probability of a loop, nats."""
        if edges_of(cycle) in self.basis:
            return -log(2.0 * len(self.basis))
        ways = self.ways[list(cycle)]
        return float(np.log(ways.sum() / (2.0 * self.n_edges)) - np.log(ways).sum())


def loop_prior(
    graph: SupportGraph, testable: npt.NDArray[np.bool_], basis: Sequence[Loop]
) -> LoopPrior:
    """Return the prior of which loop is driven.

    Parameters
    ----------
    graph
        The support graph.
    testable
        Which edges lie on a testable cycle, shape (E,).
    basis
        Cycles of the minimum-weight basis, state indices in order.
    """
    ends = np.asarray(graph.edges).reshape(-1, 2)[testable]
    degree = np.bincount(ends.ravel(), minlength=graph.n_states)
    return LoopPrior(
        frozenset(edges_of(cycle) for cycle in basis if graph.is_testable(cycle)),
        np.maximum(degree - 1.0, 1.0),
        max(len(ends), 1),
    )


def driven_loops(
    metric: CycleMetric, prior: LoopPrior, draws: WeightedDraws, basis: Sequence[Loop]
) -> tuple[Loop, ...]:
    """Return the few loops that explain the circulation, those that are in the basis left out.

    Matching pursuit in the posterior mean of c: the loop for which nats explained and log prior add
    up to most is taken; then the one for which they do so in what is left when the drives of all
    taken are fitted together; and so on until no loop explains more than its prior costs.
    Candidates are the testable cycles of the basis and the loops that follow what is left of the
    circulation (:func:`flow_loops`).

    Parameters
    ----------
    metric
        From :func:`equipoise.inference.violation.drive.cycle_metric`.
    prior
        Which loop is driven.
    draws
        Of the cyclic hypothesis.
    basis
        Cycles of the minimum-weight basis, state indices in order.

    Returns
    -------
    tuple of tuple of int
        State indices in order, from the smallest on to the smaller of its two neighbours; in the
        order in which they were taken. Empty without a testable cycle.

    References
    ----------
    Mallat & Zhang 1993, IEEE Trans. Signal Process. 41, 3397 (matching pursuit).
    """
    graph = metric.graph
    testable = [cycle for cycle in basis if graph.is_testable(cycle)]
    if not testable:
        return ()
    # On the cycles that data can test: of the others only the prior speaks.
    inside = orthonormal_cycle_basis(edge_subgraph(graph, graph.inside))
    mean = np.zeros(graph.n_edges)
    mean[graph.inside] = inside @ (inside.T @ (draws.weights @ draws.circulation)[graph.inside])
    whole = mean @ metric.orthonormal
    known = metric.directions(testable)
    left, taken, drives = whole, [], np.empty((0, len(whole)))
    for _ in range(MOST_LOOPS):
        flows = flow_loops(graph, metric.orthonormal @ left, _FLOWS)
        loops = [*testable, *flows]
        directions = np.hstack([known, metric.directions(flows)])
        gained = metric.explained(left[None], directions)[0]
        worth = gained + np.array([prior.log(loop) for loop in loops])
        best = int(np.argmax(worth))
        if worth[best] <= 0:
            break
        taken.append(loops[best])
        drives = np.vstack([drives, directions[:, best]])
        seen = drives @ metric.information
        left = whole - np.linalg.lstsq(seen @ drives.T, seen @ whole)[0] @ drives
    own = {edges_of(cycle) for cycle in basis}
    return tuple(loop for loop in dict.fromkeys(taken) if edges_of(loop) not in own)


def flow_loops(graph: SupportGraph, circulation: FloatArray, most: int) -> tuple[Loop, ...]:
    """Take a circulation apart into loops that run with it, the widest first; at most so many.

    Again and again the strongest edge is closed by the widest way back, and the least circulation
    on this loop is taken off it. Every circulation is a sum of such loops (Schnakenberg 1976).

    Parameters
    ----------
    graph
        The support graph.
    circulation
        Value from i to j of each edge {i, j}, divergence-free, shape (E,).
    most
        Number of loops.
    """
    left = np.array(circulation)
    found: list[Loop] = []
    nothing = _NOTHING * float(np.abs(left).max(initial=0.0))
    while len(found) < most:
        left[np.abs(left) <= nothing] = 0.0
        e = int(np.argmax(np.abs(left)))
        if not left[e]:
            break
        i, j = np.asarray(graph.edges)[e].tolist()
        path = _widest_path(graph, left, j, i) if left[e] > 0 else _widest_path(graph, left, i, j)
        if path is None:
            left[e] = 0.0  # rounding: nothing flows back
            continue
        found.append(_canonical(path))
        vector = cycle_vector(graph, path)
        left -= float(np.abs(left[vector != 0]).min()) * vector
    return tuple(found)


def edges_of(cycle: Loop) -> Edges:
    """Return the edges of a loop, whichever way round."""
    ends = zip(cycle, (*cycle[1:], cycle[0]), strict=True)
    return frozenset((min(pair), max(pair)) for pair in ends)


def _canonical(path: Loop) -> Loop:
    """Return a loop from its smallest state on to the smaller of that one's two neighbours."""
    k = path.index(min(path))
    turned = (*path[k:], *path[:k])
    return turned if turned[1] < turned[-1] else (turned[0], *reversed(turned[1:]))


def _widest_path(graph: SupportGraph, flow: FloatArray, start: int, end: int) -> Loop | None:
    """Return the states on the way along which the least flow is greatest (Dijkstra)."""
    ahead: dict[int, list[tuple[int, float]]] = {}
    for (i, j), value in zip(np.asarray(graph.edges).tolist(), flow.tolist(), strict=True):
        if value:
            here, there = (i, j) if value > 0 else (j, i)
            ahead.setdefault(here, []).append((there, abs(value)))
    before: dict[int, int] = {}
    queue = [(-np.inf, start, -1)]  # less its width, a state, the one before it
    while queue:
        narrow, here, parent = heappop(queue)
        if here in before:
            continue
        before[here] = parent
        if here == end:
            path = [here]
            while before[path[-1]] >= 0:
                path.append(before[path[-1]])
            return tuple(reversed(path))
        for there, value in ahead.get(here, ()):
            if there not in before:
                heappush(queue, (max(narrow, -value), there, here))
    return None
