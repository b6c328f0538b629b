"""Whether counts are those of one path, and where it began and ended."""

from itertools import pairwise

import numpy as np
from scipy.sparse.csgraph import connected_components

from equipoise.counts import TransitionCounts
from equipoise.errors import DataError
from equipoise.text import listed, quoted

_ONE = "exact evidence is defined for one path only"


def ends_of_path(counts: TransitionCounts) -> tuple[int, int]:
    """Return the state where the one path behind the counts began, and where it ended.

    Paths that join, each beginning where the last one ended, are taken as one, in their order.

    Parameters
    ----------
    counts : TransitionCounts
        Protocol "trajectory". Without its sequences, the counts must be those of a path from the
        start they name; where they name none, it is the state that was left once more often than
        entered.

    Returns
    -------
    start, end : int
        State indices.

    Raises
    ------
    DataError
        If the counts are not those of one path, or do not tell where it began.
    """
    if counts.protocol != "trajectory":
        raise DataError(
            f"the protocol is {quoted(counts.protocol)}, and independent draws are no path; say "
            f'protocol="trajectory" if each trial began where the last one ended: {_ONE}'
        )
    lost = int(counts.other.sum())
    if lost:
        raise DataError(
            f"{lost:,} of the trials ended in no state, and a path has no such steps; leave them "
            f"out, or count them as staying: {_ONE}"
        )
    if counts.sequences is not None:
        return _chained(counts)
    return _from_counts(counts)


def _chained(counts: TransitionCounts) -> tuple[int, int]:
    """Return the ends of paths that join."""
    paths = counts.sequences or ()
    for number, (before, after) in enumerate(pairwise(paths), start=1):
        if before[-1] != after[0]:
            raise DataError(
                f"path {number} ends in {_name(counts, before[-1])} and path {number + 1} "
                f"begins in {_name(counts, after[0])}, so they do not join to one path; "
                f"give one of them: {_ONE}"
            )
    return int(paths[0][0]), int(paths[-1][-1])


def _from_counts(counts: TransitionCounts) -> tuple[int, int]:
    """Return the ends of the path that a matrix of counts comes from (Euler's conditions)."""
    if len(counts.starts) > 1:
        raise DataError(
            f"{len(counts.starts)} paths are counted together, and without their sequences none "
            f"can say whether they join; give the sequences: {_ONE}"
        )
    matrix = counts.counts
    left = np.asarray(matrix.sum(axis=1), dtype=np.int64).ravel()
    entered = np.asarray(matrix.sum(axis=0), dtype=np.int64).ravel()
    _, part = connected_components(matrix, directed=True, connection="weak")
    used = np.flatnonzero(left + entered)
    if len(np.unique(part[used])) > 1:
        apart = used[part[used] != part[used[0]]][0]
        raise DataError(
            f"no transition joins {_name(counts, used[0])} and "
            f"{_name(counts, apart)} even by others, so one path cannot have seen both; split "
            f"the counts: {_ONE}"
        )
    excess = left - entered
    start, end = np.flatnonzero(excess == 1), np.flatnonzero(excess == -1)
    closed = not excess.any()
    if not closed and not (len(start) == len(end) == 1 and np.abs(excess).sum() == 2):
        worst = int(np.argmax(np.abs(excess)))
        raise DataError(
            f"{_name(counts, worst)} was left {left[worst]:,} times and entered "
            f"{entered[worst]:,} times, which no single path does; check the counts: {_ONE}"
        )
    named = counts.index(counts.starts[0]) if counts.starts else None
    if closed:
        if named is None:
            raise DataError(
                "every state was left as often as entered, so the path ended where it began, and "
                f"the counts do not tell where; give its start or its sequence: {_ONE}"
            )
        if not left[named]:
            raise DataError(
                f"the path is said to begin in {_name(counts, named)}, which no transition "
                f"touches; name the true start among {listed(counts.states[k] for k in used)}"
            )
        return named, named
    if named is not None and named != start[0]:
        raise DataError(
            f"the path is said to begin in {_name(counts, named)}, but by the counts it "
            f"began in {_name(counts, start[0])}, which was left once more often than "
            "entered; name that, or check the counts"
        )
    return int(start[0]), int(end[0])


def _name(counts: TransitionCounts, state: int) -> str:
    """Return the label of a state, cut short: some characters take two columns of a terminal."""
    return quoted(counts.states[state], 24)
