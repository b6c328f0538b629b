"""The verdict on a large table: evidence by the sparse path, size, potential, violation map."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from equipoise.counts import TransitionCounts
from equipoise.graph import SupportGraph
from equipoise.inference.balance import check_rope
from equipoise.inference.evidence.result import BayesFactor
from equipoise.inference.findings import DECIDING, SENSITIVITY, Progress, Stages
from equipoise.inference.sparse.fit import LargeMap, map_large, own_reference
from equipoise.inference.sparse.linear import direct_system
from equipoise.inference.sparse.path.fit import SparsePath, ceiling_of, information_of, path_large
from equipoise.inference.sparse.path.potential import LargePotential, sample_potential
from equipoise.inference.verdict import ROPE, Call, Verdict, ViolationSize, decide
from equipoise.likelihoods import FloatArray, Rejected
from equipoise.models import Priors
from equipoise.simulate.draws import RandomSeed, plain_seed

_CERTAIN = 0.95
POTENTIAL_DRAWS = 200
_POTENTIAL_CHAINS = 8


@dataclass(frozen=True, eq=False, repr=False)
class LargeTest:
    """The outcome of :func:`test_large`.

    Attributes
    ----------
    counts, graph : TransitionCounts and SupportGraph
        What was tested, and its support graph.
    path : SparsePath
        Evidence against σ_c.
    sensitivity : tuple of BayesFactor
        Log Bayes factors at τ × {¼, ½, 1, 2, 4}.
    verdict : Verdict
        What the counts say.
    map : LargeMap
        Mode and violation map.
    potential : LargePotential or None
        Posterior of Φ given balance, of the states that lead to their reference and back.
    seconds, random_seed : float and int or None
        How long it took, and the seed.
    """

    counts: TransitionCounts
    graph: SupportGraph
    path: SparsePath
    sensitivity: tuple[BayesFactor, ...]
    verdict: Verdict
    map: LargeMap
    potential: LargePotential | None
    seconds: float
    random_seed: int | None

    def __repr__(self) -> str:
        factor, verdict = self.log_bayes_factor, self.verdict
        strength = f" ({verdict.strength})" if verdict.strength else ""
        return (
            f"LargeTest({verdict.favours}{strength}, log BF {factor.log_value:.2f} ± "
            f"{factor.mcse:.2f} nats, {self.graph!r})"
        )

    @property
    def log_bayes_factor(self) -> BayesFactor:
        """Headline, at the prior's own τ; positive favours balance."""
        return self.sensitivity[SENSITIVITY.index(1.0)]

    @property
    def distrust(self) -> str | None:
        """Why the verdict must not be reported, in words; None where it may be."""
        return next((f.distrust for f in _deciding(self.sensitivity) if f.distrust), None)

    @property
    def exit_status(self) -> int:
        """0 for a result to be trusted (undecided and untestable are results), 3 otherwise."""
        return 0 if self.verdict.trusted else 3


def test_large(
    counts: TransitionCounts,
    *,
    priors: Priors | None = None,
    rejected: Rejected = "stay",
    reference: str | Sequence[str] | None = None,
    rope: float = ROPE,
    random_seed: RandomSeed = None,
    progress: Progress | None = None,
) -> LargeTest:
    """Test detailed balance on a large sparse table, by MCMC about sparse factors.

    By the pairwise likelihood, with the priors and rules of :func:`equipoise.test`; nothing dense
    in the number of states, no basis of the cycles, nothing to compile.

    Parameters
    ----------
    counts : TransitionCounts
        Axis 0 is from, axis 1 to; up to some 10⁴ states with few neighbours each.
    priors : Priors, optional
        Default: ``Priors()``, learned scales.
    rejected : {"stay", "drop"}
        What a trial that ended in no state counts as.
    reference : str or sequence of str, optional
        State at Φ = 0, or one for each component; default: the one with most incoming transitions.
    rope : float
        ρ below this counts as a negligible violation, nats.
    random_seed : int, Generator or None
        The same seed gives the same result.
    progress : callable, optional
        Called with (what is being done, fraction done).

    Returns
    -------
    LargeTest
        Its verdict says so where the numbers cannot be trusted.

    Raises
    ------
    DataError
        If no edge joins two sources.
    UsageError
        If an argument is out of its range, or factors of the graph would fill up.
    NotTrustedError
        If a posterior mode cannot be reached at all.
    """
    begun = time.perf_counter()
    check_rope(rope)
    priors = Priors() if priors is None else priors
    seed = plain_seed(random_seed)
    rng = np.random.default_rng(seed if seed is not None else random_seed)
    stages = Stages(progress)
    found = path_large(
        counts,
        priors=priors,
        rejected=rejected,
        random_seed=rng,
        progress=stages.next("evidence along the path", 0.6),
    )
    ceiling = None
    if found.graph.n_testable_cycles:
        ceiling = ceiling_of(
            found, rng=rng, progress=stages.next("evidence had balance held exactly", 0.85)
        )
    report = stages.next("potential and violation map", 1.0)
    report(0, 2)
    mapped = map_large(
        counts, priors=priors, rejected=rejected, reference=reference, random_seed=rng
    )
    report(1, 2)
    potential = _potential(mapped, found, priors, rng)
    report(2, 2)
    tau = priors.cycle_scale
    sensitivity = tuple(found.log_bayes_factor(factor * tau) for factor in SENSITIVITY)
    deciding = _deciding(sensitivity)
    verdict = decide(
        found.graph,
        sensitivity[SENSITIVITY.index(1.0)],
        deciding,
        ceiling=ceiling,
        information_nats=information_of(found),
        size=_size(found, rope),
        distrust=next((factor.distrust for factor in deciding if factor.distrust), None),
    )
    return LargeTest(
        counts=counts,
        graph=found.graph,
        path=found,
        sensitivity=sensitivity,
        verdict=verdict,
        map=mapped,
        potential=potential,
        seconds=time.perf_counter() - begun,
        random_seed=seed,
    )


test_large.__test__ = False  # type: ignore[attr-defined]  # not a test of pytest's


def _deciding(sensitivity: Sequence[BayesFactor]) -> tuple[BayesFactor, ...]:
    return tuple(sensitivity[SENSITIVITY.index(factor)] for factor in DECIDING)


def _potential(
    mapped: LargeMap, found: SparsePath, priors: Priors, rng: np.random.Generator
) -> LargePotential | None:
    """Sample Φ of the states that data hold on both sides; None without a chain to begin from."""
    if not found.nodes:
        return None
    pairs = found.pairs
    own = own_reference(mapped.graph, mapped.references)
    place = np.full(mapped.graph.n_states, -1)
    place[pairs.states] = np.arange(pairs.n_states)
    states = pairs.states
    held = np.isfinite(mapped.potential[states]) & (states != own[states])
    chosen = np.flatnonzero(held)
    return sample_potential(
        pairs,
        direct_system(pairs),
        priors,
        found.nodes[0],
        chosen,
        place[own[states[chosen]]],
        chains=_POTENTIAL_CHAINS,
        draws=POTENTIAL_DRAWS,
        rng=rng,
    )


def _size(found: SparsePath, rope: float) -> ViolationSize | None:
    """Return the size of the violation, ρ at the nodes interpolated to all σ_c; None untestable."""
    if not found.graph.n_testable_cycles or found.curve is None:
        return None
    post = found.cycle_scale_posterior()
    x = np.log([node.cycle_scale for node in found.nodes])
    levels = (np.arange(200) + 0.5) / 200
    known = np.log(
        [np.maximum(np.quantile(node.violation, levels), 1e-300) for node in found.nodes]
    )
    at = np.log(post.grid)
    values = np.exp(np.stack([np.interp(at, x, column) for column in known.T], axis=1))
    weights = np.repeat(post.mass / len(levels), len(levels))
    flat = values.ravel()
    order = np.argsort(flat)
    reached = np.cumsum(weights[order]) - 0.5 * weights[order]
    lower, upper = np.interp((0.025, 0.975), reached, flat[order]).tolist()
    mean = float(weights @ flat)
    below = float(weights[flat < rope].sum())
    effective = min(node.ess for node in found.nodes)
    spread = float(np.sqrt(weights @ (flat - mean) ** 2))
    # ρ grows in proportion to σ_c, whose mean has an error of its own.
    mcse = float(np.hypot(spread / np.sqrt(effective), mean * post.mean_mcse / post.mean))
    error = _probability_error(values, post.mass, rope, effective)
    call: Call = "unresolved"
    if below - 2 * error >= _CERTAIN:
        call = "negligible"
    elif 1.0 - below - 2 * error >= _CERTAIN:
        call = "material"
    return ViolationSize(mean, lower, upper, mcse, rope, below, call)


def _probability_error(
    values: FloatArray, mass: FloatArray, rope: float, effective: float
) -> float:
    below = (values < rope).mean(axis=1)
    return float(np.sqrt((mass @ (below * (1 - below))) / effective))
