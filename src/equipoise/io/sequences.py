"""Sequences of states: the steps of trajectories to records."""

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any

import numpy as np

from equipoise.errors import DataError
from equipoise.io.faults import Fault, refuse
from equipoise.io.labels import encode_labels
from equipoise.io.records import OTHER, IntArray, Records
from equipoise.text import quoted


def sequence_records(paths: Any) -> tuple[Records, tuple[IntArray, ...]]:
    """Count the steps of one or several trajectories.

    Parameters
    ----------
    paths : sequence of labels, or sequence of such sequences
        States in order; None, NaN or blank is a failed trial: the agent stays where it is.

    Returns
    -------
    records : Records
        One row a step; labels sorted.
    codes : tuple of int64 arrays
        The trajectories as indices of labels, -1 for a failed trial.

    Raises
    ------
    DataError
        If sequences have fewer than two entries or begin with a failed trial, or labels cannot be
        used.
    """
    lists = _several(paths)
    remedy = "a trajectory needs at least two entries, its start first"
    short = [(k, len(path)) for k, path in enumerate(lists) if len(path) < 2]
    _refuse(Fault(k, f"sequence {k + 1:,} has length {size}", remedy) for k, size in short)
    lengths = [len(path) for path in lists]
    ends = np.cumsum(lengths)

    def place(k: int) -> str:
        number = int(np.searchsorted(ends, k, side="right"))
        return f"sequence {number + 1}, entry {k - ends[number] + lengths[number] + 1}: "

    flat = [label for path in lists for label in path]
    if any(isinstance(x, int | float | np.number) and x == -1 for x in flat):
        raise DataError(
            "the sequences hold the number -1; "
            "write None for a failed trial, or the text '-1' for a state of that name"
        )
    labels, codes = encode_labels(flat, place)
    split = tuple(np.split(codes, ends[:-1]))
    remedy = "begin with the state it starts from"
    failed = [k for k, steps in enumerate(split) if steps[0] == OTHER]
    _refuse(Fault(k, f"sequence {k + 1:,} begins with a failed trial", remedy) for k in failed)
    source = np.concatenate([_positions(path)[:-1] for path in split])
    target = np.concatenate([path[1:] for path in split])
    return Records(labels, source, target, np.ones(source.size, dtype=np.int64)), split


def _refuse(faults: Iterable[Fault]) -> None:
    refuse(faults, lambda _: "")


def _positions(path: IntArray) -> IntArray:
    """Return where the agent is after each entry: a failed trial leaves it in place."""
    last = np.where(path == OTHER, 0, np.arange(path.size))
    return path[np.maximum.accumulate(last)]


def _several(paths: Any) -> list[list[Any]]:
    """Return a list of sequences, whether one or several were given."""
    if isinstance(paths, str | bytes):
        raise DataError(
            f"a sequence must be a list of labels, received the text {quoted(paths, 30)}; "
            "write ['A', 'B', ...], or list(text) if every character is a state"
        )
    if not _is_sequence(paths):
        raise DataError(
            f"a sequence must be a list of labels, received {quoted(type(paths).__name__)}; "
            "write ['A', 'B', ...], or a list of such lists"
        )
    items = list(paths)
    nested = [_is_sequence(item) for item in items]
    if not items:
        raise DataError("the list of sequences is empty; give at least one sequence")
    if all(nested):
        return [list(item) for item in items]
    if any(nested):
        at = nested.index(True) + 1
        raise DataError(
            f"entry {at} is a sequence and others are labels; "
            "give one sequence of labels, or a list of sequences"
        )
    return [items]


def _is_sequence(value: object) -> bool:
    if isinstance(value, str | bytes | Mapping | Set):
        return False
    return isinstance(value, Sequence) or (hasattr(value, "__iter__") and hasattr(value, "__len__"))
