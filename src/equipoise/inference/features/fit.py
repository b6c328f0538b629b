"""Evidence of features, and draws: nested Laplace and importance sampling, without MCMC."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import hypot

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.special import logsumexp

from equipoise.inference.evidence.cycle_scale import CycleScalePosterior
from equipoise.inference.evidence.laplace.curve import METHOD, NodeCurve
from equipoise.inference.evidence.laplace.fit import pooled_draws, raw_draws, solve_curve
from equipoise.inference.evidence.psis import smooth
from equipoise.inference.evidence.result import BayesFactor
from equipoise.inference.features.problem import FeatureProblem, latent
from equipoise.inference.features.signal import Signal
from equipoise.inference.modes.lattice import data_resolutions
from equipoise.likelihoods import AdjustedEdges, FloatArray, IntArray
from equipoise.models.latent import LatentModel, half_normal_cells

Progress = Callable[[int, int], None]
_FINE = 200
_NEGLIGIBLE = 1e-4
#: Draws that are kept for summaries.
KEPT = 4000


@dataclass(frozen=True, eq=False)
class Slice:
    """Features at one lengthscale (or columns, which have none).

    Attributes
    ----------
    signal
        What they add.
    model
        The latent model, σ to be set.
    curve
        Evidence against σ, the scale of what features explain, from none (0) upwards.
    """

    signal: Signal
    model: LatentModel
    curve: NodeCurve

    def posterior(self, factor: float = 1.0) -> CycleScalePosterior:
        """Return the posterior of σ under ``HalfNormal(factor × its scale)``."""
        scale = self.signal.half_normal
        return self.curve.smooth(scale).posterior(factor * scale)

    @property
    def none(self) -> tuple[float, float]:
        """Log evidence without features, and its Monte Carlo error."""
        return float(self.curve.reversible.log_evidence), self.curve.reversible.mcse

    def log_bayes_factor(self, factor: float = 1.0) -> tuple[float, float]:
        """Return the log BF of features against none at this lengthscale, and its error."""
        post = self.posterior(factor)
        return -post.log_bayes_factor, post.mcse

    def pareto_k(self, factor: float = 1.0) -> float:
        """Return the worst k̂ of the weights behind it."""
        weights = raw_draws(self.curve, self.posterior(factor))[0]
        return max(self.curve.reversible.pareto_k, smooth(weights).pareto_k)

    def draws(self) -> tuple[FloatArray, FloatArray]:
        """Return draws (n, d) and their weights (n,), σ integrated over its prior."""
        return pooled_draws(self.curve, self.posterior(), self.model)


@dataclass(frozen=True, eq=False)
class FeatureFit:
    """Features against none.

    Attributes
    ----------
    problem
        The question.
    none
        The latent model without features.
    slices
        One; of an embedding one for each lengthscale, in order.
    """

    problem: FeatureProblem
    none: LatentModel
    slices: tuple[Slice, ...]

    @property
    def log_lengthscales(self) -> FloatArray:
        """Logarithms of the lengthscales, in units of the median distance, shape (L,)."""
        return np.array([one.signal.log_lengthscale or 0.0 for one in self.slices])

    def lengthscales(self, factor: float = 1.0) -> tuple[FloatArray, FloatArray]:
        """Return a fine grid of log-lengthscales, and the posterior mass of each."""
        nodes = self.log_lengthscales
        fine = np.linspace(nodes[0], nodes[-1], _FINE)
        terms = self._terms(fine, factor)
        return fine, np.exp(terms - logsumexp(terms))

    def shares(self, factor: float = 1.0) -> FloatArray:
        """Return the posterior weight of each slice, shape (L,), summing to 1."""
        if len(self.slices) == 1:
            return np.ones(1)
        fine, mass = self.lengthscales(factor)
        hats = np.array([np.interp(fine, self.log_lengthscales, row) for row in np.eye(len(self))])
        return np.asarray(hats @ mass)

    def __len__(self) -> int:
        return len(self.slices)

    def log_bayes_factor(self, factor: float = 1.0) -> BayesFactor:
        """Return the log BF of features against none, the prior scale of σ times a factor."""
        values = [one.log_bayes_factor(factor) for one in self.slices]
        shares = self.shares(factor)
        worst = max(
            one.pareto_k(factor)
            for one, share in zip(self.slices, shares.tolist(), strict=True)
            if share > _NEGLIGIBLE
        )
        total = values[0][0]
        if len(self) > 1:
            fine = np.linspace(self.log_lengthscales[0], self.log_lengthscales[-1], _FINE)
            total = float(logsumexp(self._terms(fine, factor)))
        mcse = float(np.sqrt(((shares * [error for _, error in values]) ** 2).sum()))
        return BayesFactor(total, mcse, METHOD, factor * self.slices[0].signal.half_normal, worst)

    def log_evidence(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Return the log evidence with features and without, each with its Monte Carlo error."""
        parts = [one.none for one in self.slices]
        error = float(np.sqrt(sum(e**2 for _, e in parts))) / len(parts)
        none = (float(np.mean([value for value, _ in parts])), error)
        factor = self.log_bayes_factor()
        return (none[0] + factor.log_value, hypot(factor.mcse, error)), none

    def _terms(self, fine: FloatArray, factor: float) -> FloatArray:
        """Return log BF plus log prior mass on a grid of log-lengthscales."""
        values = [one.log_bayes_factor(factor)[0] for one in self.slices]
        prior = -0.5 * fine**2
        curve = CubicSpline(self.log_lengthscales, values)(fine)
        return np.asarray(curve + prior - logsumexp(prior))


def solve(
    problem: FeatureProblem,
    signals: Sequence[Signal],
    *,
    draws: int,
    rng: np.random.Generator,
    rows: AdjustedEdges | None = None,
    progress: Progress | None = None,
) -> FeatureFit:
    """Compute the evidence of features against none.

    Parameters
    ----------
    problem
        The question.
    signals
        What features may add: one, or one for each lengthscale.
    draws
        Importance draws at each σ; four times as many at 0.
    rng
        Source of randomness.
    rows
        Another likelihood of the potential; default: edges with the curvature of multinomial rows.
    progress
        Called with (slices done, slices planned).

    Raises
    ------
    NotTrustedError
        If a posterior mode cannot be reached.
    """
    likelihood = problem.edges if rows is None else rows
    resolution = data_resolutions(latent(problem, likelihood, None))[0]
    base = latent(problem, likelihood, None, resolution=resolution)
    slices = []
    for number, signal in enumerate(signals):
        model = latent(problem, likelihood, signal.basis, resolution=resolution)
        curve, _ = solve_curve(
            base, model, model.predictor, tau=signal.half_normal, draws=draws, rng=rng
        )
        slices.append(Slice(signal, model, curve))
        if progress is not None:
            progress(number + 1, len(signals))
    return FeatureFit(problem, base, tuple(slices))


@dataclass(frozen=True, eq=False)
class FeatureDraws:
    """Draws of equal weight from the posterior given features, lengthscales mixed.

    Attributes
    ----------
    signal, residual
        The part of Φ that features explain, and the rest ε, shapes (n, S), nats, each centred in
        each component: their sum is Φ.
    coefficients
        β, nats per standard deviation of a feature, shape (n, K); (n, 0) for an embedding.
    residual_scale, signal_scale
        σ_ε and σ (σ_β or σ_f), shape (n,), nats.
    lengthscale
        ℓ in units of the median distance of an embedding, shape (n,); 1 for columns.
    new, new_signal
        Φ of the predicted states, and the part of it that features explain, less the mean over the
        main component, shape (n, U), nats.
    """

    signal: FloatArray
    residual: FloatArray
    coefficients: FloatArray
    residual_scale: FloatArray
    signal_scale: FloatArray
    lengthscale: FloatArray
    new: FloatArray
    new_signal: FloatArray

    @property
    def potential(self) -> FloatArray:
        """Φ, centred in each component, shape (n, S), nats."""
        return self.signal + self.residual

    @property
    def share(self) -> FloatArray:
        """Explained share of the spread, ``|signal|²/(|signal|² + |ε|²)``, shape (n,)."""
        return share_of(self.signal, self.residual)


def share_of(signal: FloatArray, residual: FloatArray) -> FloatArray:
    """Return the share of a Bayesian R² (Gelman, Goodrich, Gabry & Vehtari 2019), shape (n,)."""
    explained, rest = (signal**2).sum(axis=1), (residual**2).sum(axis=1)
    return np.asarray(explained / np.maximum(explained + rest, 1e-300))


def draws_of(fit: FeatureFit, rng: np.random.Generator) -> FeatureDraws:
    """Return draws of all slices, resampled to equal weights, σ_ε and σ drawn beside."""
    many = _resampled(fit.shares(), KEPT, rng)
    parts = [
        _slice_draws(fit.problem, one, int(n), rng)
        for one, n in zip(fit.slices, np.bincount(many, minlength=len(fit)), strict=True)
        if n
    ]
    joined = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in FeatureDraws.__dataclass_fields__
    }
    if len(fit) > 1:
        # From between the lengthscales too: paired with the other draws by their order.
        fine, mass = fit.lengthscales()
        joined["lengthscale"] = np.exp(fine[_resampled(mass, KEPT, rng)])
    return FeatureDraws(**joined)


def _resampled(weights: FloatArray, n: int, rng: np.random.Generator) -> IntArray:
    """Return ``n`` indices in proportion to weights, by systematic resampling."""
    at = (np.arange(n) + rng.random()) / n
    reached = np.cumsum(weights) / weights.sum()
    return np.minimum(np.searchsorted(reached, at), len(weights) - 1)


def _slice_draws(
    problem: FeatureProblem, one: Slice, n: int, rng: np.random.Generator
) -> FeatureDraws:
    theta, weights = one.draws()
    theta = theta[_resampled(weights, n, rng)]
    signal, model = one.signal, one.model
    a = model.cycles(theta)
    rest = model.blocks[0]
    if rest.scale is None:
        residual_scale = _drawn(rest.grid, rest.log_prior + rest.log_density(theta, rest.grid), rng)
    else:
        residual_scale = np.full(len(theta), rest.scale)
    grid = one.posterior().grid
    square = (a**2).sum(axis=1)
    log_mass = half_normal_cells(grid, signal.half_normal) - a.shape[1] * np.log(grid)
    signal_scale = _drawn(grid, log_mass - square[:, None] / (2 * grid**2), rng)
    main = int(np.sum(problem.component == problem.main))
    new_signal = a @ signal.new.T
    if signal.spread.shape[1]:
        noise = rng.standard_normal((n, signal.spread.shape[1])) @ signal.spread.T
        new_signal = new_signal + signal_scale[:, None] * noise
    # ε of a new state, less its mean over the main component, of which the data tell nothing.
    noise = rng.standard_normal((n, len(signal.new)))
    noise -= rng.standard_normal((n, 1)) / np.sqrt(main)
    return FeatureDraws(
        signal=a @ signal.basis.T,
        residual=model.potential(theta),
        coefficients=a if signal.log_lengthscale is None else a[:, :0],
        residual_scale=residual_scale,
        signal_scale=signal_scale,
        lengthscale=np.full(n, np.exp(signal.log_lengthscale or 0.0)),
        new=new_signal + residual_scale[:, None] * noise,
        new_signal=new_signal,
    )


def _drawn(grid: FloatArray, log_mass: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Draw one grid value for each row of log masses (n, G), spread over its cell, shape (n,)."""
    mass = np.exp(log_mass - log_mass.max(axis=1, keepdims=True))
    reached = np.cumsum(mass, axis=1)
    at = (reached < (rng.random(len(mass)) * reached[:, -1])[:, None]).sum(axis=1)
    step = np.log(grid[1] / grid[0])
    return np.asarray(grid[at] * np.exp(step * (rng.random(len(mass)) - 0.5)))
