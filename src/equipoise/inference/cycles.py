"""Where balance breaks: affinities of cycles and the part of log-ratios no potential explains."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from equipoise.counts import TransitionCounts
from equipoise.graph import (
    SupportGraph,
    edge_subgraph,
    minimum_cycle_basis,
    orthonormal_cycle_basis,
)
from equipoise.inference.weighted import WeightedDraws
from equipoise.likelihoods import FloatArray


@dataclass(frozen=True)
class CycleAffinity:
    """Posterior of the affinity of one cycle, nats.

    Attributes
    ----------
    states
        Labels in order, the first not repeated; the affinity sums ``log P_ij/P_ji`` along it.
    mean, sd, lower, upper, mcse
        Posterior mean, standard deviation, 95 % interval, and Monte Carlo error of the mean.
    testable
        Whether all its states were seen to lead to each other and back (one strongly connected
        component); if not, only the prior speaks.
    """

    states: tuple[str, ...]
    mean: float
    sd: float
    lower: float
    upper: float
    mcse: float
    testable: bool


@dataclass(frozen=True)
class EdgeCirculation:
    """Posterior of c on one edge under the cyclic hypothesis, nats.

    Attributes
    ----------
    source, target
        Labels; c is the part of ``log P_ij/P_ji`` from source to target that no potential explains.
    mean, sd, lower, upper, mcse
        Posterior mean, standard deviation, 95 % interval, and Monte Carlo error of the mean.
    testable
        Whether it lies on a testable cycle; if not, c is 0 by definition or only the prior speaks.
    """

    source: str
    target: str
    mean: float
    sd: float
    lower: float
    upper: float
    mcse: float
    testable: bool


def cycle_affinities(
    counts: TransitionCounts, graph: SupportGraph, draws: WeightedDraws
) -> tuple[CycleAffinity, ...]:
    """Return affinities on the minimum-weight cycle basis, the best-determined cycles.

    An edge weighs ``1/(n_ij + ½) + 1/(n_ji + ½)``, the variance of its observed log-ratio. Edges
    between strongly connected components, on which no testable cycle lies, weigh more than all
    others together: so the basis holds as many testable cycles as there are, b1*.
    """
    if not graph.n_cycles:
        return ()
    table = counts.counts
    i, j = np.asarray(graph.edges).T
    forward = np.asarray(table[i, j], dtype=float).ravel()
    cycles = minimum_basis(graph, forward, np.asarray(table[j, i], dtype=float).ravel())
    return affinities_of(graph, draws, cycles)


def affinities_of(
    graph: SupportGraph, draws: WeightedDraws, cycles: Sequence[Sequence[int]]
) -> tuple[CycleAffinity, ...]:
    """Return the affinities of cycles given as state indices in order.

    Raises
    ------
    UsageError, DataError
        If a step is no edge, a state is listed twice, or there are fewer than three.
    """
    summary = draws.summarise(draws.affinities(cycles))
    return tuple(
        CycleAffinity(
            states=tuple(graph.states[state] for state in cycle),
            mean=float(summary.mean[k]),
            sd=float(summary.sd[k]),
            lower=float(summary.lower[k]),
            upper=float(summary.upper[k]),
            mcse=float(summary.mcse[k]),
            testable=graph.is_testable(cycle),
        )
        for k, cycle in enumerate(cycles)
    )


def ahead(cycle: CycleAffinity) -> CycleAffinity:
    """Return a cycle in the direction in which it runs rather than back: its mean is positive."""
    if cycle.mean >= 0:
        return cycle
    return replace(
        cycle,
        states=(cycle.states[0], *reversed(cycle.states[1:])),
        mean=-cycle.mean,
        lower=-cycle.upper,
        upper=-cycle.lower,
    )


def minimum_basis(
    graph: SupportGraph, forward: FloatArray, backward: FloatArray
) -> tuple[tuple[int, ...], ...]:
    """Return the best-determined cycles, as state indices in order, from counts of each edge (E,).

    See :func:`cycle_affinities` for the weights.
    """
    weights = 1.0 / (forward + 0.5) + 1.0 / (backward + 0.5)
    weights[~graph.inside] += weights.sum()
    return tuple(tuple(int(k) for k in cycle) for cycle in minimum_cycle_basis(graph, weights))


def edge_circulations(graph: SupportGraph, draws: WeightedDraws) -> tuple[EdgeCirculation, ...]:
    """Return c on every edge of the support, in the graph's order of edges."""
    if not graph.n_cycles:
        return ()
    summary = draws.summarise(draws.circulation)
    testable = on_testable_cycle(graph)
    return tuple(
        EdgeCirculation(
            source=graph.states[i],
            target=graph.states[j],
            mean=float(summary.mean[k]),
            sd=float(summary.sd[k]),
            lower=float(summary.lower[k]),
            upper=float(summary.upper[k]),
            mcse=float(summary.mcse[k]),
            testable=bool(testable[k]),
        )
        for k, (i, j) in enumerate(np.asarray(graph.edges))
    )


def on_testable_cycle(graph: SupportGraph) -> npt.NDArray[np.bool_]:
    """Return which edges lie on a cycle inside a strongly connected component, shape (E,)."""
    basis = orthonormal_cycle_basis(edge_subgraph(graph, graph.inside))
    found = np.zeros(graph.n_edges, dtype=np.bool_)
    found[graph.inside] = (basis**2).sum(axis=1) > 1e-12
    return found
