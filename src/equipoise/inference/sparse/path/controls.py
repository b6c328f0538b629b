"""Control variates of ``|c|²``: combinations of the score whose posterior mean is known to be 0.

As in :mod:`equipoise.inference.evidence.path.slope`, by Stein's identity: for every smooth field F
of the parameters, ``div F + F·∇ log p`` has mean 0 under the posterior. None of them changes what
is estimated.
"""

import numpy as np

from equipoise.inference.sparse.cyclic import gaussian
from equipoise.inference.sparse.linear import DirectSystem
from equipoise.inference.sparse.pairs import Pairs
from equipoise.inference.sparse.path.landscape import Reference
from equipoise.likelihoods import FloatArray

N_CONTROLS = 5
_DIFFERENCE = 2e-3


def prior_trace(pairs: Pairs, system: DirectSystem, reference: Reference) -> float:
    """Return ``tr(C)/σ_c² − b``, C the covariance of c under the reference Gaussian.

    It is the derivative of the log of that Gaussian's integral in ``log σ_c``: a central difference
    of exact determinants, in error by less than 1e-5 of the result.
    """
    at = reference.gaussian
    up, down = (
        gaussian(pairs, system, at.weight, at.potential_sd, at.cycle_sd * np.exp(shift)).log_scale
        for shift in (_DIFFERENCE, -_DIFFERENCE)
    )
    return (up - down) / (2 * _DIFFERENCE)


def drift_of(reference: Reference) -> tuple[FloatArray, FloatArray]:
    """Return the constant field, Φ (n, 1) and c (M, 1): see :func:`controls`."""
    at = reference.gaussian
    centre = reference.cycles[:, None] / at.cycle_sd**2
    return at.solve(np.zeros((len(reference.potential), 1)), centre)


def controls(
    reference: Reference,
    drift: tuple[FloatArray, FloatArray],
    trace: float,
    potential: FloatArray,
    cycles: FloatArray,
    potential_sd: FloatArray,
    half_normal: float,
) -> FloatArray:
    """Return the control variates of each chain's state, shape (chains, 5).

    The fields: c itself, which turns ``|c|²/σ_c² − b`` into ``c·∇_c log L``, better at small σ_c;
    the constant and the linear field that would leave no variance if the posterior were the
    reference Gaussian; and shifts of ``log σ_Φ`` with Φ, and with Φ/σ_Φ, held.

    Parameters
    ----------
    reference
        The Gaussian.
    drift, trace
        From :func:`drift_of` and :func:`prior_trace`.
    potential, cycles, potential_sd
        Φ (n, chains), c (M, chains) and σ_Φ (chains,).
    half_normal
        Of the prior of σ_Φ.
    """
    at = reference.gaussian
    pairs, phi, c, sd = at.pairs, potential, cycles, potential_sd
    residual = pairs.residual(pairs.incidence @ phi + c)
    score_phi = pairs.divergence @ residual - phi / sd**2
    score_c = residual - c / at.cycle_sd**2
    linear = at.solve(np.zeros_like(phi), (c - reference.cycles[:, None]) / at.cycle_sd**2)
    out = np.empty((len(sd), N_CONTROLS))
    out[:, 0] = pairs.n_cycles + _dot(c, score_c)
    out[:, 1] = drift[0][:, 0] @ score_phi + drift[1][:, 0] @ score_c
    out[:, 2] = _dot(linear[0], score_phi) + _dot(linear[1], score_c)
    out[:, 2] += trace + pairs.n_cycles
    free = pairs.n_states - pairs.n_components
    prior = 1.0 - sd**2 / half_normal**2
    centred = pairs.centred(phi)
    out[:, 3] = prior - free + _dot(centred, centred) / sd**2
    out[:, 4] = prior + _dot(residual, pairs.incidence @ phi)
    return out


def _dot(a: FloatArray, b: FloatArray) -> FloatArray:
    """Return the product of each column of one with that of the other."""
    return np.asarray(np.einsum("ik,ik->k", a, b))
