"""How much of the violation a single cycle explains, were it the only one that is driven."""

from collections.abc import Sequence

import numpy as np

from equipoise.graph import cycle_vector
from equipoise.inference.evidence.information import profile
from equipoise.inference.findings import Findings
from equipoise.likelihoods import FloatArray


def drive_alone(findings: Findings, cycles: Sequence[Sequence[int]]) -> FloatArray:
    r"""Return the nats that a drive of each cycle alone explains, for every draw, shape (n, k).

    A drive of cycle C adds the same ``a`` to c on each of its edges. With the draw's circulation
    ``c`` and the Fisher information ``I`` of the cycles (at balance, with V and s profiled out),
    the a that comes closest to c explains ``½ (vᵀ I c)² / (vᵀ I v)`` nats of log-likelihood, where
    v is the cycle's vector of signs. Cycles that share an edge with a driven one have affinities
    too, but explain less. 0 for a cycle on which the data hold no information.

    Parameters
    ----------
    findings
        Of a finished test whose support has a cycle.
    cycles
        State indices in order.
    """
    draws, predictor = findings.cyclic, findings.problem.predictor
    _, information = profile(findings.reversible.model, predictor, findings.reversible_mode)
    orthonormal = np.linalg.qr(predictor.basis)[0]
    signs = np.column_stack([cycle_vector(draws.graph, cycle) for cycle in cycles])
    direction = orthonormal.T @ signs
    seen = information @ direction
    own = np.einsum("bk,bk->k", direction, seen)
    shared = (draws.circulation @ orthonormal) @ seen
    known = own > 1e-9 * max(float(np.max(np.diag(information), initial=0.0)), 1e-300)
    return np.where(known, 0.5 * shared**2 / np.where(known, own, 1.0), 0.0)
