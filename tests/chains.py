"""Markov chains of posteriors that are known otherwise: no sampler is needed to make them."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr
from scipy.stats import halfnorm, multivariate_normal

from equipoise.counts import TransitionCounts
from equipoise.inference.evidence.laplace.proposal import draw_mixture, mixture
from equipoise.inference.modes.lattice import scale_lattice
from equipoise.inference.problem import Problem, problem_of
from equipoise.models import Priors

Array = NDArray[np.float64]


def autoregression(rng: np.random.Generator, shape: tuple[int, int, int], phi: float) -> Array:
    """Standard normal chains (chains, draws, d) whose neighbours have correlation phi."""
    x = rng.normal(size=shape)
    for k in range(1, shape[1]):
        x[:, k] = phi * x[:, k - 1] + np.sqrt(1 - phi**2) * x[:, k]
    return x


def walkers(
    log_target: Callable[[Array], Array],
    start: Array,
    root: Array,
    rng: np.random.Generator,
    *,
    draws: int,
    thin: int,
) -> Array:
    """Random-walk Metropolis, one chain from each row of ``start`` (chains, d).

    Each chain steps in units of ``root``, a Cholesky factor of about the target's covariance; as
    many steps as are kept and thinned away are thrown away first.
    """
    here, level = start.copy(), log_target(start)
    kept = np.empty((len(start), draws, start.shape[1]))
    stride = 2.4 / np.sqrt(start.shape[1]) * root.T
    for k in range(-draws * thin, draws * thin):
        trial = here + rng.normal(size=here.shape) @ stride
        reached = log_target(trial)
        taken = np.log(rng.random(len(here))) < reached - level
        here[taken], level[taken] = trial[taken], reached[taken]
        if k >= 0 and k % thin == 0:
            kept[:, k // thin] = here
    return kept


def resampled(
    theta: Array, log_weights: Array, n: int, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Starts (n, d) drawn by importance weights, and a Cholesky factor of the covariance."""
    weight = np.exp(log_weights - log_weights.max())
    weight /= weight.sum()
    centred = theta - weight @ theta
    root = np.linalg.cholesky((centred * weight[:, None]).T @ centred)
    return theta[rng.choice(len(theta), n, p=weight)], root


def proposed(model, seed, start, scales, n=4000):
    """Importance draws of a hypothesis from the fast path's mixture."""
    modes = scale_lattice(model, start, scales)
    theta, log_proposal = draw_mixture(mixture(model, modes), n, np.random.default_rng(seed))
    return theta, model.log_joint(theta) - log_proposal


def walked(model, seed, theta, log_weights, *, chains=40, draws=60, thin=10):
    """Metropolis chains of a hypothesis that start from importance draws."""
    rng = np.random.default_rng(seed)
    start, root = resampled(theta, log_weights, chains, rng)
    return walkers(model.log_joint, start, root, rng, draws=draws, thin=thin)


@dataclass(frozen=True)
class GaussianLikelihood:
    """Observations ``y ~ Normal(eta, sd)``: every posterior and evidence in closed form."""

    y: Array
    sd: Array
    name: str = "gaussian"

    def log_likelihood(self, eta: Array) -> Array:
        square = ((self.y - eta) / self.sd) ** 2 + np.log(2 * np.pi * self.sd**2)
        return np.asarray(-0.5 * square.sum(axis=-1))

    def gradient(self, eta: Array) -> Array:
        return np.asarray((self.y - eta) / self.sd**2)

    def information(self, eta: Array, design: Array) -> Array:
        return np.asarray(design.T @ (design / self.sd[:, None] ** 2))

    def local(self, eta: Array, design: Array) -> tuple[Array, Array, Array]:
        return self.log_likelihood(eta), self.gradient(eta), self.information(eta, design)


@dataclass(frozen=True)
class GaussianPosterior:
    """What is known exactly of a problem with a Gaussian likelihood; x = (V, s, z)."""

    problem: Problem

    @property
    def design(self) -> Array:
        p = self.problem.predictor
        return np.hstack([p.potential, p.symmetric, p.cycle])

    def prior(self, sigma_v: float, sigma_s: float, mu_s: float, sigma_c: float) -> tuple:
        p = self.problem.predictor
        sizes = [p.potential.shape[1], p.symmetric.shape[1], p.cycle.shape[1]]
        mean = np.repeat([0.0, mu_s, 0.0], sizes)
        return mean, np.repeat([sigma_v, sigma_s, sigma_c], sizes) ** 2

    def log_evidence(self, *scales: float) -> float:
        mean, variance = self.prior(*scales)
        a, likelihood = self.design, self.problem.likelihood
        covariance = (a * variance) @ a.T + np.diag(likelihood.sd**2)
        return float(multivariate_normal(a @ mean, covariance).logpdf(likelihood.y))

    def moments(self, *scales: float) -> tuple[Array, Array]:
        """Mean and Cholesky factor of the covariance of x."""
        mean, variance = self.prior(*scales)
        a, likelihood = self.design, self.problem.likelihood
        precision = likelihood.information(a, a) + np.diag(1 / variance)
        covariance = np.linalg.inv(precision)
        pull = a.T @ ((likelihood.y - a @ mean) / likelihood.sd**2)
        return mean + covariance @ pull, np.linalg.cholesky(covariance)

    def split(self, x: Array) -> dict[str, Array]:
        p = self.problem.predictor
        ends = np.cumsum([p.potential.shape[1], p.symmetric.shape[1]])
        return dict(zip(("V", "s", "z"), np.split(x, ends, axis=-1), strict=True))

    def cycle_scale(self, grid: Array, *scales: float) -> tuple[float, Array]:
        """Log evidence with σ_c integrated on a fine grid, and the cumulative posterior there."""
        log = np.array([self.log_evidence(*scales, sigma) for sigma in grid])
        log += halfnorm.logpdf(grid, 0, self.problem.priors.cycle_scale)
        mass = np.exp(log - log.max())
        cumulative = np.concatenate([[0.0], np.cumsum((mass[1:] + mass[:-1]) / 2 * np.diff(grid))])
        return float(np.log(cumulative[-1]) + log.max()), cumulative / cumulative[-1]

    def joint(self, u: Array, grid: Array, cumulative: Array, *scales: float) -> dict[str, Array]:
        """Turn standard normals (..., 1 + size of x) into draws with σ_c learned."""
        sigma_c = np.interp(ndtr(u[..., 0]), cumulative, grid)
        # the posterior of x given σ_c, by Kalman's update from its prior: exact, and vectorised
        mean, variance = self.prior(*scales, 1.0)
        cycles = len(self.problem.predictor.cycle.T)
        scale = np.broadcast_to(np.sqrt(variance), (*sigma_c.shape, len(variance))).copy()
        scale[..., -cycles:] = sigma_c[..., None]
        a, likelihood = self.design, self.problem.likelihood
        weighted = a[None, None] / likelihood.sd[:, None] * scale[..., None, :]
        inner = np.eye(len(mean)) + np.swapaxes(weighted, -1, -2) @ weighted
        residual = (likelihood.y - a @ mean) / likelihood.sd
        centre = np.linalg.solve(inner, (np.swapaxes(weighted, -1, -2) @ residual)[..., None])
        root = np.swapaxes(np.linalg.cholesky(np.linalg.inv(inner)), -1, -2)
        x = centre[..., 0] + np.einsum("...ij,...i->...j", root, u[..., 1:])
        return {**self.split(mean + scale * x), "sigma_c": sigma_c}


def gaussian_posterior(priors: Priors, *, shift: float = 0.0) -> GaussianPosterior:
    """Four states, five edges, two cycles; `shift` drives the observations off balance."""
    matrix = [[4, 9, 3, 0], [2, 5, 7, 4], [6, 1, 0, 8], [0, 5, 2, 3]]
    counts = TransitionCounts.from_matrix(np.array(matrix), states=["a", "b", "c", "d"])
    problem = problem_of(counts, priors=priors, likelihood="multinomial")
    rng = np.random.default_rng(8)
    n = len(problem.predictor.potential)
    p = problem.predictor
    eta = p.potential @ [0.5, -1.0, 2.0, 0.3] + p.symmetric @ [-1.0, -3.0, -2.0, -4.0, 0.5]
    sd = rng.uniform(0.2, 0.8, n)
    y = eta + shift * (p.cycle @ [1.0, -0.4]) + sd * rng.normal(size=n)
    likelihood = GaussianLikelihood(y, sd)
    return GaussianPosterior(replace(problem, likelihood=likelihood))


def vectors(problem: Problem, V: Array, s: Array, z: Array | None = None) -> Array:
    """Parameter vectors (v, z, s) of a problem with one component; no z: the reversible ones."""
    (reference,) = problem.references
    v = np.delete(V - V[..., [reference]], reference, axis=-1)
    return np.concatenate([v, s] if z is None else [v, z, s], axis=-1)
