"""Many kernels, one prior: how many of them obey balance, and which."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import log_expit, logsumexp

from equipoise.likelihoods import FloatArray

_GRID = 2001
_CERTAIN = 0.95


@dataclass(frozen=True, eq=False)
class ManyBalances:
    """Whether each of many kernels obeys balance, the share that does being learned.

    Attributes
    ----------
    p_balance
        Posterior probability of balance of each kernel, NaN where it is untestable, shape (M,).
    share, lower, upper
        Posterior mean and 95 % interval of the share of kernels that obey balance; None where none
        can be tested.
    named
        Kernels called non-reversible: their p_balance is below 0.05, shape (M,).
    expected_false
        Expected number of these that obey balance.
    """

    p_balance: FloatArray
    share: float | None
    lower: float | None
    upper: float | None
    named: "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]"
    expected_false: float


def many_balances(log_bayes_factors: Sequence[float | None]) -> ManyBalances:
    r"""Learn the prior probability of balance from many kernels.

    Each kernel obeys balance with probability w, ``w ~ Uniform(0, 1)``; given w, its evidence is
    ``w Z_balance + (1 − w) Z_cyclic``.

    Parameters
    ----------
    log_bayes_factors
        Of each kernel, positive for balance, nats; None where it cannot be tested or trusted.
    """
    values = np.array([np.nan if x is None else x for x in log_bayes_factors], dtype=float)
    known = np.flatnonzero(np.isfinite(values))
    p = np.full(len(values), np.nan)
    named = np.zeros(len(values), dtype=np.bool_)
    if not len(known):
        return ManyBalances(p, None, None, None, named, 0.0)
    w = (np.arange(_GRID) + 0.5) / _GRID
    logit = np.log(w) - np.log1p(-w)
    given = log_expit(logit[:, None] + values[known])  # log P(balance | w, data)
    log_post = (np.log(w)[:, None] + values[known] - given).sum(axis=1)
    mass = np.exp(log_post - logsumexp(log_post))
    p[known] = mass @ np.exp(given)
    cumulative = np.cumsum(mass)
    lower, upper = np.interp([0.025, 0.975], cumulative, w)
    named[known] = p[known] < 1.0 - _CERTAIN
    return ManyBalances(
        p_balance=p,
        share=float(mass @ w),
        lower=float(lower),
        upper=float(upper),
        named=named,
        expected_false=float(p[named].sum()),
    )
