"""Kernels that the counts so far allow: balanced ones, and ones with a violation of given size.

Drawn from the posterior given the size, not from the prior, so that the spread of what further
trials will say is the predictive one. Only the violation's size, or c itself, is assumed.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.special import logsumexp

from equipoise.inference.evidence.laplace.node import Node, evaluate_node
from equipoise.inference.evidence.psis import K_TRUSTED, smooth
from equipoise.inference.modes.mode import Mode, find_mode
from equipoise.inference.problem import Problem
from equipoise.likelihoods import FloatArray, Likelihood
from equipoise.models.latent import LatentModel

# More where the first leave k̂ above its limit: a tail that few have reached looks too heavy.
_DRAWS = (4000, 16000)
_ROUNDS = 4
_NODES = 48


@dataclass(frozen=True, eq=False)
class Truths:
    """Kernels that may be the true one, all equally likely.

    Attributes
    ----------
    theta
        Reversible parameter vectors, shape (n, d).
    eta
        Predictors along the arcs, c included, shape (n, 2E).
    pareto_k
        k̂ of the importance weights they were resampled by.
    """

    theta: FloatArray
    eta: FloatArray
    pareto_k: float


@dataclass(frozen=True, eq=False)
class AssumedCirculation:
    """What is assumed of c: its size in a space of cycles, or c itself.

    Attributes
    ----------
    space
        Orthonormal columns that c lies in, shape (E, k); a single one where c is known.
    radius
        ``|c|``, nats.
    known
        Whether c is the column itself, times the radius, rather than any direction.
    """

    space: FloatArray
    radius: float
    known: bool


def balanced_truths(
    base: Node, reversible: LatentModel, n: int, rng: np.random.Generator
) -> Truths:
    """Draw kernels from the reversible posterior, given its node and model."""
    none = np.zeros((len(reversible.design), 0))
    w = np.zeros((1, 0))
    return _resampled(base.theta, w, base.log_weights, reversible, none, n, rng)


def violating_truths(
    problem: Problem,
    base: Node,
    reversible: LatentModel,
    assumed: AssumedCirculation,
    n: int,
    rng: np.random.Generator,
) -> Truths:
    """Draw kernels from the posterior given a violation's size.

    Parameters
    ----------
    problem
        The counts so far.
    base, reversible
        Node and model of the reversible hypothesis.
    assumed
        What is assumed of c.
    n
        How many.
    rng
        Source of randomness.

    Notes
    -----
    Importance sampling. V and s are drawn from the mixture of the fast path at a c in the middle of
    those that are likely, and shifted along with c as Fisher's information says. c has the law of
    ``r w/|w|``, w Gaussian: that of c itself to second order, were its length not fixed; its
    density on the sphere is an integral over ``|w|``.
    """
    columns = problem.predictor.cycle @ (problem.predictor.basis.T @ assumed.space)
    centre, mode = _middle(base, reversible, columns, assumed)
    for draws in _DRAWS:
        node = evaluate_node(
            _shifted(reversible, columns @ centre), 0.0, mode.theta, base.mode.scales, draws, rng
        )
        if assumed.known:
            theta, w, log_weights = node.theta, centre[None], node.log_weights
        else:
            theta, w, log_weights = _moved(node, reversible, columns, centre, assumed.radius, rng)
        truths = _resampled(theta, w, log_weights, reversible, columns, n, rng)
        if truths.pareto_k <= K_TRUSTED:
            break
    return truths


def _middle(
    base: Node, reversible: LatentModel, columns: FloatArray, assumed: AssumedCirculation
) -> tuple[FloatArray, Mode]:
    """Return w in the middle of those that are likely, and the mode there."""
    if assumed.known:
        return np.array([assumed.radius]), base.mode
    centre, mode = np.zeros(columns.shape[1]), base.mode
    for _ in range(_ROUNDS):
        model = _shifted(reversible, columns @ centre)
        mode = find_mode(model, base.mode.scales, mode.theta)
        proposal, _ = _expand(model, mode, columns, centre, assumed.radius)
        step = proposal.mean_direction() - centre
        # A fifth of the radius changes nothing that the weights could not mend.
        if np.linalg.norm(step) < 0.2 * assumed.radius:
            break
        centre = centre + step
    return centre, mode


def _moved(
    node: Node,
    reversible: LatentModel,
    columns: FloatArray,
    centre: FloatArray,
    radius: float,
    rng: np.random.Generator,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Give each draw of V and s, made at ``centre``, a w of its own: both, and log-weights."""
    model = _shifted(reversible, columns @ centre)
    proposal, shift = _expand(model, node.mode, columns, centre, radius)
    w, log_density = proposal.draw(len(node.theta), rng)
    log_proposal = model.log_joint(node.theta) - node.log_weights
    theta = node.theta + (w - centre) @ shift.T
    log_joint = reversible.likelihood.log_likelihood(theta @ reversible.design.T + w @ columns.T)
    for block in reversible.blocks:
        log_joint = log_joint + block.log_marginal(theta)
    return theta, w, log_joint - log_proposal - log_density


def _resampled(
    theta: FloatArray,
    w: FloatArray,
    log_weights: FloatArray,
    model: LatentModel,
    columns: FloatArray,
    n: int,
    rng: np.random.Generator,
) -> Truths:
    """Resample draws systematically, in random order."""
    smoothed = smooth(log_weights)
    weights = np.exp(smoothed.log_weights - logsumexp(smoothed.log_weights))
    spots = (np.arange(n) + rng.random()) / n
    at = np.minimum(np.searchsorted(np.cumsum(weights), spots), len(weights) - 1)
    at = rng.permutation(at)
    chosen = np.broadcast_to(w, (len(theta), w.shape[1]))[at]
    eta = theta[at] @ model.design.T + chosen @ columns.T
    return Truths(theta=theta[at], eta=eta, pareto_k=smoothed.pareto_k)


@dataclass(frozen=True, eq=False)
class _Sphere:
    """The law of ``r w/|w|`` for ``w ~ Normal(mean, precision⁻¹)``, in the axes of the precision.

    Attributes
    ----------
    axes, precision, mean
        Eigenvectors, shape (k, k), eigenvalues and mean in those axes, shape (k,).
    radius
        r.
    """

    axes: FloatArray
    precision: FloatArray
    mean: FloatArray
    radius: float

    def mean_direction(self) -> FloatArray:
        """Return the mean, no longer than the radius."""
        length = np.linalg.norm(self.mean)
        return np.asarray(self.axes @ self.mean / max(1.0, length / self.radius))

    def draw(self, n: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """Return n draws, shape (n, k), and the logs of their densities up to a constant."""
        w = self.mean + rng.standard_normal((n, len(self.mean))) / np.sqrt(self.precision)
        unit = w / np.linalg.norm(w, axis=1, keepdims=True)
        return self.radius * unit @ self.axes.T, self._log_density(unit)

    def _log_density(self, unit: FloatArray) -> FloatArray:
        """Return ``log ∫ s^(k−1) exp(−½ s² uᵀQu + s uᵀQm) ds`` by Gauss–Legendre."""
        power = len(self.mean) - 1
        a = (unit**2) @ self.precision
        b = unit @ (self.precision * self.mean)
        peak = (b + np.sqrt(b**2 + 4 * a * power)) / (2 * a)
        peak = np.maximum(peak, 0.0)
        width = 1.0 / np.sqrt(a + (power / peak**2 if power else 0.0))
        low, high = np.maximum(peak - 9 * width, 0.0), peak + 9 * width
        x, weight = np.polynomial.legendre.leggauss(_NODES)
        s = low[:, None] + (high - low)[:, None] * (x + 1) / 2
        height = power * np.log(s) - 0.5 * a[:, None] * s**2 + b[:, None] * s
        return np.asarray(logsumexp(height + np.log(weight), axis=1) + np.log(high - low))


def _expand(
    model: LatentModel, mode: Mode, columns: FloatArray, centre: FloatArray, radius: float
) -> tuple[_Sphere, FloatArray]:
    """Expand the posterior of w to second order, and V and s to first, about a mode.

    Returns the law of w, and ``∂θ/∂w``, shape (d, k).
    """
    eta = model.design @ mode.theta
    joint = model.likelihood.information(eta, np.hstack([model.design, columns]))
    size = model.size
    nuisance = joint[:size, :size] + model.precision(mode.scales)
    shift = -np.linalg.solve(nuisance, joint[:size, size:])
    information = joint[size:, size:] + joint[size:, :size] @ shift
    slope = columns.T @ model.likelihood.gradient(eta) + information @ centre
    values, axes = np.linalg.eigh((information + information.T) / 2)
    slope = axes.T @ slope
    # Length r on average, by a multiplier: it changes nothing on the sphere itself.
    lowest = -values[0]

    def square(multiplier: float) -> float:
        precision = values + multiplier
        return float((1.0 / precision + (slope / precision) ** 2).sum())

    highest = lowest + len(values) / radius**2
    while square(highest) > radius**2:
        highest = lowest + 2 * (highest - lowest)
    for _ in range(100):
        middle = (lowest + highest) / 2
        lowest, highest = (middle, highest) if square(middle) > radius**2 else (lowest, middle)
    precision = values + highest
    return _Sphere(axes, precision, slope / precision, radius), shift


@dataclass(frozen=True, eq=False)
class _Shifted:
    """A likelihood whose predictor has a known part."""

    likelihood: Likelihood
    offset: FloatArray

    @property
    def name(self) -> str:
        return self.likelihood.name

    def log_likelihood(self, eta: FloatArray) -> FloatArray:
        return self.likelihood.log_likelihood(eta + self.offset)

    def by_row(self, eta: FloatArray) -> FloatArray:
        return self.likelihood.by_row(eta + self.offset)

    def gradient(self, eta: FloatArray) -> FloatArray:
        return self.likelihood.gradient(eta + self.offset)

    def hessian_product(self, eta: FloatArray, vector: FloatArray) -> FloatArray:
        return self.likelihood.hessian_product(eta + self.offset, vector)

    def information(self, eta: FloatArray, design: FloatArray) -> FloatArray:
        return self.likelihood.information(eta + self.offset, design)

    def local(
        self, eta: FloatArray, design: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        return self.likelihood.local(eta + self.offset, design)

    def expected(self, eta: FloatArray) -> Any:
        return self.likelihood.expected(eta + self.offset)


def _shifted(model: LatentModel, offset: FloatArray) -> LatentModel:
    return replace(model, likelihood=_Shifted(model.likelihood, offset))
