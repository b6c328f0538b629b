"""Weighted posterior draws, and summaries with Monte Carlo errors."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from equipoise.errors import UsageError
from equipoise.graph import (
    SupportGraph,
    cycle_vector,
    edge_subgraph,
    orthonormal_cycle_basis,
)
from equipoise.likelihoods import FloatArray, IntArray, MultinomialRows, PairwiseEdges
from equipoise.models.latent import LatentModel


@dataclass(frozen=True, eq=False)
class WeightedDraws:
    """Draws of one hypothesis's posterior, with importance weights.

    Attributes
    ----------
    graph
        The support graph: names the states and edges.
    model
        The hypothesis drawn from.
    theta
        Parameter vectors ``(V, z, s)``, shape (n, d).
    weights
        Shape (n,), summing to 1.
    chains
        Number of Markov chains, whose draws follow each other; 0: independent draws.
    """

    graph: SupportGraph
    model: LatentModel
    theta: FloatArray
    weights: FloatArray
    chains: int = 0

    def summarise(self, values: FloatArray, probability: float = 0.95) -> "Summary":
        """Summarise values (n, k) of the draws column by column."""
        summary = summarise(values, self.weights, probability)
        return replace(summary, mcse=self.mcse(values)) if self.chains else summary

    def mcse(self, values: FloatArray) -> FloatArray:
        """Return the Monte Carlo errors of the means of ``values`` (n, k), shape (k,).

        For chains from their autocorrelation (Vehtari et al. 2021).
        """
        if not self.chains:
            centred = values - self.weights @ values
            return np.asarray(np.sqrt((self.weights**2) @ centred**2))
        from arviz_stats.base import array_stats

        by_chain = values.reshape(self.chains, -1, values.shape[1])
        still = np.ptp(values, axis=0) == 0
        return np.array(
            [
                0.0 if still[k] else float(array_stats.mcse(np.ascontiguousarray(by_chain[..., k])))
                for k in range(values.shape[1])
            ]
        )

    @cached_property
    def gradient_potential(self) -> FloatArray:
        """Gradient part of the log-ratios, shape (n, S), nats, up to a constant a component.

        Under the reversible hypothesis this is the potential ``Φ = −log π``; under the cyclic one
        it is not (docs/model.md). For the pairwise likelihood, whose covariance is too large
        by diag(1/N_i), draws are contracted towards their mean to remove that excess.
        """
        potential = potential_of(self.model, self.theta)
        likelihood = self.model.likelihood
        if isinstance(likelihood, PairwiseEdges):
            return _without_exposure_noise(
                potential, self.weights, likelihood.trials, self.graph.component
            )
        return potential

    @cached_property
    def circulation(self) -> FloatArray:
        """Divergence-free part c of the log-ratios, i → j values of each edge, shape (n, E)."""
        return self.model.cycles(self.theta)

    @cached_property
    def log_ratios(self) -> FloatArray:
        """``log P_ij/P_ji`` of each edge {i, j}, i < j, shape (n, E), nats."""
        i, j = np.asarray(self.graph.edges).reshape(-1, 2).T
        potential = self.gradient_potential
        return np.asarray(potential[:, i] - potential[:, j] + self.circulation)

    @property
    def violation(self) -> FloatArray:
        """``ρ``, shape (n,), nats; see :func:`violation_of`."""
        return violation_of(self.graph, self.circulation)

    def affinities(self, cycles: Sequence[Sequence[int]]) -> FloatArray:
        """Return the affinities of cycles (state indices in order), shape (n, len(cycles))."""
        vectors = np.array([cycle_vector(self.graph, tuple(cycle)) for cycle in cycles])
        return np.asarray(self.circulation @ vectors.reshape(-1, len(self.graph.edges)).T)

    def probability(self, event: npt.NDArray[np.bool_]) -> tuple[float, float]:
        """Return the posterior probability of a boolean event (n,) and its Monte Carlo error."""
        indicator = event.astype(float)[:, None]
        return float(self.weights @ event), float(self.mcse(indicator)[0])


def chained(graph: SupportGraph, model: LatentModel, theta: FloatArray) -> WeightedDraws:
    """Return draws of Markov chains, (chains, draws, d), as draws of equal weight."""
    chains, draws, size = theta.shape
    n = chains * draws
    return WeightedDraws(graph, model, theta.reshape(n, size), np.full(n, 1.0 / n), chains)


def violation_of(graph: SupportGraph, circulation: FloatArray) -> FloatArray:
    """Return ``ρ`` of c (..., E), shape (...), nats: what no potential explains of a log-ratio.

    ``sqrt(Σ c²/E)`` where all states lead to each other and back. Otherwise over the E edges
    inside strongly connected components, with c projected on their cycle space: what is left of c
    lies on cycles that no data can test, and is set by the priors. 0 without a testable cycle.
    """
    inside = graph.inside
    basis = orthonormal_cycle_basis(edge_subgraph(graph, inside))
    amplitudes = circulation[..., inside] @ basis
    return np.asarray(np.sqrt((amplitudes**2).sum(axis=-1) / max(int(inside.sum()), 1)))


def potential_of(model: LatentModel, theta: FloatArray) -> FloatArray:
    """Return the gradient part of the log-ratios at parameter vectors (..., d), shape (..., S).

    ``V − log Z`` for multinomial rows, Φ itself for the pairwise likelihood; up to a constant a
    component.
    """
    potential = model.potential(theta)
    if isinstance(model.likelihood, MultinomialRows):
        potential = potential - model.likelihood.log_normaliser(theta @ model.design.T)
    return potential


@dataclass(frozen=True, eq=False)
class Summary:
    """Posterior mean, standard deviation and central interval of k quantities.

    Attributes
    ----------
    mean, sd, lower, upper
        Shape (k,).
    mcse
        Monte Carlo standard error of the means, shape (k,).
    """

    mean: FloatArray
    sd: FloatArray
    lower: FloatArray
    upper: FloatArray
    mcse: FloatArray


def summarise(values: FloatArray, weights: FloatArray, probability: float = 0.95) -> Summary:
    """Summarise weighted draws ``values`` (n, k) column by column."""
    mean = weights @ values
    centred = values - mean
    tail = (1.0 - probability) / 2
    lower, upper = weighted_quantiles(values, weights, (tail, 1.0 - tail))
    return Summary(
        mean=mean,
        sd=np.sqrt(weights @ centred**2),
        lower=lower,
        upper=upper,
        mcse=np.sqrt((weights**2) @ centred**2),
    )


def weighted_quantiles(
    values: FloatArray, weights: FloatArray, levels: tuple[float, ...]
) -> FloatArray:
    """Return quantiles of each column of ``values`` (n, k), shape (len(levels), k)."""
    out = np.empty((len(levels), values.shape[1]))
    for column in range(values.shape[1]):
        order = np.argsort(values[:, column], kind="stable")
        w = weights[order]
        cumulative = np.cumsum(w) - 0.5 * w
        out[:, column] = np.interp(levels, cumulative, values[order, column])
    return out


def _without_exposure_noise(
    potential: FloatArray, weights: FloatArray, trials: FloatArray, component: IntArray
) -> FloatArray:
    """Contract pairwise draws so that their covariance loses diag(1/N), modulo gauge."""
    out = potential.copy()
    for label in np.unique(component):
        states = np.flatnonzero((component == label) & (trials > 0))
        if len(states) < 2:
            continue
        gauge = potential[:, states].mean(axis=1, keepdims=True)
        centre = np.eye(len(states)) - 1.0 / len(states)
        relative = potential[:, states] - gauge
        mean = weights @ relative
        centred = relative - mean
        covariance = (centred * weights[:, None]).T @ centred
        excess = centre @ np.diag(1.0 / trials[states]) @ centre
        if len(potential) <= len(states):
            raise UsageError(
                f"{len(potential)} draws cannot give the covariance of {len(states)} potentials, "
                "which the pairwise likelihood needs; draw more"
            )
        # The gauge direction has no variance; work in its complement.
        axes = np.linalg.qr(centre)[0][:, : len(states) - 1]
        root = np.linalg.cholesky(axes.T @ covariance @ axes)
        inverse = np.linalg.inv(root)
        share, vectors = np.linalg.eigh(inverse @ (axes.T @ excess @ axes) @ inverse.T)
        # A share near 1 says that the prior, not the data, limits that direction.
        kept = np.sqrt(np.maximum(1.0 - share, 0.05))
        contract = axes @ root @ (vectors * kept) @ vectors.T @ inverse @ axes.T
        out[:, states] = gauge + mean + centred @ contract.T
    return out
