"""The posterior mode of potential and circulation, c kept on the edges under ``Dᵀ c = 0``."""

from dataclasses import dataclass

import numpy as np

from equipoise.errors import NotTrustedError
from equipoise.inference.sparse.balance import DECREMENT, MAX_STEPS, ROUNDING
from equipoise.inference.sparse.factor import Factor
from equipoise.inference.sparse.linear import DirectSystem
from equipoise.inference.sparse.pairs import Pairs
from equipoise.likelihoods import FloatArray


@dataclass(frozen=True, eq=False)
class Gaussian:
    """The Gaussian in (Φ, c), c divergence-free, with given weights of the edges.

    Its precision is ``Σ_e ω_e (Φ_i − Φ_j + c_e)² + |Φ|²/σ_Φ² + |c|²/σ_c²``. No basis of the cycles
    is built: c stays on the edges, and multipliers of ``Dᵀ c = 0`` take part in one solve.

    Attributes
    ----------
    pairs
        The edges.
    weight
        ω, shape (M,).
    potential_sd, cycle_sd
        σ_Φ and σ_c.
    factor
        Of the saddle-point matrix.
    log_scale
        Log of the integral of its exponential over Φ and over c in the cycle space, each
        direction measured in units of √(2π) σ: 0 without data.
    """

    pairs: Pairs
    weight: FloatArray
    potential_sd: float
    cycle_sd: float
    factor: Factor
    log_scale: float

    def solve(
        self, right_potential: FloatArray, right_edges: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Return ``H⁻¹ g`` for ``g`` in Φ (n, ...) and in c (M, ...); c is divergence-free."""
        pairs = self.pairs
        shape = (-1,) + (1,) * (right_edges.ndim - 1)
        kept = (1.0 / (1.0 + self.cycle_sd**2 * self.weight)).reshape(shape)
        drained = pairs.divergence @ (kept * right_edges)
        right = np.empty((pairs.n_states, 2, *right_edges.shape[1:]))
        right[:, 0] = right_potential - pairs.divergence @ right_edges + drained
        right[:, 1] = -drained
        found = self.factor.solve(right.reshape(2 * pairs.n_states, *right_edges.shape[1:]))
        found = found.reshape(right.shape)
        potential = found[:, 0]
        slope, pull = pairs.incidence @ potential, pairs.incidence @ found[:, 1]
        weight = self.weight.reshape(shape)
        return potential, kept * (self.cycle_sd**2 * (right_edges - weight * slope) - pull)

    def noise(self, rng: np.random.Generator, size: int) -> tuple[FloatArray, FloatArray]:
        """Draw right sides, (n, size) and (M, size), whose solution is a draw from it."""
        pairs = self.pairs
        noise = np.sqrt(self.weight)[:, None] * rng.standard_normal((pairs.n_edges, size))
        potential = rng.standard_normal((pairs.n_states, size)) / self.potential_sd
        edges = rng.standard_normal((pairs.n_edges, size)) / self.cycle_sd
        return pairs.divergence @ noise + potential, noise + edges

    def sample(self, rng: np.random.Generator, size: int) -> tuple[FloatArray, FloatArray]:
        """Draw (n, size) and (M, size) from it: exact, by one perturbed solve."""
        return self.solve(*self.noise(rng, size))

    def square(self, potential: FloatArray, cycles: FloatArray) -> FloatArray:
        """Return ``xᵀ H x`` of columns of Φ (n, ...) and c (M, ...)."""
        eta = self.pairs.incidence @ potential + cycles
        return np.asarray(
            np.einsum("i,i...,i...->...", self.weight, eta, eta)
            + np.einsum("i...,i...->...", potential, potential) / self.potential_sd**2
            + np.einsum("i...,i...->...", cycles, cycles) / self.cycle_sd**2
        )


def gaussian(
    pairs: Pairs, system: DirectSystem, weight: FloatArray, potential_sd: float, cycle_sd: float
) -> Gaussian:
    """Factorise the precision of (Φ, c) at given weights of the edges.

    With K = diag(ω + 1/σ_c²), the determinant of the precision in an orthonormal basis B of the
    cycles is ``det K · |det saddle| / det(DᵀD)``, where ``det(DᵀD)`` counts spanning forests; the
    last is taken from the same matrix without data.
    """
    shrunk = weight / (1.0 + cycle_sd**2 * weight)
    factor = system.factorise_saddle(shrunk, 1.0 / potential_sd**2, cycle_sd)
    n, constraints = pairs.n_states, pairs.n_states - pairs.n_components
    log_det = (
        float(np.log1p(cycle_sd**2 * weight).sum())
        + factor.log_det
        + 2 * constraints * float(np.log(cycle_sd))
        + 2 * n * float(np.log(potential_sd))
        - system.log_forests
    )
    return Gaussian(pairs, weight, potential_sd, cycle_sd, factor, -0.5 * log_det)


@dataclass(frozen=True, eq=False)
class CyclicMode:
    """Mode at one σ_Φ and one σ_c.

    Attributes
    ----------
    potential
        Φ, of mean 0 in each component, shape (n,).
    cycles
        c along each edge, source → target, shape (M,): divergence-free.
    log_evidence
        Laplace's approximation of the log evidence at these scales, nats.
    curvature
        The Gaussian there.
    """

    potential: FloatArray
    cycles: FloatArray
    log_evidence: float
    curvature: Gaussian


def cyclic_mode(
    pairs: Pairs,
    system: DirectSystem,
    potential_sd: float,
    cycle_sd: float,
    start: tuple[FloatArray, FloatArray] | None = None,
) -> CyclicMode:
    """Climb to the mode of (Φ, c) at fixed scales by damped Newton steps, one sparse solve each.

    Parameters
    ----------
    pairs, system
        Edges, and the order of elimination.
    potential_sd, cycle_sd
        σ_Φ and σ_c, nats.
    start
        Φ (n,) and c (M,), divergence-free, where to start; default 0.

    Raises
    ------
    NotTrustedError
        If the mode is not reached.
    """
    zero = np.zeros(pairs.n_states), np.zeros(pairs.n_edges)
    phi, c = zero if start is None else start
    ridges = 1.0 / potential_sd**2, 1.0 / cycle_sd**2

    def value(phi: FloatArray, c: FloatArray, eta: FloatArray) -> float:
        pull = ridges[0] * phi @ phi + ridges[1] * c @ c
        return float(pairs.log_likelihood(eta) - 0.5 * pull)

    eta = pairs.incidence @ phi + c
    current = value(phi, c, eta)
    for _ in range(MAX_STEPS):
        residual = pairs.residual(eta)
        slope = pairs.divergence @ residual - ridges[0] * phi, residual - ridges[1] * c
        curvature = gaussian(pairs, system, pairs.weight(eta), potential_sd, cycle_sd)
        step = curvature.solve(*slope)
        decrement = float(slope[0] @ step[0] + slope[1] @ step[1])
        rounding = ROUNDING * abs(current)
        along = pairs.incidence @ step[0] + step[1]
        if decrement < DECREMENT + rounding:
            top = phi + step[0], c + step[1]
            log_evidence = value(*top, eta + along) + curvature.log_scale
            return CyclicMode(pairs.centred(top[0]), top[1], log_evidence, curvature)
        length = 1.0
        reached = value(phi + step[0], c + step[1], eta + along)
        while not reached >= current + 1e-4 * length * decrement - rounding and length > 1e-12:
            length *= 0.5
            reached = value(phi + length * step[0], c + length * step[1], eta + length * along)
        phi, c = phi + length * step[0], c + length * step[1]
        eta, current = eta + length * along, reached
    raise NotTrustedError(
        f"the posterior mode was not reached in {MAX_STEPS} Newton steps; perhaps one count is too "
        "extreme for rounding"
    )
