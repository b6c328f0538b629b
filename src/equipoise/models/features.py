"""Potentials as a sum over features of the states, and a rest."""

from collections.abc import Sequence
from math import sqrt
from typing import TYPE_CHECKING

from equipoise.likelihoods import AdjustedEdges, FloatArray
from equipoise.models.priors import Priors

if TYPE_CHECKING:
    import pymc as pm


def features(
    edges: AdjustedEdges,
    columns: FloatArray,
    *,
    states: Sequence[str],
    names: Sequence[str],
    priors: Priors | None = None,
    scale: float = 5.0,
    anchor: tuple[FloatArray, FloatArray] | None = None,
) -> "pm.Model":
    r"""State the hypothesis that features explain the potential, as a PyMC model.

    .. math:: \Phi = X \beta + \epsilon, \qquad \epsilon \sim \text{Normal}(0, \sigma_\epsilon),
              \qquad \beta \sim \text{Normal}(0, \sigma_\beta)

    with :math:`\sigma_\epsilon \sim \text{HalfNormal}` as σ_V has it in the plain pairwise model,
    which this one is at β = 0, and :math:`\sigma_\beta \sim \text{HalfNormal}(s/\sqrt{K})`: K
    columns together have the scale s beforehand. Given balance. Derived in docs/model.md.

    Parameters
    ----------
    edges : AdjustedEdges
        Pairwise edges of S states, their curvature corrected or not.
    columns : ndarray of float
        Standardised features, shape (S, K).
    states, names : sequence of str
        Labels of the rows and columns of ``columns``.
    priors : Priors, optional
        Default: ``Priors()``; of these only the scale of the potential counts.
    scale : float
        s, nats.
    anchor : tuple of ndarray of float and ndarray of float, optional
        Where the data put Φ and with which variance, shapes (S,): they change how fast a sampler
        moves, and not what it samples (:func:`equipoise.models.walk.walked_normal`).

    Returns
    -------
    pymc.Model
        Variables ``Phi`` (state), ``beta`` (feature), ``sigma_eps``, ``sigma_beta``, nats; observed
        ``transitions`` (pair): i → j of all between i and j, with its binomial coefficient.
    """
    import numpy as np
    import pymc as pm

    from equipoise.models.potentials import observe_edges, residual
    from equipoise.models.walk import half_normal, walked_normal

    own = priors or Priors()
    n = columns.shape[1]
    coords = {"state": list(states), "feature": list(names), "pair": range(len(edges.potential))}
    with pm.Model(coords=coords, check_bounds=False) as model:
        sigma_beta = half_normal("sigma_beta", scale / sqrt(n))
        at, variance = np.zeros(n), np.full(n, 1.0)
        if anchor is not None:
            fitted = np.linalg.lstsq(columns, anchor[0])[0]
            left = anchor[0] - columns @ fitted
            at = fitted
            variance = np.linalg.inv(columns.T @ columns).diagonal() * max(left.var(), 1e-4)
        beta = walked_normal("beta", 0.0, sigma_beta, at, variance, dims="feature")
        Phi = residual((columns * beta).sum(axis=1), own, anchor)
        observe_edges(edges, Phi)
    return model
