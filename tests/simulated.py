"""Random kernels of known truth, and the verdict on counts drawn from them."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from equipoise.counts import TransitionCounts
from equipoise.graph import support_graph
from equipoise.inference.balance import BalanceTest
from equipoise.inference.cycles import cycle_affinities, edge_circulations, minimum_basis
from equipoise.inference.evidence import LaplaceFit, information_nats, laplace
from equipoise.inference.evidence.psis import distrust
from equipoise.inference.findings import SENSITIVITY, Diagnostics, Findings
from equipoise.inference.problem import LikelihoodName
from equipoise.inference.reference import reference_states
from equipoise.inference.verdict import ROPE, Verdict, decide, violation_size
from equipoise.simulate import (
    Kernel,
    complete_edges,
    cycle_circulation,
    driven_kernel,
    sample_draws,
)

# Of the symmetric edge terms s: most trials stay, and a row's arcs differ by a few times.
SYMMETRIC_MEAN, SYMMETRIC_SD = -2.5, 1.0


@dataclass(frozen=True)
class Outcome:
    """What one table said."""

    n_states: int
    n_edges: int
    verdict: Verdict
    log_bayes_factor: float
    pareto_k: float

    @property
    def favours(self) -> str:
        """The verdict, or "untrusted" where k̂ forbids one."""
        return self.verdict.favours if self.verdict.trusted else "untrusted"

    @property
    def beyond_positive(self) -> bool:
        return self.verdict.strength in ("strong", "very strong")


def random_edges(rng: np.random.Generator, n_states: int) -> NDArray[np.int64]:
    """Draw a connected graph with a cycle, complete half the time.

    Else a random recursive tree, and a number of the other pairs that is uniform from half as many
    as there are states to all of them.
    """
    everything = complete_edges(n_states)
    if rng.random() < 0.5:
        return everything
    order = rng.permutation(n_states)
    tree = {tuple(sorted((order[k], order[rng.integers(k)]))) for k in range(1, n_states)}
    others = [pair for pair in map(tuple, everything.tolist()) if pair not in tree]
    extra = rng.integers(max(n_states // 2, 1), len(others), endpoint=True)
    chosen = rng.choice(len(others), extra, replace=False)
    return np.array(sorted([*tree, *(others[k] for k in chosen)]), dtype=np.int64)


def sparse_edges(rng: np.random.Generator, n_states: int) -> NDArray[np.int64]:
    """Draw a random recursive tree, and further pairs: half as many as states to as many."""
    order = rng.permutation(n_states)
    tree = {tuple(sorted((order[k], order[rng.integers(k)]))) for k in range(1, n_states)}
    others = [pair for pair in map(tuple, complete_edges(n_states).tolist()) if pair not in tree]
    extra = rng.integers(n_states // 2, n_states, endpoint=True)
    chosen = rng.choice(len(others), extra, replace=False)
    return np.array(sorted([*tree, *(others[k] for k in chosen)]), dtype=np.int64)


@dataclass(frozen=True)
class OneCycle:
    """A kernel with one driven cycle, a table drawn from it, and how many were passed over.

    Passed over are tables whose own minimum-weight basis, computed from their counts, does not hold
    the cycle that was driven.
    """

    kernel: Kernel
    cycle: tuple[int, ...]
    counts: TransitionCounts
    passed_over: int


def one_driven_cycle(
    rng: np.random.Generator,
    *,
    states: tuple[int, int],
    affinity: float,
    trials: int,
    least: tuple[float, int],
) -> OneCycle:
    """Drive a random cycle of the minimum basis of a random sparse kernel, and draw a table.

    V ~ Normal(0, 1), s ~ Normal(−2.5, 1). ``least``: on the cycle's edges each way at least so many
    transitions are expected, in so many trials a row.
    """
    passed_over = 0
    while True:
        n = int(rng.integers(*states, endpoint=True))
        edges = sparse_edges(rng, n)
        v, s = rng.normal(0.0, 1.0, n), rng.normal(SYMMETRIC_MEAN, SYMMETRIC_SD, len(edges))
        calm = driven_kernel(v, s, 0.0, edges=edges)
        cycles = _minimum_basis(sample_draws(calm, 10**9, 0))
        cycle = cycles[int(rng.integers(len(cycles)))]
        field = cycle_circulation(edges, cycle, affinity)
        kernel = driven_kernel(v, s, field, edges=edges)
        here, there = np.array(cycle), np.roll(cycle, -1)
        steps = np.concatenate([kernel.matrix[here, there], kernel.matrix[there, here]])
        if least[1] * steps.min() < least[0]:
            continue
        counts = sample_draws(kernel, trials, rng)
        if support_graph(counts).n_edges == len(edges) and cycle in _minimum_basis(counts):
            return OneCycle(kernel, cycle, counts, passed_over)
        passed_over += 1


def one_driven_loop(
    rng: np.random.Generator,
    *,
    states: tuple[int, int],
    lengths: tuple[int, int],
    affinity: float,
    trials: int,
    least: float,
) -> OneCycle:
    """Drive a random loop that is not in the minimum basis of the table drawn, and draw it.

    V and s as in :func:`one_driven_cycle`; half the graphs have up to 2 S further edges. ``least``:
    on the loop's edges each way at least so many transitions are expected.
    """
    passed_over = 0
    while True:
        n = int(rng.integers(*states, endpoint=True))
        edges = sparse_edges(rng, n)
        if rng.random() < 0.5:
            pairs = complete_edges(n)
            more = pairs[rng.choice(len(pairs), min(2 * n, len(pairs)), replace=False)]
            edges = np.unique(np.concatenate([edges, more]), axis=0)
        loop = _random_loop(rng, n, edges, lengths)
        if loop is None:
            continue
        v, s = rng.normal(0.0, 1.0, n), rng.normal(SYMMETRIC_MEAN, SYMMETRIC_SD, len(edges))
        kernel = driven_kernel(v, s, cycle_circulation(edges, loop, affinity), edges=edges)
        here, there = np.array(loop), np.roll(loop, -1)
        steps = np.concatenate([kernel.matrix[here, there], kernel.matrix[there, here]])
        if trials * steps.min() < least:
            continue
        counts = sample_draws(kernel, trials, rng)
        basis = {frozenset(cycle) for cycle in _minimum_basis(counts)}
        if support_graph(counts).n_edges == len(edges) and frozenset(loop) not in basis:
            return OneCycle(kernel, loop, counts, passed_over)
        passed_over += 1


def _random_loop(
    rng: np.random.Generator, n_states: int, edges: NDArray[np.int64], lengths: tuple[int, int]
) -> tuple[int, ...] | None:
    """Walk without turning back until a state is met again; None where that never fits."""
    beside = {k: edges[(edges == k).any(axis=1)].sum(axis=1) - k for k in range(n_states)}
    for _ in range(2000):
        path = [int(rng.integers(n_states))]
        while len(ahead := [k for k in beside[path[-1]].tolist() if k not in path[-2:-1]]):
            state = int(rng.choice(ahead))
            if state in path:
                loop = path[path.index(state) :]
                if lengths[0] <= len(loop) <= lengths[1]:
                    return tuple(loop)
                break
            path.append(state)
    return None


def _minimum_basis(counts: TransitionCounts) -> tuple[tuple[int, ...], ...]:
    """Return the basis that `equipoise.test` chooses."""
    graph = support_graph(counts)
    table = counts.counts.toarray().astype(float)
    i, j = graph.edges.T
    return minimum_basis(graph, table[i, j], table[j, i])


def random_circulation(
    rng: np.random.Generator, n_states: int, edges: NDArray[np.int64], rho: float
) -> NDArray[np.float64]:
    """Draw c in a random direction of the cycle space, with ``sqrt(Σ c²/E) = rho`` exactly."""
    gradient = np.zeros((len(edges), n_states))
    gradient[np.arange(len(edges)), edges[:, 0]] = 1.0
    gradient[np.arange(len(edges)), edges[:, 1]] = -1.0
    field = rng.normal(size=len(edges))
    field -= gradient @ np.linalg.lstsq(gradient, field)[0]
    return field * rho / np.sqrt(np.mean(field**2))


def random_kernel(
    rng: np.random.Generator,
    n_states: int,
    spread: float,
    *,
    rho: float = 0.0,
    edges: NDArray[np.int64] | None = None,
) -> Kernel:
    """Draw a kernel: V ~ Normal(0, spread), s ~ Normal(−2.5, 1), and c of size rho (0: reversible).

    Neither V nor s has any symmetry, so a swapped axis or sign shows.
    """
    if edges is None:
        edges = random_edges(rng, n_states)
    return driven_kernel(
        rng.normal(0.0, spread, n_states),
        rng.normal(SYMMETRIC_MEAN, SYMMETRIC_SD, len(edges)),
        random_circulation(rng, n_states, edges, rho) if rho else 0.0,
        edges=edges,
    )


def verdict_of(fit: LaplaceFit) -> Verdict:
    """Return the verdict of `equipoise.test` without its ceiling and size, which cost the most."""
    factors = [fit.log_bayes_factor(tau) for tau in (0.5, 1.0, 2.0)]
    return decide(
        fit.graph,
        factors[1],
        factors,
        ceiling=None,
        information_nats=information_nats(fit.information, 1.0),
        size=None,
        distrust=next((factor.distrust for factor in factors if factor.distrust), None),
    )


def pareto_k_of(fit: LaplaceFit) -> float:
    """Return the worst k̂ behind a verdict."""
    return max(fit.log_bayes_factor(tau).pareto_k for tau in (0.5, 1.0, 2.0))


def outcome_of(counts: TransitionCounts, *, draws: int, random_seed: int) -> Outcome:
    fit = laplace(counts, draws=draws, random_seed=random_seed)
    return Outcome(
        n_states=fit.graph.n_states,
        n_edges=fit.graph.n_edges,
        verdict=verdict_of(fit),
        log_bayes_factor=fit.log_bayes_factor().log_value,
        pareto_k=pareto_k_of(fit),
    )


def outcomes(
    family: int,
    tables: int,
    *,
    states: tuple[int, int],
    spread: float,
    rho: float = 0.0,
    trials: int = 1000,
    draws: int = 1000,
) -> list[Outcome]:
    """Return the outcome of one table from each of many random kernels.

    `family` seeds the lot: kernel, counts and importance draws of table k depend on (family, k).
    """
    results = []
    for table in range(tables):
        rng = np.random.default_rng([family, table])
        n_states = int(rng.integers(*states, endpoint=True))
        counts = sample_draws(random_kernel(rng, n_states, spread, rho=rho), trials, rng)
        results.append(outcome_of(counts, draws=draws, random_seed=table))
    return results


def result_of(
    counts: TransitionCounts,
    *,
    draws: int,
    random_seed: int,
    likelihood: LikelihoodName = "auto",
) -> BalanceTest:
    """Return `equipoise.test` on the fast path without what costs the most beside the evidence.

    That is its ceiling, fixed scales, potentials, other settings, and second try where k̂ is too
    large.
    """
    fit = laplace(counts, likelihood=likelihood, draws=draws, random_seed=random_seed)
    base, nodes = fit.curve.reversible, fit.curve.nodes
    findings = Findings(
        problem=fit.problem,
        method="laplace",
        effort="",
        draws=draws,
        reversible=fit.reversible_draws,
        cyclic=fit.cyclic_draws,
        reversible_mode=base.mode.theta,
        cyclic_mode=(nodes[-1] if nodes else base).mode.theta,
        curve=fit.smooth_curve,
        sensitivity=tuple(
            fit.log_bayes_factor(tau * fit.priors.cycle_scale) for tau in SENSITIVITY
        ),
        cross_check=None,
        ceiling=None,
        fixed_scales=(),
        imputed_trials=(),
        information=fit.information,
        diagnostics=Diagnostics(
            pareto_k=pareto_k_of(fit),
            reversible=distrust(base.pareto_k),
            cyclic=None,
        ),
    )
    return BalanceTest(
        counts=counts,
        graph=fit.graph,
        findings=findings,
        chains=None,
        verdict=replace(verdict_of(fit), size=violation_size(findings.cyclic, ROPE))
        if fit.graph.n_testable_cycles
        else verdict_of(fit),
        potential=(),
        gradient=(),
        cycles=cycle_affinities(counts, fit.graph, findings.cyclic),
        edges=edge_circulations(fit.graph, findings.cyclic),
        exact=None,
        exact_refusal=None,
        alternatives=(),
        rope=ROPE,
        references=reference_states(counts, fit.graph),
        rejected="stay",
        seconds=0.0,
        random_seed=random_seed,
    )
