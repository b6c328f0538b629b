"""The worst cycles: how likely each affinity is to matter, and how large it is at the least."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot

import numpy as np

from equipoise.graph import SupportGraph
from equipoise.inference.cycles import CycleAffinity, affinities_of
from equipoise.inference.weighted import WeightedDraws, weighted_quantiles

#: A cycle is named where its affinity lies beyond the rope with more than this probability.
CERTAIN = 0.95


@dataclass(frozen=True)
class CycleViolation:
    """What one cycle does to balance.

    Attributes
    ----------
    affinity
        States in order, and the posterior of the affinity under the cyclic hypothesis, nats.
    beyond, beyond_mcse
        ``P(|A| > rope)`` under the cyclic hypothesis, σ_c weighted by its posterior, and its Monte
        Carlo error.
    averaged, averaged_mcse
        The same averaged over both hypotheses at even prior odds, that is times p(cyclic): given
        balance every affinity is 0. None where no probability of balance is given.
    at_least
        ``|A|`` exceeds this with probability 0.95 under the cyclic hypothesis, nats.
    named
        Whether it is reported as breaking balance: ``averaged`` exceeds 0.95 by two Monte Carlo
        errors, and the cycle is testable.
    """

    affinity: CycleAffinity
    beyond: float
    beyond_mcse: float
    averaged: float | None
    averaged_mcse: float | None
    at_least: float
    named: bool

    @property
    def states(self) -> tuple[str, ...]:
        """Labels in order, the first not repeated."""
        return self.affinity.states


def violations_of_cycles(
    graph: SupportGraph,
    draws: WeightedDraws,
    cycles: Sequence[Sequence[int]],
    *,
    rope: float,
    p_cyclic: tuple[float, float] | None,
) -> tuple[CycleViolation, ...]:
    """Judge cycles, in the order given.

    Parameters
    ----------
    graph
        The support graph.
    draws
        Of the cyclic hypothesis.
    cycles
        State indices in order.
    rope
        ``|A|`` up to this counts as practically nothing, nats.
    p_cyclic
        Posterior probability of the cyclic hypothesis at even prior odds and its Monte Carlo error;
        None where it is not given.
    """
    if not cycles:
        return ()
    size = np.abs(draws.affinities(cycles))
    (at_least,) = weighted_quantiles(size, draws.weights, (1.0 - CERTAIN,))
    found = []
    for k, affinity in enumerate(affinities_of(graph, draws, cycles)):
        beyond, error = draws.probability(size[:, k] > rope)
        averaged = averaged_error = None
        if p_cyclic is not None:
            averaged = p_cyclic[0] * beyond
            averaged_error = hypot(p_cyclic[0] * error, p_cyclic[1] * beyond)
        found.append(
            CycleViolation(
                affinity=affinity,
                beyond=beyond,
                beyond_mcse=error,
                averaged=averaged,
                averaged_mcse=averaged_error,
                at_least=float(at_least[k]),
                named=affinity.testable
                and averaged is not None
                and averaged_error is not None
                and averaged - 2 * averaged_error > CERTAIN,
            )
        )
    return tuple(found)


def worst_first(cycles: Sequence[CycleViolation]) -> tuple[CycleViolation, ...]:
    """Rank cycles by what ``|A|`` exceeds with probability 0.95, untestable ones last.

    That is large only where the affinity is both large and well determined. By ``P(|A| > rope)``
    all plain cycles would tie at 1, and by ``|mean|/sd`` a small affinity of a cycle with many
    counts, such as a driven cycle lends to those that share an edge with it, would come first.
    Named cycles lead in any case; ties are broken by ``|mean|/sd``, then by the labels.
    """

    def rank(cycle: CycleViolation) -> tuple[bool, bool, float, float, tuple[str, ...]]:
        affinity = cycle.affinity
        clarity = abs(affinity.mean) / max(affinity.sd, 1e-300)
        return not affinity.testable, not cycle.named, -cycle.at_least, -clarity, cycle.states

    return tuple(sorted(cycles, key=rank))
