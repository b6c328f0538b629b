"""The class methods that build `TransitionCounts`, one a format.

They stand apart from the class to keep either file readable; `equipoise.counts` makes them class
methods.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import coo_array, csr_array

from equipoise.counts import check
from equipoise.counts.check import Path, Protocol
from equipoise.errors import DataError
from equipoise.io.blocks import Blocks
from equipoise.io.frame import frame_records
from equipoise.io.integers import check_total
from equipoise.io.labels import declared_states
from equipoise.io.matrix import matrix_records
from equipoise.io.records import OTHER, IntArray, Records
from equipoise.io.sequences import sequence_records
from equipoise.io.table import any_records, long_records, wide_records
from equipoise.io.textfile import read_table
from equipoise.text import listed

if TYPE_CHECKING:
    import pandas as pd

    from equipoise.counts.transition_counts import TransitionCounts

Pairs = Iterable[tuple[str, str]]


def from_csv(
    cls: "type[TransitionCounts]",
    path: Path,
    *,
    states: Iterable[object] | None = None,
    support: Pairs | None = None,
    protocol: Protocol = "draws",
    stay: bool = True,
    starts: Iterable[object] = (),
    metadata: Mapping[str, Any] | None = None,
) -> "TransitionCounts":
    """Read a long table: ``source,target,count`` and optionally ``block``.

    Columns may stand in any order; without ``count`` each row counts once. An empty target is
    a trial that ended in no state. Repeated rows add up; a count of 0 names its states. The
    file is UTF-8 (a byte-order mark and CRLF are fine); surrounding blanks of labels go.

    Parameters
    ----------
    path : str or path
        The file.
    states : iterable, optional
        Order of the states, and states that were not observed; default: the observed ones,
        sorted.
    support : iterable of pairs, optional
        Undirected edges that are possible although not observed.
    protocol : {"draws", "trajectory"}, default "draws"
        How the trials were made.
    stay : bool, default True
        Whether a trial may end where it began.
    starts : iterable, optional
        Start state of each trajectory.
    metadata : mapping, optional
        What is known about the data; JSON-able.

    Returns
    -------
    TransitionCounts
        The counts.

    Raises
    ------
    DataError
        If the file cannot be read or used; the message names the line.
    """
    return _build(
        cls,
        long_records(read_table(path)),
        states,
        support,
        protocol,
        stay,
        starts,
        metadata,
    )


def from_matrix_csv(
    cls: "type[TransitionCounts]",
    path: Path,
    *,
    states: Iterable[object] | None = None,
    support: Pairs | None = None,
    protocol: Protocol = "draws",
    stay: bool = True,
    starts: Iterable[object] = (),
    metadata: Mapping[str, Any] | None = None,
) -> "TransitionCounts":
    """Read a wide labelled matrix: one row a source, one column a target.

    The first header cell is ignored, the others are labels; every row begins with its label.
    Rows and columns name the same states, rows in any order; the columns give the order of
    the states. One further column, named by nothing or by ``other``, counts the trials that
    ended in no state. (A column ``other`` that has a row of its own is a state.)

    Parameters
    ----------
    path : str or path
        The file, UTF-8.
    states, support, protocol, stay, starts, metadata
        As in `from_csv`.

    Returns
    -------
    TransitionCounts
        The counts.

    Raises
    ------
    DataError
        If the file cannot be read or used; the message names the line.
    """
    return _build(
        cls,
        wide_records(read_table(path)),
        states,
        support,
        protocol,
        stay,
        starts,
        metadata,
    )


def from_file(
    cls: "type[TransitionCounts]",
    path: Path,
    *,
    states: Iterable[object] | None = None,
    support: Pairs | None = None,
    protocol: Protocol = "draws",
    stay: bool = True,
    starts: Iterable[object] = (),
    metadata: Mapping[str, Any] | None = None,
) -> "TransitionCounts":
    """Read a long table or a wide labelled matrix, whichever the file holds.

    A header of ``source``, ``target`` and at most ``count`` and ``block`` makes a long table;
    rows labelled like the columns make a matrix.

    Parameters
    ----------
    path : str or path
        The file, UTF-8.
    states, support, protocol, stay, starts, metadata
        As in `from_csv`.

    Returns
    -------
    TransitionCounts
        The counts.

    Raises
    ------
    DataError
        If the file cannot be read or used, or is neither; the message says what was seen.
    """
    return _build(
        cls,
        any_records(read_table(path)),
        states,
        support,
        protocol,
        stay,
        starts,
        metadata,
    )


def from_dataframe(
    cls: "type[TransitionCounts]",
    df: "pd.DataFrame",
    *,
    states: Iterable[object] | None = None,
    support: Pairs | None = None,
    protocol: Protocol = "draws",
    stay: bool = True,
    starts: Iterable[object] = (),
    metadata: Mapping[str, Any] | None = None,
) -> "TransitionCounts":
    """Read a long table from a DataFrame; see `from_csv` for its columns.

    Labels are text or whole numbers, which become text. A missing target (None, NaN or blank)
    is a trial that ended in no state. The index is ignored.

    Parameters
    ----------
    df : DataFrame
        Columns ``source``, ``target`` and optionally ``count`` and ``block``.
    states, support, protocol, stay, starts, metadata
        As in `from_csv`.

    Returns
    -------
    TransitionCounts
        The counts.

    Raises
    ------
    DataError
        If the table cannot be used; the message names the row, counted from 1.
    """
    return _build(cls, frame_records(df), states, support, protocol, stay, starts, metadata)


def from_matrix(
    cls: "type[TransitionCounts]",
    matrix: "ArrayLike | pd.DataFrame | csr_array[np.int64]",
    *,
    states: Iterable[object] | None = None,
    other: ArrayLike | None = None,
    support: Pairs | None = None,
    protocol: Protocol = "draws",
    stay: bool = True,
    starts: Iterable[object] = (),
    metadata: Mapping[str, Any] | None = None,
) -> "TransitionCounts":
    """Read a square matrix of counts: a labelled DataFrame, an array or a sparse array.

    Parameters
    ----------
    matrix : (S, S) DataFrame, array_like or sparse array
        Counts, axis 0 from, axis 1 to. A DataFrame names its states by index and columns, the
        columns giving their order; a further column named by nothing or by ``other`` counts
        the trials that ended in no state.
    states : iterable, optional
        Labels of the rows of a plain array, needed there; for a DataFrame as in `from_csv`.
    other : (S,) array_like, optional
        Trials from each row that ended in no state; default: the column above, or none.
    support, protocol, stay, starts, metadata
        As in `from_csv`.

    Returns
    -------
    TransitionCounts
        The counts.

    Raises
    ------
    DataError
        If it is not square, or labels or counts cannot be used.
    """
    records, declared = matrix_records(matrix, states, other)
    return _build(cls, records, declared, support, protocol, stay, starts, metadata)


def from_sequences(
    cls: "type[TransitionCounts]",
    sequences: Sequence[object],
    *,
    states: Iterable[object] | None = None,
    support: Pairs | None = None,
    stay: bool = True,
    metadata: Mapping[str, Any] | None = None,
) -> "TransitionCounts":
    """Count the steps of one or several trajectories.

    Parameters
    ----------
    sequences : sequence of labels, or sequence of such sequences
        The states visited, in order, the start first. None, NaN or "" is a failed trial: it
        is counted as `other` of the state where the agent is, and the agent stays there.
    states, support, stay, metadata
        As in `from_csv`.

    Returns
    -------
    TransitionCounts
        With protocol "trajectory", `starts` and `sequences`.

    Raises
    ------
    DataError
        If a sequence has fewer than two entries or begins with a failed trial, or a label
        cannot be used.
    """
    records, codes = sequence_records(sequences)
    starts = [records.labels[path[0]] for path in codes]
    return _build(cls, records, states, support, "trajectory", stay, starts, metadata, codes)


def _build(
    cls: "type[TransitionCounts]",
    records: Records,
    states: Iterable[object] | None,
    support: Pairs | None,
    protocol: Protocol,
    stay: bool,
    starts: Iterable[object],
    metadata: Mapping[str, Any] | None,
    paths: Sequence[IntArray] | None = None,
) -> "TransitionCounts":
    labels = records.labels if states is None else declared_states(states)
    missing = sorted(set(records.labels) - set(labels))
    if missing:
        raise DataError(
            f"{records.name}the declared states leave out {listed(missing)}, which the data hold; "
            "declare every state that occurs"
        )
    check_total(records.count, records.name)
    position = {label: k for k, label in enumerate(labels)}
    # The last entry is what code -1 looks up: `other` stays `other`.
    code = np.array([*(position[label] for label in records.labels), OTHER], dtype=np.int64)
    source, target, size = code[records.source], code[records.target], len(labels)
    known = target != OTHER
    if not records.count[known].any():
        raise check.no_transition(int(records.count.sum()), records.name)
    other = np.zeros(size, dtype=np.int64)
    np.add.at(other, source[~known], records.count[~known])
    triplets = (records.count[known], (source[known], target[known]))
    return cls(
        states=labels,
        counts=csr_array(coo_array(triplets, shape=(size, size), dtype=np.int64)),
        other=other,
        protocol=protocol,
        starts=check.start_labels(starts),
        stay=stay,
        blocks=None
        if records.block is None
        else Blocks.build(records.block_labels, records.block, source, target, records.count),
        sequences=None if paths is None else tuple(code[path] for path in paths),
        support=None if support is None else tuple(support),
        metadata={} if metadata is None else metadata,
    )
