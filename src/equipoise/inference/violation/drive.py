"""How much of the violation a single cycle explains, were it the only one that is driven.

A drive of a cycle adds the same to c on each of its edges. Cycles that share an edge with a driven
one have affinities too, but explain less.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from equipoise.graph import SupportGraph, cycle_vector
from equipoise.inference.evidence.information import profile
from equipoise.inference.findings import Findings
from equipoise.likelihoods import FloatArray


@dataclass(frozen=True, eq=False)
class CycleMetric:
    """How much of the log-likelihood circulations are worth, to second order at balance.

    A circulation c costs ``½ cᵀ I c`` nats to leave out, V and s profiled out.

    Attributes
    ----------
    graph
        The support graph.
    orthonormal
        Orthonormal basis of the cycle space, shape (E, b1).
    information
        Fisher information in it, shape (b1, b1), 1/nats².
    """

    graph: SupportGraph
    orthonormal: FloatArray
    information: FloatArray

    def directions(self, cycles: Sequence[Sequence[int]]) -> FloatArray:
        """Return the vectors of signs of cycles (state indices in order), shape (b1, k)."""
        signs = [cycle_vector(self.graph, cycle) for cycle in cycles]
        return np.asarray(self.orthonormal.T @ np.reshape(signs, (-1, self.graph.n_edges)).T)

    def explained(self, amplitudes: FloatArray, directions: FloatArray) -> FloatArray:
        r"""Return the nats that a drive along each direction v alone explains, shape (n, k).

        Of all a, the a v that comes closest to the circulation c explains
        ``½ (vᵀ I c)² / (vᵀ I v)``; 0 where the data hold no information along v.

        Parameters
        ----------
        amplitudes
            Circulations in the orthonormal basis, shape (n, b1).
        directions
            In the same, shape (b1, k).
        """
        own = np.einsum("bk,bk->k", directions, self.information @ directions)
        shared = (amplitudes @ self.information) @ directions
        least = 1e-9 * max(float(np.max(np.diag(self.information), initial=0.0)), 1e-300)
        known = own > least
        return np.where(known, 0.5 * shared**2 / np.where(known, own, 1.0), 0.0)


def cycle_metric(findings: Findings) -> CycleMetric:
    """Return the metric of a finished test whose support has a cycle."""
    predictor = findings.problem.predictor
    _, information = profile(findings.reversible.model, predictor, findings.reversible_mode)
    return CycleMetric(findings.problem.graph, np.linalg.qr(predictor.basis)[0], information)
