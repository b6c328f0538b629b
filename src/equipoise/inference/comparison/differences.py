"""Differences of one number between kernels, each known from its own posterior."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from equipoise.likelihoods import FloatArray

_SAMPLE = 4000


@dataclass(frozen=True)
class Difference:
    """Difference of one number between two kernels, each given its own posterior.

    Attributes
    ----------
    first, second
        Names.
    mean, lower, upper
        First less second: posterior mean and 95 % interval.
    """

    first: str
    second: str
    mean: float
    lower: float
    upper: float


def differences_of(
    names: tuple[str, ...],
    draws: list[tuple[FloatArray, FloatArray] | None],
    rng: np.random.Generator,
) -> tuple[Difference, ...]:
    """Return differences of all pairs that are known, their posteriors being independent.

    Where there are no draws at all, as of many kernels, there are none.
    """
    sampled = [
        None if part is None else rng.choice(part[0], _SAMPLE, p=part[1] / part[1].sum())
        for part in draws
    ]
    means = [None if part is None else float(part[1] @ part[0]) for part in draws]
    found = []
    for a, b in combinations(range(len(draws)), 2):
        one, other = sampled[a], sampled[b]
        if one is None or other is None or means[a] is None or means[b] is None:
            continue
        lower, upper = np.quantile(one - other, [0.025, 0.975])
        mean = (means[a] or 0.0) - (means[b] or 0.0)
        found.append(Difference(names[a], names[b], mean, float(lower), float(upper)))
    return tuple(found)
