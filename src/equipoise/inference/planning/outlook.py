"""What further trials will say: the log Bayes factor of simulated tables."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise

import numpy as np

from equipoise.errors import NotTrustedError
from equipoise.graph import SupportGraph
from equipoise.inference.planning.quick import Quick
from equipoise.inference.planning.testability import strong_components
from equipoise.inference.planning.truths import Truths
from equipoise.likelihoods import FloatArray, IntArray, MultinomialRows
from equipoise.parallel import RunTasks, run_tasks

LEVELS = (0.05, 0.95)


@dataclass(frozen=True)
class Outlook:
    """What a number of further trials will say, if one assumption is true.

    Attributes
    ----------
    truth
        ``"violation"``: of the size assumed. ``"none"``: balance.
    trials
        Further trials, over all sources.
    mean, mcse
        Expected log Bayes factor of all trials, and its Monte Carlo error, nats. None where no
        cycle is testable, or too few tables have a mode.
    lower, upper
        Its predictive 90 % interval.
    against, favouring
        Probability of a log Bayes factor of at most −1, and of at least 1.
    ceiling
        Log Bayes factor had all counts equalled their reversible expectation; None as above.
    testable
        Probability that some cycle is testable then.
    """

    truth: str
    trials: int
    mean: float | None
    mcse: float | None
    lower: float | None
    upper: float | None
    against: float | None
    favouring: float | None
    ceiling: float | None
    testable: float


def add_trials(
    rows: MultinomialRows, eta: FloatArray, trials: IntArray, rng: np.random.Generator
) -> MultinomialRows:
    """Return counts with further trials (S,) of the kernel with predictor ``eta`` (2E,) added."""
    probability = rows.probabilities(eta)
    counts = rows.counts.copy()
    ends = np.append(rows.arcs.row_starts, len(counts))
    for start, end in pairwise(ends.tolist()):
        n = int(trials[rows.arcs.source[start]])
        row = probability[start:end]
        if rows.stay:
            counts[start:end] += rng.multinomial(n, [*row, max(1.0 - row.sum(), 0.0)])[:-1]
        else:
            counts[start:end] += rng.multinomial(n, row / row.sum())
    return replace(rows, counts=counts, trials=rows.trials + trials)


def simulated_factors(
    quick: Quick,
    rows: MultinomialRows,
    truths: Truths,
    budgets: Sequence[IntArray],
    rng: np.random.Generator,
    done: Callable[[int], None],
    run: RunTasks = run_tasks,
) -> FloatArray:
    """Return log Bayes factors of simulated tables, shape (len(budgets), len(truths)).

    NaN where a mode was not reached. ``done`` is called with the number of tables so far. They are
    drawn here, and analysed by whom ``run`` hands them to.
    """
    drawn = [
        (theta, [add_trials(rows, eta, trials, rng) for trials in budgets])
        for theta, eta in zip(truths.theta, truths.eta, strict=True)
    ]
    factors = np.full((len(budgets), len(drawn)), np.nan)
    found = run(partial(_factors, quick), drawn)
    for ready, (k, values) in enumerate(found, 1):
        factors[:, k] = values
        done(ready * len(budgets))
    return factors


def _factors(quick: Quick, drawn: tuple[FloatArray, list[MultinomialRows]]) -> list[float]:
    """Analyse the tables of one kernel; NaN where a mode is not reached, counted as failed."""
    theta, tables = drawn
    found = []
    for table in tables:
        try:
            found.append(quick.log_bayes_factor(table, theta))
        except NotTrustedError:
            found.append(np.nan)
    return found


def testable_probability(
    graph: SupportGraph,
    rows: MultinomialRows,
    truths: Truths,
    trials: IntArray,
    rng: np.random.Generator,
) -> float:
    """Return the probability that further trials (S,) leave some cycle testable."""
    if graph.n_testable_cycles:
        return 1.0
    arcs = rows.arcs
    sources = graph.sources | (trials > 0)
    found = 0
    for eta in truths.eta:
        counts = add_trials(rows, eta, trials, rng).counts
        seen = (counts > 0) & sources[arcs.target]
        pairs = zip(arcs.source[seen].tolist(), arcs.target[seen].tolist(), strict=True)
        strong = strong_components(graph.n_states, pairs)
        inside = np.count_nonzero(strong[graph.edges[:, 0]] == strong[graph.edges[:, 1]])
        found += bool(inside > graph.n_states - len(np.unique(strong)))
    return found / len(truths.eta)


def outlook(
    truth: str, trials: int, factors: FloatArray, ceiling: float, testable: float
) -> Outlook:
    """Summarise log Bayes factors of simulated tables, shape (n,); NaN are left out.

    Without two numbers there is nothing to summarise. The interval's ends are order statistics
    (Weibull's), of which a further table falls outside with exactly the probability stated.
    """
    known = factors[np.isfinite(factors)]
    if len(known) < 2:
        return Outlook(truth, trials, None, None, None, None, None, None, ceiling, testable)
    lower, upper = np.quantile(known, LEVELS, method="weibull")
    return Outlook(
        truth=truth,
        trials=trials,
        mean=float(known.mean()),
        mcse=float(known.std(ddof=1) / np.sqrt(len(known))),
        lower=float(lower),
        upper=float(upper),
        against=float((known <= -1).mean()),
        favouring=float((known >= 1).mean()),
        ceiling=ceiling,
        testable=testable,
    )


def untestable_outlook(truth: str, trials: int, testable: float) -> Outlook:
    """Return what further trials say of a table without a testable cycle: maybe that there is."""
    return Outlook(truth, trials, None, None, None, None, None, None, None, testable)
