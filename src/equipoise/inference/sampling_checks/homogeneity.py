"""Blocks against each other: whether all of them draw from one kernel."""

from equipoise.counts import TransitionCounts
from equipoise.inference.sampling_checks.check import Check, not_checkable, several
from equipoise.inference.sampling_checks.permutation import (
    REPLICATES,
    check_tables,
    dealt,
    row_ratio,
)
from equipoise.inference.sampling_checks.trials import block_trials
from equipoise.likelihoods import Rejected
from equipoise.simulate.draws import RandomSeed, random_generator

INVALID = (
    "invalid if someone looked at the draws to decide where a block ends or when to stop; for "
    "trajectories an approximation"
)
NO_BLOCKS = "the counts name no blocks (batch, day, seed, prompt variant)."


def check_blocks(
    counts: TransitionCounts,
    *,
    rejected: Rejected = "stay",
    replicates: int = REPLICATES,
    random_seed: RandomSeed = None,
) -> Check:
    """Compare the rows of each source between blocks.

    The likelihood ratio of "each block its own row" against "one row for all", summed over
    sources, against outcomes dealt anew to the trials of each source. Several paths without blocks
    are compared with each other.

    Parameters
    ----------
    counts
        With blocks, or with several sequences.
    rejected
        What a trial that ended in no state counts as.
    replicates
        Simulated tables at most.
    random_seed
        Same seed, same p-value.
    """
    trials = block_trials(counts, rejected)
    if trials is None:
        return not_checkable("blocks", NO_BLOCKS)
    tables = trials.tables()
    if not tables:
        return not_checkable("blocks", "no source has two outcomes and trials in two blocks.")
    statistics = [row_ratio] * len(tables)
    return check_tables(
        "blocks",
        tables,
        statistics,
        dealt(tables, statistics, random_generator(random_seed)),
        states=counts.states,
        replicates=replicates,
        statistic_name="likelihood ratio",
        invalid=INVALID,
        fine=f"The blocks look alike in the rows of {several(len(tables), 'source')} they share.",
        suspect="The blocks do not draw from one kernel, most clearly from {}; test them apart "
        "before pooling them.",
    )
