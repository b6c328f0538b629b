"""The kernel whose own integral is the least sure: k̂ of each, made sure where it looks bad.

The k̂ of all kernels' weights together says nothing of one bad kernel among many. That of one
kernel alone, from its few pairs of draws, errs by some 0.2, so that of a thousand good kernels some
would look bad: those are integrated once more from many more pairs, and judged by these.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from equipoise.inference.comparison.one_by_one.inner import (
    climb,
    integrate,
    noise_at,
    pareto_k,
    real_at,
)
from equipoise.inference.comparison.one_by_one.outer import Point
from equipoise.inference.comparison.one_by_one.packed import Pack, drawn_noise
from equipoise.likelihoods import FloatArray, IntArray

# From this k̂ on a kernel is judged by so many pairs, so many kernels at a time.
_SUSPECT, _SURE_PAIRS, _BATCH = 0.5, 1024, 32


@dataclass(frozen=True)
class WorstKernel:
    """The kernel with the largest k̂.

    Attributes
    ----------
    kernel
        Its number.
    pareto_k
        Of its weights; at most 0.7 if it may be relied on.
    """

    kernel: int
    pareto_k: float


def worst_kernel(packs: Sequence[Pack], point: Point, rng: np.random.Generator) -> WorstKernel:
    """Return the kernel whose integral at a point has the largest k̂.

    Parameters
    ----------
    packs
        The kernels.
    point
        Where.
    rng
        Source of randomness, of further pairs.

    Raises
    ------
    NotTrustedError
        If a mode is not reached.
    """
    worst = WorstKernel(-1, -np.inf)
    scales = point.deviation, point.cycle
    for pack, start in zip(packs, point.starts, strict=True):
        offset = pack.union @ point.at
        modes = climb(pack, *scales, offset, start)
        found = _pareto(integrate(pack, modes, noise_at(pack, *scales)).ratios)
        suspects = np.flatnonzero(found > _SUSPECT)
        for k in range(0, len(suspects), _BATCH):
            rows = suspects[k : k + _BATCH]
            part = _chosen(pack, rows)
            noise = drawn_noise(real_at(part, *scales), _SURE_PAIRS, rng)
            again = climb(part, *scales, offset[rows], start[rows])
            found[rows] = _pareto(integrate(part, again, noise).ratios)
        top = int(np.argmax(found))
        if found[top] > worst.pareto_k:
            worst = WorstKernel(int(pack.members[top]), float(found[top]))
    return worst


def _chosen(pack: Pack, rows: IntArray) -> Pack:
    return replace(pack, **{name: value[rows] for name, value in vars(pack).items()})


def _pareto(ratios: FloatArray) -> FloatArray:
    return np.array([pareto_k(row) for row in ratios])
