"""Drift over the order of the draws: whether the kernel changes as collection goes on."""

from collections.abc import Sequence

import numpy as np

from equipoise.counts import TransitionCounts
from equipoise.inference.sampling_checks.check import Check, not_checkable, several
from equipoise.inference.sampling_checks.reference import (
    REPLICATES,
    check_tables,
    dealt,
    reordered,
    trend,
)
from equipoise.inference.sampling_checks.trials import block_places, block_trials, visit_trials
from equipoise.likelihoods import Rejected

INVALID = "invalid if someone looked at the draws to decide where a block ends or when to stop"
#: With six blocks, two of 720 orders have a trend as large as the largest; five have two of 120.
FEWEST_BLOCKS = 6
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

    A linear trend of every outcome, summed over sources. Along paths, over the visits of each
    state, against steps dealt anew to the visits. Else over the blocks, against blocks that change
    places whole: draws of one block may resemble each other without any drift.

    Parameters
    ----------
    counts
        With sequences, or with at least six blocks whose order is known.
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
    rng = np.random.default_rng(random_seed)
    trials, places = visit_trials(counts, rejected, _SEGMENTS), np.arange(_SEGMENTS, dtype=float)
    along_path = trials is not None
    if not along_path and counts.blocks is not None:
        order = block_places(counts.blocks.labels, block_order)
        if order is None:
            return not_checkable(
                "drift",
                "the order of the blocks in time is unknown; give it as block_order, or name the "
                "blocks by numbers or dates.",
            )
        if len(order) < FEWEST_BLOCKS:
            return not_checkable(
                "drift",
                f"a trend cannot be told from differences between blocks with fewer than "
                f"{FEWEST_BLOCKS} of them.",
            )
        trials, places = block_trials(counts, rejected), order
    if trials is None:
        return not_checkable("drift", "the counts do not say in which order they came.")
    tables = [table for table in trials.tables() if np.ptp(places[table.groups]) > 0]
    if not tables:
        return not_checkable("drift", "no source has two outcomes and trials at two times.")
    statistics = [trend(places[table.groups]) for table in tables]
    return check_tables(
        "drift",
        tables,
        statistics,
        dealt(tables, statistics, rng) if along_path else reordered(tables, places, rng),
        states=counts.states,
        replicates=replicates,
        statistic_name="trend",
        invalid=INVALID,
        fine=f"No trend over time in the rows of {several(len(tables), 'source')}.",
        suspect="The rows drift as collection goes on, most clearly from {}; what is tested is "
        "then an average over time.",
    )
