"""Hypotheses and their priors: one hypothesis, one file.

:func:`reversible` and :func:`cyclic` are the nested pair on which the verdict rests;
:func:`features` and :func:`embedding` say what explains the potential, :func:`reversible` at 0;
:func:`hierarchical` is of several kernels; :func:`reinforced` and :func:`unrestricted` have their
evidence in closed form. All are stated as PyMC models, and load PyMC when they are called.

The other files are what hypotheses share: :mod:`.priors`; :mod:`.rows`, :mod:`.steps` and
:mod:`.kernels` lay counts out, :mod:`.data` names them as data of a model; :mod:`.builder` and
:mod:`.potentials` add the terms and the likelihood, :mod:`.walk` the coordinates in which a sampler
walks. :mod:`.latent` states a hypothesis in NumPy, for the fast path and for chains that compile
nothing.
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
