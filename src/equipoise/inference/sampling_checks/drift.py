"""Drift over the order of the draws: whether the kernel changes as collection goes on."""

from collections.abc import Sequence

import numpy as np

from equipoise.counts import TransitionCounts
from equipoise.inference.sampling_checks.check import Check, not_checkable, several
from equipoise.inference.sampling_checks.reference import REPLICATES, check_tables, trend
from equipoise.inference.sampling_checks.trials import block_places, block_trials, visit_trials
from equipoise.likelihoods import Rejected

INVALID = "invalid if someone looked at the draws to decide where a block ends or when to stop"
_SEGMENTS = 10


def check_drift(
    counts: TransitionCounts,
    *,
    block_order: Sequence[str] | None = None,
    rejected: Rejected = "stay",
    replicates: int = REPLICATES,
    random_seed: int | np.random.Generator | None = None,
) -> Check:
    """Look for a trend of the rows over time.

    Along paths, the visits of each state in order; else the blocks in order. A linear trend of
    every outcome, summed over sources, against outcomes dealt anew to the trials of each source.

    Parameters
    ----------
    counts
        With sequences, or with blocks whose order is known.
    block_order
        Labels of the blocks in the order of time. Default: that of the labels, where all of them
        are whole numbers or all of them dates (ISO 8601).
    rejected
        What a trial that ended in no state counts as.
    replicates
        Simulated tables at most.
    random_seed
        Same seed, same p-value.

    Raises
    ------
    UsageError
        If ``block_order`` does not name every block once.
    """
    trials = visit_trials(counts, rejected, _SEGMENTS)
    places = np.arange(_SEGMENTS, dtype=np.float64)
    if trials is None and counts.blocks is not None:
        order = block_places(counts.blocks.labels, block_order)
        if order is None:
            return not_checkable(
                "drift",
                "the order of the blocks in time is unknown; give it as block_order, or name the "
                "blocks by numbers or dates.",
            )
        trials, places = block_trials(counts, rejected), order
    if trials is None:
        return not_checkable("drift", "the counts do not say in which order they came.")
    tables = [table for table in trials.tables() if np.ptp(places[table.groups]) > 0]
    if not tables:
        return not_checkable("drift", "no source has two outcomes and trials at two times.")
    return check_tables(
        "drift",
        tables,
        [trend(places[table.groups]) for table in tables],
        states=counts.states,
        replicates=replicates,
        rng=np.random.default_rng(random_seed),
        statistic_name="trend",
        invalid=INVALID,
        fine=f"No trend over time in the rows of {several(len(tables), 'source')}.",
        suspect="The rows drift as collection goes on, most clearly from {}; what is tested is "
        "then an average over time.",
    )
