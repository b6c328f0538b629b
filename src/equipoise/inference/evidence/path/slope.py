"""One node of the path: the slope of log Z from MCMC draws at fixed σ_c, and its error."""

from dataclasses import dataclass

import numpy as np

from equipoise.inference.evidence.problem import Problem
from equipoise.inference.posterior.sampler import Draws
from equipoise.likelihoods import FloatArray
from equipoise.models.latent import LatentModel


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
    """

    cycle_scale: float
    slope: float
    mcse: float
    plain: float
    plain_mcse: float
    ess: float
    r_hat: float
    divergences: int


def measure_slope(problem: Problem, draws: Draws, cycle_scale: float) -> PathNode:
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
    problem
        The question.
    draws
        At fixed σ_c, from at least two chains.
    cycle_scale
        That σ_c.

    Returns
    -------
    PathNode
    """
    from arviz_stats.base import array_stats

    model = problem.cyclic().at_cycle_scale(cycle_scale)
    theta = draws.theta(problem)
    chains = theta.shape[0]
    square = (theta[..., model.cycle_columns] ** 2).sum(axis=-1)
    plain = square / cycle_scale**2 - model.n_cycles
    halves = (slice(0, chains, 2), slice(1, chains, 2))
    sds = _learned_sds(draws)
    scores = {
        k: _score(model, theta[half], [sd[half] for sd in sds]) for k, half in enumerate(halves)
    }
    settled = np.empty_like(plain)
    for k, half in enumerate(halves):
        other = halves[1 - k]
        centre = theta[other].reshape(-1, model.size).mean(axis=0)
        scales = tuple(float(np.exp(np.log(sd[other]).mean())) for sd in sds)
        field = _Fields.about(model, centre, scales, cycle_scale)
        fitted = field.controls(theta[other], scores[1 - k])
        target = plain[other].ravel()
        centred = fitted - fitted.mean(axis=0)
        weights = np.linalg.lstsq(centred, target - target.mean(), rcond=None)[0]
        controls = field.controls(theta[half], scores[k])
        settled[half] = plain[half] - (controls @ weights).reshape(plain[half].shape)
    return PathNode(
        cycle_scale=cycle_scale,
        slope=float(settled.mean()),
        mcse=float(array_stats.mcse(settled)),
        plain=float(plain.mean()),
        plain_mcse=float(array_stats.mcse(plain)),
        ess=float(array_stats.ess(square, method="bulk")),
        r_hat=float(array_stats.rhat(square)),
        divergences=int(np.sum(draws.stats["diverging"])),
    )


def _learned_sds(draws: Draws) -> list[FloatArray]:
    """Return draws of the learned scales in the order of the model's blocks, each (C, D)."""
    return [draws.scales[name] for name in ("sigma_V", "sigma_s") if name in draws.scales]


def _score(model: LatentModel, theta: FloatArray, sds: list[FloatArray]) -> FloatArray:
    """Return ``∇_θ log p(y, θ | scales)``, shape of ``theta``."""
    eta = theta @ model.design.T
    score = model.likelihood.gradient(eta) @ model.design
    learned = iter(sds)
    for block in model.blocks:
        scale = block.scale if block.scale is not None else next(learned)
        score[..., block.columns] += block.score(theta, scale)
    return np.asarray(score)


@dataclass(frozen=True, eq=False)
class _Fields:
    """Three vector fields of θ, and what Stein's identity makes of them."""

    model: LatentModel
    centre: FloatArray
    cycle_scale: float
    constant: FloatArray
    linear: FloatArray

    @classmethod
    def about(
        cls, model: LatentModel, centre: FloatArray, scales: tuple[float, ...], cycle_scale: float
    ) -> "_Fields":
        """Return the fields that suit the Gaussian at a centre, shape (d,)."""
        curvature = model.likelihood.information(model.design @ centre, model.design)
        curvature += model.precision(scales)
        covariance = np.linalg.inv(curvature)
        columns = covariance[model.cycle_columns] / cycle_scale**2
        return cls(model, centre, cycle_scale, centre[model.cycle_columns] @ columns, columns)

    def controls(self, theta: FloatArray, score: FloatArray) -> FloatArray:
        """Return values of mean 0 under the posterior, shape (C·D, 3)."""
        columns = self.model.cycle_columns
        theta, score = theta.reshape(-1, self.model.size), score.reshape(-1, self.model.size)
        radial = (theta[:, columns] * score[:, columns]).sum(axis=1) + self.model.n_cycles
        away = theta[:, columns] - self.centre[columns]
        linear = ((away @ self.linear) * score).sum(axis=1) + np.trace(self.linear[:, columns])
        return np.column_stack([radial, score @ self.constant, linear])
