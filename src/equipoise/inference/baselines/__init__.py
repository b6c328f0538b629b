"""Baselines: the paper's and the textbook's methods, for comparison, never the headline.

One baseline, one file; each says in one sentence what it gets wrong.
"""

from equipoise.inference.baselines.baseline import Row
from equipoise.inference.baselines.bootstrap import Bootstrap, parametric_bootstrap
from equipoise.inference.baselines.chi_square import (
    ChiSquare,
    pair_chi_square,
    triplet_chi_square,
)
from equipoise.inference.baselines.least_action import LeastAction, least_action
from equipoise.inference.baselines.likelihood_ratio import LikelihoodRatio, likelihood_ratio
from equipoise.inference.baselines.run import Baselines, baselines

__all__ = [
    "Baselines",
    "Bootstrap",
    "ChiSquare",
    "LeastAction",
    "LikelihoodRatio",
    "Row",
    "baselines",
    "least_action",
    "likelihood_ratio",
    "pair_chi_square",
    "parametric_bootstrap",
    "triplet_chi_square",
]
