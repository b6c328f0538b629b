"""The number of spanning trees, through Kirchhoff's matrix-tree theorem."""

import numpy as np
from scipy.sparse import csc_array
from scipy.sparse.linalg import splu

from equipoise.graph.support import SupportGraph, reduced_incidence

DENSE_LIMIT = 500


def log_spanning_trees(graph: SupportGraph) -> float:
    """Compute the log number of spanning forests of the support graph.

    A spanning forest takes one spanning tree of each component, so this is the sum of
    the log numbers of spanning trees. It equals ``log det(G @ G.T)`` for
    ``G = reduced_incidence(graph)`` and ``log det(F.T @ F)`` for
    ``F = fundamental_cycle_basis(graph)``.

    Parameters
    ----------
    graph : SupportGraph

    Returns
    -------
    float
        0 for a forest.

    Notes
    -----
    Dense up to 500 states, sparse LU factors of the (positive definite) reduced
    Laplacian beyond.
    """
    reduced = reduced_incidence(graph)
    laplacian = csc_array(reduced @ reduced.T)
    if laplacian.shape[0] == 0:
        return 0.0
    if laplacian.shape[0] <= DENSE_LIMIT:
        factor = np.linalg.cholesky(laplacian.toarray())
        return float(2.0 * np.log(np.diag(factor)).sum())
    # Symmetric and positive definite: no pivoting is needed, so the order is free to keep
    # the factors sparse.
    factors = splu(
        laplacian,
        permc_spec="MMD_AT_PLUS_A",
        diag_pivot_thresh=0.0,
        options={"SymmetricMode": True},
    )
    return float(np.log(np.abs(factors.U.diagonal())).sum())
