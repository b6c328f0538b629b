"""The class methods that build `TransitionCounts` from tables, matrices and sequences.

They stand apart from the class to keep either file readable; `equipoise.counts` makes them class
methods. These formats hold counts, and what else is known comes as arguments; `full_readers` has
those that can hold everything.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike

from equipoise.counts.build import build
from equipoise.counts.check import Path, Protocol
from equipoise.io.context import Context
from equipoise.io.files import read_bytes
from equipoise.io.frame import frame_records
from equipoise.io.lines import path_lines
from equipoise.io.matrix import matrix_records
from equipoise.io.sequences import sequence_records
from equipoise.io.table import long_records, wide_records
from equipoise.io.textfile import parse_table

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from scipy.sparse import csr_array

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
    said = Context(states, support, protocol, stay, starts, metadata)
    return build(cls, long_records(parse_table(*read_bytes(path))), said)


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
    said = Context(states, support, protocol, stay, starts, metadata)
    return build(cls, wide_records(parse_table(*read_bytes(path))), said)


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
    said = Context(states, support, protocol, stay, starts, metadata)
    return build(cls, frame_records(df), said)


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
    said = Context(declared, support, protocol, stay, starts, metadata)
    return build(cls, records, said)


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
    said = Context(
        states=states,
        support=support,
        protocol="trajectory",
        stay=stay,
        metadata=metadata,
        sequences=(records.labels, codes),
    )
    return build(cls, records, said)


def from_path_file(
    cls: "type[TransitionCounts]",
    path: Path,
    *,
    states: Iterable[object] | None = None,
    support: Pairs | None = None,
    stay: bool = True,
    metadata: Mapping[str, Any] | None = None,
) -> "TransitionCounts":
    """Read one path, or several, from a text file: a state a line, the start first.

    A blank line ends a path, and what follows begins another; blank lines more than one, or at
    either end, do nothing. A failed trial cannot be written in this form; see `from_sequences`.

    Parameters
    ----------
    path : str or path
        The file, UTF-8. Surrounding blanks of labels go.
    states, support, stay, metadata
        As in `from_csv`.

    Returns
    -------
    TransitionCounts
        With protocol "trajectory", `starts` and `sequences`.

    Raises
    ------
    DataError
        If the file cannot be read, looks like a table, or has a path of a single state; the
        message names the line.
    """
    return from_sequences(
        cls,
        path_lines(*read_bytes(path)),
        states=states,
        support=support,
        stay=stay,
        metadata=metadata,
    )
