"""Trials in groups: the same source in several batches, at several times, after several states."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from equipoise.counts import TransitionCounts
from equipoise.errors import UsageError
from equipoise.io.records import OTHER
from equipoise.likelihoods import FloatArray, IntArray, Rejected, trials_of
from equipoise.text import listed


@dataclass(frozen=True, eq=False)
class SourceTable:
    """The trials from one source, counted by group and outcome.

    Attributes
    ----------
    source
        State index.
    groups
        Which groups made trials from it, increasing, shape (K,).
    counts
        Shape (K, J): axis 0 groups, axis 1 outcomes; no row and no column is all 0.
    """

    source: int
    groups: IntArray
    counts: IntArray


@dataclass(frozen=True, eq=False)
class Trials:
    """Trials in groups, one entry a group, source and outcome or more.

    Attributes
    ----------
    group, source, outcome
        Group number; state where the trial began; state where it ended. Shape (R,).
    count
        How many, shape (R,).
    """

    group: IntArray
    source: IntArray
    outcome: IntArray
    count: IntArray

    def tables(self, *, groups: int = 2, outcomes: int = 2) -> tuple[SourceTable, ...]:
        """Return the table of each source that can be compared, in order of state.

        Parameters
        ----------
        groups, outcomes
            Fewest groups with trials from the source, and fewest outcomes of these.
        """
        if not len(self.source):
            return ()
        found = []
        order = np.argsort(self.source, kind="stable")
        sources, starts = np.unique(self.source[order], return_index=True)
        for source, rows in zip(sources.tolist(), np.split(order, starts[1:]), strict=True):
            names, k = np.unique(self.group[rows], return_inverse=True)
            ends, j = np.unique(self.outcome[rows], return_inverse=True)
            if len(names) >= groups and len(ends) >= outcomes:
                table = np.zeros((len(names), len(ends)), dtype=np.int64)
                np.add.at(table, (k, j), self.count[rows])
                found.append(SourceTable(source, names, table))
        return tuple(found)


def block_trials(counts: TransitionCounts, rejected: Rejected) -> Trials | None:
    """Return the trials by block; by path where there are no blocks but several paths; else None.

    A trial that ended in no state counts as in the likelihood: as staying, or not at all.
    """
    blocks = counts.blocks
    if blocks is None:
        paths = walks(counts, rejected)
        if len(paths) < 2:
            return None
        return _steps([(np.full(len(path) - 1, k), path[:-1], path[1:]) for k, path in paths])
    trials_of(counts, rejected)  # refuses an unknown treatment
    lost = blocks.target == OTHER
    outcome = np.where(lost, blocks.source, blocks.target)
    kept = ~lost if rejected == "drop" or not counts.stay else np.ones(len(lost), dtype=np.bool_)
    columns = (blocks.block, blocks.source, outcome, blocks.count)
    return Trials(*(np.asarray(column[kept], dtype=np.int64) for column in columns))


def visit_trials(counts: TransitionCounts, rejected: Rejected, segments: int) -> Trials | None:
    """Return the trials of paths, those from each source in order and cut into equal segments.

    A Markov chain takes its steps out of a state independently of each other, the first visit like
    the last, so segments of visits may be exchanged; stretches of time may not, quite.
    """
    paths = walks(counts, rejected)
    if not paths:
        return None
    source = np.concatenate([path[:-1] for _, path in paths])
    outcome = np.concatenate([path[1:] for _, path in paths])
    order = np.argsort(source, kind="stable")
    visits = np.bincount(source, minlength=counts.n_states)
    first = np.cumsum(visits) - visits
    rank = np.empty(len(source), dtype=np.int64)
    rank[order] = np.arange(len(source)) - first[source[order]]
    return _steps([(rank * segments // visits[source], source, outcome)])


def context_trials(counts: TransitionCounts, rejected: Rejected) -> Trials | None:
    """Return the steps of paths by the state before the source; None without paths."""
    steps = [(path[:-2], path[1:-1], path[2:]) for _, path in walks(counts, rejected)]
    return _steps(steps) if steps else None


def walks(counts: TransitionCounts, rejected: Rejected) -> list[tuple[int, IntArray]]:
    """Return each path that takes a step, with its number; failed trials stay or are left out."""
    trials_of(counts, rejected)  # refuses an unknown treatment
    found = []
    for number, path in enumerate(counts.sequences or ()):
        failed = path == OTHER
        if rejected == "drop" or not counts.stay:
            walk = path[~failed]
        else:
            walk = path[np.maximum.accumulate(np.where(failed, 0, np.arange(len(path))))]
        if len(walk) > 1:
            found.append((number, walk))
    return found


def block_places(
    labels: Sequence[str], block_order: Sequence[str] | None = None
) -> FloatArray | None:
    """Return the place of each block in time, 0 … K − 1; None where the labels do not tell.

    Labels that are all whole numbers, pairs of them with a dash between (run and part), or dates
    of ISO 8601, tell; else the caller must.

    Raises
    ------
    UsageError
        If ``block_order`` does not name every block once.
    """
    if block_order is not None:
        order = [str(label) for label in block_order]
        if sorted(order) != sorted(labels):
            raise UsageError(
                f"block_order must name each of the {len(labels):,} blocks once "
                f"({listed(labels)}), not {listed(order)}"
            )
        return np.array([order.index(label) for label in labels], dtype=np.float64)
    for read in (int, _numbers, datetime.fromisoformat):
        try:
            times: list[Any] = [read(label) for label in labels]
            ranked = sorted(set(times))
        except (ValueError, TypeError):  # no such labels; or dates with and without a time zone
            continue
        return np.array([ranked.index(time) for time in times], dtype=np.float64)
    return None


def _numbers(label: str) -> tuple[int, ...]:
    """Return whole numbers with dashes between, as the collector numbers its runs and parts."""
    parts = label.split("-")
    if len(parts) != 2 or not all(part.isdecimal() for part in parts):
        raise ValueError(label)
    return tuple(map(int, parts))


def _steps(parts: Sequence[tuple[IntArray, IntArray, IntArray]]) -> Trials:
    """Return steps as trials, equal ones not added up."""
    group, source, outcome = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Trials(group, source, outcome, np.ones(len(source), dtype=np.int64))
