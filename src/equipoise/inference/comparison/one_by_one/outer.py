"""The shared potential, at given scales: what is left when each kernel is integrated.

The arrow: a Newton step for the shared potential needs each kernel's block of the Hessian only,
whose Schur complements add up. The gradient is the average over each kernel's draws, so that the
mode is that of the marginal posterior: with many kernels it lies far from the joint one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import gammaln, logsumexp

from equipoise.errors import NotTrustedError
from equipoise.inference.comparison.one_by_one.inner import (
    Integrals,
    Modes,
    climb,
    integrate,
    noise_at,
    pareto_k,
)
from equipoise.inference.comparison.one_by_one.packed import Pack
from equipoise.inference.evidence.psis import smooth
from equipoise.likelihoods import FloatArray
from equipoise.models.latent import Block

_STEPS, _DECREMENT, _FEW_PAIRS = 25, 0.01, 16
# The likelihood is expanded at its mode under this weak prior; that of the model comes afterwards.
_WEAK = 10.0
_TAIL = 12.0
# Of the learned scale: every so many points propose draws, where they have this much mass.
_FLATTEN, _LEAST_MASS = 0.7, 1e-4
_PAIR_WORK = 1_000
# Outer draws, fewer of more kernels, and the pairs that serve each: common to all, so that their
# error cancels where outer draws are compared.
_WORK, _FEWEST, _OUTER, _BATCH = 4_000, 64, 256, 64


@dataclass(frozen=True, eq=False)
class Point:
    """Evidence at one pair of scales.

    Attributes
    ----------
    deviation, cycle
        σ_δ and σ_c, nats.
    log_value
        Log evidence, nats.
    noise
        Influence of each pair of inner draws on it, shape (P,): its Monte Carlo variance is their
        variance over P. Draws are the same at all scales, so that differences of points err less.
    outer_mcse
        Monte Carlo error of the integral over the shared potential, nats.
    pareto_k, outer_k
        k̂ of the inner weights of all kernels together, and of the outer ones.
    at, slope, information
        Coordinates u of the shared potential where the likelihood, all else integrated, was
        expanded: (q,), its gradient there, (q,), and its information, (q, q).
    starts
        Modes of each pack, (M, D) each, in units of the scales.
    """

    deviation: float
    cycle: float
    log_value: float
    noise: FloatArray
    outer_mcse: float
    pareto_k: float
    outer_k: float
    at: FloatArray
    slope: FloatArray
    information: FloatArray
    starts: tuple[FloatArray, ...]


def point_at(
    packs: Sequence[Pack],
    prior: Block | None,
    deviation: float,
    cycle: float,
    *,
    near: Point | None,
) -> Point:
    """Integrate all kernels and the shared potential at one pair of scales.

    Parameters
    ----------
    packs
        The kernels.
    prior
        Of the shared potential; None where it has no coordinate.
    deviation, cycle
        σ_δ and σ_c; 0 leaves deviations or cycles out.
    near
        A point to start from.

    Raises
    ------
    NotTrustedError
        If a mode is not reached.
    """
    q = packs[0].union.shape[2]
    u = np.zeros(q) if near is None else near.at
    starts: list[FloatArray | None] = [None] * len(packs)
    if near is not None:
        starts = [_carried(near, deviation, cycle, k, pack) for k, pack in enumerate(packs)]
    noises = [noise_at(pack, deviation, cycle) for pack in packs]
    for _ in range(_STEPS):
        modes = [
            climb(pack, deviation, cycle, pack.union @ u, start)
            for pack, start in zip(packs, starts, strict=True)
        ]
        starts = [one.at for one in modes]
        few = [noise[:, :_FEW_PAIRS] for noise in noises]
        _, gradient = _integrated(packs, modes, few)
        information = np.zeros((q, q))
        for pack, one in zip(packs, modes, strict=True):
            information = information + _schur(pack, one)
        pull = gradient - u / _WEAK**2
        step = np.linalg.solve(information + np.eye(q) / _WEAK**2, pull) if q else pull
        decrement = float(pull @ step)
        if decrement < _DECREMENT:
            break
        # Marginal curvature exceeds the Schur complement's in no direction by much; long first
        # steps from far away are cut all the same.
        u = u + step * min(1.0, 3.0 * np.sqrt(q / max(decrement, 1e-12)) + 0.3)
    else:
        raise NotTrustedError(
            f"the mode of the shared potential was not reached in {_STEPS} steps; compare fewer "
            "kernels at a time"
        )
    # A few pairs find the mode; what they miss of it, the slope from all of them makes good.
    found, gradient = _integrated(packs, modes, noises)
    value = sum(float(part.log_value.sum()) for part in found)
    ratios = np.concatenate([part.ratios for part in found])
    found_here = Point(
        deviation=deviation,
        cycle=cycle,
        log_value=value,
        noise=np.concatenate([part.noise for part in found]).sum(axis=0),
        outer_mcse=0.0,
        # Of all kernels together, each weight divided by its kernel's mean.
        pareto_k=pareto_k(ratios),
        outer_k=-np.inf,
        at=u,
        slope=gradient,
        information=information,
        starts=tuple(one.at for one in modes),
    )
    return replace(found_here, log_value=value + _gaussians(prior, found_here).log_total)


def _integrated(
    packs: Sequence[Pack], modes: Sequence[Modes], noises: Sequence[FloatArray]
) -> tuple[list[Integrals], FloatArray]:
    """Integrate all kernels; return also the slope of their log evidence along u, (q,)."""
    found = [
        integrate(pack, one, noise, slope=True)
        for pack, one, noise in zip(packs, modes, noises, strict=True)
    ]
    slopes = [
        np.einsum("mex,me->x", pack.union, part.slope)
        for pack, part in zip(packs, found, strict=True)
    ]
    return found, np.asarray(np.sum(slopes, axis=0))


@dataclass(frozen=True, eq=False)
class _Gaussians:
    """The posterior of u in Gaussians, one for each value of its learned scale.

    Along the principal axes of the information: ``axes`` (q, q) columns, ``centre`` and ``sd``
    (G, q), measured from the point of expansion; ``log_weight`` (G,), normalised; ``log_total``:
    what they add to the log evidence at that point.
    """

    axes: FloatArray
    centre: FloatArray
    sd: FloatArray
    log_weight: FloatArray
    log_total: float


def _gaussians(prior: Block | None, point: Point) -> _Gaussians:
    """Integrate the quadratic expansion of the likelihood over u, scale by scale."""
    q = len(point.at)
    if prior is None or not q:
        return _Gaussians(np.zeros((q, q)), np.zeros((1, q)), np.ones((1, q)), np.zeros(1), 0.0)
    learned = prior.scale is None
    grid = prior.grid if learned else np.array([float(prior.scale or 1.0)])
    log_prior = prior.log_prior if learned else np.zeros(1)
    values, axes = np.linalg.eigh(point.information)
    precision = np.maximum(values, 0.0) + 1.0 / grid[:, None] ** 2
    pull = axes.T @ point.slope - (axes.T @ point.at) / grid[:, None] ** 2
    log_mass = (
        log_prior
        - 0.5 * (point.at @ point.at) / grid**2
        - q * np.log(grid)
        + 0.5 * (pull**2 / precision - np.log(precision)).sum(axis=1)
    )
    total = float(logsumexp(log_mass))
    return _Gaussians(axes, pull / precision, precision**-0.5, log_mass - total, total)


def corrected(
    packs: Sequence[Pack],
    prior: Block | None,
    point: Point,
    rng: np.random.Generator,
    *,
    more: int = 1,
) -> Point:
    """Replace the Gaussian integral over the shared potential by importance sampling.

    The inner integrals at each outer draw use the same pairs as those at the mode, moved with the
    mode, so that what is left of their error is common to all and cancels. ``more`` times as many
    outer draws are taken.
    """
    q = len(point.at)
    if not q or prior is None:
        return point
    n_kernels = sum(len(pack.members) for pack in packs)
    n = 2 * more * int(np.clip(_WORK // n_kernels, _FEWEST, _OUTER) // 2)
    pairs = int(np.clip(_PAIR_WORK // n_kernels, 16, packs[0].noise.shape[1]))
    noises = [noise_at(pack, point.deviation, point.cycle)[:, :pairs] for pack in packs]
    whole = _gaussians(prior, point)
    moved, log_q = _propose(whole, n, rng)
    modes = _modes_of(packs, point)
    slopes = [_follow(pack, one) for pack, one in zip(packs, modes, strict=True)]
    gaps = np.concatenate([moved, np.zeros((1, q))])
    values = np.zeros((n + 1, 2))
    for pack, one, slope, noise in zip(packs, modes, slopes, noises, strict=True):
        size = max(1, _BATCH // len(pack.members))
        for k in range(0, n + 1, size):
            values[k : k + size] += _moved(pack, one, slope, noise, gaps[k : k + size])
    log_prior = prior.log_marginal(point.at + moved)
    log_weights = values[:n] - values[n] + (log_prior - log_q)[:, None]
    smoothed = smooth(log_weights[:, 0])
    total = float(logsumexp(smoothed.log_weights)) - np.log(n)
    other = float(logsumexp(log_weights[:, 1])) - np.log(n)
    plain = float(logsumexp(log_weights[:, 0])) - np.log(n)
    paired = np.exp(smoothed.log_weights - total).reshape(2, -1).mean(axis=0)
    error = float(paired.std()) / np.sqrt(len(paired))
    return replace(
        point,
        log_value=point.log_value - whole.log_total + total,
        outer_mcse=float(np.hypot(error, other - plain)),
        outer_k=smoothed.pareto_k,
    )


def _moved(
    pack: Pack, modes: Modes, slope: FloatArray, noise: FloatArray, gaps: FloatArray
) -> FloatArray:
    """Return log integrals of a pack at several u, shape (n, 2): from all pairs, and from half.

    Their difference tells how much the error of the inner integrals matters here.
    """
    n, m = len(gaps), len(pack.members)

    def again(array: FloatArray) -> FloatArray:
        return np.tile(array, (n, *(1,) * (array.ndim - 1)))

    def shifted(array: FloatArray, by: FloatArray) -> FloatArray:
        return np.asarray(array + np.einsum("max,nx->nma", by, gaps)).reshape(n * m, -1)

    many = replace(
        pack,
        forward=again(pack.forward),
        total=again(pack.total),
        exposure=again(pack.exposure),
    )
    there = Modes(
        design=again(modes.design),
        offset=shifted(modes.offset, pack.union),
        at=shifted(modes.at, -slope),
        axes=again(modes.axes),
        log_det=again(modes.log_det),
        above=again(modes.above),
        below=again(modes.below),
        variance=modes.variance,
        real=again(modes.real),
    )
    found = integrate(many, there, again(noise))
    first = np.log1p(found.noise[:, : noise.shape[1] // 2].mean(axis=1))
    value = found.log_value.reshape(n, m).sum(axis=1)
    return np.stack([value, value + first.reshape(n, m).sum(axis=1)], axis=1)


def draw_at(
    packs: Sequence[Pack],
    prior: Block | None,
    point: Point,
    n: int,
    rng: np.random.Generator,
) -> tuple[FloatArray, list[FloatArray]]:
    """Return draws of the shared potential's coordinates, (n, q), and deviations of each pack.

    Those have the shape (n, M, d), in nats. Given the potential each kernel's are picked by their
    weights.
    """
    whole = _gaussians(prior, point)
    which = rng.choice(len(whole.log_weight), n, p=np.exp(whole.log_weight))
    u = whole.centre[which] + whole.sd[which] * rng.standard_normal((n, len(point.at)))
    u = u @ whole.axes.T
    deviations = []
    for pack, one in zip(packs, _modes_of(packs, point), strict=True):
        m, d = len(pack.members), pack.deviations.shape[2]
        if not point.deviation:
            deviations.append(np.zeros((n, m, d)))
            continue
        found: Integrals = integrate(pack, one, noise_at(pack, point.deviation, point.cycle))
        cumulative = np.cumsum(found.weights, axis=1)
        picks = np.stack(
            [np.searchsorted(row / row[-1], rng.random(n)) for row in cumulative], axis=1
        )
        own = found.draws[np.arange(m), picks, :d]
        slope = _follow(pack, one)[:, :d]
        own = own - np.einsum("mdx,nx->nmd", slope, u)
        deviations.append(point.deviation * own)
    return point.at + u, deviations


def _propose(whole: _Gaussians, n: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Return ``n`` draws (n, q) from split-free t's round these Gaussians, and log densities.

    Draw k and draw k + n/2 mirror each other.
    """
    used = np.flatnonzero(whole.log_weight > np.log(_LEAST_MASS))
    flat = _FLATTEN * whole.log_weight[used]
    flat -= logsumexp(flat)
    q = whole.centre.shape[1]
    which = rng.choice(used, n // 2, p=np.exp(flat))
    spread = rng.standard_normal((n // 2, q))
    spread /= np.sqrt(rng.chisquare(_TAIL, (n // 2, 1)) / _TAIL)
    along = np.concatenate(
        [whole.centre[which] + sign * whole.sd[which] * spread for sign in (1.0, -1.0)]
    )
    norm = gammaln((_TAIL + q) / 2) - gammaln(_TAIL / 2) - 0.5 * q * np.log(_TAIL * np.pi)
    far = np.square((along[:, None, :] - whole.centre[used]) / whole.sd[used]).sum(axis=2)
    log_density = norm - np.log(whole.sd[used]).sum(axis=1)
    log_density = log_density - 0.5 * (_TAIL + q) * np.log1p(far / _TAIL)
    return along @ whole.axes.T, np.asarray(logsumexp(flat + log_density, axis=1))


def _modes_of(packs: Sequence[Pack], point: Point) -> list[Modes]:
    """Return the modes at a point once more: kept, they would fill the memory."""
    return [
        climb(pack, point.deviation, point.cycle, pack.union @ point.at, start)
        for pack, start in zip(packs, point.starts, strict=True)
    ]


def _follow(pack: Pack, modes: Modes) -> FloatArray:
    """Return how the modes move against the shared potential, shape (M, D, q)."""
    coupled = np.matmul(np.swapaxes(modes.design, 1, 2) * modes.variance[:, None, :], pack.union)
    covariance = np.matmul(np.swapaxes(modes.axes, 1, 2), modes.axes)
    return np.asarray(np.matmul(covariance, coupled))


def _schur(pack: Pack, modes: Modes) -> FloatArray:
    """Return the information of a pack on the shared potential, its own coordinates profiled."""
    weighted = pack.union * modes.variance[:, :, None]
    whole = np.einsum("mex,mey->xy", weighted, pack.union)
    coupled = np.matmul(np.swapaxes(modes.design, 1, 2), weighted)
    turned = np.matmul(modes.axes, coupled)
    return np.asarray(whole - np.einsum("mdx,mdy->xy", turned, turned))


def _carried(
    near: Point, deviation: float, cycle: float, which: int, pack: Pack
) -> FloatArray | None:
    """Return where to start from, from a point at other scales: the same in nats."""
    d, b = pack.deviations.shape[2], pack.cycles.shape[2]
    at = near.starts[which]
    parts = []
    if deviation:
        parts.append(
            at[:, :d] * near.deviation / deviation if near.deviation else np.zeros((len(at), d))
        )
    if cycle:
        parts.append(
            at[:, at.shape[1] - b :] * near.cycle / cycle if near.cycle else np.zeros((len(at), b))
        )
    return np.concatenate(parts, axis=1) if parts else None
