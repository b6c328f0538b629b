"""Pairwise: the two directions of each edge, compared; Bradley–Terry with an exposure offset."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit, log_expit

from equipoise.counts import TransitionCounts
from equipoise.graph import SupportGraph
from equipoise.likelihoods.arcs import support_arcs
from equipoise.likelihoods.multinomial import multinomial
from equipoise.likelihoods.protocol import FloatArray, IntArray, Rejected


@dataclass(frozen=True, eq=False)
class PairwiseEdges:
    r"""Forward counts of each edge given its total in both directions.

    .. math:: n_{ij} \mid m_e \sim \text{Binomial}(m_e, \text{logit}^{-1}(\eta_e + \log N_i/N_j)),
              \qquad \eta_e = \Phi_i - \Phi_j + c_{ij}

    The model of Bradley & Terry (1952) with an exposure. Conditioning on
    :math:`m_e = n_{ij} + n_{ji}` removes the symmetric edge terms. Exact for
    Poisson counts; for fixed row totals a conditional likelihood, in which everything about cycles
    is unaffected and the covariance of the potential is too large by diag(1/N_i). The binomial
    coefficient is left out.

    Attributes
    ----------
    edges : ndarray of int
        Indices into the graph's edges of those used, shape (M,): both ends were sources.
    left_out : ndarray of int
        Indices of the edges left out, because an end was never a source.
    forward, total : ndarray of float
        ``n_ij`` along the stored direction i → j, and ``m_e``, shape (M,).
    exposure : ndarray of float
        ``log N_i/N_j``, shape (M,).
    trials : ndarray of float
        ``N_i``, shape (S,).
    """

    edges: IntArray
    left_out: IntArray
    forward: FloatArray
    total: FloatArray
    exposure: FloatArray
    trials: FloatArray

    name = "pairwise"

    def log_likelihood(self, eta: FloatArray) -> FloatArray:
        """Return the log-likelihood in nats, shape ``eta.shape[:-1]``."""
        return np.asarray(self.by_row(eta).sum(axis=-1))

    def by_row(self, eta: FloatArray) -> FloatArray:
        """Return the log-likelihood of each edge used, shape (..., M)."""
        logit = eta + self.exposure
        backward = self.total - self.forward
        return np.asarray(self.forward * log_expit(logit) + backward * log_expit(-logit))

    def gradient(self, eta: FloatArray) -> FloatArray:
        """Return ``n_ij − m_e p_e``, shape of ``eta``."""
        return np.asarray(self.forward - self.total * expit(eta + self.exposure))

    def hessian_product(self, eta: FloatArray, vector: FloatArray) -> FloatArray:
        """Return ``−m_e p_e (1 − p_e) v_e``, shape of ``eta``."""
        return -self._variance(eta) * vector

    def information(self, eta: FloatArray, design: FloatArray) -> FloatArray:
        """Return the information of the columns of ``design`` (M, d), shape (d, d)."""
        return np.asarray(design.T @ (design * self._variance(eta)[:, None]))

    def local(
        self, eta: FloatArray, design: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return log-likelihood, gradient and information at one ``eta``."""
        return self.log_likelihood(eta), self.gradient(eta), self.information(eta, design)

    def expected(self, eta: FloatArray) -> "PairwiseEdges":
        """Return these edges with every forward count replaced by its expectation."""
        return replace(self, forward=self.total * expit(eta + self.exposure))

    def _variance(self, eta: FloatArray) -> FloatArray:
        p = expit(eta + self.exposure)
        return np.asarray(self.total * p * (1.0 - p))


def pairwise(
    counts: TransitionCounts, graph: SupportGraph, *, rejected: Rejected = "stay"
) -> PairwiseEdges:
    """Return the pairwise likelihood of the counts on a support graph.

    Parameters
    ----------
    counts : TransitionCounts
        Transition counts; axis 0 is *from*, axis 1 *to*.
    graph : SupportGraph
        Their support graph.
    rejected : {"stay", "drop"}
        As in :func:`equipoise.likelihoods.multinomial`: it decides the exposure ``N_i``.

    Returns
    -------
    PairwiseEdges
        Edges with an end that was never a source are left out, and named.

    Raises
    ------
    UsageError
        If ``rejected`` is neither ``"stay"`` nor ``"drop"``.
    """
    rows = multinomial(counts, support_arcs(graph), rejected=rejected)
    edges = np.asarray(graph.edges, dtype=np.int64).reshape(-1, 2)
    used = np.all(rows.trials[edges] > 0, axis=1)
    kept = np.flatnonzero(used)
    i, j = edges[kept].T
    if len(kept):
        forward = np.asarray(counts.counts[i, j], dtype=float).ravel()
        backward = np.asarray(counts.counts[j, i], dtype=float).ravel()
    else:
        forward = backward = np.zeros(0)
    return PairwiseEdges(
        edges=kept,
        left_out=np.flatnonzero(~used),
        forward=forward,
        total=forward + backward,
        exposure=np.log(rows.trials[i]) - np.log(rows.trials[j]),
        trials=rows.trials,
    )
