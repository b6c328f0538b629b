"""One node of a path: the slope of log Z from MCMC draws at a fixed scale, and its error."""

from dataclasses import dataclass

import numpy as np

from equipoise.likelihoods import FloatArray
from equipoise.models.latent import LatentModel

# The curvature follows the learned scales in steps of this much of their logarithms.
_CELL = 0.5


@dataclass(frozen=True)
class PathNode:
    """The slope of the evidence at one σ_c.

    Attributes
    ----------
    cycle_scale
        σ_c, nats.
    slope, mcse
        ``d log Z/d log σ_c`` and its Monte Carlo standard error, nats.
    plain, plain_mcse
        The same without control variates, ``E|c|²/σ_c² − b1``: for comparison.
    ess, r_hat
        Bulk effective sample size and rank R-hat of ``|c|²`` over the chains.
    divergences
        Divergent transitions among the draws.
    scale_name
        What the scale is called: σ_c, or σ_δ for deviations between kernels, which then stand where
        the cycles do.
    """

    cycle_scale: float
    slope: float
    mcse: float
    plain: float
    plain_mcse: float
    ess: float
    r_hat: float
    divergences: int
    scale_name: str = "σ_c"


def measure_slope(
    model: LatentModel,
    theta: FloatArray,
    sds: FloatArray,
    *,
    cycle_scale: float,
    divergences: int,
    scale_name: str = "σ_c",
) -> PathNode:
    """Estimate ``d log Z/d log σ_c`` from draws at fixed σ_c.

    The estimate averages ``|c|²/σ_c² − b1``. For every smooth vector field F of the parameters θ,
    ``div F + F·∇ log p(θ | y)`` has mean 0 under the posterior (Stein's identity), so any multiple
    of it may be added (Mira, Solgi & Imparato 2013, Stat. Comput. 23, 653). Three such fields are
    used, with coefficients by least squares: F = z, which turns the average into
    ``E[c·∇_c log L]``, better at small σ_c; and the constant and linear fields that would leave no
    variance at all if the posterior were the Gaussian with the curvature at its mean. Centre,
    curvature and coefficients for one half of the chains come from the other half, so that no
    bias arises.

    Parameters
    ----------
    model
        The hypothesis; whatever stands in its ``cycle_columns`` is called c here.
    theta
        Draws of its parameters at fixed σ_c from at least two chains, shape (chains, draws, d).
    sds
        Draws of its learned scales, in the order of its blocks, shape (chains, draws, k).
    cycle_scale
        That σ_c.
    divergences
        Divergent transitions among the draws.
    scale_name
        What the scale is called.

    Returns
    -------
    PathNode
    """
    from arviz_stats.base import array_stats

    model = model.at_cycle_scale(cycle_scale)
    chains = theta.shape[0]
    square = (theta[..., model.cycle_columns] ** 2).sum(axis=-1)
    plain = square / cycle_scale**2 - model.n_cycles
    halves = (slice(0, chains, 2), slice(1, chains, 2))
    settled = np.empty_like(plain)
    for half, other in (halves, halves[::-1]):
        centre = theta[other].reshape(-1, model.size).mean(axis=0)
        fitted = _controls(model, theta[other], sds[other], centre, cycle_scale)
        target = plain[other].ravel()
        centred = fitted - fitted.mean(axis=0)
        weights = np.linalg.lstsq(centred, target - target.mean(), rcond=None)[0]
        controls = _controls(model, theta[half], sds[half], centre, cycle_scale)
        settled[half] = plain[half] - (controls @ weights).reshape(plain[half].shape)
    return PathNode(
        cycle_scale=cycle_scale,
        slope=float(settled.mean()),
        mcse=float(array_stats.mcse(settled)),
        plain=float(plain.mean()),
        plain_mcse=float(array_stats.mcse(plain)),
        ess=float(array_stats.ess(square, method="bulk")),
        r_hat=float(array_stats.rhat(square)),
        divergences=divergences,
        scale_name=scale_name,
    )


def _score(model: LatentModel, theta: FloatArray, sds: FloatArray) -> FloatArray:
    """Return ``∇_θ log p(y, θ | scales)``, shape of ``theta``."""
    eta = theta @ model.design.T
    score = model.likelihood.gradient(eta) @ model.design
    learned = iter(np.moveaxis(sds, -1, 0))
    for block in model.blocks:
        scale = block.scale if block.scale is not None else next(learned)
        score[..., block.columns] += block.score(theta, scale)
    return np.asarray(score)


def _controls(
    model: LatentModel, theta: FloatArray, sds: FloatArray, centre: FloatArray, cycle_scale: float
) -> FloatArray:
    """Return three values of mean 0 under the posterior for each draw, shape (chains·draws, 3).

    Stein's identity holds at given scales, so the curvature of the last two fields may follow the
    scales of each draw, in cells. It must: where a learned scale σ can come near 0 the score grows
    like 1/σ and has no variance, but the inverse curvature shrinks like σ².
    """
    columns = model.cycle_columns
    score = _score(model, theta, sds).reshape(-1, model.size)
    theta, sds = theta.reshape(-1, model.size), sds.reshape(len(score), -1)
    out = np.empty((len(theta), 3))
    out[:, 0] = (theta[:, columns] * score[:, columns]).sum(axis=1) + model.n_cycles
    information = model.likelihood.information(model.design @ centre, model.design)
    unit = np.eye(model.size)[:, columns]
    cells, which = np.unique(np.round(np.log(sds) / _CELL), axis=0, return_inverse=True)
    for k, cell in enumerate(cells):
        inside = which.ravel() == k
        curvature = information + model.precision(tuple(np.exp(_CELL * cell).tolist()))
        field = np.linalg.solve(curvature, unit).T / cycle_scale**2  # rows of C H, (b, d)
        away = theta[inside][:, columns] - centre[columns]
        out[inside, 1] = score[inside] @ (centre[columns] @ field)
        out[inside, 2] = ((away @ field) * score[inside]).sum(axis=1)
        out[inside, 2] += np.trace(field[:, columns])
    return out
