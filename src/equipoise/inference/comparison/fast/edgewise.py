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

from collections.abc import Sequence

import numpy as np
from scipy.special import expit, gammaln, logsumexp

from equipoise.inference.comparison.sites import (
    Gaussian,
    binomial,
    edge_log_likelihood,
    fit_gaussian,
)
from equipoise.inference.evidence.laplace.node import Node, evaluate_node, weighed
from equipoise.inference.modes.lattice import scale_lattice
from equipoise.inference.modes.mode import Mode
from equipoise.likelihoods import FloatArray, IntArray, PairwiseEdges
from equipoise.models.latent import LatentModel

_UNIT = np.linspace(0.0, 1.0, 64)
# An edge is drawn by itself if it leans by so much, and if earlier ones leave it this much room.
_SKEW, _ROOM = 0.05, 0.1
_LEAST_TAIL = 10.0
# Edges a parameter up to which these are drawn edge by edge.
_OWN = 2
# Of the share of each value of the learned scales, as a power of its Laplace evidence.
_FLATTEN = 0.8


def suited_node(
    model: LatentModel,
    cycle_scale: float,
    start: FloatArray,
    scales: tuple[float, ...],
    draws: int,
    rng: np.random.Generator,
) -> Node:
    """Compute the evidence of ``model``, on binomial edges, by the proposal that suits it.

    Edge by edge where most edges have a direction of their own, as with cycles or deviations; round
    the mode where a few potentials answer for all of them, each told by many edges.
    """
    evaluate = edgewise_node if _OWN * model.size > len(model.design) else evaluate_node
    return evaluate(model, cycle_scale, start, scales, draws, rng)


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
    used = np.flatnonzero(many)
    whose = np.repeat(np.arange(len(used)), many[used])
    found: list[Gaussian] = []
    for k in used:
        found.append(fit_gaussian(model, modes[k], near=found[-1].sites if found else None))
    theta, log_density = propose(model, found, whose, rng)
    share = _log_shares(model, modes, theta)[np.arange(draws), used[whose]]
    log_density = log_density + log_pick[used[whose]]
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
    model: LatentModel, found: Sequence[Gaussian], whose: IntArray, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Draw edge by edge, each draw round one of the Gaussians ``found``, number ``whose`` (n,).

    Returns draws (n, d) and their log densities, given that Gaussian, (n,).
    """
    edges = binomial(model)
    base = np.array([model.design @ one.centre for one in found])
    spread = np.array([model.design @ one.root for one in found])
    pivots = _pivots(edges, base[0], spread[0])
    # Coordinates turned so that the k-th of these edges depends on the first k only.
    turn, steps = np.linalg.qr(np.swapaxes(spread[:, pivots], 1, 2), mode="complete")
    sites = [one.sites for one in found]
    n, many = len(whose), len(pivots)
    white = np.empty((n, model.size))
    log_density = np.zeros(n)
    for k, edge in enumerate(pivots):
        own = steps[:, k, k]
        mean = base[whose, edge] + np.einsum("nj,nj->n", white[:, :k], steps[whose, :k, k])
        # Of the Gaussian of all edges, this one's part is taken out.
        told = np.array([one.precision[edge] for one in sites])
        precision = np.maximum(own**-2 - told, 1e-3 * own**-2)
        pull = mean / own[whose] ** 2 - np.array([one.pull[edge] for one in sites])[whose]
        low, high = np.array([(one.low[edge], one.high[edge]) for one in sites]).T
        grid = low[:, None] + (high - low)[:, None] * _UNIT
        height = edge_log_likelihood(edges, edge, grid) - 0.5 * precision[:, None] * grid**2
        value, log_value = _draw_on(grid[whose], height[whose], pull, rng)
        white[:, k] = (value - mean) / own[whose]
        log_density += log_value + np.log(np.abs(own))[whose]
    tail = max(_LEAST_TAIL, 2.0 * float(np.sqrt(model.size)))
    white[:, many:] = rng.standard_t(tail, (n, model.size - many))
    norm = gammaln((tail + 1) / 2) - gammaln(tail / 2) - 0.5 * np.log(tail * np.pi)
    far = np.log1p(white[:, many:] ** 2 / tail).sum(axis=1)
    log_density += (model.size - many) * norm - 0.5 * (tail + 1) * far
    theta = np.empty_like(white)
    for k, one in enumerate(found):
        theta[whose == k] = one.centre + white[whose == k] @ (one.root @ turn[k]).T
        log_density[whose == k] -= np.log(np.diag(one.root)).sum()
    return theta, log_density


def _pivots(edges: PairwiseEdges, base: FloatArray, spread: FloatArray) -> list[int]:
    """Pick edges that lean, each with room of its own, the most leaning first."""
    p = expit(base + edges.exposure)
    variance = np.square(spread).sum(axis=1)
    skew = np.abs(edges.total * p * (1.0 - p) * (1.0 - 2.0 * p)) * variance**1.5
    rest, free = spread.copy(), np.ones(len(spread), dtype=bool)
    room = np.ones(len(spread))
    picked: list[int] = []
    while len(picked) < spread.shape[1]:
        score = np.where(free & (room > _ROOM), skew * room**1.5, 0.0)
        k = int(np.argmax(score))
        if score[k] < _SKEW:
            break
        axis = rest[k] / np.linalg.norm(rest[k])
        along = rest @ axis
        rest -= along[:, None] * axis
        room = np.maximum(room - along**2 / variance, 0.0)
        free[k] = False
        picked.append(k)
    return picked


def _draw_on(
    grid: FloatArray, height: FloatArray, pull: FloatArray, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Draw n values of density ``exp(height + pull x)``, linear between grid points (n, G).

    Returns values and log densities, shape (n,).
    """
    n, step = len(pull), grid[:, 1] - grid[:, 0]
    log_value = pull[:, None] * (grid - grid[:, :1])
    log_value += height
    log_value -= log_value.max(axis=1, keepdims=True)
    value = np.exp(log_value, out=log_value)
    cumulative = np.cumsum(value[:, 1:] + value[:, :-1], axis=1)
    total = cumulative[:, -1]
    target = rng.random(n) * total
    cell = np.minimum((cumulative < target[:, None]).sum(axis=1), len(_UNIT) - 2)
    rows = np.arange(n)
    left, right = value[rows, cell], value[rows, cell + 1]
    inside = np.clip(target - cumulative[rows, cell] + left + right, 0.0, left + right)
    # The inverse of a quadratic, in the form that loses no digits.
    part = inside / (left + np.sqrt(left**2 + (right - left) * inside))
    density = left + part * (right - left)
    return grid[rows, cell] + step * part, np.log(density) - np.log(0.5 * step * total)
