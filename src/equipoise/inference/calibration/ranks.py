"""Are ranks uniform? The empirical distribution of ranks with a simultaneous band."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.stats import binom, poisson

from equipoise.likelihoods import FloatArray, IntArray

_STEPS = 30


@dataclass(frozen=True, eq=False)
class RankCheck:
    """Ranks of one quantity against the uniform distribution.

    Attributes
    ----------
    truth, quantity
        Whose data sets, and what was ranked.
    n
        Number of ranks.
    at
        Fractions at which the distribution is looked at, ``(k + 1)/(L + 1)``, shape (L,).
    difference
        Empirical distribution function minus uniform there, shape (L,).
    lower, upper
        Simultaneous band of the difference, shape (L,).
    false_alarm
        Probability that uniform ranks leave the band anywhere, at most.
    """

    truth: str
    quantity: str
    n: int
    at: FloatArray
    difference: FloatArray
    lower: FloatArray
    upper: FloatArray
    false_alarm: float

    @property
    def holds(self) -> bool:
        """Whether the difference stays in its band everywhere."""
        slack = 1e-12
        inside = (self.difference >= self.lower - slack) & (self.difference <= self.upper + slack)
        return bool(inside.all())

    @property
    def worst(self) -> int:
        """Where the difference leaves its band farthest, or is largest, in half-widths of it."""
        half = (self.upper - self.lower) / 2
        if self.holds:
            return int(np.argmax(np.abs(self.difference) / half))
        beyond = np.maximum(self.difference - self.upper, self.lower - self.difference)
        return int(np.argmax(beyond / half))


def check_ranks(
    truth: str, quantity: str, ranks: IntArray, ranked: int, false_alarm: float
) -> RankCheck:
    """Compare ranks 0 … L of n independent data sets with the uniform distribution.

    Parameters
    ----------
    truth, quantity
        For the record.
    ranks
        Shape (n,).
    ranked
        L.
    false_alarm
        Probability that uniform ranks leave the band anywhere.
    """
    n = len(ranks)
    reached = np.cumsum(np.bincount(ranks, minlength=ranked + 1))[:ranked]
    low, high = simultaneous_band(n, ranked, false_alarm)
    at = np.arange(1, ranked + 1) / (ranked + 1)
    return RankCheck(
        truth=truth,
        quantity=quantity,
        n=n,
        at=at,
        difference=reached / n - at,
        lower=low / n - at,
        upper=np.asarray(high / n - at),
        false_alarm=false_alarm,
    )


@cache
def simultaneous_band(n: int, ranked: int, false_alarm: float) -> tuple[IntArray, IntArray]:
    """Return least and greatest counts of ranks ≤ k, k = 0 … L − 1, that uniform ranks keep.

    Binomial intervals of one level at every k (Säilynoja, Bürkner & Vehtari 2022, Stat. Comput.
    32, 32), the narrowest that all hold together with probability ``1 − false_alarm`` at least.

    Parameters
    ----------
    n
        Number of ranks.
    ranked
        L.
    false_alarm
        Probability that uniform ranks leave the band.
    """
    low, high = np.log(false_alarm / (2 * ranked)), np.log(false_alarm)
    best = _intervals(n, ranked, float(np.exp(low)))
    for _ in range(_STEPS):
        middle = (low + high) / 2
        found = _intervals(n, ranked, float(np.exp(middle)))
        if 1.0 - probability_inside(n, *found) <= false_alarm:
            low, best = middle, found
        else:
            high = middle
    return best


def probability_inside(n: int, low: IntArray, high: IntArray) -> float:
    """Return the probability that the counts of uniform ranks stay within bounds at every k.

    Exact: the counts of single ranks are independent Poisson variables given their sum.
    """
    ranked = len(low)
    mean = n / (ranked + 1)
    kernel = poisson.pmf(np.arange(n + 1), mean)
    kernel = kernel[: int(np.flatnonzero(kernel > 1e-30)[-1]) + 1]
    start, chance = 0, np.ones(1)
    for least, most in zip(low.tolist(), high.tolist(), strict=True):
        after = np.convolve(chance, kernel)
        # after[m] is the chance of a count of start + m
        first = max(least, start)
        chance = after[first - start : most - start + 1]
        start = first
    last = poisson.pmf(n - start - np.arange(len(chance)), mean)
    return float(chance @ last / poisson.pmf(n, n))


def _intervals(n: int, ranked: int, level: float) -> tuple[IntArray, IntArray]:
    at = np.arange(1, ranked + 1) / (ranked + 1)
    low = np.asarray(binom.ppf(level / 2, n, at)).astype(np.int64)
    high = np.asarray(binom.isf(level / 2, n, at)).astype(np.int64)
    return low, high
