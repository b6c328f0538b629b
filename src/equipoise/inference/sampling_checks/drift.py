"""Drift over the order of the draws: whether the kernel changes as collection goes on."""

from collections.abc import Iterable, Sequence

import numpy as np

from equipoise.counts import TransitionCounts
from equipoise.errors import UsageError
from equipoise.inference.sampling_checks.check import Check, not_checkable, several
from equipoise.inference.sampling_checks.permutation import (
    REPLICATES,
    check_tables,
    dealt,
    reordered,
    trend,
)
from equipoise.inference.sampling_checks.trials import (
    block_places,
    block_trials,
    visit_trials,
    walks,
)
from equipoise.likelihoods import Rejected
from equipoise.simulate.draws import RandomSeed, random_generator
from equipoise.text import listed, quoted

INVALID = "invalid if someone looked at the draws to decide where a block ends or when to stop"
#: With six blocks, two of 720 orders have a trend as large as the largest; five have two of 120.
FEWEST_BLOCKS = 6
_SEGMENTS = 10


def check_block_order(
    counts: TransitionCounts, block_order: Sequence[str] | None, *, rejected: Rejected = "stay"
) -> None:
    """Refuse an order of blocks where there are none, or where drift is looked for along paths.

    Parameters
    ----------
    counts, block_order, rejected
        As of :func:`check_drift`.

    Raises
    ------
    UsageError
        If it would have to be ignored, or does not name every block once.
    """
    if block_order is None:
        return
    if isinstance(block_order, str) or not isinstance(block_order, Iterable):
        raise UsageError(
            f"block_order is a list of labels, not {quoted(repr(block_order))}: "
            "block_order=['Mon', 'Tue', 'Wed']"
        )
    if counts.blocks is None:
        raise UsageError(
            f"block_order orders blocks, and these counts have none, got {listed(block_order)}: "
            "leave it out, or give counts with a column block"
        )
    if walks(counts, rejected):
        raise UsageError(
            "block_order is not looked at where the counts hold paths, whose steps tell their own "
            f"order, got {listed(block_order)}: leave it out"
        )
    block_places(counts.blocks.labels, block_order)


def check_drift(
    counts: TransitionCounts,
    *,
    block_order: Sequence[str] | None = None,
    rejected: Rejected = "stay",
    replicates: int = REPLICATES,
    random_seed: RandomSeed = None,
) -> Check:
    """Look for a trend of the rows over time.

    A linear trend of every outcome, summed over sources. Along paths, over the visits of each
    state, against steps dealt anew to the visits. Else over the blocks, against blocks that change
    places whole: draws of one block may resemble each other without any drift. That holds if the
    sizes of blocks do not go with their place; else drift may be seen where there is none.

    Parameters
    ----------
    counts
        With sequences, or with at least six blocks whose order is known.
    block_order
        Labels of the blocks in the order of time. Default: that of the labels, where all of them
        are whole numbers, pairs of them such as 001-002, or dates (ISO 8601).
    rejected
        What a trial that ended in no state counts as.
    replicates
        Simulated tables at most.
    random_seed
        Same seed, same p-value.

    Raises
    ------
    UsageError
        If ``block_order`` does not name every block once, or there are no blocks that it could
        order: none at all, or paths, which tell their own order.
    """
    check_block_order(counts, block_order, rejected=rejected)
    rng = random_generator(random_seed)
    trials, places = visit_trials(counts, rejected, _SEGMENTS), np.arange(_SEGMENTS, dtype=float)
    along_path = trials is not None
    if not along_path and counts.blocks is not None:
        order = block_places(counts.blocks.labels, block_order)
        if order is None:
            return not_checkable(
                "drift",
                "the order of the blocks in time is unknown; give it as block_order (on the "
                "command line --block-order), or name the blocks by numbers or dates.",
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
