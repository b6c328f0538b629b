"""A hypothesis at fixed cycle scale: a log-concave likelihood under Gaussian blocks."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
from scipy.special import erf

from equipoise.likelihoods import FloatArray, IntArray, Likelihood, Predictor
from equipoise.models.priors import Priors
from equipoise.models.sums import log_sum_exp

# Scales above UPPER times the half-normal's own have prior mass 6e-7.
_UPPER = 5.0


@dataclass(frozen=True, eq=False)
class Block:
    """Parameters that share ``Normal(mean + shift, scale)``, ``shift ~ Normal(0, mean_sd)``.

    The shift is integrated out in closed form.

    Attributes
    ----------
    columns
        Their place in the parameter vector.
    mean, mean_sd
        Prior mean and the standard deviation of the common shift (0: none).
    scale
        The fixed scale, or None where it is learned.
    metric
        Where the parameters are coordinates in an oblique basis F: ``FᵀF``, so that the prior is
        isotropic in the space they span; None for an orthonormal one.
    grid, log_prior
        Where it is learned: scales on a logarithmic grid, and the log prior mass of the cell of
        each; the first cell reaches down to 0, the last up to infinity.
    """

    columns: slice
    mean: float
    mean_sd: float
    scale: float | None
    grid: FloatArray
    log_prior: FloatArray
    metric: FloatArray | None = None

    @property
    def size(self) -> int:
        """Number of parameters."""
        return int(self.columns.stop - self.columns.start)

    def precision(self, scale: float) -> FloatArray:
        """Return the prior precision matrix at one scale, shape (size, size)."""
        if self.metric is None:
            precision = np.zeros((self.size, self.size))
            precision.flat[:: self.size + 1] = 1 / scale**2
        else:
            precision = self.metric / scale**2
        if self.mean_sd:
            precision -= self._shrinkage(scale)
        return precision

    def log_density(self, theta: FloatArray, scale: FloatArray | float) -> FloatArray:
        """Return log densities of vectors ``theta[..., columns]`` at scales, broadcast."""
        square, total = self._sufficient(theta)
        if np.ndim(scale):
            square, total = square[..., None], total[..., None]
        quadratic = square / scale**2 - self._shrinkage(scale) * total**2
        return np.asarray(-0.5 * (quadratic + self._log_norm(scale)))

    def score(self, theta: FloatArray, scale: FloatArray | float) -> FloatArray:
        """Return the gradient of ``log_density`` at scales of shape (...), shape (..., size)."""
        x = theta[..., self.columns] - self.mean
        pulled = x if self.metric is None else x @ self.metric
        wide = np.asarray(scale)[..., None]
        total = x.sum(axis=-1, keepdims=True)
        return np.asarray(self._shrinkage(wide) * total - pulled / wide**2)

    def log_marginal(self, theta: FloatArray) -> FloatArray:
        """Return log densities with the scale integrated over its prior."""
        if self.scale is not None:
            return self.log_density(theta, self.scale)
        square, total = self._sufficient(theta)
        # log_density at every scale of the grid, written as one product: it is linear in these.
        terms = np.stack([square, total**2, np.ones_like(square)], axis=-1) @ np.stack(
            [
                -0.5 / self.grid**2,
                0.5 * self._shrinkage(self.grid),
                self.log_prior - 0.5 * self._log_norm(self.grid),
            ]
        )
        return log_sum_exp(terms, axis=-1)

    def _sufficient(self, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return all that the density of vectors needs: squared length, and sum of deviations."""
        x = theta[..., self.columns] - self.mean
        pulled = x if self.metric is None else x @ self.metric
        return np.einsum("...i,...i->...", pulled, x), x.sum(axis=-1)

    def _log_norm(self, scale: FloatArray | float) -> FloatArray:
        """Return minus twice the log density at the mean."""
        log_det = 2 * self.size * np.log(scale) + np.log1p(self.size * (self.mean_sd / scale) ** 2)
        return np.asarray(log_det + self._of_metric)

    @cached_property
    def _of_metric(self) -> float:
        """The part of ``_log_norm`` that no scale changes."""
        log_det = 0.0 if self.metric is None else float(np.linalg.slogdet(self.metric)[1])
        return self.size * float(np.log(2 * np.pi)) - log_det

    @cached_property
    def log_grid(self) -> FloatArray:
        """Log of the grid of scales."""
        return np.asarray(np.log(self.grid))

    def _shrinkage(self, scale: FloatArray | float) -> FloatArray:
        ratio = (self.mean_sd / scale) ** 2
        return np.asarray(ratio / scale**2 / (1.0 + self.size * ratio))


def half_normal_cells(grid: FloatArray, scale: float) -> FloatArray:
    """Return the log prior mass that ``HalfNormal(scale)`` gives to the cell of each grid point."""
    cuts = np.concatenate([[0.0], np.sqrt(grid[1:] * grid[:-1]), [np.inf]])
    mass = np.diff(erf(cuts / (scale * np.sqrt(2.0))))
    return np.asarray(np.log(np.maximum(mass, 1e-300)))


def fixed_block(columns: slice, scale: float, *, mean: float = 0.0) -> Block:
    """Return a block whose scale is given."""
    return Block(columns, mean, 0.0, scale, np.zeros(0), np.zeros(0))


def learned_block(
    columns: slice,
    half_normal: float,
    *,
    resolution: float,
    mean: float = 0.0,
    mean_sd: float = 0.0,
) -> Block:
    """Return a block whose scale has the prior ``HalfNormal(half_normal)``.

    The scale lives on a grid from ``resolution``, below which the likelihood no longer depends on
    it, so that the first cell may reach to 0. The posterior of a log-scale is at least
    1/sqrt(2 size) wide, and a trapezoid rule with a step no wider than that errs by less than 1e-4.
    """
    size = columns.stop - columns.start
    step = min(0.1, 1.0 / np.sqrt(2.0 * max(size, 1)))
    grid = np.exp(np.arange(np.log(resolution), np.log(_UPPER * half_normal) + step, step))
    return Block(columns, mean, mean_sd, None, grid, half_normal_cells(grid, half_normal))


@dataclass(frozen=True, eq=False)
class LatentModel:
    """Likelihood, linear predictor and priors of one hypothesis.

    The parameter vector is ``theta = (v, z, s)``, length d: potentials above the reference state of
    their component, cycle amplitudes, symmetric edge terms. The common constant of V in each
    component, which no likelihood can see, and μ_s are integrated out in closed form.

    Attributes
    ----------
    likelihood
        A log-concave likelihood of ``eta = design @ theta``.
    design
        Shape (M, d).
    basis
        Cycle basis, shape (E, b): ``c = basis @ z``.
    lift
        Shape (S, S − K): ``V = lift @ v``, 0 at the reference states.
    blocks
        Potential, cycle and symmetric block, in the order of the columns; the cycle block is the
        one with ``scale = σ_c``, and is missing from the reversible hypothesis.
    """

    likelihood: Likelihood
    design: FloatArray
    basis: FloatArray
    lift: FloatArray
    blocks: tuple[Block, ...]

    @property
    def size(self) -> int:
        """Number of parameters, d."""
        return int(self.design.shape[1])

    @property
    def n_cycles(self) -> int:
        """Dimension b of the cycle space; 0 for the reversible hypothesis."""
        return int(self.basis.shape[1])

    @property
    def cycle_columns(self) -> slice:
        """Where the cycle amplitudes stand in the parameter vector."""
        start = int(self.lift.shape[1])
        return slice(start, start + self.n_cycles)

    @cached_property
    def prior_mean(self) -> FloatArray:
        """Prior mean, shape (d,)."""
        mean = np.zeros(self.size)
        for block in self.blocks:
            mean[block.columns] = block.mean
        return mean

    @property
    def learned(self) -> tuple[Block, ...]:
        """The blocks whose scale is learned."""
        return tuple(block for block in self.blocks if block.scale is None)

    @property
    def predictor(self) -> Predictor:
        """The design in parts; ``cycle`` and ``basis`` tell the model from a narrower one."""
        columns = self.cycle_columns
        return Predictor(
            potential=self.design[:, : columns.start],
            symmetric=self.design[:, columns.stop :],
            cycle=self.design[:, columns],
            basis=self.basis,
        )

    def at_cycle_scale(self, cycle_scale: float) -> "LatentModel":
        """Return the model at another σ_c."""
        blocks = tuple(
            replace(block, scale=cycle_scale)
            if self.n_cycles and block.columns == self.cycle_columns
            else block
            for block in self.blocks
        )
        return replace(self, blocks=blocks)

    def with_cycles(self, theta: FloatArray) -> FloatArray:
        """Return a reversible parameter vector with cycle amplitudes 0 put in their place."""
        return np.insert(theta, [self.cycle_columns.start] * self.n_cycles, 0.0)

    def precision(self, scales: tuple[float, ...]) -> FloatArray:
        """Return the prior precision, shape (d, d), at one value of each learned scale."""
        precision = np.zeros((self.size, self.size))
        learned = iter(scales)
        for block in self.blocks:
            scale = block.scale if block.scale is not None else next(learned)
            precision[block.columns, block.columns] = block.precision(scale)
        return precision

    def log_scale_prior(self, theta: FloatArray, scales: tuple[float, ...]) -> float:
        """Return the log prior density of ``theta`` and of the log of each learned scale."""
        learned = iter(scales)
        total = 0.0
        for block in self.blocks:
            if block.scale is not None:
                total += float(block.log_density(theta, block.scale))
                continue
            scale = next(learned)
            total += float(block.log_density(theta, scale))
            log_grid = block.log_grid
            cell = float(np.interp(np.log(scale), log_grid, block.log_prior))
            total += cell - float(np.log(log_grid[1] - log_grid[0]))
        return total

    def log_joint(self, theta: FloatArray) -> FloatArray:
        """Return ``log p(y, theta)`` at fixed σ_c, learned scales integrated out, shape (n,)."""
        value = self.likelihood.log_likelihood(theta @ self.design.T)
        for block in self.blocks:
            value = value + block.log_marginal(theta)
        return np.asarray(value)

    def potential(self, theta: FloatArray) -> FloatArray:
        """Return V (multinomial) or Φ (pairwise), 0 at the reference states, shape (..., S)."""
        return np.asarray(theta[..., : self.lift.shape[1]] @ self.lift.T)

    def cycles(self, theta: FloatArray) -> FloatArray:
        """Return c on every edge, i → j values, shape (..., E)."""
        return np.asarray(theta[..., self.cycle_columns] @ self.basis.T)


def latent_model(
    likelihood: Likelihood,
    predictor: Predictor,
    priors: Priors,
    *,
    component: IntArray,
    references: Sequence[int],
    resolutions: tuple[float, float] = (1e-3, 1e-3),
) -> LatentModel:
    """Put a likelihood, its predictor and the priors together.

    Parameters
    ----------
    likelihood, predictor
        Of one kind; ``predictor.reversible()`` makes the reversible hypothesis.
    priors
        Prior scales; σ_c starts at ``priors.cycle_scale`` (see ``at_cycle_scale``).
    component
        Connected component of each state, shape (S,).
    references
        One state of each component: its potential is the origin of the others'.
    resolutions
        Scales of V and of s below which the data cannot tell their values apart, nats: there the
        likelihood no longer depends on the learned scale, and its grid may end.
    """
    lift = np.delete(np.eye(len(component)), np.asarray(references, dtype=int), axis=1)
    same = component[:, None] == component
    # V iid and its constant integrated out: the precision of v is that of V centred.
    metric = lift.T @ (np.eye(len(component)) - same / same.sum(axis=1)) @ lift
    n_potential, n_symmetric = lift.shape[1], predictor.symmetric.shape[1]
    n_cycles = predictor.cycle.shape[1]
    learned = priors.scales == "learned"
    ends = np.cumsum([0, n_potential, n_cycles, n_symmetric]).tolist()
    potentials, cycles, symmetric = (slice(*pair) for pair in pairwise(ends))
    blocks = []
    if n_potential:
        block = (
            learned_block(potentials, priors.potential_scale, resolution=resolutions[0])
            if learned
            else fixed_block(potentials, priors.fixed_potential_sd)
        )
        blocks.append(replace(block, metric=metric))
    if n_cycles:
        gram = predictor.basis.T @ predictor.basis
        oblique = not np.allclose(gram, np.eye(n_cycles), atol=1e-9)
        block = fixed_block(cycles, priors.cycle_scale)
        blocks.append(replace(block, metric=gram if oblique else None))
    if n_symmetric:
        blocks.append(
            learned_block(
                symmetric,
                priors.symmetric_scale,
                resolution=resolutions[1],
                mean=priors.symmetric_mean,
                mean_sd=priors.symmetric_mean_sd,
            )
            if learned
            else fixed_block(symmetric, priors.fixed_symmetric_sd, mean=priors.symmetric_mean)
        )
    design = np.hstack([predictor.potential @ lift, predictor.cycle, predictor.symmetric])
    return LatentModel(likelihood, design, predictor.basis, lift, tuple(blocks))
