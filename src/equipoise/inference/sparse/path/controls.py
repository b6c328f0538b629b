"""Control variates of ``|c|²``: combinations of the score whose posterior mean is known to be 0.

As in :mod:`equipoise.inference.evidence.path.slope`, by Stein's identity: for every smooth field F
of the parameters, ``div F + F·∇ log p`` has mean 0 under the posterior. None of them changes what
is estimated.
"""

import numpy as np

from equipoise.inference.sparse.cyclic import gaussian
from equipoise.inference.sparse.linear import DirectSystem
from equipoise.inference.sparse.pairs import Pairs
from equipoise.inference.sparse.path.trajectories import Reference, State
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


def controls(
    pairs: Pairs, reference: Reference, trace: float, state: State, half_normal: float
) -> FloatArray:
    """Return the control variates of each chain's state, shape (chains, 5).

    The fields: c itself, which turns ``|c|²/σ_c² − b`` into ``c·∇_c log L``, better at small σ_c;
    the constant and the linear field that would leave no variance if the posterior were the
    reference Gaussian; and shifts of ``log σ_Φ`` with Φ, and with Φ/σ_Φ, held.

    Parameters
    ----------
    pairs
        The edges.
    reference
        The Gaussian.
    trace
        From :func:`prior_trace`.
    state
        Of the chains.
    half_normal
        Of the prior of σ_Φ.
    """
    at = reference.gaussian
    phi, c, sd = state.potential, state.cycles, state.potential_sd
    residual = pairs.residual(pairs.incidence @ phi + c)
    score_phi = pairs.divergence @ residual - phi / sd**2
    score_c = residual - c / at.cycle_sd**2
    # The constant field goes along, as one more right side.
    centre = reference.cycles[:, None]
    wide = np.concatenate([c - centre, centre], axis=1) / at.cycle_sd**2
    fields = at.solve(np.zeros((len(phi), wide.shape[1])), wide)
    linear = fields[0][:, :-1], fields[1][:, :-1]
    drift = fields[0][:, -1:], fields[1][:, -1:]
    out = np.empty((len(sd), N_CONTROLS))
    out[:, 0] = pairs.n_cycles + (c * score_c).sum(axis=0)
    out[:, 1] = (drift[0] * score_phi).sum(axis=0) + (drift[1] * score_c).sum(axis=0)
    out[:, 2] = (linear[0] * score_phi).sum(axis=0) + (linear[1] * score_c).sum(axis=0)
    out[:, 2] += trace + pairs.n_cycles
    free = pairs.n_states - pairs.n_components
    prior = 1.0 - sd**2 / half_normal**2
    centred = pairs.centred(phi)
    out[:, 3] = prior - free + (centred**2).sum(axis=0) / sd**2
    out[:, 4] = prior + (residual * (pairs.incidence @ phi)).sum(axis=0)
    return out
