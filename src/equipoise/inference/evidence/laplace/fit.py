"""The fast path: from counts to the evidence curve and weighted posterior draws."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from threadpoolctl import threadpool_limits

from equipoise.counts import TransitionCounts
from equipoise.errors import UsageError
from equipoise.graph import SupportGraph
from equipoise.inference.evidence.cycle_scale import (
    DECIDING,
    CycleScaleCurve,
    CycleScalePosterior,
    lowest_cycle_scale,
    posterior_over,
)
from equipoise.inference.evidence.information import cycle_information, evidence_slope
from equipoise.inference.evidence.laplace.curve import (
    METHOD,
    NodeCurve,
    first_nodes,
    gaps_to_halve,
)
from equipoise.inference.evidence.laplace.node import Node, evaluate_node
from equipoise.inference.evidence.psis import smooth
from equipoise.inference.evidence.result import BayesFactor, Evidence
from equipoise.inference.modes.lattice import data_resolutions
from equipoise.inference.problem import LikelihoodName, Problem, problem_of
from equipoise.inference.weighted import WeightedDraws
from equipoise.likelihoods import FloatArray, Predictor, Rejected
from equipoise.models import Priors
from equipoise.models.latent import LatentModel, half_normal_cells
from equipoise.models.sums import log_sum_exp
from equipoise.simulate.draws import RandomSeed, random_generator

_ROUNDS = 4
_THREADS_FROM = 500
# Nodes of less weight give no draws; scales are integrated on every third point of the fine grid.
_NEGLIGIBLE, _THIN, _CHUNK = 1e-5, 3, 4096
Progress = Callable[[int, int], None]
Evaluate = Callable[
    [LatentModel, float, FloatArray, tuple[float, ...], int, np.random.Generator], Node
]


@dataclass(frozen=True, eq=False, repr=False)
class LaplaceFit:
    """Everything the fast path knows after its solves: evidence, curve, draws.

    Attributes
    ----------
    problem
        What was asked: graph, likelihood with its counts, priors.
    reversible, cyclic
        The two hypotheses; ``cyclic`` equals ``reversible`` where the graph has no cycle.
    curve
        Evidence against σ_c.
    information
        Eigenvalues of the Fisher information of c with everything else profiled out, at the
        reversible mode; shape (b,), 1/nats².
    """

    problem: Problem
    reversible: LatentModel
    cyclic: LatentModel
    curve: NodeCurve
    information: FloatArray

    def __repr__(self) -> str:
        factor = self.log_bayes_factor()
        return (
            f"LaplaceFit({self.graph!r}, log BF {factor.log_value:.2f} ± {factor.mcse:.2f}, "
            f"k̂ {factor.pareto_k:.2f})"
        )

    @property
    def graph(self) -> SupportGraph:
        """The support graph."""
        return self.problem.graph

    @property
    def priors(self) -> Priors:
        """The priors used."""
        return self.problem.priors

    @cached_property
    def smooth_curve(self) -> CycleScaleCurve | None:
        """Evidence against σ_c on a fine grid; None where the graph has no cycle."""
        return self.curve.smooth(self.priors.cycle_scale) if self.curve.nodes else None

    def cycle_scale_posterior(self, tau: float | None = None) -> CycleScalePosterior:
        """Return the posterior of σ_c for one τ (default: that of the priors).

        Raises
        ------
        UsageError
            If the graph has no cycle, or τ exceeds four times that of the priors, beyond which the
            nodes do not reach.
        """
        return posterior_over(self.smooth_curve, tau)

    def log_bayes_factor(self, tau: float | None = None) -> BayesFactor:
        """Return the log Bayes factor of balance against the cyclic rival; 0 without cycles."""
        tau = self.priors.cycle_scale if tau is None else tau
        base_k = self.curve.reversible.pareto_k
        if not self.curve.nodes:
            return BayesFactor(0.0, 0.0, METHOD, tau, base_k)
        post = self.cycle_scale_posterior(tau)
        worst = max(base_k, smooth(raw_draws(self.curve, post)[0]).pareto_k)
        return BayesFactor(post.log_bayes_factor, post.mcse, METHOD, tau, worst)

    def evidence(self) -> Evidence:
        """Return the evidence of the reversible hypothesis."""
        node = self.curve.reversible
        return Evidence(
            node.log_evidence, node.mcse, METHOD, {"pareto_k": node.pareto_k, "ess": node.ess}
        )

    @cached_property
    def reversible_draws(self) -> WeightedDraws:
        """Weighted draws of the reversible posterior."""
        node = self.curve.reversible
        return WeightedDraws(self.graph, self.reversible, node.theta, _normalised(node.log_weights))

    @cached_property
    def cyclic_draws(self) -> WeightedDraws:
        """Weighted draws of the cyclic posterior, σ_c integrated over its prior."""
        if not self.curve.nodes:
            return self.reversible_draws
        theta, weights = pooled_draws(self.curve, self.cycle_scale_posterior(), self.cyclic)
        return WeightedDraws(self.graph, self.cyclic, theta, weights)


def raw_draws(curve: NodeCurve, post: CycleScalePosterior) -> tuple[FloatArray, FloatArray]:
    """Return log-weights (n,) and draws (n, d) of all nodes that carry weight, mixed by it."""
    theta = [node.theta for node, _ in _used(curve, post)]
    return raw_log_weights(curve, post), np.concatenate(theta)


def raw_log_weights(curve: NodeCurve, post: CycleScalePosterior) -> FloatArray:
    """Return the log-weights (n,) of :func:`raw_draws` alone."""
    return np.concatenate(
        [node.log_weights - node.log_evidence + np.log(w) for node, w in _used(curve, post)]
    )


def _used(curve: NodeCurve, post: CycleScalePosterior) -> list[tuple[Node, float]]:
    return [
        (node, weight)
        for node, weight in zip(curve.nodes, curve.shares(post).tolist(), strict=True)
        if weight > _NEGLIGIBLE
    ]


def _over_scales(
    curve: NodeCurve, post: CycleScalePosterior, family: LatentModel, theta: FloatArray
) -> FloatArray:
    r"""Return log factors (n,) that take draws mixed over nodes to all scales.

    The mixture has the density ``Σ_k share_k Normal(z; 0, σ_k) / Z_k`` where the posterior has
    ``∫ Normal(z; 0, σ) HalfNormal(σ) dσ``; all else is common. Without the factor the posterior of
    the scale would be blurred by the distance of two nodes.
    """
    square = (family.cycles(theta) ** 2).sum(axis=1)

    def log_normal(scales: FloatArray, log_weights: FloatArray, part: FloatArray) -> FloatArray:
        terms = log_weights - family.n_cycles * np.log(scales) - part[:, None] / (2 * scales**2)
        return log_sum_exp(terms, axis=1)

    grid = post.grid[::_THIN]
    prior = half_normal_cells(grid, post.tau)
    used = _used(curve, post)
    scales = np.array([node.cycle_scale for node, _ in used])
    mixed = np.array([np.log(weight) - node.log_evidence for node, weight in used])
    parts = np.array_split(square, max(len(square) // _CHUNK, 1))
    return np.concatenate(
        [log_normal(grid, prior, part) - log_normal(scales, mixed, part) for part in parts]
    )


def pooled_draws(
    curve: NodeCurve, post: CycleScalePosterior, family: LatentModel
) -> tuple[FloatArray, FloatArray]:
    """Return draws (n, d) of the wider hypothesis, and Pareto-smoothed weights that sum to 1.

    Parameters
    ----------
    curve
        Its nodes hold the draws.
    post
        Posterior of the scale, integrated over its prior.
    family
        The wider hypothesis.
    """
    log_weights, theta = raw_draws(curve, post)
    return theta, _normalised(log_weights + _over_scales(curve, post, family, theta))


def laplace(
    counts: TransitionCounts,
    *,
    priors: Priors | None = None,
    likelihood: LikelihoodName = "auto",
    rejected: Rejected = "stay",
    draws: int = 2000,
    random_seed: RandomSeed = None,
    progress: Progress | None = None,
) -> LaplaceFit:
    """Compute the evidence for balance from counts, in seconds and without MCMC.

    Parameters
    ----------
    counts : TransitionCounts
        Axis 0 is from, axis 1 to.
    priors : Priors, optional
        Default: ``Priors()``, learned scales.
    likelihood : {"auto", "multinomial", "pairwise"}
        Multinomial rows are exact for counted trials; pairwise edges a conditional likelihood.
        "auto" takes multinomial rows up to 400 parameters, pairwise edges beyond.
    rejected : {"stay", "drop"}
        What a trial that ended in no state counts as.
    draws : int
        Importance draws at each σ_c; four times as many for the reversible hypothesis.
    random_seed : int, Generator or None
        The same seed gives the same result.
    progress : callable, optional
        Called with (nodes done, nodes planned).

    Returns
    -------
    LaplaceFit
        Its Bayes factors carry k̂, which says whether they may be trusted.

    Raises
    ------
    UsageError
        If an argument is unknown or out of its range, or the graph too large.
    NotTrustedError
        If a posterior mode cannot be reached.
    """
    problem = problem_of(counts, priors=priors, likelihood=likelihood, rejected=rejected)
    return solve(problem, draws=draws, random_seed=random_seed, progress=progress)


def solve(
    problem: Problem,
    *,
    draws: int = 2000,
    random_seed: RandomSeed = None,
    progress: Progress | None = None,
) -> LaplaceFit:
    """Compute the evidence curve of a problem; :func:`laplace` with the question ready made."""
    if draws < 100:
        raise UsageError(f"draws must be at least 100, not {draws!r}")
    rng = random_generator(random_seed)
    # Threads slow small matrices down two- to sevenfold, and worse on a busy machine.
    threads = 1 if problem.n_parameters < _THREADS_FROM else None
    with threadpool_limits(threads, user_api="blas"):
        return _solve(problem, draws, rng, progress)


def _solve(
    problem: Problem, draws: int, rng: np.random.Generator, progress: Progress | None
) -> LaplaceFit:
    fixed = replace(problem.priors, scales="fixed")
    resolutions = data_resolutions(problem.with_priors(fixed).reversible())
    reversible = problem.reversible(resolutions)
    cyclic = problem.cyclic(resolutions) if problem.predictor.basis.shape[1] else reversible
    curve, information = solve_curve(
        reversible,
        cyclic,
        problem.predictor,
        tau=problem.priors.cycle_scale,
        draws=draws,
        rng=rng,
        progress=progress,
    )
    return LaplaceFit(problem, reversible, cyclic, curve, information)


def solve_curve(
    base: LatentModel,
    family: LatentModel,
    predictor: Predictor,
    *,
    tau: float,
    draws: int,
    rng: np.random.Generator,
    progress: Progress | None = None,
    evaluate: Evaluate = evaluate_node,
) -> tuple[NodeCurve, FloatArray]:
    """Compute the evidence of nested hypotheses against the scale of what tells them apart.

    Parameters
    ----------
    base
        The hypothesis at scale 0.
    family
        The wider one, whose ``at_cycle_scale`` sets the scale; ``base`` itself where nothing tells
        them apart.
    predictor
        Its ``cycle`` and ``basis`` are what tells them apart.
    tau
        Of the half-normal prior of the scale.
    draws
        Importance draws at each scale; four times as many at 0.
    rng
        Source of randomness.
    progress
        Called with (nodes done, nodes planned).
    evaluate
        What computes the evidence at one scale, :func:`evaluate_node` or its like.

    Returns
    -------
    NodeCurve
        The evidence against the scale.
    array
        Eigenvalues of the information on what tells them apart, all else profiled out, shape (b,).
    """
    scales = (1.0,) * len(base.learned)
    bottom = evaluate(base, 0.0, base.prior_mean, scales, 4 * draws, rng)
    if not family.n_cycles:
        return NodeCurve(bottom, ()), np.zeros(0)
    information = cycle_information(base, predictor, bottom.mode.theta)
    slope = evidence_slope(base, predictor, bottom.mode.theta)
    spots = first_nodes(lowest_cycle_scale(slope, information, tau), tau)
    nodes: list[Node] = []
    for _ in range(_ROUNDS):
        for spot in spots:
            near = min(nodes, key=lambda n: abs(np.log(n.cycle_scale / spot)), default=None)
            theta = family.with_cycles(bottom.mode.theta) if near is None else near.mode.theta
            mode = bottom.mode if near is None else near.mode
            nodes.append(
                evaluate(family.at_cycle_scale(spot), spot, theta, mode.scales, draws, rng)
            )
            if progress is not None:
                progress(len(nodes), max(len(spots), len(nodes)))
        nodes.sort(key=lambda node: node.cycle_scale)
        curve = NodeCurve(bottom, tuple(nodes))
        smooth_curve = curve.smooth(tau)
        integrals = [smooth_curve.posterior(factor * tau) for factor in DECIDING]
        spots = gaps_to_halve(curve, family, integrals)
        if not len(spots):
            break
    return NodeCurve(bottom, tuple(nodes)), information


def _normalised(log_weights: FloatArray) -> FloatArray:
    """Return Pareto-smoothed weights that sum to 1."""
    smoothed = smooth(log_weights).log_weights
    weights = np.exp(smoothed - smoothed.max())
    return np.asarray(weights / weights.sum())
