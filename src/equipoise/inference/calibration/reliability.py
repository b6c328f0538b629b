"""Does p(balance) mean what it says? Stated probability against observed frequency."""

from dataclasses import dataclass

import numpy as np

from equipoise.likelihoods import FloatArray, IntArray

BINS = 10
_FEWEST = 10


@dataclass(frozen=True)
class ReliabilityBin:
    """Data sets of similar stated probability.

    Attributes
    ----------
    n
        How many.
    lowest, highest
        Least and greatest p(balance) stated.
    stated
        Mean p(balance) stated.
    observed
        Share of them that came from balance.
    lower, upper
        Band of that share, had each come from balance with the probability stated; all bins keep
        theirs together with the probability asked for.
    tail
        Probability of a share as far out on its side, or farther.
    """

    n: int
    lowest: float
    highest: float
    stated: float
    observed: float
    lower: float
    upper: float
    tail: float

    @property
    def holds(self) -> bool:
        """Whether the share lies in its band."""
        return self.lower - 1e-12 <= self.observed <= self.upper + 1e-12


def reliability_curve(
    stated: FloatArray, balance: FloatArray, false_alarm: float
) -> tuple[ReliabilityBin, ...]:
    """Compare stated probabilities with frequencies in ten bins, over the range reached.

    Bins are a tenth wide; one with fewer than ten data sets is joined with its neighbour.

    Parameters
    ----------
    stated
        p(balance) at even prior odds, shape (n,).
    balance
        1 where balance was true, else 0, shape (n,).
    false_alarm
        Probability that some bin leaves its band though every probability is right (Bonferroni
        over the bins; the band of each is exact, for a sum of unequal Bernoulli variables).

    Returns
    -------
    tuple of ReliabilityBin
        In order of the probability stated; none without data sets.
    """
    if not len(stated):
        return ()
    order = np.argsort(stated, kind="stable")
    parts = _parts(stated[order], order)
    level = false_alarm / len(parts) / 2
    found = []
    for part in parts:
        p = stated[part]
        true = round(float(balance[part].sum()))
        reached = np.cumsum(sum_of_bernoullis(p))
        beyond = 1.0 - np.concatenate([[0.0], reached[:-1]])
        low = int(np.argmax(reached > level))
        high = len(p) - int(np.argmax(beyond[::-1] > level))
        found.append(
            ReliabilityBin(
                n=len(p),
                lowest=float(p[0]),
                highest=float(p[-1]),
                stated=float(p.mean()),
                observed=true / len(p),
                lower=low / len(p),
                upper=high / len(p),
                tail=float(min(reached[true], beyond[true])),
            )
        )
    return tuple(found)


def _parts(ascending: FloatArray, order: IntArray) -> list[IntArray]:
    """Cut data sets in order of their probability at tenths; join what is too few, upwards."""
    ends = np.searchsorted(ascending, np.arange(1, BINS) / BINS).tolist()
    cuts: list[int] = [0]
    for end in ends:
        if end - cuts[-1] >= _FEWEST and len(order) - end >= _FEWEST:
            cuts.append(end)
    return [np.asarray(part) for part in np.split(order, cuts[1:])]


def sum_of_bernoullis(p: FloatArray) -> FloatArray:
    """Return the probabilities of 0 … n successes in trials of unequal probability, (n + 1,)."""
    chance = np.ones(1)
    for each in p.tolist():
        chance = np.convolve(chance, (1.0 - each, each))
    return chance
