"""Overlapping windows: whether the counts are steps of a path, each counted once."""

import numpy as np

from equipoise.counts import TransitionCounts
from equipoise.counts.windows import accepts_overlap
from equipoise.inference.sampling_checks.check import Check, not_checkable, several


def check_windows(counts: TransitionCounts) -> Check:
    """Look for transitions counted at a lag with a window that slides.

    Such counts share most of their data with their neighbours. `TransitionCounts` refuses them
    where the metadata say so. Where nothing is said, a path gives itself away: it leaves every
    state as often as it enters it, but for its two ends, and a window of lag L has 2 L ends.

    Parameters
    ----------
    counts
        Any.
    """
    if accepts_overlap(counts.metadata):
        return Check(
            "windows",
            "suspect",
            "Counts of overlapping windows were accepted at your word: they are not independent, "
            "and evidence and intervals claim more than the data hold.",
        )
    if counts.protocol == "draws":
        return not_checkable(
            "windows",
            "these counts are given as independent draws, which have none; counts along a path "
            "need the protocol trajectory.",
        )
    if counts.sequences is not None:
        return Check("windows", "fine", "The counts are the steps of the sequences, each once.")
    if not counts.starts:
        return not_checkable("windows", "neither sequences nor starts are known.")
    matrix = counts.counts
    excess = np.asarray(matrix.sum(axis=1)).ravel() - np.asarray(matrix.sum(axis=0)).ravel()
    most = int(np.maximum(excess, 0).sum())
    paths = len(counts.starts)
    if most > paths:
        return Check(
            "windows",
            "suspect",
            f"States were left {most:,} times more than entered, and {several(paths, 'path')} "
            "can do that at most once each: perhaps the windows overlap, or starts are missing.",
            statistic=float(most),
            statistic_name="ends beyond starts",
        )
    return Check(
        "windows",
        "fine",
        f"The counts can be those of {several(paths, 'path')}, each step once.",
        statistic=float(most),
        statistic_name="ends beyond starts",
    )
