"""Hamiltonian Monte Carlo of Φ given balance, about the Gaussian at its mode.

As :mod:`equipoise.inference.sparse.path.trajectories`, without cycles and therefore with factors of
half the size: the Gaussian part of the motion is exact, only the rest pushes.
"""

from dataclasses import dataclass

import numpy as np

from equipoise.inference.sparse.balance import BalanceMode
from equipoise.inference.sparse.pairs import Pairs
from equipoise.likelihoods import FloatArray

_TURN = np.pi / 2
# More than two short steps gain little; one long step loses much (measured at 500 states).
_ACCEPTANCE = 0.9
_MOST_STEPS = 60


@dataclass(frozen=True, eq=False)
class Reference:
    """The Gaussian at a mode.

    Attributes
    ----------
    pairs, mode
        The edges and the mode.
    eta, weight
        Log-ratios and curvature of each edge there, shape (M,).
    """

    pairs: Pairs
    mode: BalanceMode
    eta: FloatArray
    weight: FloatArray

    @property
    def ridge(self) -> float:
        """Part of the precision that is the prior's, ``1/σ_Φ²``."""
        return 1.0 / self.mode.potential_sd**2

    def sample(self, rng: np.random.Generator, size: int) -> FloatArray:
        """Draw (n, size) about 0: exact, by one perturbed solve."""
        pairs = self.pairs
        noise = np.sqrt(self.weight)[:, None] * rng.standard_normal((pairs.n_edges, size))
        own = rng.standard_normal((pairs.n_states, size)) * np.sqrt(self.ridge)
        return self.mode.factor.solve(pairs.divergence @ noise + own)

    def square(self, x: FloatArray) -> FloatArray:
        """Return ``xᵀ H x`` of columns (n, chains), shape (chains,)."""
        along = self.pairs.incidence @ x
        return np.asarray(self.weight @ along**2 + self.ridge * (x**2).sum(axis=0))


def reference_at(pairs: Pairs, mode: BalanceMode) -> Reference:
    """Return the Gaussian at a mode of these edges."""
    eta = pairs.incidence @ mode.potential
    return Reference(pairs, mode, eta, pairs.weight(eta))


@dataclass(frozen=True)
class Stride:
    """How a quarter turn is cut into steps; ``adapted`` makes them more or fewer.

    Attributes
    ----------
    log_steps
        Log of the number of steps wanted, not a whole number.
    width
        Of a step of ``log σ_Φ``.
    """

    log_steps: float = 0.6
    width: float = 0.1

    @property
    def steps(self) -> int:
        """Number of steps."""
        return int(np.clip(np.ceil(np.exp(self.log_steps)), 1, _MOST_STEPS))


def adapted(stride: Stride, acceptance: float, done: float) -> float:
    """Return log steps nearer to the acceptance wanted, by less the more is done (0 to 1)."""
    rate = 1.0 * (1.0 - 0.8 * done)
    wanted = stride.log_steps - rate * (acceptance - _ACCEPTANCE)
    return float(np.clip(wanted, -0.5, np.log(_MOST_STEPS)))


def turn(
    reference: Reference,
    potential: FloatArray,
    potential_sd: FloatArray,
    steps: int,
    rng: np.random.Generator,
) -> tuple[FloatArray, FloatArray]:
    """Move every chain along one trajectory of about a quarter turn.

    Parameters
    ----------
    reference
        The Gaussian.
    potential, potential_sd
        Φ (n, chains) and σ_Φ (chains,).
    steps
        Of a trajectory.
    rng
        Source of randomness.

    Returns
    -------
    potential, acceptance
        Shapes (n, chains) and (chains,).
    """
    pairs, chains = reference.pairs, len(potential_sd)
    # Never quite the same angle: a chain could otherwise come back to where it was.
    length = _TURN * rng.uniform(0.8, 1.2) / steps
    cos, sin = np.cos(length), np.sin(length)
    centre = reference.mode.potential[:, None]
    eta0, weight = reference.eta[:, None], reference.weight[:, None]
    ridge, own = 1.0 / potential_sd**2, reference.ridge

    def rest(away: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return ``H⁻¹`` times the force of what is not Gaussian, and the log density."""
        along = pairs.incidence @ away
        eta = eta0 + along
        there = centre + away
        value, residual = pairs.value_and_residual(eta)
        force = pairs.divergence @ (residual + weight * along)
        force -= ridge * there - own * away
        value = value - 0.5 * ridge * (there**2).sum(axis=0)
        return reference.mode.factor.solve(force), value

    away, speed = potential - centre, reference.sample(rng, chains)
    kick, before = rest(away)
    before = before - 0.5 * reference.square(speed)
    after = before
    for k in range(steps):
        speed = speed + (0.5 if k == 0 else 1.0) * length * kick
        away, speed = cos * away + sin * speed, cos * speed - sin * away
        kick, after = rest(away)
    speed = speed + 0.5 * length * kick
    gain = after - 0.5 * reference.square(speed) - before
    accept = np.exp(np.minimum(np.nan_to_num(gain, nan=-np.inf), 0.0))
    taken = rng.random(chains) < accept
    return np.where(taken, centre + away, potential), accept
