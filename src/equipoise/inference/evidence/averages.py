"""Averages of positive terms known by their logarithms, from MCMC or independent draws."""

from dataclasses import dataclass
from importlib import import_module

import numpy as np
from scipy.special import logsumexp

from equipoise.likelihoods import FloatArray


@dataclass(frozen=True)
class LogMean:
    """The logarithm of an average, and how far to trust it.

    Attributes
    ----------
    log_value
        Log of the average.
    relative_variance
        Variance of the average over its square.
    ess
        Effective number of draws for this average: autocorrelation counted, never more than drawn.
    contributing
        Of those, how many effectively make up the average: ``(Σ x)² / Σ x²``, Kish's number.
    """

    log_value: float
    relative_variance: float
    ess: float
    contributing: float

    @property
    def mcse(self) -> float:
        """Standard error of ``log_value``: that of the log of a log-normal of this variance."""
        return float(np.sqrt(np.log1p(self.relative_variance)))


def log_mean(log_terms: FloatArray, *, independent: bool = False) -> LogMean:
    """Average terms given by their logarithms.

    Parameters
    ----------
    log_terms
        Shape (chains, draws); −inf, a term of 0, is allowed.
    independent
        Whether the draws are independent; else their effective number is estimated from their
        autocorrelation and the spread between chains (Vehtari et al. 2021, as in ArviZ).

    Notes
    -----
    ArviZ is loaded when first needed, and not by independent draws.
    """
    flat = log_terms.ravel()
    total = float(logsumexp(flat))
    terms = np.exp(log_terms - flat.max())
    share = terms.var(ddof=1) / terms.mean() ** 2
    ess = float(flat.size)
    if not independent:
        stats = import_module("arviz_stats.base").array_stats
        ess = min(float(stats.ess(terms, method="mean")), ess)
    kish = float(terms.sum() ** 2 / (terms**2).sum())
    return LogMean(
        log_value=total - float(np.log(flat.size)),
        relative_variance=float(share / ess),
        ess=ess,
        contributing=kish * ess / flat.size,
    )
