"""ρ of draws of c on a large graph."""

from collections.abc import Callable

import numpy as np

from equipoise.graph import SupportGraph
from equipoise.inference.sparse.elimination import elimination_of
from equipoise.inference.sparse.factor import factorise
from equipoise.inference.sparse.pairs import Pairs
from equipoise.likelihoods import FloatArray


def violation_of(graph: SupportGraph, pairs: Pairs) -> Callable[[FloatArray], FloatArray]:
    """Return the map from c (M, ...) to ρ: the testable part of c, per edge that data can test.

    That is c on the edges inside strongly connected components, projected on their cycles.
    """
    inside = graph.inside[pairs.edge]
    number = int(np.count_nonzero(graph.inside))
    n = pairs.n_states
    i, j = pairs.source[inside], pairs.target[inside]
    if not len(i):
        return lambda cycles: np.zeros(cycles.shape[1:])
    degree = np.bincount(i, minlength=n) + np.bincount(j, minlength=n).astype(float)
    # One state of each strongly connected component, or a state on none of its edges, is pinned.
    _, first = np.unique(graph.strong[pairs.states], return_index=True)
    degree[first] += 1.0
    flat = -np.ones((1, 1, len(i)))
    factor = factorise(elimination_of(n, i, j), degree[None, None], flat)
    part = pairs.incidence[inside]

    def rho(cycles: FloatArray) -> FloatArray:
        kept = cycles[inside]
        kept = kept - part @ factor.solve(part.T @ kept)
        return np.asarray(np.sqrt((kept**2).sum(axis=0) / number))

    return rho
