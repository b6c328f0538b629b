"""Split-t proposals round a mode, and mixtures of them.

Each component follows Geweke (1989): along every Cholesky axis of the Gaussian at the mode, a
scale of its own to either side, wide enough for the log-posterior as it really falls off. The
posterior of an arc never seen is one-sided, which a plain Gaussian misses badly. Unlike Geweke's,
the axes are Cholesky axes (symmetric edge terms last), the tails Student-t, and components at
all learned scales are mixed.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular
from scipy.special import gammaln, logsumexp

from equipoise.inference.modes.mode import Mode
from equipoise.likelihoods import FloatArray
from equipoise.models.latent import LatentModel
from equipoise.models.sums import log_sum_exp

# Heavy tails are safe and cost draws: about exp(-1.7 d/ν²) of them in d dimensions.
_LEAST_TAIL = 10.0
_DISTANCES = (1.0, 2.0, 3.0)
_NARROWEST, _WIDEST = 0.7, 6.0
_FLATTEN = 0.5
_OWN_SPLIT = 150


@dataclass(frozen=True, eq=False)
class SplitT:
    """One component: independent split-t's along the axes ``L⁻ᵀ`` through ``centre``.

    Attributes
    ----------
    centre
        Shape (d,).
    cholesky
        Lower Cholesky factor L of the precision, shape (d, d).
    above, below
        Scale of each axis to its positive and negative side, shape (d,).
    tail
        Degrees of freedom.
    log_weight
        Log mixture weight.
    """

    centre: FloatArray
    cholesky: FloatArray
    above: FloatArray
    below: FloatArray
    tail: float
    log_weight: float

    def draw(self, n: int, rng: np.random.Generator) -> FloatArray:
        """Return ``n`` draws, shape (n, d)."""
        size = len(self.centre)
        up = rng.random((n, size)) < self.above / (self.above + self.below)
        u = np.abs(rng.standard_t(self.tail, (n, size))) * np.where(up, self.above, -self.below)
        axes = solve_triangular(self.cholesky, u.T, lower=True, trans="T", check_finite=False)
        return np.asarray(self.centre + axes.T)

    def log_density(self, theta: FloatArray) -> FloatArray:
        """Return the log density of draws ``theta`` (n, d), shape (n,)."""
        u = (theta - self.centre) @ self.cholesky
        u /= np.where(u > 0, self.above, self.below)
        np.square(u, out=u)
        tails = np.log1p(u / self.tail, out=u).sum(axis=1)
        log_det = np.log(np.diag(self.cholesky)).sum()
        log_norm = (
            log_det - np.log((self.above + self.below) / 2).sum() + len(u.T) * _log_t(self.tail)
        )
        return np.asarray(log_norm - (self.tail + 1) / 2 * tails)


def _log_t(tail: float) -> float:
    """Return the log density at 0 of a Student-t with ``tail`` degrees of freedom."""
    return float(gammaln((tail + 1) / 2) - gammaln(tail / 2) - 0.5 * np.log(tail * np.pi))


def split_scales(model: LatentModel, mode: Mode) -> tuple[FloatArray, FloatArray]:
    """Return how far the posterior reaches along each axis, up and down, in standard deviations."""
    axes = solve_triangular(mode.cholesky, np.eye(model.size), lower=True, check_finite=False)
    precision = model.precision(mode.scales)
    mean = model.prior_mean

    def fall(theta: FloatArray) -> FloatArray:
        pull = theta - mean
        quadratic = np.einsum("ij,ij->i", pull @ precision, pull)
        value = model.likelihood.log_likelihood(theta @ model.design.T)
        return np.asarray(value - 0.5 * quadratic)

    # All points of all axes in one call: the mode, then each side at each distance.
    signed = np.array([sign * distance for sign in (1.0, -1.0) for distance in _DISTANCES])
    points = mode.theta + signed[:, None, None] * axes
    height = fall(
        np.vstack([mode.theta[None], points.reshape(signed.size * model.size, model.size)])
    )
    drop = np.maximum(height[0] - height[1:].reshape(2, len(_DISTANCES), model.size), 1e-6)
    scale = (np.array(_DISTANCES)[:, None] / np.sqrt(2.0 * drop)).max(axis=1)
    above, below = np.clip(scale, _NARROWEST, _WIDEST)
    return above, below


def mixture(model: LatentModel, modes: list[Mode]) -> tuple[SplitT, ...]:
    """Mix components at several learned scales, the best mode first.

    Weights are a power of their Laplace evidence, less than it, so that the rim of the lattice
    proposes more draws than its share: the posterior's tails lie there, and draws that are too rare
    in a tail carry too large weights.
    """
    log_weights = _FLATTEN * np.array([mode.log_evidence for mode in modes])
    log_weights -= logsumexp(log_weights)
    tail = max(_LEAST_TAIL, 2.0 * float(np.sqrt(model.size)))
    # The split costs as much as three Newton steps: in many dimensions the best mode's serves all.
    own = model.size <= _OWN_SPLIT
    splits = [split_scales(model, mode) for mode in (modes if own else modes[:1])]
    if not own:
        splits *= len(modes)
    return tuple(
        SplitT(mode.theta, mode.cholesky, above, below, tail, float(weight))
        for mode, (above, below), weight in zip(modes, splits, log_weights, strict=True)
    )


def draw_mixture(
    components: tuple[SplitT, ...], n: int, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Return ``n`` independent draws (n, d) from a mixture, and their log densities (n,)."""
    weight = np.exp([component.log_weight for component in components])
    share = rng.multinomial(n, weight / weight.sum())
    theta = np.concatenate(
        [component.draw(k, rng) for component, k in zip(components, share, strict=True) if k]
    )
    log_density = np.stack(
        [component.log_weight + component.log_density(theta) for component in components]
    )
    return theta, log_sum_exp(log_density, axis=0)
