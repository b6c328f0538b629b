"""Planning: what the counts so far can tell, what more would tell, and which to sample next."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from equipoise.counts import TransitionCounts
from equipoise.errors import UsageError
from equipoise.graph import SupportGraph
from equipoise.inference.evidence.information import cycle_information, information_nats
from equipoise.inference.evidence.result import BayesFactor
from equipoise.inference.findings import Progress, Stages
from equipoise.inference.planning.allocation import Allocation, allocate
from equipoise.inference.planning.assumptions import (
    RHO,
    SIMULATIONS,
    Spread,
    assumed_circulation,
    budgets_of,
    check_arguments,
    rho_of,
    spread_trials,
)
from equipoise.inference.planning.outlook import Outlook
from equipoise.inference.planning.simulation import TRUTHS, infer, simulate
from equipoise.inference.planning.testability import CycleInformation, cycle_informations
from equipoise.inference.problem import Problem, problem_of
from equipoise.inference.verdict import ROPE, ViolationSize, violation_size
from equipoise.likelihoods import FloatArray, IntArray, MultinomialRows, Rejected
from equipoise.models import Priors
from equipoise.parallel import HERE, Workers, check_workers
from equipoise.simulate.draws import RandomSeed, plain_seed, random_generator

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr


@dataclass(frozen=True, eq=False, repr=False)
class Plan:
    """The outcome of :func:`plan`.

    Attributes
    ----------
    counts, graph
        The counts so far, and their support graph.
    priors, rejected
        Of the tests planned for.
    trials
        Trials so far from each state as the tests count them, shape (S,): without those that ended
        in no state, where they are dropped. Every number of trials of a plan is one of these.
    rho
        ρ assumed, nats; of the cycle, where one was named.
    cycle, affinity
        The cycle assumed to break balance and its affinity, nats; None for any direction.
    spread
        How further trials are spread over sources.
    cycles
        How well each cycle of the minimum-weight basis is determined now, best first.
    information_nats
        Expected information of the counts so far on the cycles, ``½ Σ log(1 + τ² λ_k)``.
    log_bayes_factor
        Of the counts so far, by the fast path; None where it was not computed.
    size
        ρ by the counts so far; None as above, or where no cycle is testable.
    ceiling, ceiling_mcse
        Log Bayes factor had the counts so far equalled their reversible expectation, and its Monte
        Carlo error, nats; None as above.
    outlook
        For either assumption and each number of further trials.
    factors
        Simulated log Bayes factors behind it, shape (2, budgets, simulations), NaN for a table
        without a mode; the first axis is (violation, none). Without simulations of shape (2, 0, 0).
    allocations
        For each number of further trials, how the sources should share them; empty where no cycle
        is testable.
    budgets
        Numbers of further trials, over all sources.
    doubt
        Why the outlook must not be relied on, in words; None where it may be.
    seconds, random_seed
        How long it took, and the seed.
    """

    counts: TransitionCounts
    graph: SupportGraph
    priors: Priors
    rejected: Rejected
    trials: IntArray
    rho: float
    cycle: tuple[str, ...] | None
    affinity: float | None
    spread: Spread
    cycles: tuple[CycleInformation, ...]
    information_nats: float
    log_bayes_factor: BayesFactor | None
    size: ViolationSize | None
    ceiling: float | None
    ceiling_mcse: float | None
    outlook: tuple[Outlook, ...]
    factors: FloatArray
    allocations: tuple[Allocation, ...]
    budgets: tuple[int, ...]
    doubt: str | None
    seconds: float
    random_seed: int | None

    def __repr__(self) -> str:
        n = self.graph.n_testable_cycles
        return f"Plan({n} testable of {self.graph.n_cycles} cycles, {len(self.budgets)} budgets)"

    @property
    def recommended(self) -> Allocation | None:
        """The allocation at the middle number of further trials; None without testable cycles."""
        return self.allocations[len(self.allocations) // 2] if self.allocations else None

    @property
    def n_left_out(self) -> int:
        """Trials so far that ended in no state and are left out, so that further ones will be."""
        return self.counts.n_trials - int(self.trials.sum())

    @property
    def exit_status(self) -> int:
        """0 for a plan to rely on (one that finds nothing testable is), 3 otherwise."""
        return 0 if self.doubt is None else 3

    def table(self) -> "pd.DataFrame":
        """Return the outlook, one row for each assumption and number of further trials."""
        import pandas as pd

        return pd.DataFrame([vars(row) for row in self.outlook])

    def sources(self) -> "pd.DataFrame":
        """Return trials so far and recommended fractions, one row a state."""
        import pandas as pd

        best = self.recommended
        return pd.DataFrame(
            {
                "state": self.counts.states,
                "trials": self.trials,
                "fraction": np.nan if best is None else best.fractions,
            }
        )

    def to_xarray(self) -> "xr.DataArray":
        """Return the simulated log Bayes factors, dims (truth, trials, simulation), nats."""
        import xarray as xr

        trials = self.budgets if self.factors.size else ()
        return xr.DataArray(
            self.factors,
            dims=("truth", "trials", "simulation"),
            coords={"truth": list(TRUTHS), "trials": list(trials)},
            name="log_bayes_factor",
            attrs={"units": "nats"},
        )


def plan(
    counts: TransitionCounts,
    *,
    further: int | Sequence[int] | None = None,
    rho: float = RHO,
    cycle: Sequence[str] | None = None,
    affinity: float | None = None,
    spread: Spread = "as-so-far",
    priors: Priors | None = None,
    rejected: Rejected = "stay",
    simulations: int = SIMULATIONS,
    random_seed: RandomSeed = None,
    workers: Workers = HERE,
    progress: Progress | None = None,
) -> Plan:
    """Say what the counts so far can tell about balance, and what further trials would.

    Parameters
    ----------
    counts : TransitionCounts
        The counts so far, perhaps of a pilot; axis 0 is from, axis 1 to. They are kept: what is
        planned for is a test of all trials.
    further : int or sequence of int, optional
        Numbers of further trials, over all sources; of those that end in a state, where the
        others are dropped. Default: five from about a third of those so far to thirty times as
        many.
    rho : float
        ρ of the violation planned for, nats, in a direction of cycle space that is not known.
    cycle : sequence of str, optional
        Labels of a cycle, the first not repeated, that alone breaks balance, c being spread evenly
        over its edges; in place of ``rho``.
    affinity : float, optional
        The affinity of that cycle, nats.
    spread : {"as-so-far", "even", "informative"}
        How further trials are shared by the states that were sources: in the proportions so far,
        evenly, or so that c becomes narrowest.
    priors : Priors, optional
        Of the tests planned for. Default: ``Priors()``.
    rejected : {"stay", "drop"}
        What a trial that ended in no state counts as.
    simulations : int
        Kernels drawn for either assumption; each gives a table for every number of trials.
    random_seed : int, Generator or None
        The same seed gives the same result.
    workers : Workers
        Where simulated tables are analysed, which changes nothing but the time.
    progress : callable, optional
        Called with (what is being done, fraction done).

    Returns
    -------
    Plan
        With ``doubt`` not None, rather than an exception, where it cannot be relied on.

    Raises
    ------
    UsageError, DataError
        If an argument is out of its range, a label is unknown, the cycle named is none or not
        testable, the graph has more than 3,000 parameters, or the workers cannot be had.
    MissingDependencyError
        If a scheduler is given and dask.distributed is not installed.
    NotTrustedError
        If a posterior mode cannot be reached at all, or a worker died.

    Notes
    -----
    Kernels are drawn from the posterior given that c has the size assumed (or is 0), so the
    interval holds the spread from not knowing the kernel, from not knowing the direction, from
    sampling, and from the errors of analysis. Everything is conditional on the observed support.
    Graphs with more than 400 parameters are not simulated: they get information and allocation
    only.
    """
    start = time.perf_counter()
    seed, rng = plain_seed(random_seed), random_generator(random_seed)
    check_workers(workers)
    simulations = check_arguments(rho, cycle, affinity, spread, simulations)
    problem = problem_of(counts, priors=priors, likelihood="multinomial", rejected=rejected)
    rows, graph = problem.likelihood, problem.graph
    if not isinstance(rows, MultinomialRows):
        raise UsageError("planning needs the multinomial likelihood")
    budgets = budgets_of(further, int(rows.trials.sum()))
    assumed = assumed_circulation(counts, graph, rho, cycle, affinity)
    stages = Stages(progress)
    known = infer(problem, rows, rng, stages)
    allocations = _allocations(problem, rows, known.probability, budgets)
    spreads = [
        spread_trials(spread, graph, rows.trials, budget, allocations[k] if allocations else None)
        for k, budget in enumerate(budgets)
    ]
    simulated = simulate(problem, rows, known, assumed, spreads, simulations, rng, stages, workers)
    stages.next("done", 1.0)(1, 1)
    return Plan(
        counts=counts,
        graph=graph,
        priors=problem.priors,
        rejected=rejected,
        trials=rows.trials.astype(np.int64),
        rho=rho if assumed is None else rho_of(graph, assumed),
        cycle=None if cycle is None else tuple(counts.states[counts.index(s)] for s in cycle),
        affinity=affinity,
        spread=spread,
        cycles=cycle_informations(counts, graph, known.probability, rows.trials),
        information_nats=information_nats(
            cycle_information(known.reversible, problem.predictor, known.theta),
            problem.priors.cycle_scale,
        )
        if graph.n_cycles
        else 0.0,
        log_bayes_factor=None if known.fit is None else known.fit.log_bayes_factor(),
        size=None
        if known.fit is None or not graph.n_testable_cycles
        else violation_size(known.fit.cyclic_draws, ROPE),
        ceiling=simulated.ceiling,
        ceiling_mcse=simulated.ceiling_mcse,
        outlook=simulated.outlook,
        factors=simulated.factors,
        allocations=allocations,
        budgets=budgets,
        doubt=simulated.doubt,
        seconds=time.perf_counter() - start,
        random_seed=seed,
    )


def _allocations(
    problem: Problem, rows: MultinomialRows, probability: FloatArray, budgets: Sequence[int]
) -> tuple[Allocation, ...]:
    graph = problem.graph
    if not graph.n_testable_cycles:
        return ()
    inside = graph.inside
    return tuple(
        allocate(
            graph.edges[inside],
            probability[inside],
            trials=rows.trials,
            further=budget,
            sources=graph.sources,
            prior_sd=problem.priors.cycle_scale,
        )
        for budget in budgets
    )
