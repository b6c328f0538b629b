"""Hypotheses and their priors: one hypothesis, one file.

:func:`reversible` and :func:`cyclic` state them as PyMC models, and load PyMC when they are called;
:mod:`equipoise.models.latent` states them in NumPy.
"""

from equipoise.models.cyclic import cyclic
from equipoise.models.priors import Priors, Scales
from equipoise.models.reversible import reversible

__all__ = ["Priors", "Scales", "cyclic", "reversible"]
