"""The worst cycles: how likely each affinity is to matter, and how large it is at the least."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot
from typing import Literal

import numpy as np

from equipoise.inference.cycles import CycleAffinity, affinities_of
from equipoise.inference.violation.drive import CycleMetric
from equipoise.inference.violation.loops import LoopPrior
from equipoise.inference.weighted import WeightedDraws, weighted_quantiles

#: A cycle is named where its affinity lies beyond the rope with more than this probability.
CERTAIN = 0.95

#: Where a cycle comes from: the minimum-weight basis, the search for longer loops that are driven
#: (:func:`equipoise.inference.violation.loops.driven_loops`), or the user.
Origin = Literal["basis", "loop", "asked"]


@dataclass(frozen=True)
class CycleViolation:
    """What one cycle does to balance.

    Attributes
    ----------
    affinity
        States in order, and the posterior of the affinity under the cyclic hypothesis, nats.
    origin
        Where it comes from.
    beyond, beyond_mcse
        ``P(|A| > rope)`` under the cyclic hypothesis, σ_c weighted by its posterior, and its Monte
        Carlo error.
    averaged, averaged_mcse
        The same averaged over both hypotheses at even prior odds, that is times p(cyclic): given
        balance every affinity is 0. None where no probability of balance is given.
    explains, explains_mcse
        Nats of log-likelihood that a drive of this cycle alone would explain
        (:class:`equipoise.inference.violation.drive.CycleMetric`): posterior mean and its Monte
        Carlo error.
    log_prior
        Log prior probability that this loop is the one driven, nats
        (:class:`equipoise.inference.violation.loops.LoopPrior`).
    at_least
        ``|A|`` exceeds this with probability 0.95 under the cyclic hypothesis, nats.
    named
        Whether it is reported as breaking balance: ``averaged`` exceeds 0.95 by two Monte Carlo
        errors, and the cycle is testable.
    """

    affinity: CycleAffinity
    origin: Origin
    beyond: float
    beyond_mcse: float
    averaged: float | None
    averaged_mcse: float | None
    explains: float
    explains_mcse: float
    log_prior: float
    at_least: float
    named: bool

    @property
    def states(self) -> tuple[str, ...]:
        """Labels in order, the first not repeated."""
        return self.affinity.states


def violations_of_cycles(
    metric: CycleMetric,
    prior: LoopPrior,
    draws: WeightedDraws,
    cycles: Sequence[tuple[tuple[int, ...], Origin]],
    *,
    rope: float,
    p_cyclic: tuple[float, float] | None,
) -> tuple[CycleViolation, ...]:
    """Judge cycles, in the order given.

    Parameters
    ----------
    metric
        Of the circulations.
    prior
        Which loop is driven.
    draws
        Of the cyclic hypothesis.
    cycles
        What to judge: state indices in order, and where they come from.
    rope
        ``|A|`` up to this counts as practically nothing, nats.
    p_cyclic
        Posterior probability of the cyclic hypothesis at even prior odds and its Monte Carlo error;
        None where it is not given.
    """
    if not cycles:
        return ()
    walks = [walk for walk, _ in cycles]
    size = np.abs(draws.affinities(walks))
    amplitudes = draws.circulation @ metric.orthonormal
    explains = draws.summarise(metric.explained(amplitudes, metric.directions(walks)))
    (at_least,) = weighted_quantiles(size, draws.weights, (1.0 - CERTAIN,))
    found = []
    for k, affinity in enumerate(affinities_of(draws.graph, draws, walks)):
        beyond, error = draws.probability(size[:, k] > rope)
        averaged = averaged_error = None
        if p_cyclic is not None:
            averaged = p_cyclic[0] * beyond
            averaged_error = hypot(p_cyclic[0] * error, p_cyclic[1] * beyond)
        found.append(
            CycleViolation(
                affinity=affinity,
                origin=cycles[k][1],
                beyond=beyond,
                beyond_mcse=error,
                averaged=averaged,
                averaged_mcse=averaged_error,
                explains=float(explains.mean[k]),
                explains_mcse=float(explains.mcse[k]),
                log_prior=prior.log(walks[k]),
                at_least=float(at_least[k]),
                named=affinity.testable
                and averaged is not None
                and averaged_error is not None
                and averaged - 2 * averaged_error > CERTAIN,
            )
        )
    return tuple(found)


def worst_first(cycles: Sequence[CycleViolation]) -> tuple[CycleViolation, ...]:
    """Rank cycles by what a drive of each alone explains, its log prior added.

    That is, by the posterior probability that this loop is the one driven, were it a single one.
    Those whose 95 % interval holds 0 come after the others, untestable ones last. Where one cycle
    is driven, all that share an edge with it have affinities too. By ``|mean|``, ``|mean|/sd`` or
    ``P(|A| > rope)`` one of those comes first more often: by chance, for it has more counts, or
    because they tie. Ties are broken by the labels.
    """

    def rank(cycle: CycleViolation) -> tuple[bool, bool, float, tuple[str, ...]]:
        affinity = cycle.affinity
        unsure = affinity.lower <= 0 <= affinity.upper
        worth = cycle.explains + cycle.log_prior
        return not affinity.testable, unsure, -worth, cycle.states

    return tuple(sorted(cycles, key=rank))
