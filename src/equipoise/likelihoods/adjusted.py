"""Pairwise edges whose curvature is that of multinomial rows."""

from dataclasses import dataclass, replace

import numpy as np

from equipoise.likelihoods.pairwise import PairwiseEdges
from equipoise.likelihoods.protocol import FloatArray

# A direction keeps at least this part of its variance: what is left is set by the prior.
_LEAST_SHARE = 0.05


@dataclass(frozen=True, eq=False)
class AdjustedEdges:
    r"""Pairwise edges with a linear map of the potential that corrects their curvature.

    The pairwise likelihood of multinomial rows holds too little information on Φ: its covariance
    exceeds the right one by ``diag(1/N_i)``, modulo the constant (docs/model.md). With the map

    .. math:: \ell(\Phi) = \ell_{pairwise}(\hat\Phi + T (\Phi - \hat\Phi))

    the covariance at the mode is right, and the likelihood stays log-concave and linear in its
    argument: the curvature adjustment of composite likelihoods (Ribatet, Cooley & Davison 2012,
    Statistica Sinica 22, 813; after Chandler & Bate 2007, Biometrika 94, 167). Cycles are left as
    they are: what they are profiled over does not care for a linear map.

    Attributes
    ----------
    edges : PairwiseEdges
        The likelihood; its exposure holds the constant part of the map.
    potential : ndarray of float
        Map of the potential, shape (M, S): ``eta = potential @ Φ + c``.
    """

    edges: PairwiseEdges
    potential: FloatArray


def adjusted(edges: PairwiseEdges, differences: FloatArray, mode: FloatArray) -> AdjustedEdges:
    """Correct the curvature of pairwise edges.

    Parameters
    ----------
    edges : PairwiseEdges
        The pairwise likelihood of one kernel, M edges.
    differences : ndarray of float
        Shape (M, S): row e takes ``Φ_i − Φ_j``.
    mode : ndarray of float
        Where the likelihood is greatest, or, where it has no greatest value, a mode under a wide
        prior; shape (S,).

    Returns
    -------
    AdjustedEdges
        Their log-likelihood has the curvature of multinomial rows at the mode.

    Notes
    -----
    The curvature adjustment of composite likelihoods (Ribatet, Cooley & Davison 2012).
    """
    if not len(edges.forward):
        return AdjustedEdges(edges, differences)
    information = edges.information(differences @ mode, differences)
    values, vectors = np.linalg.eigh(information)
    known = values > 1e-10 * values[-1]
    axes = vectors[:, known]
    root = np.sqrt(values[known])
    joined = edges.trials > 0
    noise = np.where(joined, 1.0 / np.where(joined, edges.trials, 1.0), 0.0)
    # In units of the pairwise standard deviations; constants have no information and drop out.
    excess = (axes * root).T @ (noise[:, None] * (axes * root))
    share, turn = np.linalg.eigh(excess)
    stretch = 1.0 / np.sqrt(np.maximum(1.0 - share, _LEAST_SHARE))
    whiten = turn.T @ (axes * root).T
    back = (axes / root) @ turn
    potential = differences @ (back * stretch) @ whiten
    exposure = edges.exposure + (differences - potential) @ mode
    return AdjustedEdges(replace(edges, exposure=exposure), potential)
