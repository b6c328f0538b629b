"""Hypotheses and their priors: one hypothesis, one file.

:func:`reversible` and :func:`cyclic` are the nested pair on which the verdict rests;
:func:`features` and :func:`embedding` say what explains the potential, :func:`reversible` at 0;
:func:`hierarchical` is of several kernels; :func:`reinforced` and :func:`unrestricted` have their
evidence in closed form. All are stated as PyMC models, and load PyMC when they are called;
:mod:`equipoise.models.latent` states the nested pair in NumPy.
"""

from equipoise.models.cyclic import cyclic
from equipoise.models.embedding import embedding
from equipoise.models.features import features
from equipoise.models.hierarchical import hierarchical
from equipoise.models.priors import Priors, Scales
from equipoise.models.reinforced import reinforced
from equipoise.models.reversible import reversible
from equipoise.models.unrestricted import unrestricted

__all__ = [
    "Priors",
    "Scales",
    "cyclic",
    "embedding",
    "features",
    "hierarchical",
    "reinforced",
    "reversible",
    "unrestricted",
]
