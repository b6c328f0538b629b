"""The Gaussian that a posterior resembles, and where chains stand in its white coordinates."""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import blas

from equipoise.inference.modes.mode import find_mode
from equipoise.likelihoods import FloatArray
from equipoise.models.latent import Block, LatentModel

BoolArray = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
# Of a log-scale, in nats from 1: what lies beyond has a prior mass of 1e-11.
_FARTHEST = 25.0


@dataclass(frozen=True, eq=False)
class Reference:
    """What the data say, as a Gaussian would: information (d, d), and precision times value (d,).

    Attributes
    ----------
    model
        The hypothesis.
    widths
        Of the half-normal priors of its learned scales.
    information, natural
        H and h, the values counted from the mean of the prior.
    """

    model: LatentModel
    widths: tuple[float, ...]
    information: FloatArray
    natural: FloatArray


@dataclass(frozen=True, eq=False)
class State:
    """Where the chains are.

    Attributes
    ----------
    u, log_sd
        White coordinates (chains, d), log-scales (chains, k).
    theta
        Parameters, shape (chains, d).
    roots
        L of each chain, shape (chains, d, d).
    fit, rest
        Log density of log σ were the posterior that Gaussian, and by how much the log-likelihood
        exceeds that of the Gaussian, each up to a constant; the log density of (log σ, u) is their
        sum less ``|u|²/2``; shape (chains,).
    """

    u: FloatArray
    log_sd: FloatArray
    theta: FloatArray
    roots: FloatArray
    fit: FloatArray
    rest: FloatArray


def reference_of(
    model: LatentModel, widths: tuple[float, ...], scales: tuple[float, ...]
) -> Reference:
    """Fit the Gaussian at the mode that belongs to some scales.

    Raises
    ------
    NotTrustedError
        If the mode is not reached.
    """
    top = find_mode(model, scales, model.prior_mean).theta
    eta = model.design @ top
    information = model.likelihood.information(eta, model.design)
    natural = information @ (top - model.prior_mean)
    natural += model.design.T @ model.likelihood.gradient(eta)
    return Reference(model, widths, information, natural)


def state_at(reference: Reference, u: FloatArray, log_sd: FloatArray) -> State:
    """Return the chains at white coordinates (chains, d) and log-scales (chains, k).

    ``fit`` is −∞ at scales that are absurd, and where rounding makes the curvature useless.
    """
    possible = (np.abs(log_sd) < _FARTHEST).all(axis=1)
    log_sd = np.clip(log_sd, -_FARTHEST, _FARTHEST)
    model = reference.model
    log_scales = _log_scales(model, log_sd)
    place = np.arange(model.size)
    curvature = np.repeat(reference.information[None], len(u), axis=0)
    for block, own in zip(model.blocks, log_scales.T, strict=True):
        _add_precision(curvature, block, own)
    roots, sound = _roots(curvature)
    centre = forward(roots, np.broadcast_to(reference.natural, u.shape))
    theta = model.prior_mean + back(roots, centre + u)
    fit = 0.5 * (centre**2).sum(axis=1) - np.log(roots[:, place, place]).sum(axis=1)
    fit -= log_scales @ np.array([block.size for block in model.blocks])
    for block, own in zip(model.blocks, log_scales.T, strict=True):
        if block.mean_sd:
            fit -= 0.5 * np.log1p(block.size * (block.mean_sd * np.exp(-own)) ** 2)
    for k, width in enumerate(reference.widths):
        fit += log_sd[:, k] - 0.5 * np.exp(2.0 * log_sd[:, k]) / width**2
    rest = rest_of(reference, theta)
    return State(u, log_sd, theta, roots, np.where(sound & possible, fit, -np.inf), rest)


def rest_of(reference: Reference, theta: FloatArray) -> FloatArray:
    """Return by how much the log-likelihood exceeds that of the Gaussian, shape (chains,)."""
    model = reference.model
    away = theta - model.prior_mean
    pull = away @ reference.information
    value = model.likelihood.log_likelihood(theta @ model.design.T)
    return np.asarray(value + 0.5 * (away * pull).sum(axis=1) - away @ reference.natural)


def push_of(reference: Reference, theta: FloatArray) -> FloatArray:
    """Return the gradient of that, shape (chains, d)."""
    model = reference.model
    score = model.likelihood.gradient(theta @ model.design.T) @ model.design
    away = theta - model.prior_mean
    return np.asarray(score + away @ reference.information - reference.natural)


def forward(roots: FloatArray, x: FloatArray) -> FloatArray:
    """Return ``L⁻¹ x`` of each chain."""
    # A transposed row-major factor is what BLAS takes without a copy.
    return np.stack([blas.dtrsv(root.T, row, trans=1) for root, row in zip(roots, x, strict=True)])


def back(roots: FloatArray, x: FloatArray) -> FloatArray:
    """Return ``L⁻ᵀ x`` of each chain."""
    return np.stack([blas.dtrsv(root.T, row) for root, row in zip(roots, x, strict=True)])


def _add_precision(curvature: FloatArray, block: Block, log_sd: FloatArray) -> None:
    """Add the prior's precision of a block at log-scales (chains,), in place."""
    part = block.columns
    if block.metric is None:
        place = np.arange(part.start, part.stop)
        curvature[:, place, place] += np.exp(-2.0 * log_sd)[:, None]
    else:
        curvature[:, part, part] += np.exp(-2.0 * log_sd)[:, None, None] * block.metric
    if block.mean_sd:
        curvature[:, part, part] -= block.shrinkage(np.exp(log_sd))[:, None, None]


def _log_scales(model: LatentModel, log_sd: FloatArray) -> FloatArray:
    """Return the log-scale of every block, (chains, blocks)."""
    learned = iter(log_sd.T)
    columns = [
        next(learned) if block.scale is None else np.full(len(log_sd), np.log(block.scale))
        for block in model.blocks
    ]
    return np.stack(columns, axis=1)


def _roots(curvature: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Return lower Cholesky factors, and which of them exist: rounding may spoil absurd scales."""
    try:
        return np.linalg.cholesky(curvature), np.ones(len(curvature), dtype=bool)
    except np.linalg.LinAlgError:
        roots = np.empty_like(curvature)
        sound = np.ones(len(curvature), dtype=bool)
        for m, one in enumerate(curvature):
            try:
                roots[m] = np.linalg.cholesky(one)
            except np.linalg.LinAlgError:
                roots[m], sound[m] = np.eye(len(one)), False
        return roots, sound
