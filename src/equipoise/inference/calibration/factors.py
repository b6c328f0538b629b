"""Identities of exact Bayes factors, and bands for them.

Data sets come from both hypotheses in equal numbers, with parameters from the priors. Then

    E[BF01 | cyclic] = 1                                    (Turing, after Good 1985)
    E[p(cyclic) | balance] = E[p(balance) | cyclic]         (even prior odds)

with BF01 the Bayes factor of balance. The mean of BF10 under balance is 1 too, but has no variance
to speak of, and is not looked at. And log BF is the log odds of balance: regressed on it, the truth
has slope 1. A withheld data set counts as 0 on either side, which keeps both
identities exact: E[BF01·1(given) | cyclic] is the share given under balance.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import expit, logsumexp
from scipy.stats import norm

from equipoise.likelihoods import FloatArray

POWER = 0.9
_STEEPEST = 1e6


@dataclass(frozen=True)
class Identity:
    """A figure, and the band it keeps where the Bayes factors are right.

    Attributes
    ----------
    value, error
        Figure and its standard error.
    lower, upper
        Its band.
    """

    value: float
    error: float
    lower: float
    upper: float

    @property
    def holds(self) -> bool:
        """Whether the figure lies in its band."""
        return self.lower <= self.value <= self.upper


@dataclass(frozen=True, eq=False)
class Factors:
    """Log Bayes factors of the data sets of a calibration.

    Attributes
    ----------
    log_values
        Nats, shape (n,); what stands at withheld ones is not looked at.
    given
        False where withheld, shape (n,).
    cyclic
        Which hypothesis made the data, shape (n,).
    """

    log_values: FloatArray
    given: npt.NDArray[np.bool_]
    cyclic: npt.NDArray[np.bool_]

    @property
    def p_balance(self) -> FloatArray:
        """Probability of balance at even prior odds, shape (n,)."""
        return np.asarray(expit(self.log_values))

    def crossed(self) -> tuple[FloatArray, FloatArray]:
        """Return p(cyclic) of data from balance, and p(balance) of cyclic data; 0 if withheld."""
        p = self.p_balance
        wrong = np.where(self.given, np.where(self.cyclic, p, 1.0 - p), 0.0)
        return wrong[~self.cyclic], wrong[self.cyclic]


def crossed_probabilities(factors: Factors, false_alarm: float) -> Identity:
    """Check ``E[p(cyclic) | balance] − E[p(balance) | cyclic] = 0``.

    The figure is that difference. Bounded terms: the normal distribution serves for the band. It
    sees every offset of log BF: an offset δ moves it by −2δ times the mean of p(1 − p).
    """
    first, second = factors.crossed()
    error = _crossed_error(factors)
    half = float(norm.isf(false_alarm / 2)) * error
    return Identity(float(first.mean() - second.mean()), error, -half, half)


def detectable_offset(factors: Factors, false_alarm: float) -> float:
    """Return the offset of log BF, nats, that the check would find nine times in ten.

    It falls like one over the square root of the number of data sets.
    """
    first, second = factors.crossed()
    slope = float((first * (1 - first)).mean() + (second * (1 - second)).mean())
    reach = float(norm.isf(false_alarm / 2) + norm.isf(1.0 - POWER))
    return reach * _crossed_error(factors) / slope if slope > 0 else np.inf


def recalibration_slope(factors: Factors, false_alarm: float) -> Identity:
    """Check that the truth, regressed on log BF, has slope 1.

    The logistic regression's slope in one step from 1: ``1 + Σ (y − p) L / Σ p (1 − p) L²``, with L
    the log Bayes factor, p the stated p(balance) and y whether balance was true. Below 1: log Bayes
    factors are too large either way. A sum of independent variables, whose distribution the stated
    probabilities give; the band is Chernoff's bound.
    """
    p, L = factors.p_balance[factors.given], factors.log_values[factors.given]
    truth = ~factors.cyclic[factors.given]
    information = float((p * (1.0 - p)) @ L**2)
    if information <= 0.0:
        return Identity(1.0, np.inf, -np.inf, np.inf)
    value = 1.0 + float((truth - p) @ L) / information
    low, high = (_score_bound(L, side * L, false_alarm / 2) / information for side in (-1, 1))
    return Identity(value, information**-0.5, 1.0 - low, 1.0 + high)


def detectable_slope(slope: Identity) -> float:
    """Return the relative error of all log BF that the check would find nine times in ten."""
    return max(slope.upper - 1.0, 1.0 - slope.lower) + float(norm.isf(1.0 - POWER)) * slope.error


def _score_bound(logit: FloatArray, weight: FloatArray, tail: float) -> float:
    """Return what ``Σ (y − p) w`` passes with probability ``tail`` at most, y ~ Bernoulli(p).

    Chernoff: ``P(S ≥ K'(t)) ≤ exp(K(t) − t K'(t))`` with K the cumulant function, t > 0.
    """
    p = expit(logit)

    def tilted(t: float) -> tuple[float, float]:
        """Return the mean under a tilt, and by how much its exponent exceeds what is asked."""
        mean = float((expit(logit + t * weight) - p) @ weight)
        # log(1 − p + p exp(t w)) − t p w, summed
        cumulant = float(
            (
                np.logaddexp(0.0, logit + t * weight) - np.logaddexp(0.0, logit) - t * p * weight
            ).sum()
        )
        return mean, t * mean - cumulant + np.log(tail)

    far = 1e-3
    while tilted(far)[1] < 0 and far < _STEEPEST:
        far *= 2.0
    at = far if tilted(far)[1] < 0 else brentq(lambda t: tilted(t)[1], 0.0, far, xtol=1e-12)
    return tilted(float(at))[0]


def _crossed_error(factors: Factors) -> float:
    first, second = factors.crossed()
    return float(np.sqrt(first.var(ddof=1) / len(first) + second.var(ddof=1) / len(second)))


def mean_factor(factors: Factors, false_alarm: float) -> Identity:
    """Check ``E[BF01 | cyclic] = 1``: the figure is the mean over cyclic data sets.

    BF01 is heavy-tailed under cyclic data: most values are small, and rare large ones carry the
    mean, so the sample's own spread is too small whenever it missed them. But those large values
    are commonplace under balance, and weighting by p(cyclic) turns all data sets together into a
    sample of the cyclic ones with the tail well covered. Standard error and band come from
    there. The band is not the mean ± so many errors, which skewness makes wrong, but Chernoff's
    bound for the mean of n draws: true to its false-alarm rate at every n, and some 15 % wider than
    need be.
    """
    given, cyclic = factors.given, factors.cyclic
    values = np.where(given, np.exp(np.minimum(factors.log_values, 300.0)), 0.0)
    n = int(cyclic.sum())
    weight = np.where(given, 1.0 - factors.p_balance, 0.0)
    missing = 1.0 - float(given[cyclic].mean())
    weight *= (1.0 - missing) / max(float(weight.sum()), 1e-300)
    pool, chance = np.append(values[given], 0.0), np.append(weight[given], missing)
    centre = float(chance @ pool)
    error = float(np.sqrt(chance @ (pool - centre) ** 2 / n))
    share = float(given[~cyclic].mean())
    slack = np.sqrt(share * (1.0 - share) / max(int((~cyclic).sum()), 1))
    low, high = (_mean_bound(pool, chance, n, false_alarm / 2, side) for side in (-1, 1))
    extra = float(norm.isf(false_alarm / 2)) * slack
    return Identity(
        value=float(values[cyclic].mean()),
        error=float(np.hypot(error, slack)),
        lower=share - float(np.hypot(centre - low, extra)),
        upper=share + float(np.hypot(high - centre, extra)),
    )


def _mean_bound(pool: FloatArray, chance: FloatArray, n: int, tail: float, side: int) -> float:
    """Return a bound that a mean of n draws passes with probability ``tail`` at most.

    Chernoff: ``P(mean beyond K'(t)) ≤ exp(−n (t K'(t) − K(t)))`` with K the cumulant function.
    """
    inside = chance > 0
    x, log_chance = pool[inside], np.log(chance[inside])
    log_chance = log_chance - logsumexp(log_chance)
    centre = float(np.exp(log_chance) @ x)
    spread = float(np.sqrt(np.exp(log_chance) @ (x - centre) ** 2))
    if spread <= 1e-12 * max(abs(centre), 1.0):
        return centre
    x = (x - centre) / spread

    def tilted(t: float) -> tuple[float, float]:
        """Return the mean under a tilt, and by how much its exponent exceeds what is asked."""
        level = log_chance + t * x
        total = float(logsumexp(level))
        mean = float(np.exp(level - total) @ x)
        return mean, n * (t * mean - total) + np.log(tail)

    far = side / np.sqrt(n)
    while tilted(far)[1] < 0 and abs(far) < _STEEPEST:
        far *= 2.0
    # At the steepest tilt the mean has reached the end of its range.
    at = far if tilted(far)[1] < 0 else brentq(lambda t: tilted(t)[1], 0.0, far, xtol=1e-12)
    return centre + spread * tilted(float(at))[0]
