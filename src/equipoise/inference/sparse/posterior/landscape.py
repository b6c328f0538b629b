"""The posterior of Φ given balance and σ_Φ, about the Gaussian at its mode.

As :mod:`equipoise.inference.sparse.path.landscape`, without cycles and therefore with factors of
half the size.
"""

from dataclasses import dataclass

import numpy as np

from equipoise.inference.sparse.balance import BalanceMode
from equipoise.inference.sparse.motion import Point
from equipoise.inference.sparse.pairs import Pairs
from equipoise.likelihoods import FloatArray


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

    def noise(self, rng: np.random.Generator, size: int) -> FloatArray:
        """Draw right sides, (n, size), whose solution is a draw."""
        pairs = self.pairs
        noise = np.sqrt(self.weight)[:, None] * rng.standard_normal((pairs.n_edges, size))
        own = rng.standard_normal((pairs.n_states, size)) * np.sqrt(self.ridge)
        return np.asarray(pairs.divergence @ noise + own)

    def sample(self, rng: np.random.Generator, size: int) -> FloatArray:
        """Draw (n, size) about 0: exact, by one perturbed solve."""
        return self.mode.factor.solve(self.noise(rng, size))

    def square(self, x: FloatArray) -> FloatArray:
        """Return ``xᵀ H x`` of columns (n, chains), shape (chains,)."""
        along = self.pairs.incidence @ x
        return np.asarray(
            np.einsum("i,ik,ik->k", self.weight, along, along)
            + self.ridge * np.einsum("ik,ik->k", x, x)
        )


def reference_at(pairs: Pairs, mode: BalanceMode) -> Reference:
    """Return the Gaussian at a mode of these edges."""
    eta = pairs.incidence @ mode.potential
    return Reference(pairs, mode, eta, pairs.weight(eta))


@dataclass(frozen=True, eq=False)
class BalanceLandscape:
    """Log density of Φ, from the centre of the reference; chains have σ_Φ of their own.

    Attributes
    ----------
    reference
        The Gaussian.
    ridge
        ``1/σ_Φ²``, shape (chains,).
    """

    reference: Reference
    ridge: FloatArray

    def set_out(self, away: Point, rng: np.random.Generator) -> tuple[Point, Point]:
        """Return a velocity for each chain and the kick there, by one solve for both."""
        chains = len(self.ridge)
        right = self.reference.noise(rng, chains), self._force(away[0])
        found = self.reference.mode.factor.solve(np.concatenate(right, axis=1))
        return (found[:, :chains],), (found[:, chains:],)

    def kick(self, away: Point) -> Point:
        """Return ``H⁻¹`` times the force of what is not Gaussian."""
        return (self.reference.mode.factor.solve(self._force(away[0])),)

    def log_density(self, away: Point) -> FloatArray:
        """Return the log density without constants, shape (chains,)."""
        pairs, there = self.reference.pairs, self._there(away[0])
        value = pairs.log_likelihood(pairs.incidence @ there)
        return np.asarray(value - 0.5 * self.ridge * np.einsum("ik,ik->k", there, there))

    def square(self, x: Point) -> FloatArray:
        """Return ``xᵀ H x``, shape (chains,)."""
        return self.reference.square(x[0])

    def _there(self, away: FloatArray) -> FloatArray:
        return np.asarray(self.reference.mode.potential[:, None] + away)

    def _force(self, away: FloatArray) -> FloatArray:
        reference, pairs = self.reference, self.reference.pairs
        along = pairs.incidence @ away
        residual = pairs.residual(reference.eta[:, None] + along)
        force = pairs.divergence @ (residual + reference.weight[:, None] * along)
        return np.asarray(force - self.ridge * self._there(away) + reference.ridge * away)
