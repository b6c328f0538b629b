"""Curves of the evidence against one scale, refined where they carry probability."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log

import numpy as np
from scipy.interpolate import CubicSpline

from equipoise.inference.evidence.cycle_scale import (
    CycleScaleCurve,
    CycleScalePosterior,
    curve_through_values,
)
from equipoise.inference.evidence.laplace.curve import METHOD
from equipoise.likelihoods import FloatArray

_ROUNDS = 7
# A gap is halved where it has this much probability for some prior scale, until the curve is
# known there beforehand within so many nats.
_GAP_MASS, _KNOWN = 0.02, 0.05
_MATTERS = 0.02
# Nodes this far below the best are of no use where the other scale is a little different.
_DEPTH = 25.0
_MOST_USED = 9


@dataclass(frozen=True, eq=False)
class Level:
    """Log evidence at one scale.

    Attributes
    ----------
    scale
        Nats; 0 for the narrower hypothesis.
    log_value
        Nats.
    noise
        Influence of each pair of draws on it, shape (P,).
    pareto_k
        Worst k̂ behind it.
    """

    scale: float
    log_value: float
    noise: FloatArray
    pareto_k: float


@dataclass(frozen=True, eq=False)
class Curve:
    """Log evidence against a scale, from 0 upwards.

    Attributes
    ----------
    base
        At 0.
    levels
        At increasing scales.
    tau
        Of its half-normal prior, where no other is asked for.
    """

    base: Level
    levels: tuple[Level, ...]
    tau: float

    def posterior(self, tau: float | None = None) -> CycleScalePosterior:
        """Return the posterior of the scale under ``HalfNormal(tau)``."""
        return self._smooth().posterior(tau)

    def integrated(self, tau: float | None = None) -> Level:
        """Return the evidence with the scale integrated over its prior; ``scale`` is its mean."""
        post = self.posterior(tau)
        pull = post.mass @ self._smooth().loadings
        noise = sum(
            (share * level.noise for share, level in zip(pull, self.levels, strict=True)),
            start=np.zeros_like(self.base.noise),
        )
        worst = max(
            [self.base.pareto_k]
            + [
                level.pareto_k
                for share, level in zip(self.shares(tau), self.levels, strict=True)
                if share > _MATTERS
            ]
        )
        return Level(post.mean, self.base.log_value - post.log_bayes_factor, noise, worst)

    def shares(self, tau: float | None = None) -> FloatArray:
        """Return the posterior probability nearest to each level, shape (n,)."""
        return self.posterior(tau).shares(np.array([level.scale for level in self.levels]))

    def used(self) -> list[float]:
        """Return scales of levels that may matter at a neighbouring value of another scale.

        At most nine, spread over them: a new curve looks between its first levels in any case.
        """
        scales = np.array([level.scale for level in self.levels])
        height = np.array([level.log_value for level in self.levels])
        height = height - 0.5 * (scales / self.tau) ** 2 + np.log(scales)
        kept = height > height.max() - _DEPTH
        kept |= np.convolve(kept, [1, 1, 1], mode="same") > 0
        found = scales[kept]
        few = np.linspace(0, len(found) - 1, min(len(found), _MOST_USED)).round().astype(int)
        return [float(scale) for scale in found[few]]

    def _smooth(self) -> CycleScaleCurve:
        nodes = np.array([level.scale for level in self.levels])
        rise = np.array([level.log_value for level in self.levels]) - self.base.log_value
        return curve_through_values(METHOD, self.tau, nodes, rise, np.zeros(len(nodes)))


def refined(
    base: Level,
    evaluate: Callable[[Sequence[float]], Sequence[Level]],
    scales: Sequence[float],
    tau: float,
    *,
    taus: Sequence[float],
) -> Curve:
    """Evaluate a curve at some scales, and between them where it is not known well enough.

    Parameters
    ----------
    base
        At scale 0.
    evaluate
        Returns the levels at several scales, which do not wait for each other.
    scales
        Where to begin, four at least.
    tau
        Of the half-normal prior of the scale.
    taus
        Other values of it that the curve has to serve.
    """
    curve = Curve(base, tuple(evaluate(sorted(scales))), tau)
    settled: set[tuple[float, float]] = set()
    for _ in range(_ROUNDS):
        nodes = np.array([level.scale for level in curve.levels])
        posteriors = [curve.posterior(other) for other in taus]
        predict = CubicSpline(np.log(nodes), [level.log_value for level in curve.levels])
        gaps: list[tuple[float, float]] = []
        for left, right in pairwise(nodes):
            gap = (float(left), float(right))
            inside = [
                post.mass[(post.grid >= left) & (post.grid <= right)].sum() for post in posteriors
            ]
            if gap in settled or max(inside) < _GAP_MASS:
                continue
            gaps.append(gap)
        wanted = [float(np.sqrt(left * right)) for left, right in gaps]
        first = curve.levels[0]
        below = max(post.mass[0] for post in posteriors)
        if below > _GAP_MASS and abs(first.log_value - base.log_value) > 2 * _KNOWN:
            wanted.append(first.scale / 3.0)
        if not wanted:
            break
        new = evaluate(wanted)
        for (left, right), level in zip(gaps, new, strict=False):  # the last may be in no gap
            if abs(level.log_value - float(predict(log(level.scale)))) < _KNOWN:
                settled |= {(left, level.scale), (level.scale, right)}
        levels = sorted([*curve.levels, *new], key=lambda level: level.scale)
        curve = Curve(base, tuple(levels), tau)
    return curve
