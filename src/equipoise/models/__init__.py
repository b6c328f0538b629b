"""Hypotheses and their priors: one hypothesis, one file."""

from equipoise.models.priors import Priors, Scales

__all__ = ["Priors", "Scales"]
