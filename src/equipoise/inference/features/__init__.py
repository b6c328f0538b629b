"""Potentials explained by features of their states.

One question, one file: :mod:`.table` reads features, :mod:`.problem` what counts say of
potentials, :mod:`.signal` states what features may add, :mod:`.fit` weighs them and draws,
:mod:`.verdict` decides, :mod:`.scores` leaves states out, :mod:`.sample` checks by MCMC.
"""

from equipoise.inference.features.estimates import (
    Coefficient,
    Estimate,
    ExplainedState,
    Prediction,
)
from equipoise.inference.features.explain import Explanation, explain
from equipoise.inference.features.sample import feature_posterior
from equipoise.inference.features.scores import Scores
from equipoise.inference.features.table import FeatureTable, feature_table, read_features
from equipoise.inference.features.verdict import FeatureVerdict, WithCycles

__all__ = [
    "Coefficient",
    "Estimate",
    "ExplainedState",
    "Explanation",
    "FeatureTable",
    "FeatureVerdict",
    "Prediction",
    "Scores",
    "WithCycles",
    "explain",
    "feature_posterior",
    "feature_table",
    "read_features",
]
