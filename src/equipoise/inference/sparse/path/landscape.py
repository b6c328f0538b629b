"""The posterior of (Φ, c) at one σ_c and given σ_Φ, about the Gaussian at its mode."""

from dataclasses import dataclass

import numpy as np

from equipoise.inference.sparse.cyclic import Gaussian
from equipoise.inference.sparse.motion import Point
from equipoise.inference.sparse.pairs import Pairs
from equipoise.likelihoods import FloatArray


@dataclass(frozen=True, eq=False)
class Reference:
    """The Gaussian the rest is measured from: centre Φ (n,), c (M,), and precision."""

    potential: FloatArray
    cycles: FloatArray
    gaussian: Gaussian


@dataclass(frozen=True, eq=False)
class CyclicLandscape:
    """Log density of (Φ, c), each from the centre of the reference; chains have σ_Φ of their own.

    Attributes
    ----------
    reference
        The Gaussian.
    eta
        Log-ratios at its centre, shape (M, 1).
    ridge
        ``1/σ_Φ²``, shape (chains,).
    """

    reference: Reference
    eta: FloatArray
    ridge: FloatArray

    @property
    def pairs(self) -> Pairs:
        """The edges."""
        return self.reference.gaussian.pairs

    def set_out(self, away: Point, rng: np.random.Generator) -> tuple[Point, Point]:
        """Return a velocity for each chain and the kick there, by one solve for both."""
        gaussian, chains = self.reference.gaussian, len(self.ridge)
        right = zip(gaussian.noise(rng, chains), self._force(away), strict=True)
        found = gaussian.solve(*(np.concatenate(both, axis=1) for both in right))
        return tuple(x[:, :chains] for x in found), tuple(x[:, chains:] for x in found)

    def kick(self, away: Point) -> Point:
        """Return ``H⁻¹`` times the force of what is not Gaussian."""
        return self.reference.gaussian.solve(*self._force(away))

    def log_density(self, away: Point) -> FloatArray:
        """Return the log density without constants, shape (chains,)."""
        eta = self.pairs.incidence @ away[0] + away[1]
        phi = away[0] + self.reference.potential[:, None]
        cycles = away[1] + self.reference.cycles[:, None]
        pull = self.ridge * _square(phi) + _square(cycles) / self.reference.gaussian.cycle_sd**2
        return np.asarray(self.pairs.log_likelihood(self.eta + eta) - 0.5 * pull)

    def square(self, x: Point) -> FloatArray:
        """Return ``xᵀ H x``, shape (chains,)."""
        return self.reference.gaussian.square(*x)

    def _force(self, away: Point) -> tuple[FloatArray, FloatArray]:
        pairs, reference = self.pairs, self.reference
        gaussian = reference.gaussian
        eta = pairs.incidence @ away[0] + away[1]
        force = pairs.residual(self.eta + eta) + gaussian.weight[:, None] * eta
        potential = pairs.divergence @ force
        potential -= self.ridge * (away[0] + reference.potential[:, None])
        potential += away[0] / gaussian.potential_sd**2
        return potential, force - reference.cycles[:, None] / gaussian.cycle_sd**2


def cyclic_landscape(reference: Reference, potential_sd: FloatArray) -> CyclicLandscape:
    """Return the landscape of chains with these σ_Φ, shape (chains,)."""
    eta = reference.gaussian.pairs.incidence @ reference.potential + reference.cycles
    return CyclicLandscape(reference, eta[:, None], 1.0 / potential_sd**2)


def _square(x: FloatArray) -> FloatArray:
    return np.asarray(np.einsum("ik,ik->k", x, x))
