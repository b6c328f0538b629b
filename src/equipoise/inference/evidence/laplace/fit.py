"""The fast path: from counts to the evidence curve and weighted posterior draws."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from threadpoolctl import threadpool_limits

from equipoise.counts import TransitionCounts
from equipoise.errors import UsageError
from equipoise.graph import SupportGraph, orthonormal_cycle_basis, support_graph
from equipoise.inference.evidence.information import cycle_information, evidence_slope
from equipoise.inference.evidence.laplace.curve import (
    CycleScalePosterior,
    EvidenceCurve,
    first_nodes,
    gaps_to_halve,
    integrate,
    lowest_cycle_scale,
)
from equipoise.inference.evidence.laplace.lattice import data_resolutions
from equipoise.inference.evidence.laplace.node import Node, evaluate_node
from equipoise.inference.evidence.psis import smooth
from equipoise.inference.evidence.result import BayesFactor, Evidence
from equipoise.inference.reference import reference_states
from equipoise.inference.weighted import WeightedDraws
from equipoise.likelihoods import (
    FloatArray,
    MultinomialRows,
    PairwiseEdges,
    Predictor,
    Rejected,
    multinomial,
    multinomial_predictor,
    pairwise,
    pairwise_predictor,
    support_arcs,
)
from equipoise.models import Priors
from equipoise.models.latent import LatentModel, latent_model

METHOD = "laplace"
_ROUNDS = 4
_THREADS_FROM = 500
Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class LaplaceFit:
    """Everything the fast path knows after its solves: evidence, curve, draws.

    Attributes
    ----------
    graph
        The support graph.
    likelihood, predictor
        The likelihood used, with its counts, and the linear map to its argument.
    references
        State of each component from which the others' potentials are counted inside the models.
    priors
        The priors used.
    reversible, cyclic
        The two hypotheses; ``cyclic`` equals ``reversible`` where the graph has no cycle.
    curve
        Evidence against σ_c.
    information
        Eigenvalues of the Fisher information of c with everything else profiled out, at the
        reversible mode; shape (b,).
    """

    graph: SupportGraph
    likelihood: MultinomialRows | PairwiseEdges
    predictor: Predictor
    references: tuple[int, ...]
    priors: Priors
    reversible: LatentModel
    cyclic: LatentModel
    curve: EvidenceCurve
    information: FloatArray

    def integral(self, tau: float | None = None) -> CycleScalePosterior:
        """Return the integral over σ_c for one τ (default: that of the priors).

        Raises
        ------
        UsageError
            If τ exceeds four times that of the priors, beyond which the nodes do not reach.
        """
        tau = self.priors.cycle_scale if tau is None else tau
        largest = 4 * self.priors.cycle_scale
        if not 0 < tau <= largest:
            raise UsageError(f"the cycle scale must lie in (0, {largest:g}], not {tau!r}")
        return integrate(self.curve, tau)

    def log_bayes_factor(self, tau: float | None = None) -> BayesFactor:
        """Return the log Bayes factor of balance against the cyclic rival; 0 without cycles."""
        tau = self.priors.cycle_scale if tau is None else tau
        if not self.curve.nodes:
            return BayesFactor(0.0, 0.0, METHOD, tau)
        post = self.integral(tau)
        return BayesFactor(post.log_bayes_factor, post.mcse, METHOD, tau)

    def evidence(self) -> Evidence:
        """Return the evidence of the reversible hypothesis."""
        node = self.curve.reversible
        return Evidence(
            node.log_evidence, node.mcse, METHOD, {"pareto_k": node.pareto_k, "ess": node.ess}
        )

    def pareto_k(self, factors: tuple[float, ...] = (0.5, 1.0, 2.0)) -> float:
        """Return the worst k̂: of the reversible draws, and of the pooled ones at τ × factors."""
        worst = self.curve.reversible.pareto_k
        if self.curve.nodes:
            for factor in factors:
                log_weights, _ = self._pooled(self.integral(factor * self.priors.cycle_scale))
                worst = max(worst, smooth(log_weights).pareto_k)
        return worst

    def reversible_draws(self) -> WeightedDraws:
        """Return weighted draws of the reversible posterior."""
        node = self.curve.reversible
        return WeightedDraws(self.graph, self.reversible, node.theta, np.exp(node.log_weights))

    def cyclic_draws(self, tau: float | None = None) -> WeightedDraws:
        """Return weighted draws of the cyclic posterior, σ_c integrated over its prior."""
        if not self.curve.nodes:
            return self.reversible_draws()
        log_weights, theta = self._pooled(self.integral(tau))
        return WeightedDraws(self.graph, self.cyclic, theta, np.exp(log_weights))

    def _pooled(self, post: CycleScalePosterior) -> tuple[FloatArray, FloatArray]:
        used = [
            (node, weight)
            for node, weight in zip(self.curve.nodes, post.node_weights, strict=True)
            if weight > 1e-5
        ]
        log_weights = np.concatenate([node.log_weights + np.log(w) for node, w in used])
        log_weights -= np.log(np.exp(log_weights).sum())
        return log_weights, np.concatenate([node.theta for node, _ in used])


def laplace(
    counts: TransitionCounts,
    *,
    priors: Priors | None = None,
    likelihood: str = "multinomial",
    rejected: Rejected = "stay",
    draws: int = 2000,
    cycle_basis: FloatArray | None = None,
    random_seed: int | np.random.Generator | None = None,
    progress: Progress | None = None,
) -> LaplaceFit:
    """Compute the evidence for balance from counts, in seconds and without MCMC.

    Parameters
    ----------
    counts
        Transition counts; axis 0 is *from*, axis 1 *to*.
    priors
        Prior scales; default :class:`Priors()`, learned.
    likelihood
        ``"multinomial"`` (exact for counted trials) or ``"pairwise"``.
    rejected
        ``"stay"`` or ``"drop"``: what a trial that ended in no state counts as.
    draws
        Importance draws at each σ_c; four times as many for the reversible hypothesis.
    cycle_basis
        Another basis of the cycle space, shape (E, b), orthonormal or oblique (such as a
        fundamental one): the prior is isotropic in the cycle space whatever its basis. The default
        is :func:`equipoise.graph.orthonormal_cycle_basis`. Multinomial likelihood only.
    random_seed
        Seed or generator; the same seed gives the same result.
    progress
        Called with (nodes done, nodes planned).

    Returns
    -------
    LaplaceFit
        Its ``pareto_k()`` says whether it may be trusted.

    Raises
    ------
    UsageError
        If an argument is unknown.
    NotTrustedError
        If a posterior mode cannot be reached.
    """
    graph = support_graph(counts)
    if likelihood == "multinomial":
        arcs = support_arcs(graph)
        rows: MultinomialRows | PairwiseEdges = multinomial(counts, arcs, rejected=rejected)
        basis = orthonormal_cycle_basis(graph) if cycle_basis is None else cycle_basis
        predictor = multinomial_predictor(arcs, basis)
    elif likelihood == "pairwise":
        rows = pairwise(counts, graph, rejected=rejected)
        predictor = pairwise_predictor(rows, graph)
    else:
        raise UsageError(f'likelihood must be "multinomial" or "pairwise", not {likelihood!r}')
    if draws < 100:
        raise UsageError(f"draws must be at least 100, not {draws!r}")
    return fit_likelihood(
        graph,
        rows,
        predictor,
        priors or Priors(),
        reference_states(counts, graph),
        draws=draws,
        random_seed=random_seed,
        progress=progress,
    )


def fit_likelihood(
    graph: SupportGraph,
    likelihood: MultinomialRows | PairwiseEdges,
    predictor: Predictor,
    priors: Priors,
    references: tuple[int, ...],
    *,
    draws: int,
    random_seed: int | np.random.Generator | None = None,
    progress: Progress | None = None,
) -> LaplaceFit:
    """Compute the evidence curve of one likelihood; :func:`laplace` with its parts made."""
    size = predictor.potential.shape[1] + predictor.symmetric.shape[1] + predictor.cycle.shape[1]
    # Threads slow small matrices down two- to sevenfold, and worse on a busy machine.
    with threadpool_limits(1 if size < _THREADS_FROM else None, user_api="blas"):
        return _fit(graph, likelihood, predictor, priors, references, draws, random_seed, progress)


def _fit(
    graph: SupportGraph,
    likelihood: MultinomialRows | PairwiseEdges,
    predictor: Predictor,
    priors: Priors,
    references: tuple[int, ...],
    draws: int,
    random_seed: int | np.random.Generator | None,
    progress: Progress | None,
) -> LaplaceFit:
    rng = np.random.default_rng(random_seed)
    assemble = partial(latent_model, component=graph.component, references=references)
    resolutions = data_resolutions(
        assemble(likelihood, predictor.reversible(), replace(priors, scales="fixed"))
    )
    reversible = assemble(likelihood, predictor.reversible(), priors, resolutions=resolutions)
    scales = (1.0,) * len(reversible.learned)
    base = evaluate_node(reversible, 0.0, reversible.prior_mean, scales, 4 * draws, rng)
    if not predictor.basis.shape[1]:
        curve = EvidenceCurve(base, ())
        return LaplaceFit(
            graph,
            likelihood,
            predictor,
            references,
            priors,
            reversible,
            reversible,
            curve,
            np.zeros(0),
        )
    cyclic = assemble(likelihood, predictor, priors, resolutions=resolutions)
    information = cycle_information(reversible, predictor, base.mode.theta)
    slope = evidence_slope(reversible, predictor, base.mode.theta)
    spots = first_nodes(
        lowest_cycle_scale(slope, information, priors.cycle_scale), priors.cycle_scale
    )
    nodes: list[Node] = []
    for _ in range(_ROUNDS):
        for spot in spots:
            near = min(nodes, key=lambda n: abs(np.log(n.cycle_scale / spot)), default=None)
            theta = _with_cycles(base.mode.theta, cyclic) if near is None else near.mode.theta
            mode = base.mode if near is None else near.mode
            nodes.append(
                evaluate_node(cyclic.at_cycle_scale(spot), spot, theta, mode.scales, draws, rng)
            )
            if progress is not None:
                progress(len(nodes), max(len(spots), len(nodes)))
        nodes.sort(key=lambda node: node.cycle_scale)
        curve = EvidenceCurve(base, tuple(nodes))
        integrals = [integrate(curve, factor * priors.cycle_scale) for factor in (0.5, 1.0, 2.0)]
        spots = gaps_to_halve(curve, cyclic, integrals)
        if not len(spots):
            break
    return LaplaceFit(
        graph, likelihood, predictor, references, priors, reversible, cyclic, curve, information
    )


def _with_cycles(theta: FloatArray, model: LatentModel) -> FloatArray:
    """Return a reversible parameter vector with cycle amplitudes 0 put in their place."""
    place = model.cycle_columns.start
    return np.concatenate([theta[:place], np.zeros(model.n_cycles), theta[place:]])
