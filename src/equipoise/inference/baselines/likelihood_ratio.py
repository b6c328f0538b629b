"""The likelihood ratio of balance, against its asymptotic distribution."""

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc

from equipoise.counts import TransitionCounts
from equipoise.graph import SupportGraph, support_graph
from equipoise.inference.baselines.baseline import STOPPING, Row
from equipoise.inference.baselines.reversible_fit import fit_reversible
from equipoise.likelihoods import FloatArray, IntArray, Rejected, trials_of


@dataclass(frozen=True)
class LikelihoodRatio:
    """The likelihood ratio of any kernel against reversible ones.

    Attributes
    ----------
    value
        ``2 (log L of any kernel − log L of reversible ones)``, each at its greatest.
    ndf
        b1*, the number of testable cycles.
    p_value
        Of chi-square on so many degrees of freedom; None without a testable cycle.
    """

    value: float
    ndf: int
    p_value: float | None

    wrong = (
        "Its chi-square law needs large counts in every cell, and no p-value can speak for balance."
    )

    def rows(self) -> tuple[Row, ...]:
        """Return its line of the table of baselines."""
        p, invalid = self.p_value, STOPPING if self.ndf else ""
        return (Row("likelihood ratio", "2 Δ log L", self.value, self.ndf, p, self.wrong, invalid),)


def likelihood_ratio(counts: TransitionCounts, *, rejected: Rejected = "stay") -> LikelihoodRatio:
    """Compare the greatest likelihoods of any kernel and of reversible ones.

    Parameters
    ----------
    counts : TransitionCounts
        Axis 0 is from, axis 1 to.
    rejected : {"stay", "drop"}
        What a trial that ended in no state counts as; the ratio depends on moves alone.

    Returns
    -------
    LikelihoodRatio

    Raises
    ------
    NotTrustedError
        If the reversible fit is not reached.
    """
    graph = support_graph(counts, trials_of(counts, rejected))
    edges, states, forward, backward = testable_edges(counts, graph)
    fit = fit_reversible(edges, len(states), forward[None], backward[None])
    value, ndf = float(fit.likelihood_ratio[0]), graph.n_testable_cycles
    return LikelihoodRatio(value, ndf, float(chdtrc(ndf, value)) if ndf else None)


def testable_edges(
    counts: TransitionCounts, graph: SupportGraph
) -> tuple[IntArray, IntArray, FloatArray, FloatArray]:
    """Return the edges inside strongly connected components and their counts.

    Returns
    -------
    edges
        Shape (E*, 2), indices into ``states``.
    states
        Their ends, indices of the graph, shape (S*,).
    forward, backward
        ``n_ij`` and ``n_ji``, shape (E*,).
    """
    i, j = np.asarray(graph.edges, dtype=np.int64).reshape(-1, 2).T
    inside = graph.strong[i] == graph.strong[j]
    i, j = i[inside], j[inside]
    states, place = np.unique(np.concatenate([i, j]), return_inverse=True)
    if not len(states):
        return np.zeros((0, 2), dtype=np.int64), states, np.zeros(0), np.zeros(0)
    forward, backward = (
        np.asarray(counts.counts[a, b], dtype=float).ravel() for a, b in ((i, j), (j, i))
    )
    return place.reshape(2, -1).T.astype(np.int64), states, forward, backward


testable_edges.__test__ = False  # type: ignore[attr-defined]  # not a test of pytest's
