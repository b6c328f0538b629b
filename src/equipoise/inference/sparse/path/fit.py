"""The path over σ_c: from sparse draws to the log Bayes factor at every σ_c and for every τ."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from equipoise.counts import TransitionCounts
from equipoise.errors import UsageError
from equipoise.graph import SupportGraph, support_graph
from equipoise.inference.evidence.cycle_scale import (
    CycleScaleCurve,
    CycleScalePosterior,
    factor_over,
    posterior_over,
)
from equipoise.inference.evidence.path.pilot import METHOD
from equipoise.inference.evidence.result import BayesFactor
from equipoise.inference.sparse.cyclic import gaussian
from equipoise.inference.sparse.linear import direct_system
from equipoise.inference.sparse.pairs import Pairs, checked_pairs
from equipoise.inference.sparse.path.node import SparseNode
from equipoise.inference.sparse.path.walk import Effort, Question, walk_nodes
from equipoise.inference.sparse.solver import check_core, mode_under_balance
from equipoise.likelihoods import Rejected, trials_of
from equipoise.models import Priors
from equipoise.simulate.draws import RandomSeed, random_generator

# Fewer draws would be made again more often; fewer nodes rest on Laplace's curve between them.
CEILING = Effort(draws=80, step=0.8, gap_error=0.2, depth=10.0)


@dataclass(frozen=True, eq=False, repr=False)
class SparsePath:
    """What the path says.

    Attributes
    ----------
    graph, pairs, priors
        What was asked.
    nodes
        Slopes at increasing σ_c; empty where no cycle can be compared.
    curve
        Evidence against σ_c; None there.
    """

    graph: SupportGraph
    pairs: Pairs
    priors: Priors
    nodes: tuple[SparseNode, ...]
    curve: CycleScaleCurve | None

    def __repr__(self) -> str:
        factor = self.log_bayes_factor()
        return (
            f"SparsePath({self.graph!r}, {len(self.nodes)} nodes, "
            f"log BF {factor.log_value:.2f} ± {factor.mcse:.2f})"
        )

    def cycle_scale_posterior(self, tau: float | None = None) -> CycleScalePosterior:
        """Return the posterior of σ_c for one τ (default: that of the priors).

        Raises
        ------
        UsageError
            If there is no cycle, or τ exceeds four times that of the priors.
        """
        return posterior_over(self.curve, tau)

    def log_bayes_factor(self, tau: float | None = None) -> BayesFactor:
        """Return the log Bayes factor of balance against the cyclic rival; 0 without cycles."""
        return factor_over(self.curve, METHOD, self.priors.cycle_scale, tau)


def path_large(
    counts: TransitionCounts,
    *,
    priors: Priors | None = None,
    rejected: Rejected = "stay",
    draws: int = Effort.draws,
    tune: int = Effort.tune,
    chains: int = Effort.chains,
    random_seed: RandomSeed = None,
    progress: Callable[[int, int], None] | None = None,
) -> SparsePath:
    """Compute the evidence for balance of a large sparse table, by the pairwise likelihood.

    Parameters
    ----------
    counts : TransitionCounts
        Axis 0 is from, axis 1 to.
    priors : Priors, optional
        Default: ``Priors()``, learned scales.
    rejected : {"stay", "drop"}
        What a trial that ended in no state counts as.
    draws, tune, chains : int
        At each σ_c; where they do not suffice three times as many are made once.
    random_seed : int, Generator or None
        The same seed gives the same result. It also places the nodes.
    progress : callable, optional
        Called with (nodes done, nodes planned).

    Returns
    -------
    SparsePath
        Its Bayes factors say why they must not be reported, where that is so.

    Raises
    ------
    DataError
        If no edge joins two sources.
    UsageError
        If an argument is out of its range, or the factors of the graph would fill up.
    NotTrustedError
        If a mode is not reached.
    """
    if draws < 20 or tune < 10 or chains < 2 or chains % 2:
        raise UsageError(
            f"path_large needs at least 20 draws, 10 to tune and an even number of chains, not "
            f"{draws}, {tune} and {chains}"
        )
    priors = Priors() if priors is None else priors
    graph = support_graph(counts, trials_of(counts, rejected))
    pairs = checked_pairs(counts, graph, rejected)
    if not pairs.n_cycles:
        return SparsePath(graph, pairs, priors, (), None)
    check_core(pairs)
    rng = random_generator(random_seed)
    mode = mode_under_balance(pairs, direct_system(pairs), priors, rng)
    nodes, curve = walk_nodes(
        Question(graph, pairs, priors, mode.potential, mode.potential_sd),
        Effort(chains, tune, draws),
        rng,
        progress,
    )
    return SparsePath(graph, pairs, priors, nodes, curve)


def ceiling_of(
    question: Question,
    rng: np.random.Generator,
    progress: Callable[[int, int], None] | None = None,
) -> BayesFactor:
    """Return the log BF had the counts equalled their fitted reversible expectation.

    A path of its own, with fewer draws and nodes: an error of a tenth of a nat does no harm.

    Raises
    ------
    NotTrustedError
        If a mode is not reached.
    """
    expected = question.pairs.expected(question.pairs.incidence @ question.potential)
    mode = mode_under_balance(expected, direct_system(expected), question.priors, rng)
    asked = replace(
        question, pairs=expected, potential=mode.potential, potential_sd=mode.potential_sd
    )
    return walk_nodes(asked, CEILING, rng, progress)[1].log_bayes_factor()


def information_of(path: SparsePath) -> float:
    """Return ``½ Σ log(1 + τ² λ_k)`` at the first node's mode, Φ with its prior there, nats."""
    if not path.nodes:
        return 0.0
    pairs, first = path.pairs, path.nodes[0]
    system, sd = direct_system(pairs), first.potential_sd
    alone = system.factorise(first.weight, 1.0 / sd**2).log_det
    potential = -0.5 * (alone + 2 * pairs.n_states * float(np.log(sd)))
    both = gaussian(pairs, system, first.weight, sd, path.priors.cycle_scale).log_scale
    return potential - both
