"""Gaussians that stand for binomial edges, by expectation propagation (Minka 2001).

A Gaussian at the mode misjudges edges that were walked one way only: their likelihood is flat to
one side of a wall, and the mode stands at its foot. Each edge's likelihood is replaced by the
Gaussian that leaves mean and variance of its logit what they are, given what stands for all others.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from equipoise.inference.modes.mode import Mode
from equipoise.likelihoods import FloatArray, PairwiseEdges
from equipoise.models.latent import LatentModel

_SWEEPS, _DAMPING, _SETTLED = 30, 0.7, 1e-2
# Quadrature of one edge, in standard deviations, and how far down a density is of interest, nats.
_NODES = np.linspace(-8.0, 8.0, 81)
_DEPTH = 18.0


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


@dataclass(frozen=True, eq=False)
class Gaussian:
    """A posterior whose edges are replaced by ``sites``: mean (d,), Cholesky factor (d, d)."""

    sites: Sites
    centre: FloatArray
    root: FloatArray


def binomial(model: LatentModel) -> PairwiseEdges:
    """Return the likelihood of a model, which must be that of pairwise edges."""
    if not isinstance(model.likelihood, PairwiseEdges):
        raise TypeError(f"edge by edge only binomial edges can be drawn, not {model.likelihood!r}")
    return model.likelihood


def fit_gaussian(model: LatentModel, mode: Mode, *, near: Sites | None = None) -> Gaussian:
    """Run expectation propagation at one value of the learned scales.

    It starts from the Gaussian at the mode, or from what was found ``near`` there.
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
    return Gaussian(Sites(pull, precision, low, high), centre, root)


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
    height = edge_log_likelihood(edges, slice(None), points)
    height += pull[:, None] * points - 0.5 * precision[:, None] * np.square(points)
    mass = np.exp(height - height.max(axis=1, keepdims=True))
    return points, mass / mass.sum(axis=1, keepdims=True)


def edge_log_likelihood(edges: PairwiseEdges, which: int | slice, eta: FloatArray) -> FloatArray:
    """Return log-likelihoods of one edge (...), or of all (E, n), at their logits."""
    axis = (..., None) if isinstance(which, slice) else ()
    forward, total = edges.forward[which][axis], edges.total[which][axis]
    logit = eta + edges.exposure[which][axis]
    soft = np.maximum(logit, 0.0) + np.log1p(np.exp(-np.abs(logit)))
    return np.asarray(forward * logit - total * soft)
