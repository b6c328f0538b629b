"""Path sampling: from a sampler to the log Bayes factor at every σ_c and for every τ."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from threadpoolctl import threadpool_limits

from equipoise.counts import TransitionCounts
from equipoise.errors import UsageError
from equipoise.inference.evidence.cycle_scale import (
    LARGEST,
    CycleScaleCurve,
    CycleScalePosterior,
    factor_over,
    lowest_cycle_scale,
    posterior_over,
)
from equipoise.inference.evidence.information import cycle_information, evidence_slope
from equipoise.inference.evidence.path.pilot import METHOD, Pilot, pilot
from equipoise.inference.evidence.path.slope import PathNode, measure_slope
from equipoise.inference.evidence.path.walk import Visited, walk_nodes
from equipoise.inference.evidence.result import BayesFactor
from equipoise.inference.modes.mode import find_mode
from equipoise.inference.posterior.backends import DEFAULT, BackendName, check_backend
from equipoise.inference.posterior.choose import sampler_for
from equipoise.inference.posterior.sampler import Draws, Sampler, check_sampling
from equipoise.inference.problem import LikelihoodName, Problem, problem_of
from equipoise.likelihoods import FloatArray, Rejected
from equipoise.models import Priors
from equipoise.simulate.draws import RandomSeed, random_generator

_SEEDS = 2**31


@dataclass(frozen=True, eq=False, repr=False)
class PathFit:
    """What the path says.

    Attributes
    ----------
    problem
        What was asked.
    nodes
        Slopes at increasing σ_c; empty where the graph has no cycle.
    curve
        Evidence against σ_c; None where the graph has no cycle.
    """

    problem: Problem
    nodes: tuple[PathNode, ...]
    curve: CycleScaleCurve | None

    def __repr__(self) -> str:
        factor = self.log_bayes_factor()
        return (
            f"PathFit({self.problem.graph!r}, {len(self.nodes)} nodes, "
            f"log BF {factor.log_value:.2f} ± {factor.mcse:.2f})"
        )

    @property
    def backend(self) -> str | None:
        """What ran the chains: "numpy", "nutpie" or "numpyro"; None without cycles: none ran."""
        return None if self.curve is None else self.curve.backend

    def cycle_scale_posterior(self, tau: float | None = None) -> CycleScalePosterior:
        """Return the posterior of σ_c for one τ (default: that of the priors).

        Raises
        ------
        UsageError
            If the graph has no cycle, or τ exceeds four times that of the priors.
        """
        return posterior_over(self.curve, tau)

    def log_bayes_factor(self, tau: float | None = None) -> BayesFactor:
        """Return the log Bayes factor of balance against the cyclic rival; 0 without cycles."""
        return factor_over(self.curve, METHOD, self.problem.priors.cycle_scale, tau)


def path(
    counts: TransitionCounts,
    *,
    priors: Priors | None = None,
    likelihood: LikelihoodName = "auto",
    rejected: Rejected = "stay",
    draws: int | None = None,
    tune: int | None = None,
    chains: int | None = None,
    random_seed: RandomSeed = None,
    backend: BackendName = DEFAULT,
    progress: Callable[[int, int], None] | None = None,
) -> PathFit:
    """Compute the evidence for balance by path sampling, with Markov chains at every node.

    Parameters
    ----------
    counts : TransitionCounts
        Axis 0 is from, axis 1 to.
    priors : Priors, optional
        Default: ``Priors()``, learned scales.
    likelihood : {"auto", "multinomial", "pairwise"}
        "auto" takes multinomial rows up to 400 parameters, pairwise edges beyond.
    rejected : {"stay", "drop"}
        What a trial that ended in no state counts as.
    draws, tune, chains : int, optional
        Draws kept and thrown away a chain, and chains, at each σ_c. Default: those of the backend.
    random_seed : int, Generator or None
        The same seed gives the same result. It also places the nodes.
    backend : {"auto", "numpy", "nutpie", "numpyro"}
        What runs the chains. "numpy": Hamiltonian Monte Carlo of our own, nothing compiled. NUTS
        on a PyMC model, compiled once a process: "nutpie" on the CPU, or "numpyro" through JAX
        (the extra ``jax``), all chains together, on a GPU where JAX finds one. All sample the same
        posterior; "auto" takes numpy up to 150 parameters, nutpie beyond.
    progress : callable, optional
        Called with (nodes done, nodes planned).

    Returns
    -------
    PathFit
        Its Bayes factors say why they must not be reported, where that is so.

    Raises
    ------
    DataError
        If no edge has counts to model.
    UsageError
        If an argument is unknown or out of its range, or the graph too large.
    MissingDependencyError
        If the backend is not installed.
    NotTrustedError
        If a mode is not reached, or no chain could be started.
    """
    check_backend(backend)
    _check(draws, tune, chains)
    problem = problem_of(counts, priors=priors, likelihood=likelihood, rejected=rejected)
    if not problem.predictor.basis.shape[1]:
        return PathFit(problem, (), None)
    return walk_path(
        sampler_for(problem, backend=backend),
        draws=draws,
        tune=tune,
        chains=chains,
        random_seed=random_seed,
        progress=progress,
    )


def walk_path(
    sampler: Sampler,
    *,
    draws: int | None = None,
    tune: int | None = None,
    chains: int | None = None,
    random_seed: RandomSeed = None,
    progress: Callable[[int, int], None] | None = None,
) -> PathFit:
    """Compute the evidence with a sampler; :func:`path` with the question ready made.

    Raises
    ------
    UsageError
        If there are fewer than two chains, or a number is out of its range.
    """
    problem = sampler.problem
    if not problem.predictor.basis.shape[1]:
        return PathFit(problem, (), None)
    _check(draws, tune, chains)
    usual = sampler.usual_on_path
    rng = random_generator(random_seed)

    def visit(
        spots: Sequence[float], starts: Sequence[FloatArray | None], more: int, accept: float
    ) -> list[Visited]:
        found = sampler.draw_at(
            spots,
            draws=more * (usual.draws if draws is None else draws),
            tune=more * (usual.tune if tune is None else tune),
            chains=usual.chains if chains is None else chains,
            random_seeds=[int(rng.integers(_SEEDS)) for _ in spots],
            target_accept=accept,
            starts=starts,
        )
        return [
            ((node_of(problem, drawn, spot),), drawn.walked[:, -1])
            for spot, drawn in zip(spots, found, strict=True)
        ]

    with threadpool_limits(1, user_api="blas"):
        guide = _pilot(sampler)
        tau = problem.priors.cycle_scale
        (nodes,), (curve,) = walk_nodes(
            visit,
            (guide,),
            tau,
            rng=rng,
            at_once=sampler.nodes_at_once,
            accept=usual.target_accept,
            progress=progress,
        )
    return PathFit(problem, nodes, replace(curve, backend=sampler.backend))


def node_of(problem: Problem, draws: Draws, cycle_scale: float) -> PathNode:
    """Return the slope at one σ_c from draws there, of at least two chains."""
    scales = [draws.scales[name] for name in ("sigma_V", "sigma_s") if name in draws.scales]
    return measure_slope(
        problem.cyclic(),
        draws.theta(problem),
        np.stack(scales, axis=-1) if scales else np.zeros((*draws.V.shape[:2], 0)),
        cycle_scale=cycle_scale,
        divergences=int(np.sum(draws.stats["diverging"])),
    )


def _check(draws: int | None, tune: int | None, chains: int | None) -> None:
    check_sampling(draws=draws, tune=tune, chains=chains)
    if chains is not None and chains < 2:
        raise UsageError(f"path needs at least 2 chains, not {chains}: one checks the other")


def _pilot(sampler: Sampler) -> Pilot:
    problem, scales = sampler.problem, sampler.scales
    reversible = problem.reversible()
    theta = find_mode(reversible, scales, reversible.prior_mean).theta
    information = cycle_information(reversible, problem.predictor, theta)
    slope = evidence_slope(reversible, problem.predictor, theta)
    tau = problem.priors.cycle_scale
    lowest = lowest_cycle_scale(slope, information, tau)
    return pilot(reversible, problem.cyclic(), scales, lowest, LARGEST * tau)
