"""Points at pairs of scales, each computed once, and what the outer integral adds to them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log

import numpy as np
from scipy.special import logsumexp

from equipoise.inference.comparison.arrow.curves import Level
from equipoise.inference.comparison.arrow.outer import Point, corrected, point_at
from equipoise.inference.comparison.arrow.packed import Pack
from equipoise.inference.comparison.arrow.worst import WorstKernel, worst_kernel
from equipoise.inference.evidence.psis import K_TRUSTED
from equipoise.models import Priors
from equipoise.models.latent import Block, fixed_block, learned_block

# The integral over the shared potential is corrected at so many points where the posterior lies;
# of more kernels it is nearly Gaussian.
_FEW_KERNELS, _CORRECTED, _FEW_CORRECTED = 40, 6, 2
# A k̂ counts where its point has this much of the probability corrected.
_HEAVY, _MORE = 0.05, 4
_RESOLUTION = 1e-2


@dataclass(frozen=True, eq=False)
class Weighed:
    """One hypothesis: its curve, the log evidence, and what the outer integral adds.

    Attributes
    ----------
    level
        Log evidence with its scales integrated.
    correction, correction_mcse
        Of the integral over the shared potential, nats, where it is not in every point.
    outer_k
        Its k̂.
    worst
        The kernel with the largest k̂ where the posterior lies.
    """

    level: Level
    correction: float
    correction_mcse: float
    outer_k: float
    worst: WorstKernel

    @property
    def log_evidence(self) -> float:
        """Log evidence, nats."""
        return self.level.log_value + self.correction

    @property
    def pareto_k(self) -> float:
        """Worst k̂ behind it."""
        return max(self.level.pareto_k, self.outer_k, self.worst.pareto_k)


class Grid:
    """Points at pairs of scales of the same kernels, each computed once."""

    def __init__(
        self, packs: Sequence[Pack], prior: Block | None, rng: np.random.Generator
    ) -> None:
        self.packs, self.prior, self.rng = packs, prior, rng
        self.points: dict[tuple[float, float], Point] = {}
        self.better: dict[tuple[float, float], Point] = {}
        self.worst: dict[tuple[float, float], WorstKernel] = {}
        few = sum(len(pack.members) for pack in packs) <= _FEW_KERNELS
        self.most = _CORRECTED if few else _FEW_CORRECTED

    def at(self, deviation: float, cycle: float) -> Point:
        """Return the point at two scales, from the nearest one known."""
        if (deviation, cycle) not in self.points:
            near = min(
                self.points.values(),
                key=lambda p: apart(p.deviation, deviation) + apart(p.cycle, cycle),
                default=None,
            )
            self.points[deviation, cycle] = point_at(
                self.packs, self.prior, deviation, cycle, near=near
            )
        return self.points[deviation, cycle]

    def level(self, deviation: float, cycle: float, scale: float) -> Level:
        """Return it as a level of a curve of ``scale``."""
        point = self.at(deviation, cycle)
        return Level(scale, point.log_value, point.noise, point.pareto_k)

    def weighed(self, level: Level, where: Mapping[tuple[float, float], float]) -> Weighed:
        """Correct the outer integral where most of the posterior lies (probabilities of points)."""
        spots = sorted(where, key=lambda spot: -where[spot])[: self.most]
        share = np.array([where[spot] for spot in spots])
        share /= share.sum()
        for spot in spots:
            if spot not in self.better:
                point, given = self.at(*spot), (self.packs, self.prior)
                better = corrected(*given, point, self.rng)
                if better.outer_k > K_TRUSTED:
                    # Tails that too few draws have reached look heavier than they are.
                    better = corrected(*given, point, self.rng, more=_MORE)
                self.better[spot] = better
                self.worst[spot] = worst_kernel(self.packs, point, self.rng)
        found = [self.better[spot] for spot in spots]
        rise = np.array(
            [
                point.log_value - self.at(*spot).log_value
                for point, spot in zip(found, spots, strict=True)
            ]
        )
        total = float(logsumexp(rise, b=share))
        pull = share * np.exp(rise - total)
        error = float(np.sqrt(((pull * [point.outer_mcse for point in found]) ** 2).sum()))
        heavy = [p.outer_k for p, own in zip(found, share, strict=True) if own > _HEAVY]
        # The likeliest spot counts in any case.
        judged = [self.worst[s] for s, own in zip(spots, share, strict=True) if own > _HEAVY]
        worst = max(judged or [self.worst[spots[0]]], key=lambda one: one.pareto_k)
        return Weighed(level, total, error, max(heavy, default=found[0].outer_k), worst)


def prior_of(q: int, priors: Priors) -> Block | None:
    """Return the prior of the shared potential's q coordinates; None where there are none."""
    if not q:
        return None
    columns = slice(0, q)
    if priors.scales == "learned":
        return learned_block(columns, priors.potential_scale, resolution=_RESOLUTION)
    return fixed_block(columns, priors.fixed_potential_sd)


def apart(one: float, other: float) -> float:
    """Return how far two scales are from each other, as logarithms."""
    return abs(log(max(one, 1e-3)) - log(max(other, 1e-3)))
