"""Potentials as a smooth function of coordinates of the states, and a rest."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from equipoise.likelihoods import AdjustedEdges, FloatArray
from equipoise.models.priors import Priors

if TYPE_CHECKING:
    import pymc as pm

#: ``log ℓ ~ Normal(0, 1)`` within these bounds either way, ℓ in units of the median distance.
WIDEST_LOG_LENGTHSCALE = 2.5
# Keeps the Cholesky factor of nearly equal rows finite; a variance relative to that of f.
_JITTER = 1e-6


def embedding(
    edges: AdjustedEdges,
    coordinates: FloatArray,
    *,
    states: Sequence[str],
    priors: Priors | None = None,
    scale: float = 5.0,
    anchor: tuple[FloatArray, FloatArray] | None = None,
) -> "pm.Model":
    r"""State the hypothesis that alike states have alike potentials, as a PyMC model.

    .. math:: \Phi = f(z) + \epsilon, \qquad
              f \sim \text{GP}\left(0, \sigma_f^2 e^{-|z - z'|^2/2\ell^2}\right), \qquad
              \epsilon \sim \text{Normal}(0, \sigma_\epsilon)

    with :math:`\sigma_f \sim \text{HalfNormal}(s)` and :math:`\log \ell \sim \text{Normal}(0, 1)`,
    ℓ in units of the median distance, cut off at ±2.5. Given balance. Derived in docs/model.md.

    Parameters
    ----------
    edges : AdjustedEdges
        Pairwise edges of S states, their curvature corrected or not.
    coordinates : ndarray of float
        In units of the median distance, shape (S, D).
    states : sequence of str
        Labels of their rows.
    priors : Priors, optional
        Default: ``Priors()``; of these only the scale of the potential counts.
    scale : float
        s, nats.
    anchor : tuple of ndarray of float and ndarray of float, optional
        As in :func:`equipoise.models.features`.

    Returns
    -------
    pymc.Model
        Variables ``Phi`` and ``f`` (state), ``z`` (state; f is its image), ``sigma_eps``,
        ``sigma_f``, nats, ``log_lengthscale``; observed ``transitions`` (pair).
    """
    import numpy as np
    import pymc as pm
    import pytensor.tensor as pt
    from scipy.spatial.distance import cdist

    from equipoise.models.potentials import observe_edges, residual
    from equipoise.models.walk import half_normal

    own = priors or Priors()
    square = cdist(coordinates, coordinates) ** 2
    coords = {"state": list(states), "pair": range(len(edges.potential))}
    widest = WIDEST_LOG_LENGTHSCALE
    # Bounds are checked, for without them a truncated variable has no density to speak of.
    with pm.Model(coords=coords) as model:
        log_length = pm.TruncatedNormal("log_lengthscale", 0.0, 1.0, lower=-widest, upper=widest)
        sigma_f = half_normal("sigma_f", scale)
        among = pt.exp(-0.5 * square * pt.exp(-2.0 * log_length))
        factor = pt.linalg.cholesky(among + _JITTER * np.eye(len(square)))
        z = pm.Normal("z", 0.0, 1.0, dims="state")
        f = pm.Deterministic("f", sigma_f * pt.dot(factor, z), dims="state")
        observe_edges(edges, residual(f, own, anchor))
    return model
