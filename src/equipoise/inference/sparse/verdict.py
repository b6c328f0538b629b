"""The verdict on a large table: evidence by the sparse path, size, potential, violation map."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from equipoise.counts import TransitionCounts
from equipoise.graph import SupportGraph, support_graph
from equipoise.inference.balance import check_rope
from equipoise.inference.evidence.cycle_scale import DECIDING, CycleScaleCurve
from equipoise.inference.evidence.result import BayesFactor
from equipoise.inference.findings import SENSITIVITY, Progress
from equipoise.inference.sparse.balance import balance_mode
from equipoise.inference.sparse.linear import direct_system
from equipoise.inference.sparse.map import LargeMap, map_large
from equipoise.inference.sparse.pairs import checked_pairs
from equipoise.inference.sparse.path.fit import SparsePath, ceiling_of, information_of
from equipoise.inference.sparse.path.node import SparseNode
from equipoise.inference.sparse.path.walk import Effort, Question, walk_nodes
from equipoise.inference.sparse.posterior.potential import LargePotential, sample_potential
from equipoise.inference.sparse.references import own_reference
from equipoise.inference.sparse.solver import check_core
from equipoise.inference.verdict import ROPE, Verdict, ViolationSize, decide, size_call
from equipoise.likelihoods import FloatArray, IntArray, Rejected, trials_of
from equipoise.models import Priors
from equipoise.parallel import Workers, check_workers
from equipoise.parallel.jobs import Job, Steps, processes_for, run_jobs
from equipoise.simulate.draws import RandomSeed, plain_seed


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
    workers: int | None = None,
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
        State at Φ = 0, or one for each component; default: of its largest strongly connected part
        the one with most incoming transitions.
    rope : float
        ρ below this counts as a negligible violation, nats.
    workers : int, optional
        Processes of this machine; 1: this one alone does all. Default: one a core, three at most,
        for evidence, ceiling and potential are found apart.
    random_seed : int, Generator or None
        The same seed gives the same result, whatever the number of workers.
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
        If a posterior mode cannot be reached at all, or a worker died.
    """
    begun = time.perf_counter()
    check_rope(rope)
    priors = Priors() if priors is None else priors
    if workers is not None:
        check_workers(Workers(workers))
    seed = plain_seed(random_seed)
    # A caller's own generator must not depend on where the work is done.
    given = np.random.default_rng(seed if seed is not None else random_seed)
    rng = given if seed is not None else given.spawn(1)[0]
    graph = support_graph(counts, trials_of(counts, rejected))
    check_core(checked_pairs(counts, graph, rejected))
    mapped = map_large(
        counts, priors=priors, rejected=rejected, reference=reference, random_seed=rng
    )
    found, ceiling, potential = _in_jobs(mapped, rng, workers, progress)
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


# Shares of the work, roughly.
_EVIDENCE, _CEILING, _POTENTIAL = 0.6, 0.25, 0.15


def _in_jobs(
    mapped: LargeMap, rng: np.random.Generator, workers: int | None, progress: Progress | None
) -> tuple[SparsePath, BayesFactor | None, LargePotential | None]:
    """Return evidence, ceiling and potential: apart, with generators of their own."""
    pairs, mode, priors = mapped.pairs, mapped.mode, mapped.priors
    question = Question(mapped.graph, pairs, priors, mode.potential, mode.potential_sd)
    # The path has the seed's own generator, as in path_large.
    others = rng.spawn(2)
    chosen, references = _held(mapped)
    jobs: list[tuple[str, float, Job]] = []
    if pairs.n_cycles:
        jobs.append(("evidence along the path", _EVIDENCE, Job(_evidence, (question, rng))))
    if pairs.n_cycles and mapped.graph.n_testable_cycles:
        held = "evidence had balance held exactly"
        jobs.append((held, _CEILING, Job(_ceiling, (question, others[0]))))
    if len(chosen):
        task = question, chosen, references, others[1]
        jobs.append(("potential", _POTENTIAL, Job(_potential, task)))
    names = [name for name, _, _ in jobs]
    shares = np.array([share for _, share, _ in jobs])
    fractions = np.zeros(len(jobs))

    def report(job: int, done: int, planned: int) -> None:
        if progress is not None:
            # A job that finds more to do than planned stands still rather than go back.
            fractions[job] = max(fractions[job], done / max(planned, 1))
            progress(names[job], float(shares @ fractions / shares.sum()))

    processes = processes_for(len(jobs)) if workers is None else workers
    results = run_jobs([job for _, _, job in jobs], processes, report)
    found = dict(zip(names, results, strict=True))
    nodes, curve = found.get("evidence along the path", ((), None))
    path = SparsePath(mapped.graph, pairs, priors, nodes, curve)
    return path, found.get("evidence had balance held exactly"), found.get("potential")


def _evidence(
    task: tuple[Question, np.random.Generator], progress: Steps
) -> tuple[tuple[SparseNode, ...], CycleScaleCurve]:
    question, rng = task
    return walk_nodes(question, Effort(), rng, progress)


def _ceiling(task: tuple[Question, np.random.Generator], progress: Steps) -> BayesFactor:
    question, rng = task
    return ceiling_of(question, rng, progress)


def _potential(
    task: tuple[Question, IntArray, IntArray, np.random.Generator], progress: Steps
) -> LargePotential:
    question, chosen, references, rng = task
    pairs = question.pairs
    mode = balance_mode(pairs, direct_system(pairs), question.potential_sd, question.potential)
    return sample_potential(
        pairs, mode, question.priors, chosen, references, rng=rng, progress=progress
    )


def _held(mapped: LargeMap) -> tuple[IntArray, IntArray]:
    """Return places in ``Pairs.states`` of the states that data hold on both sides.

    And those of their references.
    """
    states = mapped.pairs.states
    own = own_reference(mapped.graph, mapped.references)
    place = np.full(mapped.graph.n_states, -1)
    place[states] = np.arange(len(states))
    chosen = np.flatnonzero(np.isfinite(mapped.potential[states]) & (states != own[states]))
    return chosen, place[own[states[chosen]]]


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
    return ViolationSize(mean, lower, upper, mcse, rope, below, size_call(below, error))


def _probability_error(
    values: FloatArray, mass: FloatArray, rope: float, effective: float
) -> float:
    below = (values < rope).mean(axis=1)
    return float(np.sqrt((mass @ (below * (1 - below))) / effective))
