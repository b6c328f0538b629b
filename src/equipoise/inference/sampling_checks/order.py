"""First against second order: whether the next step depends on more than the state."""

import numpy as np
from scipy.special import gammaln

from equipoise.counts import TransitionCounts
from equipoise.graph import support_graph
from equipoise.inference.sampling_checks.check import Check, not_checkable
from equipoise.inference.sampling_checks.permutation import (
    REPLICATES,
    check_tables,
    dealt,
    row_ratio,
)
from equipoise.inference.sampling_checks.trials import Trials, context_trials
from equipoise.likelihoods import FloatArray, IntArray, Rejected, trials_of
from equipoise.simulate.draws import RandomSeed, random_generator

INVALID = "invalid if someone looked at the path to decide when to stop"
_CONCENTRATION = 0.5


def check_order(
    counts: TransitionCounts,
    *,
    rejected: Rejected = "stay",
    replicates: int = REPLICATES,
    random_seed: RandomSeed = None,
) -> Check:
    """Test a chain of first order against one of second order.

    The likelihood ratio of rows that depend on the state before against rows that do not, summed
    over states, against steps out of each state dealt anew to the visits.

    Parameters
    ----------
    counts
        With sequences.
    rejected
        What a trial that ended in no state counts as: a step to the same state, or none.
    replicates
        Simulated tables at most.
    random_seed
        Same seed, same p-value.
    """
    if counts.protocol == "draws":
        return not_checkable("order", "independent draws have no step before them to remember.")
    trials = context_trials(counts, rejected)
    if trials is None:
        return not_checkable("order", "the order of the steps was not kept; give the sequences.")
    tables = trials.tables()
    if not tables:
        return not_checkable("order", "no state was reached from two states and left for two.")
    factor = _log_factor(counts, trials, rejected)
    statistics = [row_ratio] * len(tables)
    return check_tables(
        "order",
        tables,
        statistics,
        dealt(tables, statistics, random_generator(random_seed)),
        states=counts.states,
        replicates=replicates,
        statistic_name="likelihood ratio",
        invalid=INVALID,
        fine=f"Nothing speaks for memory beyond the state (log BF for first order {factor:+.1f}).",
        suspect="The next step depends on the state before as well, most clearly at {}; take pairs "
        f"of states as states, or a longer lag (log BF for first order {factor:+.1f}).",
    )


def log_order_factor(counts: TransitionCounts, *, rejected: Rejected = "stay") -> float | None:
    """Return the log Bayes factor of first against second order; None without sequences.

    Rows of either order are independent ``Dirichlet(½)`` on the steps possible from the state (the
    edges of the support, and staying), which gives both evidences in closed form. Of either, the
    steps that have a step before them. Nats; positive favours first order. Under second order the
    rows of one state are independent a priori, though real memory is often slight: the factor then
    favours first order long after the p-value has found the memory.
    """
    trials = context_trials(counts, rejected)
    return None if trials is None else _log_factor(counts, trials, rejected)


def _log_factor(counts: TransitionCounts, trials: Trials, rejected: Rejected) -> float:
    """Return the same from steps by the state before."""
    graph = support_graph(counts, trials_of(counts, rejected))
    possible = np.bincount(graph.edges.ravel(), minlength=graph.n_states) + int(counts.stay)
    return sum(
        float(
            _log_evidence(table.counts.sum(axis=0)[None], int(possible[table.source])).sum()
            - _log_evidence(table.counts, int(possible[table.source])).sum()
        )
        for table in trials.tables(groups=1, outcomes=1)
    )


def _log_evidence(rows: IntArray, possible: int) -> FloatArray:
    """Return log evidences of Dirichlet rows (K, J) with so many possible outcomes, shape (K,)."""
    a = _CONCENTRATION
    total = rows.sum(axis=1)
    return np.asarray(
        gammaln(a * possible)
        - gammaln(a * possible + total)
        + (gammaln(a + rows) - gammaln(a)).sum(axis=1)
    )
