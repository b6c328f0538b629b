r"""A proposal for binomial edges that follows each edge's own likelihood, however skew.

A Gaussian round the mode fails where many edges were walked one way only or hardly at all: in each
of their directions the posterior leans to one side, and the leanings multiply. So every edge's
likelihood is replaced by the Gaussian that expectation propagation finds for it (Minka 2001), and
then put back, one edge after another, when draws are made: the logit of the next edge, given those
drawn before, has the density ``Gaussian of all else × its own likelihood``, one-dimensional and
drawn from on a grid. That is the simulator of Geweke, Hajivassiliou & Keane with the edges still to
come taken as Gaussians, not ignored. What is left of importance weights is how these Gaussians
misjudge the edges to come.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, gammaln, logsumexp

from equipoise.inference.evidence.laplace.node import Node, weighed
from equipoise.inference.modes.lattice import scale_lattice
from equipoise.inference.modes.mode import Mode
from equipoise.likelihoods import FloatArray, PairwiseEdges
from equipoise.models.latent import LatentModel

_SWEEPS, _DAMPING, _SETTLED = 30, 0.7, 1e-2
# Quadrature of one edge, in standard deviations, and how far down a density is of interest, nats.
_NODES = np.linspace(-8.0, 8.0, 81)
_DEPTH = 18.0
_UNIT = np.linspace(0.0, 1.0, 64)
# An edge is drawn by itself if it leans by so much, and if earlier ones leave it this much room.
_SKEW, _ROOM = 0.05, 0.1
_LEAST_TAIL = 10.0
# Of the share of each value of the learned scales, as a power of its Laplace evidence.
_FLATTEN = 0.8


@dataclass(frozen=True, eq=False)
class Sites:
    """Gaussians that stand for the likelihoods of E edges, functions of their logits.

    Attributes
    ----------
    pull, precision
        ``exp(pull η − precision η²/2)``, shape (E,).
    low, high
        Where the posterior of each η ends, for all practical purposes, shape (E,).
    """

    pull: FloatArray
    precision: FloatArray
    low: FloatArray
    high: FloatArray


def edgewise_node(
    model: LatentModel,
    cycle_scale: float,
    start: FloatArray,
    scales: tuple[float, ...],
    draws: int,
    rng: np.random.Generator,
) -> Node:
    """Compute the evidence of ``model``, on binomial edges, by importance sampling edge by edge.

    Arguments and result as of :func:`equipoise.inference.evidence.laplace.node.evaluate_node`.

    Each draw belongs to one value of the learned scales, picked by its Laplace evidence. Its weight
    is taken for that value alone: of the joint density the share that this value has in the prior
    of the draw. The shares add up to 1, so that the mean weight is the evidence all the same.
    """
    modes = scale_lattice(model, start, scales)
    height = np.array([mode.log_evidence for mode in modes])
    log_pick = _FLATTEN * height - logsumexp(_FLATTEN * height)
    many = rng.multinomial(draws, np.exp(log_pick))
    parts, densities = [], []
    sites: Sites | None = None
    for mode, n in zip(modes, many.tolist(), strict=True):
        if n:
            sites, centre, root = fit_sites(model, mode, near=sites)
            drawn, log_density = propose(model, sites, centre, root, n, rng)
            parts.append(drawn)
            densities.append(log_density)
    theta, whose = np.concatenate(parts), np.repeat(np.arange(len(modes)), many)
    share = _log_shares(model, modes, theta)[np.arange(draws), whose]
    log_density = np.concatenate(densities) + log_pick[whose]
    return weighed(modes, theta, model.log_joint(theta) + share - log_density, cycle_scale)


def _log_shares(model: LatentModel, modes: list[Mode], theta: FloatArray) -> FloatArray:
    """Return the log share of each value of the learned scales in the prior of draws, (n, K).

    The values stand on a lattice of equal steps, so each weighs as much as its prior density.
    """
    found = np.zeros((len(theta), len(modes)))
    for k, mode in enumerate(modes):
        found[:, k] = model.log_scale_prior(model.prior_mean, mode.scales)
        for block, scale in zip(model.learned, mode.scales, strict=True):
            found[:, k] += block.log_density(theta, scale)
            found[:, k] -= block.log_density(model.prior_mean, scale)
    return np.asarray(found - logsumexp(found, axis=1, keepdims=True))


def propose(
    model: LatentModel,
    sites: Sites,
    centre: FloatArray,
    root: FloatArray,
    n: int,
    rng: np.random.Generator,
) -> tuple[FloatArray, FloatArray]:
    """Return ``n`` draws (n, d) from what :func:`fit_sites` found, and log densities (n,)."""
    edges = binomial(model)
    base, spread = model.design @ centre, model.design @ root
    pivots, turn = _pivots(edges, base, spread)
    steps = spread[pivots] @ turn[:, : len(pivots)]
    white = np.empty((n, model.size))
    log_density = np.zeros(n)
    for k, edge in enumerate(pivots):
        own = float(steps[k, k])
        mean = base[edge] + white[:, :k] @ steps[k, :k]
        # Of the Gaussian of all edges, this one's part is taken out.
        precision = max(own**-2 - float(sites.precision[edge]), 1e-3 * own**-2)
        pull = mean / own**2 - float(sites.pull[edge])
        grid = sites.low[edge] + (sites.high[edge] - sites.low[edge]) * _UNIT
        height = _log_likelihood(edges, edge, grid) - 0.5 * precision * grid**2
        value, log_value = _draw_on(grid, height, pull, rng)
        white[:, k] = (value - mean) / own
        log_density += log_value + np.log(own)
    rest = model.size - len(pivots)
    tail = max(_LEAST_TAIL, 2.0 * float(np.sqrt(model.size)))
    white[:, len(pivots) :] = rng.standard_t(tail, (n, rest))
    norm = gammaln((tail + 1) / 2) - gammaln(tail / 2) - 0.5 * np.log(tail * np.pi)
    far = np.log1p(white[:, len(pivots) :] ** 2 / tail).sum(axis=1)
    log_density += rest * norm - 0.5 * (tail + 1) * far - np.log(np.diag(root)).sum()
    return centre + white @ (root @ turn).T, log_density


def binomial(model: LatentModel) -> PairwiseEdges:
    """Return the likelihood of a model, which must be that of pairwise edges."""
    if not isinstance(model.likelihood, PairwiseEdges):
        raise TypeError(f"edge by edge only binomial edges can be drawn, not {model.likelihood!r}")
    return model.likelihood


def fit_sites(
    model: LatentModel, mode: Mode, *, near: Sites | None = None
) -> tuple[Sites, FloatArray, FloatArray]:
    """Run expectation propagation at one value of the learned scales.

    It starts from the Gaussian at the mode, or from what was found ``near`` there.

    Returns
    -------
    Sites
        One for each edge.
    array
        Mean of the Gaussian posterior, shape (d,).
    array
        Lower Cholesky factor of its covariance, shape (d, d).
    """
    edges, design = binomial(model), model.design
    prior, mean = model.precision(mode.scales), model.prior_mean
    eta = design @ mode.theta
    p = expit(eta + edges.exposure)
    precision = np.maximum(edges.total * p * (1.0 - p), 1e-10)
    pull = edges.forward - edges.total * p + precision * eta
    if near is not None:
        pull, precision = near.pull.copy(), near.precision.copy()
    for _ in range(_SWEEPS):
        centre, root = _gaussian(design, prior, mean, pull, precision)
        at, spread = design @ centre, np.square(design @ root).sum(axis=1)
        # The posterior of each logit, its own edge taken out, then put in as it is.
        without = np.maximum(1.0 / spread - precision, 1e-6 / spread)
        drive = at / spread - pull
        points, mass = _tilted(edges, without, drive, at, spread)
        first = (mass * points).sum(axis=1)
        second = (mass * np.square(points - first[:, None])).sum(axis=1)
        moved = np.abs(first - at) / np.sqrt(spread)
        wider = np.abs(second / spread - 1.0)
        precision += _DAMPING * (np.maximum(1.0 / second - without, 1e-10) - precision)
        pull += _DAMPING * (first / second - drive - pull)
        if max(float(moved.max()), float(wider.max())) < _SETTLED:
            break
    inside = mass > np.exp(-_DEPTH) * mass.max(axis=1, keepdims=True)
    rows = np.arange(len(points))
    low = points[rows, np.maximum(inside.argmax(axis=1) - 1, 0)]
    last = len(_NODES) - 1
    high = points[rows, np.minimum(last - inside[:, ::-1].argmax(axis=1) + 1, last)]
    centre, root = _gaussian(design, prior, mean, pull, precision)
    return Sites(pull, precision, low, high), centre, root


def _gaussian(
    design: FloatArray,
    prior: FloatArray,
    mean: FloatArray,
    pull: FloatArray,
    precision: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Return mean and Cholesky factor of the covariance of prior and sites together."""
    total = prior + design.T @ (precision[:, None] * design)
    covariance = np.linalg.inv(total)
    covariance = 0.5 * (covariance + covariance.T)
    return covariance @ (prior @ mean + design.T @ pull), np.linalg.cholesky(covariance)


def _tilted(
    edges: PairwiseEdges,
    precision: FloatArray,
    pull: FloatArray,
    start: FloatArray,
    spread: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Return points (E, 81) and masses of each edge's likelihood times a Gaussian of its logit."""
    eta = start
    for _ in range(30):
        p = expit(eta + edges.exposure)
        slope = edges.forward - edges.total * p + pull - precision * eta
        curve = edges.total * p * (1.0 - p) + precision
        step = slope / curve
        most = 3.0 / np.sqrt(curve)
        eta = eta + np.clip(step, -most, most)
        if np.all(np.abs(step) < 0.01 * most):
            break
    wide = np.minimum(np.maximum(curve**-0.5, np.sqrt(spread)), precision**-0.5)
    points = eta[:, None] + wide[:, None] * _NODES
    height = _log_likelihood(edges, slice(None), points)
    height += pull[:, None] * points - 0.5 * precision[:, None] * np.square(points)
    mass = np.exp(height - height.max(axis=1, keepdims=True))
    return points, mass / mass.sum(axis=1, keepdims=True)


def _log_likelihood(edges: PairwiseEdges, which: int | slice, eta: FloatArray) -> FloatArray:
    """Return log-likelihoods of one edge (n,), or of all (E, n), at their logits."""
    axis = (..., None) if isinstance(which, slice) else ()
    forward, total = edges.forward[which][axis], edges.total[which][axis]
    logit = eta + edges.exposure[which][axis]
    soft = np.maximum(logit, 0.0) + np.log1p(np.exp(-np.abs(logit)))
    return np.asarray(forward * logit - total * soft)


def _pivots(
    edges: PairwiseEdges, base: FloatArray, spread: FloatArray
) -> tuple[list[int], FloatArray]:
    """Pick edges that lean, each with room of its own, and turn coordinates towards them.

    Returns their numbers and an orthogonal matrix (d, d): with coordinates turned by it the k-th
    of these edges depends on the first k coordinates only.
    """
    p = expit(base + edges.exposure)
    variance = np.square(spread).sum(axis=1)
    skew = np.abs(edges.total * p * (1.0 - p) * (1.0 - 2.0 * p)) * variance**1.5
    rest, free = spread.copy(), np.ones(len(spread), dtype=bool)
    picked: list[int] = []
    axes: list[FloatArray] = []
    while len(picked) < spread.shape[1]:
        room = np.square(rest).sum(axis=1) / variance
        score = np.where(free & (room > _ROOM), skew * room**1.5, 0.0)
        k = int(np.argmax(score))
        if score[k] < _SKEW:
            break
        axis = rest[k] / np.linalg.norm(rest[k])
        rest -= np.outer(rest @ axis, axis)
        free[k] = False
        picked.append(k)
        axes.append(axis)
    own = np.array(axes).reshape(-1, spread.shape[1]).T
    turn = np.linalg.qr(np.hstack([own, np.eye(spread.shape[1])]))[0][:, : spread.shape[1]]
    turn[:, : len(picked)] = own
    return picked, turn


def _draw_on(
    grid: FloatArray, height: FloatArray, pull: FloatArray, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Draw one value for each ``pull``, of density ``exp(height + pull x)``, linear between points.

    Returns values and log densities, shape (n,).
    """
    n, step = len(pull), grid[1] - grid[0]
    log_value = pull[:, None] * (grid - grid[0])
    log_value += height
    log_value -= log_value.max(axis=1, keepdims=True)
    value = np.exp(log_value, out=log_value)
    cumulative = np.cumsum(value[:, 1:] + value[:, :-1], axis=1)
    total = cumulative[:, -1]
    target = rng.random(n) * total
    cell = np.minimum((cumulative < target[:, None]).sum(axis=1), len(grid) - 2)
    rows = np.arange(n)
    left, right = value[rows, cell], value[rows, cell + 1]
    inside = np.clip(target - cumulative[rows, cell] + left + right, 0.0, left + right)
    # The inverse of a quadratic, in the form that loses no digits.
    part = inside / (left + np.sqrt(left**2 + (right - left) * inside))
    density = left + part * (right - left)
    return grid[cell] + step * part, np.log(density) - np.log(0.5 * step * total)
