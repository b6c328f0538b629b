"""Points at pairs of scales, each computed once, and what the outer integral adds to them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import log

import numpy as np
from scipy.special import logsumexp

from equipoise.inference.comparison.one_by_one.curves import Level
from equipoise.inference.comparison.one_by_one.outer import Point, corrected, point_at
from equipoise.inference.comparison.one_by_one.packed import Pack
from equipoise.inference.comparison.one_by_one.worst import WorstKernel, worst_kernel
from equipoise.inference.evidence.psis import K_TRUSTED
from equipoise.models import Priors
from equipoise.models.latent import Block, fixed_block, learned_block
from equipoise.parallel import RunTasks

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

    def __init__(self, packs: Sequence[Pack], prior: Block | None) -> None:
        self.packs, self.prior = packs, prior
        self.points: dict[tuple[float, float], Point] = {}
        self.better: dict[tuple[float, float], Point] = {}
        self.worst: dict[tuple[float, float], WorstKernel] = {}
        few = sum(len(pack.members) for pack in packs) <= _FEW_KERNELS
        self.most = _CORRECTED if few else _FEW_CORRECTED

    def at(self, deviation: float, cycle: float) -> Point:
        """Return the point at two scales, from the nearest one known."""
        if (deviation, cycle) not in self.points:
            near = self.nearest(deviation, cycle)
            self.points[deviation, cycle] = point_at(
                self.packs, self.prior, deviation, cycle, near=near
            )
        return self.points[deviation, cycle]

    def nearest(self, deviation: float, cycle: float) -> Point | None:
        """Return the known point that is nearest to two scales; None where none is known."""
        return min(
            self.points.values(),
            key=lambda p: apart(p.deviation, deviation) + apart(p.cycle, cycle),
            default=None,
        )

    def level(self, deviation: float, cycle: float, scale: float) -> Level:
        """Return it as a level of a curve of ``scale``."""
        point = self.at(deviation, cycle)
        return Level(scale, point.log_value, point.noise, point.pareto_k)

    def correct(
        self,
        several: Sequence[Mapping[tuple[float, float], float]],
        rng: np.random.Generator,
        run: RunTasks,
        done: Callable[[], None],
    ) -> None:
        """Correct the outer integral where most of each posterior lies (probabilities of points).

        Each point has a seed of its own, so that they may be corrected in any order.
        """
        spots = list(dict.fromkeys(spot for where in several for spot in self._heaviest(where)))
        tasks = [(self.at(*spot), int(rng.integers(2**31))) for spot in spots]
        work = partial(_corrected, tuple(self.packs), self.prior)
        for number, (better, worst) in run(work, tasks):
            self.better[spots[number]], self.worst[spots[number]] = better, worst
            done()

    def _heaviest(self, where: Mapping[tuple[float, float], float]) -> list[tuple[float, float]]:
        return sorted(where, key=lambda spot: -where[spot])[: self.most]

    def weighed(self, level: Level, where: Mapping[tuple[float, float], float]) -> Weighed:
        """Return a hypothesis, whose posterior :meth:`correct` has seen."""
        spots = self._heaviest(where)
        share = np.array([where[spot] for spot in spots])
        share /= share.sum()
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


def _corrected(
    packs: Sequence[Pack], prior: Block | None, task: tuple[Point, int]
) -> tuple[Point, WorstKernel]:
    """Correct the outer integral of a point, and judge the inner ones, with a seed of its own."""
    point, seed = task
    rng = np.random.default_rng(seed)
    better = corrected(packs, prior, point, rng)
    if better.outer_k > K_TRUSTED:
        # Tails that too few draws have reached look heavier than they are.
        better = corrected(packs, prior, point, rng, more=_MORE)
    return better, worst_kernel(packs, point, rng)


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
