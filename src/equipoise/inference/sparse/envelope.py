"""The mode of (Φ, c) without a saddle point: for graphs whose factors would fill up.

At the mode ``c = σ_c² r − D λ`` with r the residuals, ``Φ = σ_Φ² Dᵀ r`` and ``DᵀD λ = κ Φ``,
κ = σ_c²/σ_Φ². So with ``φ = Φ − λ`` each edge obeys an equation of its own,
``η_e = φ_i − φ_j + σ_c² r_e(η_e)``: its likelihood is replaced by its Moreau envelope, with the
curvature ``ω/(1 + σ_c² ω)``. What is left is a concave problem in φ like that of balance, and a
solve for λ in turn with it, which contracts fast where σ_c < σ_Φ, and slowly beyond: Anderson's
mixing of the last steps (1965, J. ACM 12, 547) makes up for that.
"""

import numpy as np

from equipoise.errors import NotTrustedError
from equipoise.inference.sparse.iterative import Conjugate, IterativeSystem
from equipoise.inference.sparse.pairs import Pairs
from equipoise.likelihoods import FloatArray

_MAX_STEPS = 120
_CLOSE = 1e-6
_REMEMBERED = 6
_SETTLED = 0.1


def envelope_mode(
    pairs: Pairs,
    system: IterativeSystem,
    potential_sd: float,
    cycle_sd: float,
    start: FloatArray,
    close: float = _CLOSE,
) -> tuple[FloatArray, FloatArray]:
    """Return Φ (n,) and c (M,) at the mode; equal to :func:`cyclic_mode`'s to ``close``.

    Parameters
    ----------
    pairs, system
        The edges.
    potential_sd, cycle_sd
        σ_Φ and σ_c, nats.
    start
        Φ where to start, shape (n,): the mode under balance.
    close
        Greatest change of any potential in the last step, nats.

    Raises
    ------
    NotTrustedError
        If the mode is not reached.
    """
    ridge, ratio = 1.0 / potential_sd**2, (cycle_sd / potential_sd) ** 2
    entries = system.pattern.laplacian(np.ones(pairs.n_edges))
    flat = Conjugate(system.pattern.matrix(entries), system.tolerance)
    phi, multiplier = start, np.zeros(pairs.n_states)
    eta = pairs.incidence @ phi
    wanted = pairs.centred(start)
    tried: list[FloatArray] = []
    missed: list[FloatArray] = []
    farthest = 0.0
    for _ in range(_MAX_STEPS):
        # λ waits until φ has settled: together they may run away.
        if farthest < _SETTLED:
            multiplier = pairs.centred(flat.solve(ratio * wanted, multiplier))
        slope = pairs.incidence @ phi
        eta = _settle(pairs, slope, cycle_sd, eta)
        weight = pairs.weight(eta)
        gradient = pairs.divergence @ pairs.residual(eta) - ridge * (phi + multiplier)
        step = system.factorise(weight / (1 + cycle_sd**2 * weight), ridge).solve(gradient)
        # The curvature of an edge changes by at most e^t over t nats; a first step may be long.
        farthest = float(np.abs(pairs.incidence @ step).max(initial=0.0))
        phi = phi + (np.log1p(farthest) / farthest if farthest > 1 else 1.0) * step
        if farthest >= _SETTLED:
            continue
        reached = pairs.centred(phi + multiplier)
        miss = reached - wanted
        if max(farthest, float(np.abs(miss).max(initial=0.0))) < close:
            eta = _settle(pairs, pairs.incidence @ phi, cycle_sd, eta)
            return reached, cycle_sd**2 * pairs.residual(eta) - pairs.incidence @ multiplier
        tried, missed = [*tried[-_REMEMBERED:], wanted], [*missed[-_REMEMBERED:], miss]
        wanted = _mixed(tried, missed)
    raise NotTrustedError(
        f"the mode of potential and cycles was not reached in {_MAX_STEPS} steps; it "
        f"is reached fast where cycles are smaller than potentials, and σ_c is {cycle_sd:.2g}, σ_Φ "
        f"{potential_sd:.2g}"
    )


def _mixed(tried: list[FloatArray], missed: list[FloatArray]) -> FloatArray:
    """Return where to go on from points and what they missed, by Anderson's mixing (1965)."""
    if len(tried) == 1:
        return tried[0] + missed[0]
    turns = np.diff(missed, axis=0).T
    share = np.linalg.lstsq(turns, missed[-1], rcond=1e-10)[0]
    return np.asarray(tried[-1] + missed[-1] - (np.diff(tried, axis=0).T + turns) @ share)


def _settle(pairs: Pairs, slope: FloatArray, cycle_sd: float, eta: FloatArray) -> FloatArray:
    """Solve ``η = slope + σ_c² r(η)`` edge by edge: increasing in η, by guarded Newton steps."""
    scale = cycle_sd**2
    # The root lies between the slope and the slope plus the residual there.
    far = slope + scale * pairs.residual(slope)
    low, high = np.minimum(slope, far), np.maximum(slope, far)
    eta = np.clip(eta, low, high)
    for _ in range(100):
        miss = eta - slope - scale * pairs.residual(eta)
        low, high = np.where(miss < 0, eta, low), np.where(miss > 0, eta, high)
        moved = eta - miss / (1 + scale * pairs.weight(eta))
        moved = np.where((moved < low) | (moved > high), (low + high) / 2, moved)
        if float(np.abs(moved - eta).max(initial=0.0)) < 1e-10:
            return np.asarray(moved)
        eta = moved
    return np.asarray(eta)
