"""Pareto-smoothed importance sampling (Vehtari, Simpson, Gelman, Yao & Gabry 2024).

Own code rather than ArviZ's, because importing ArviZ alone would cost more than the whole fast
path; tests hold it equal to ArviZ's.
"""

from dataclasses import dataclass

import numpy as np

from equipoise.likelihoods import FloatArray

K_TRUSTED = 0.7
_SMALLEST_TAIL = 5
# A tail so heavy that its quantiles overflow: nothing to smooth, and never trusted.
_HOPELESS = 5.0


@dataclass(frozen=True)
class SmoothedWeights:
    """Importance weights whose largest values follow a fitted generalised Pareto tail.

    Attributes
    ----------
    log_weights
        Shape (n,), smoothed, not normalised.
    pareto_k
        Shape of the fitted tail: at most 0.7 for a trustworthy estimate; −inf where there is no
        tail to fit (constant weights), +inf where the weights cannot be fitted.
    """

    log_weights: FloatArray
    pareto_k: float


def distrust(pareto_k: float | None) -> str | None:
    """Say why weights of such a k̂ must not be relied on; None where they may be, or none are."""
    if pareto_k is None or pareto_k <= K_TRUSTED:
        return None
    return f"importance sampling failed (k̂ = {pareto_k:.2f}, limit {K_TRUSTED:g})"


def smooth(log_weights: FloatArray) -> SmoothedWeights:
    """Smooth the largest ``min(n/5, 3√n)`` of ``n`` log-weights; none is larger than before."""
    n = len(log_weights)
    tail = int(min(0.2 * n, 3.0 * np.sqrt(n)))
    if tail < _SMALLEST_TAIL or not np.all(np.isfinite(log_weights)):
        return SmoothedWeights(log_weights, np.inf)
    order = np.argsort(log_weights)
    top = log_weights[order[-1]]
    cut = np.exp(log_weights[order[-tail - 1]] - top)
    excess = np.exp(log_weights[order[-tail:]] - top) - cut
    if excess[-1] <= 1e-12:
        return SmoothedWeights(log_weights, -np.inf)
    excess = np.maximum(excess, 1e-300)
    k, sigma = fit_generalised_pareto(excess)
    if not k < _HOPELESS:
        return SmoothedWeights(log_weights, float(k))
    level = (np.arange(tail) + 0.5) / tail
    quantile = (
        -sigma * np.log1p(-level) if abs(k) < 1e-12 else sigma * np.expm1(-k * np.log1p(-level)) / k
    )
    smoothed = log_weights.copy()
    smoothed[order[-tail:]] = np.minimum(np.log(quantile + cut), 0.0) + top
    return SmoothedWeights(smoothed, float(k))


def fit_generalised_pareto(excess: FloatArray) -> tuple[float, float]:
    """Fit shape and scale to sorted positive excesses (Zhang & Stephens 2009).

    The shape is pulled towards ½ with the weight of ten observations, as in PSIS. The sign is that
    of PSIS: positive is heavy-tailed.
    """
    n = len(excess)
    grid = 30 + int(np.sqrt(n))
    theta = 1.0 - np.sqrt(grid / (np.arange(1, grid + 1) - 0.5))
    theta /= 3.0 * excess[int(n / 4 + 0.5) - 1]
    theta += 1.0 / excess[-1]
    shape = np.log1p(-theta[:, None] * excess).mean(axis=1)
    profile = n * (np.log(-theta / shape) - shape - 1.0)
    weight = np.exp(profile - profile.max())
    mean = float(theta @ weight / weight.sum())
    k = float(np.log1p(-mean * excess).mean())
    sigma = -k / mean
    return (n * k + 10 * 0.5) / (n + 10), sigma
