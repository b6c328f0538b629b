"""The likelihood ratio of balance, against tables drawn from the fitted reversible kernel."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from equipoise.counts import TransitionCounts
from equipoise.errors import UsageError
from equipoise.graph import support_graph
from equipoise.inference.baselines.baseline import STOPPING, Row
from equipoise.inference.baselines.likelihood_ratio import testable_edges
from equipoise.inference.baselines.reversible_fit import fit_reversible
from equipoise.likelihoods import FloatArray, IntArray, Rejected, trials_of
from equipoise.parallel import HERE, Workers, check_workers, run_tasks
from equipoise.simulate import RandomSeed

REPLICATES = 999
_FEWEST = 19
# Tables a task, whoever does it: those fitted together share their number of steps, and fewer gain
# less from that than they cost.
_AT_ONCE = 50


@dataclass(frozen=True)
class Bootstrap:
    """The likelihood ratio among those of reversible tables.

    Attributes
    ----------
    value
        Likelihood ratio of the counts.
    p_value
        ``(1 + replicates at least as large)/(1 + replicates)``; None without a testable cycle.
    replicates
        How many tables were drawn.
    null_mean, null_upper
        Mean and 95 % quantile of their likelihood ratios; None without a testable cycle.
    """

    value: float
    p_value: float | None
    replicates: int
    null_mean: float | None
    null_upper: float | None

    wrong = (
        "It takes the fitted kernel for the true one, whose unseen arcs it never draws, and no "
        "p-value can speak for balance."
    )

    def rows(self) -> tuple[Row, ...]:
        """Return its line of the table of baselines."""
        p, invalid = self.p_value, "" if self.p_value is None else STOPPING
        return (Row("parametric bootstrap", "2 Δ log L", self.value, None, p, self.wrong, invalid),)


def parametric_bootstrap(
    counts: TransitionCounts,
    *,
    rejected: Rejected = "stay",
    replicates: int = REPLICATES,
    random_seed: RandomSeed = None,
    workers: Workers = HERE,
) -> Bootstrap:
    """Judge the likelihood ratio of balance by simulation.

    Parameters
    ----------
    counts : TransitionCounts
        Axis 0 is from, axis 1 to.
    rejected : {"stay", "drop"}
        What a trial that ended in no state counts as.
    replicates : int
        Tables to draw, each row multinomial with the trials it had: for a trajectory too, whose row
        totals are then held where its own would vary.
    random_seed : int, Generator or None
        The same seed gives the same result.
    workers : Workers
        Where the tables are fitted, which changes nothing but the time: processes of this machine,
        or a dask scheduler.

    Returns
    -------
    Bootstrap

    Raises
    ------
    UsageError
        If there are fewer than 19 replicates, or the workers cannot be had.
    MissingDependencyError
        If a scheduler is given and dask.distributed is not installed.
    NotTrustedError
        If a reversible fit is not reached, or a worker died.
    """
    if replicates < _FEWEST:
        raise UsageError(
            f"replicates must be at least {_FEWEST}, not {replicates!r}: fewer give no p-value "
            "below 0.05"
        )
    check_workers(workers)
    trials = trials_of(counts, rejected)
    graph = support_graph(counts, trials)
    edges, states, forward, backward = testable_edges(counts, graph)
    fit = fit_reversible(edges, len(states), forward[None], backward[None])
    value = float(fit.likelihood_ratio[0])
    if not graph.n_testable_cycles:
        return Bootstrap(value, None, 0, None, None)
    rng = np.random.default_rng(random_seed)
    total = forward + backward
    expected = np.concatenate([fit.forward[0], total - fit.forward[0]])
    source = np.concatenate([edges[:, 0], edges[:, 1]])
    drawn = np.zeros((replicates, len(source)))
    for state, made in enumerate(trials[states].astype(np.int64).tolist()):
        arcs = np.flatnonzero(source == state)
        shares = np.append(expected[arcs] / made, 0.0)
        shares[-1] = max(1.0 - shares.sum(), 0.0)  # stays, and leaves for where no cycle returns
        drawn[:, arcs] = rng.multinomial(made, shares / shares.sum(), size=replicates)[:, :-1]
    parts = np.split(drawn, range(_AT_ONCE, replicates, _AT_ONCE))
    found = dict(run_tasks(partial(_likelihood_ratios, edges, len(states)), parts, workers))
    null = np.concatenate([found[number] for number in range(len(parts))])
    beyond = int(np.count_nonzero(null >= value - 1e-9 * (1.0 + value)))
    return Bootstrap(
        value=value,
        p_value=(1 + beyond) / (1 + replicates),
        replicates=replicates,
        null_mean=float(null.mean()),
        null_upper=float(np.quantile(null, 0.95)),
    )


def _likelihood_ratios(edges: IntArray, n_states: int, drawn: FloatArray) -> FloatArray:
    """Return those of tables, shape (n, 2 E): along every edge, then against it."""
    forward, backward = np.split(drawn, 2, axis=1)
    return fit_reversible(edges, n_states, forward, backward).likelihood_ratio
