"""The path over σ_c: from sparse draws to the log Bayes factor at every σ_c and for every τ."""

from collections.abc import Callable
from dataclasses import dataclass

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
from equipoise.inference.evidence.result import BayesFactor
from equipoise.inference.sparse.balance import BalanceMode, balance_mode
from equipoise.inference.sparse.cyclic import gaussian
from equipoise.inference.sparse.fit import checked_pairs
from equipoise.inference.sparse.linear import DirectSystem, direct_system
from equipoise.inference.sparse.pairs import Pairs
from equipoise.inference.sparse.path.node import SparseNode
from equipoise.inference.sparse.path.violation import violation_of
from equipoise.inference.sparse.path.walk import METHOD, walk_nodes
from equipoise.inference.sparse.solver import check_core, learned_mode
from equipoise.likelihoods import Rejected, trials_of
from equipoise.models import Priors
from equipoise.simulate.draws import RandomSeed, random_generator

CHAINS, DRAWS, TUNE = 4, 120, 30
# Fewer would be made again more often.
_CEILING_DRAWS = 100


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
    draws: int = DRAWS,
    tune: int = TUNE,
    chains: int = CHAINS,
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
    system = direct_system(pairs)
    nodes, curve = walk_nodes(
        pairs,
        system,
        priors,
        _balance(pairs, system, priors, rng),
        rho=violation_of(graph, pairs),
        chains=chains,
        tune=tune,
        draws=draws,
        rng=rng,
        progress=progress,
    )
    return SparsePath(graph, pairs, priors, nodes, curve)


def ceiling_of(
    path: SparsePath,
    *,
    rng: np.random.Generator,
    progress: Callable[[int, int], None] | None = None,
) -> BayesFactor | None:
    """Return the log BF had the counts equalled their fitted reversible expectation.

    A path of its own, with fewer draws; None where no cycle can be compared.

    Raises
    ------
    NotTrustedError
        If a mode is not reached.
    """
    if not path.nodes:
        return None
    system = direct_system(path.pairs)
    fitted = _balance(path.pairs, system, path.priors, rng).potential
    expected = path.pairs.expected(path.pairs.incidence @ fitted)
    _, curve = walk_nodes(
        expected,
        system,
        path.priors,
        _balance(expected, system, path.priors, rng),
        rho=violation_of(path.graph, expected),
        chains=CHAINS,
        tune=TUNE,
        draws=_CEILING_DRAWS,
        rng=rng,
        progress=progress,
    )
    return curve.log_bayes_factor()


def information_of(path: SparsePath) -> float:
    """Return ``½ Σ log(1 + τ² λ_k)`` at the first node's mode, Φ with its prior there, nats."""
    if not path.nodes:
        return 0.0
    pairs, at = path.pairs, path.nodes[0].mode.curvature
    system = direct_system(pairs)
    sd = at.potential_sd
    alone = system.factorise(at.weight, 1.0 / sd**2).log_det
    potential = -0.5 * (alone + 2 * pairs.n_states * float(np.log(sd)))
    both = gaussian(pairs, system, at.weight, sd, path.priors.cycle_scale).log_scale
    return potential - both


def _balance(
    pairs: Pairs, system: DirectSystem, priors: Priors, rng: np.random.Generator
) -> BalanceMode:
    """Return the mode under balance, σ_Φ the likeliest or as the priors fix it."""
    if priors.scales == "learned":
        return learned_mode(pairs, system, priors.potential_scale, rng)
    return balance_mode(pairs, system, priors.fixed_potential_sd)
