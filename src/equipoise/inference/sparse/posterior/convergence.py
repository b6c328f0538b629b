"""Rank R-hat of many quantities at once: ArviZ's takes one after another."""

import numpy as np
from scipy.special import ndtri

from equipoise.likelihoods import FloatArray

_COLUMNS = 128


def r_hats(draws: FloatArray) -> FloatArray:
    """Return rank-normalised split R-hat (Vehtari et al. 2021), the worse of bulk and tails.

    Parameters
    ----------
    draws
        Shape (k, chains, draws); none of them constant.

    Returns
    -------
    array
        Shape (k,); equal to ``arviz.rhat``.
    """
    half = draws.shape[2] // 2
    out = np.empty(len(draws))
    for begin in range(0, len(draws), _COLUMNS):
        part = draws[begin : begin + _COLUMNS]
        split = np.concatenate([part[..., :half], part[..., -half:]], axis=1)
        folded = np.abs(split - np.median(split, axis=(1, 2), keepdims=True))
        out[begin : begin + _COLUMNS] = np.maximum(_plain(split), _plain(folded))
    return out


def least_ess(draws: FloatArray) -> float:
    """Return the least bulk effective sample size of (k, chains, draws), by ArviZ."""
    from arviz_stats.base import array_stats

    return min(
        (float(array_stats.ess(x, method="bulk")) for x in draws),
        default=float("inf"),
    )


def _plain(x: FloatArray) -> FloatArray:
    """Return R-hat of normal scores of (k, chains, draws)."""
    from scipy.stats import rankdata  # takes a second to load

    flat = x.reshape(len(x), -1)
    scores = ndtri((rankdata(flat, axis=1) - 0.375) / (flat.shape[1] + 0.25)).reshape(x.shape)
    n = x.shape[2]
    between = n * scores.mean(axis=2).var(axis=1, ddof=1)
    within = scores.var(axis=2, ddof=1).mean(axis=1)
    return np.asarray(np.sqrt((between / within + n - 1) / n))
