"""Each kernel's own integral: deviations and cycles given the shared potential and the scales.

For every kernel Newton finds the mode, and importance sampling from the split normal there
(Geweke 1989) integrates. Draws come in antithetic pairs ±ε, which cancel the skewness that most of
the weights' variance comes from. Coordinates are in units of their prior scale, so that the prior
is standard normal at every scale and padding is exact.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from equipoise.errors import NotTrustedError
from equipoise.inference.comparison.one_by_one.packed import SHARE, WIDE, Pack
from equipoise.inference.evidence.psis import smooth
from equipoise.likelihoods import FloatArray

_MAX_STEPS = 60
_DECREMENT = 1e-6
_DISTANCES = (1.0, 2.0, 3.0)
_NARROWEST, _WIDEST = 0.7, 4.0


@dataclass(frozen=True, eq=False)
class Modes:
    """Where the integrands of a pack are greatest, and how they fall off there.

    Attributes
    ----------
    design
        Effect of the D coordinates in use on the edges, shape (M, E, D).
    offset
        What the shared potential adds, shape (M, E).
    at
        Modes, shape (M, D).
    axes
        Rows: Cholesky axes of the Gaussian at the mode, shape (M, D, D).
    log_det
        Log determinant of ``axes``, shape (M,).
    above, below
        Reach along each axis, to either side, in standard deviations, shape (M, D).
    variance
        Information of each edge at the mode, shape (M, E).
    real
        Which coordinates are no padding, shape (M, D).
    """

    design: FloatArray
    offset: FloatArray
    at: FloatArray
    axes: FloatArray
    log_det: FloatArray
    above: FloatArray
    below: FloatArray
    variance: FloatArray
    real: FloatArray


@dataclass(frozen=True, eq=False)
class Integrals:
    """The integrals of a pack.

    Attributes
    ----------
    log_value
        Log of each, corrected for the bias of the logarithm of a mean, shape (M,).
    ratios
        Weights of pairs over their mean, shape (M, P).
    noise
        Influence of each pair on ``log_value``, shape (M, P).
    draws, weights
        Coordinates in units of their scale, (M, 2P, D), and normalised weights, (M, 2P).
    slope
        Posterior mean of the gradient along the edges, shape (M, E).
    """

    log_value: FloatArray
    ratios: FloatArray
    noise: FloatArray
    draws: FloatArray
    weights: FloatArray
    slope: FloatArray


def design_at(pack: Pack, deviation: float, cycle: float) -> FloatArray:
    """Return the effect of all coordinates with a scale that is not 0, in units of it."""
    parts = [pack.forward[:, :, None][:, :, :0]]
    if deviation:
        parts.append(deviation * pack.deviations)
    if cycle:
        parts.append(cycle * pack.cycles)
    return np.concatenate(parts, axis=2)


def noise_at(pack: Pack, deviation: float, cycle: float) -> FloatArray:
    """Return the normal numbers that belong to these coordinates, shape (M, P, D)."""
    d = pack.deviations.shape[2]
    return pack.noise[:, :, (0 if deviation else d) : (None if cycle else d)]


def real_at(pack: Pack, deviation: float, cycle: float) -> FloatArray:
    """Return which of these coordinates are no padding, shape (M, D)."""
    d = pack.deviations.shape[2]
    return pack.real[:, (0 if deviation else d) : (None if cycle else d)]


def climb(
    pack: Pack, deviation: float, cycle: float, offset: FloatArray, start: FloatArray | None
) -> Modes:
    """Find the modes at scales σ_δ and σ_c, from ``start`` (M, D) or from 0.

    Raises
    ------
    NotTrustedError
        If 60 damped Newton steps do not reach one.
    """
    design = design_at(pack, deviation, cycle)
    m, _, size = design.shape
    at = np.zeros((m, size)) if start is None or start.shape != (m, size) else start
    base = pack.exposure + offset
    turned = np.swapaxes(design, 1, 2)

    def value(x: FloatArray) -> FloatArray:
        logit = np.matmul(design, x[:, :, None])[:, :, 0] + base
        return np.asarray(_log_likelihood(pack, logit) - 0.5 * (x * x).sum(axis=1))

    current = value(at)
    for _ in range(_MAX_STEPS):
        p = expit(np.matmul(design, at[:, :, None])[:, :, 0] + base)
        gradient = np.matmul(turned, (pack.forward - pack.total * p)[:, :, None])[:, :, 0] - at
        variance = pack.total * p * (1.0 - p)
        hessian = np.matmul(turned * variance[:, None, :], design) + np.eye(size)
        step = np.linalg.solve(hessian, gradient[:, :, None])[:, :, 0]
        decrement = (gradient * step).sum(axis=1)
        if np.all(decrement < _DECREMENT + 1e-13 * np.abs(current)):
            break
        trial = at + step
        reached = value(trial)
        length = np.ones(m)
        while np.any(
            bad := reached < current + 1e-4 * length * decrement - 1e-13 * np.abs(current)
        ):
            length[bad] *= 0.5
            if length.min() < 1e-10:
                break
            trial = at + length[:, None] * step
            reached = value(trial)
        at, current = trial, reached
    else:
        raise NotTrustedError(
            f"the posterior mode of a kernel was not reached in {_MAX_STEPS} Newton steps; its "
            "counts are perhaps too extreme for the fast path"
        )
    axes = np.linalg.inv(np.linalg.cholesky(hessian))
    log_det = np.log(np.diagonal(axes, axis1=1, axis2=2)).sum(axis=1)
    above, below = _reach(pack, design, base, at, axes)
    real = real_at(pack, deviation, cycle)
    return Modes(design, offset, at, axes, log_det, above, below, variance, real)


def integrate(pack: Pack, modes: Modes, noise: FloatArray, *, slope: bool = False) -> Integrals:
    """Integrate by importance sampling from the split normals at the modes.

    Parameters
    ----------
    pack, modes
        The kernels.
    noise
        Shape (M, P, D): each row serves twice, with either sign.
    slope
        Whether the gradient along the edges is wanted; else it is 0.
    """
    _, pairs, size = noise.shape
    signed = np.concatenate([noise, -noise], axis=1)
    scale = np.where(signed > 0, modes.above[:, None, :], modes.below[:, None, :])
    x = modes.at[:, None, :] + np.matmul(signed * scale, modes.axes)
    logit = np.matmul(x, np.swapaxes(modes.design, 1, 2))
    logit += (pack.exposure + modes.offset)[:, None, :]
    log_weights = (
        _log_likelihood(pack, logit, axis=True)
        + modes.log_det[:, None]
        + 0.5 * (np.square(signed) - np.square(x)).sum(axis=2)
        + np.log(scale).sum(axis=2)
    )
    # The density of the draws is that of the mixture of narrow and wide ones.
    far = 0.5 * np.matmul(np.square(noise), modes.real[:, :, None])[:, :, 0] * (1.0 - WIDE**-2)
    wide = np.log(SHARE) + far - np.log(WIDE) * modes.real.sum(axis=1)[:, None]
    narrow = -np.logaddexp(np.log1p(-SHARE), wide)
    log_weights += np.tile(narrow, (1, 2))
    top = log_weights.max(axis=1)
    weights = np.exp(log_weights - top[:, None])
    mean = weights.mean(axis=1)
    ratios = (weights[:, :pairs] + weights[:, pairs:]) / (2.0 * mean[:, None])
    weights /= 2.0 * pairs * mean[:, None]
    # The same for a Gaussian integrand, which is 1: what it is off by, so are the others.
    known = np.exp(narrow)
    known_mean = known.mean(axis=1)
    noise_of = ratios - known / known_mean[:, None]
    along = np.zeros_like(pack.forward)
    if slope:
        along = np.asarray(
            pack.forward - pack.total * np.matmul(weights[:, None, :], expit(logit))[:, 0, :]
        )
    value = top + np.log(mean) - np.log(known_mean)
    value += 0.5 * noise_of.var(axis=1) / pairs if size else 0.0
    return Integrals(value, ratios, noise_of, x, weights, along)


def pareto_k(ratios: FloatArray) -> float:
    """Return k̂ of weights over their mean, of any shape."""
    return smooth(np.log(np.maximum(ratios.ravel(), 1e-300))).pareto_k


def _log_likelihood(pack: Pack, logit: FloatArray, *, axis: bool = False) -> FloatArray:
    """Return log-likelihoods at logits (M, E), or with ``axis`` (M, n, E)."""
    forward, total = pack.forward, pack.total
    soft = np.abs(logit)
    np.negative(soft, out=soft)
    np.exp(soft, out=soft)
    np.log1p(soft, out=soft)
    soft += np.maximum(logit, 0.0)
    if not axis:
        return np.asarray((forward * logit - total * soft).sum(axis=-1))
    value = np.matmul(logit, forward[:, :, None]) - np.matmul(soft, total[:, :, None])
    return np.asarray(value[:, :, 0])


def _reach(
    pack: Pack, design: FloatArray, base: FloatArray, at: FloatArray, axes: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return how far the integrands reach along each axis, up and down."""
    moved = np.matmul(axes, np.swapaxes(design, 1, 2))
    logit = np.matmul(design, at[:, :, None])[:, :, 0] + base
    top = _log_likelihood(pack, logit) - 0.5 * (at * at).sum(axis=1)
    along, square = np.matmul(axes, at[:, :, None])[:, :, 0], np.square(axes).sum(axis=2)
    own = (at * at).sum(axis=1)
    sides = []
    for sign in (1.0, -1.0):
        reach = np.full(at.shape, _NARROWEST)
        for far in (sign * distance for distance in _DISTANCES):
            value = _log_likelihood(pack, logit[:, None, :] + far * moved, axis=True)
            value -= 0.5 * (own[:, None] + 2.0 * far * along + far**2 * square)
            drop = np.maximum(top[:, None] - value, 1e-6)
            reach = np.maximum(reach, abs(far) / np.sqrt(2.0 * drop))
        sides.append(np.minimum(reach, _WIDEST))
    return sides[0], sides[1]
