"""Path sampling: from a compiled sampler to the log Bayes factor at every σ_c and for every τ."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from threadpoolctl import threadpool_limits

from equipoise.counts import TransitionCounts
from equipoise.errors import UsageError
from equipoise.inference.evidence.cycle_scale import (
    LARGEST,
    CycleScaleCurve,
    CycleScalePosterior,
    fine_grid,
    lowest_cycle_scale,
)
from equipoise.inference.evidence.information import cycle_information, evidence_slope
from equipoise.inference.evidence.path.pilot import Pilot, doubtful_gaps, interpolation, pilot
from equipoise.inference.evidence.path.slope import PathNode, measure_slope
from equipoise.inference.evidence.result import BayesFactor
from equipoise.inference.modes.mode import find_mode
from equipoise.inference.posterior.backends import DEFAULT, Backend, check_backend
from equipoise.inference.posterior.sampler import (
    TARGET_ACCEPT,
    Sampler,
    check_sampling,
    compile_sampler,
)
from equipoise.inference.problem import LikelihoodName, Problem, problem_of
from equipoise.likelihoods import FloatArray, Rejected
from equipoise.models import Priors
from equipoise.simulate.draws import RandomSeed, random_generator

METHOD = "path"
CHAINS, DRAWS, TUNE = 2, 300, 150
R_HAT_TRUSTED, ESS_TRUSTED = 1.05, 100.0
_STEP = 0.45
_ROUNDS = 5
# A gap is halved where interpolation may err by this many nats in the log Bayes factor.
_GAP_ERROR = 0.02
# Where steps are long enough there is nothing to gain from the posterior's tiny ones.
_QUICK_ACCEPT = 0.9
_SECOND_MORE = 3
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

    def cycle_scale_posterior(self, tau: float | None = None) -> CycleScalePosterior:
        """Return the posterior of σ_c for one τ (default: that of the priors).

        Raises
        ------
        UsageError
            If the graph has no cycle, or τ exceeds four times that of the priors.
        """
        if self.curve is None:
            raise UsageError("this graph has no cycle, and no scale of cycles to infer")
        return self.curve.posterior(tau)

    def log_bayes_factor(self, tau: float | None = None) -> BayesFactor:
        """Return the log Bayes factor of balance against the cyclic rival; 0 without cycles."""
        if self.curve is None:
            tau = self.problem.priors.cycle_scale if tau is None else tau
            return BayesFactor(0.0, 0.0, METHOD, tau)
        return self.curve.log_bayes_factor(tau)


def path(
    counts: TransitionCounts,
    *,
    priors: Priors | None = None,
    likelihood: LikelihoodName = "auto",
    rejected: Rejected = "stay",
    draws: int = DRAWS,
    tune: int = TUNE,
    chains: int = CHAINS,
    random_seed: RandomSeed = None,
    backend: Backend = DEFAULT,
    progress: Callable[[int, int], None] | None = None,
) -> PathFit:
    """Compute the evidence for balance by path sampling with NUTS.

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
    draws, tune, chains : int
        Of NUTS, at each σ_c.
    random_seed : int, Generator or None
        The same seed gives the same result. It also places the nodes.
    backend : {"nutpie", "numpyro"}
        What runs NUTS: nutpie on the CPU, or numpyro through JAX (the extra ``jax``), all chains
        together, on a GPU where JAX finds one. Both sample the same model.
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
    _check(draws, tune, chains)
    check_backend(backend)
    problem = problem_of(counts, priors=priors, likelihood=likelihood, rejected=rejected)
    if not problem.predictor.basis.shape[1]:
        return PathFit(problem, (), None)
    return walk_path(
        compile_sampler(problem, backend=backend),
        draws=draws,
        tune=tune,
        chains=chains,
        random_seed=random_seed,
        progress=progress,
    )


def walk_path(
    sampler: Sampler,
    *,
    draws: int = DRAWS,
    tune: int = TUNE,
    chains: int = CHAINS,
    random_seed: RandomSeed = None,
    progress: Callable[[int, int], None] | None = None,
) -> PathFit:
    """Compute the evidence of a compiled problem; :func:`path` with the question ready made.

    Raises
    ------
    UsageError
        If there are fewer than two chains, or a number is out of its range.
    """
    problem = sampler.problem
    if not problem.predictor.basis.shape[1]:
        return PathFit(problem, (), None)
    _check(draws, tune, chains)
    rng = random_generator(random_seed)
    tau = problem.priors.cycle_scale
    with threadpool_limits(1, user_api="blas"):
        guide = _pilot(sampler)
        spots = _first_nodes(guide, rng)
        nodes: list[PathNode] = []
        points: dict[float, FloatArray] = {}
        for _ in range(_ROUNDS):
            for k, spot in enumerate(spots):
                node, points[spot] = _visit(sampler, spot, points, draws, tune, chains, rng)
                nodes.append(node)
                if progress is not None:
                    progress(len(nodes), len(nodes) + len(spots) - k - 1)
            nodes.sort(key=lambda node: node.cycle_scale)
            curve = _curve(nodes, guide, tau)
            spots = _gaps_to_halve(nodes, guide, curve)
            if not spots:
                break
    if spots and curve.doubt is None:
        at = ", ".join(f"{spot:.3g}" for spot in spots)
        curve = replace(curve, doubt=f"the slope is still too rough to interpolate at σ_c = {at}")
    return PathFit(problem, tuple(nodes), curve)


def _check(draws: int, tune: int, chains: int) -> None:
    check_sampling(draws=draws, tune=tune, chains=chains)
    if chains < 2:
        raise UsageError(f"path needs at least 2 chains, not {chains}: one checks the other")


def _pilot(sampler: Sampler) -> Pilot:
    problem, spot = sampler.problem, sampler.coordinates
    reversible = problem.reversible()
    scales = (spot.potential_sd, spot.symmetric_sd)[: len(reversible.learned)]
    theta = find_mode(reversible, scales, reversible.prior_mean).theta
    information = cycle_information(reversible, problem.predictor, theta)
    slope = evidence_slope(reversible, problem.predictor, theta)
    tau = problem.priors.cycle_scale
    return pilot(problem, scales, lowest_cycle_scale(slope, information, tau), LARGEST * tau)


def _first_nodes(guide: Pilot, rng: np.random.Generator) -> list[float]:
    """Return σ_c over the pilot's range, each but the ends moved a little at random."""
    low, high = guide.x[0], guide.x[-1]
    count = max(int(np.ceil((high - low) / _STEP)) + 1, 6)
    x = np.linspace(low, high, count)
    x[1:-1] += rng.uniform(-0.2, 0.2, count - 2) * (x[1] - x[0])
    return list(np.exp(x).tolist())


def _visit(
    sampler: Sampler,
    spot: float,
    points: dict[float, FloatArray],
    draws: int,
    tune: int,
    chains: int,
    rng: np.random.Generator,
) -> tuple[PathNode, FloatArray]:
    """Sample at one σ_c, starting where the nearest node ended; return slope and last points.

    Where the draws may not be believed, once more, with smaller steps and more of them.
    """
    near = min(points, key=lambda known: abs(np.log(known / spot)), default=None)
    start = None if near is None else points[near]
    for accept, more in ((_QUICK_ACCEPT, 1), (TARGET_ACCEPT, _SECOND_MORE)):
        found = sampler.draw(
            cycle_sd=spot,
            draws=more * draws,
            tune=more * tune,
            chains=chains,
            random_seed=int(rng.integers(_SEEDS)),
            target_accept=accept,
            start=start,
        )
        node = measure_slope(sampler.problem, found, spot)
        if _doubt([node]) is None:
            break
    return node, found.walked[:, -1]


def _curve(nodes: list[PathNode], guide: Pilot, tau: float) -> CycleScaleCurve:
    scales = np.array([node.cycle_scale for node in nodes])
    slopes = np.array([node.slope for node in nodes])
    grid = fine_grid(scales)
    loadings = interpolation(scales, grid)
    missed = slopes - guide.slope(np.log(scales))
    return CycleScaleCurve(
        method=METHOD,
        prior_tau=tau,
        nodes=scales,
        grid=grid,
        rise=guide.at(np.log(grid)) + loadings @ missed,
        loadings=loadings,
        node_mcse=np.array([node.mcse for node in nodes]),
        doubt=_doubt(nodes),
    )


def _doubt(nodes: list[PathNode]) -> str | None:
    """Return why nodes must not be believed, in words; None where they may be."""
    for node in nodes:
        at = f"at σ_c = {node.cycle_scale:.3g} of the path"
        if node.divergences:
            return f"{node.divergences} divergent transitions {at}"
        if not node.r_hat <= R_HAT_TRUSTED:  # NaN too
            return f"the chains disagree {at} (R-hat {node.r_hat:.2f})"
        if not node.ess >= ESS_TRUSTED:
            return f"only {node.ess:.0f} effective draws {at}"
        if not np.isfinite([node.slope, node.mcse]).all():
            return f"the slope is not finite {at}"
    return None


def _gaps_to_halve(nodes: list[PathNode], guide: Pilot, curve: CycleScaleCurve) -> list[float]:
    """Return σ_c in the middle of gaps whose interpolation could move a deciding Bayes factor."""
    scales = curve.nodes
    missed = np.array([node.slope for node in nodes]) - guide.slope(np.log(scales))
    doubt = doubtful_gaps(scales, missed, curve.node_mcse)
    # What is missed in a gap moves the evidence inside it and at every larger σ_c.
    beyond = np.max(
        [
            np.interp(scales[:-1], post.grid, 1.0 - np.cumsum(post.mass) + post.mass)
            for post in (curve.posterior(factor * curve.prior_tau) for factor in (0.5, 1.0, 2.0))
        ],
        axis=0,
    )
    middle = np.sqrt(scales[1:] * scales[:-1])
    return list(middle[doubt * beyond > _GAP_ERROR].tolist())
