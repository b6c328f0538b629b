"""The share of the log-ratios that no potential explains."""

import numpy as np

from equipoise.inference.weighted import WeightedDraws
from equipoise.likelihoods import FloatArray


def unexplained_share(draws: WeightedDraws) -> FloatArray:
    """Return ``Σ c² / Σ (log P_ij/P_ji)²`` of every draw, shape (n,), between 0 and 1.

    Log-ratios are a gradient plus a divergence-free part, orthogonal to each other (Jiang et al.
    2011), so squares add up. Over the edges inside strongly connected components, as ρ.
    """
    inside = draws.graph.inside
    everything = (draws.log_ratios[:, inside] ** 2).sum(axis=1)
    return np.asarray(inside.sum() * draws.violation**2 / np.maximum(everything, 1e-300))
