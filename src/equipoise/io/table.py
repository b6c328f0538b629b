"""Tables of cells to records: the long table, the wide matrix, and telling them apart."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from equipoise.errors import DataError
from equipoise.io.integers import parse_counts
from equipoise.io.labels import Place, encode_labels
from equipoise.io.records import OTHER, IntArray, Records
from equipoise.io.textfile import Table
from equipoise.text import listed, quoted

NEEDED = ("source", "target")
KNOWN = (*NEEDED, "count", "block")
_SHAPE = "a long table has the columns source, target and, if wanted, count and block"


def check_header(header: Sequence[object], name: str) -> None:
    """Refuse a header that is not the one of a long table.

    Parameters
    ----------
    header : sequence
        Names of the columns.
    name : str
        What has them, for the message.

    Raises
    ------
    DataError
        If a column is missing, unknown or there twice.
    """
    seen = f"received {listed(header, limit=8)}"
    missing = [column for column in NEEDED if column not in header]
    if missing:
        raise DataError(
            f"{name}: no column {' and '.join(missing)}, {seen}{_hint(header)}; {_SHAPE}"
        )
    unknown = [column for column in header if column not in KNOWN]
    if unknown:
        raise DataError(f"{name}: unknown column {listed(unknown)}, {seen}; {_SHAPE}")
    if len(set(header)) < len(header):
        raise DataError(f"{name}: a column is there twice, {seen}; {_SHAPE}")


def _hint(header: Sequence[object]) -> str:
    if len(header) == 1 and isinstance(header[0], str):
        for separator, name in ((";", "semicolons"), ("\t", "tabs")):
            if separator in header[0]:
                return f" (separated by {name}, not commas)"
    return " (is the header line missing?)" if _headless(header) else ""


def _headless(header: Sequence[object]) -> bool:
    """Say whether a header looks like a row of a long table: two labels and a count."""
    return len(header) in (3, 4) and str(header[2]).isdigit()


def long_records(table: Table) -> Records:
    """Read a table as a long one.

    Parameters
    ----------
    table : Table
        With the columns source, target and optionally count and block, in any order.

    Returns
    -------
    Records
        Labels sorted.

    Raises
    ------
    DataError
        If a column is missing or unknown, or a cell cannot be used.
    """
    check_header(table.header, table.name)
    columns = {column: [row[k] for row in table.rows] for k, column in enumerate(table.header)}
    records = column_records(columns, parse_counts, table.place)
    return replace(records, name=f"{table.name}: ")


def column_records(
    columns: dict[str, list[str]] | dict[str, list[object]],
    counted: Callable[..., IntArray],
    place: Place,
) -> Records:
    """Turn the columns of a long table into records.

    Parameters
    ----------
    columns : dict of lists
        Columns source, target and optionally count and block, of one length.
    counted : callable
        Turns the count column into integers: `parse_counts` or `check_counts`.
    place : callable
        ``place(row)`` says where a row stands.

    Returns
    -------
    Records
        Labels sorted.

    Raises
    ------
    DataError
        If a cell cannot be used.
    """
    n_rows = len(columns["source"])
    ends = [*columns["source"], *columns["target"]]
    labels, codes = encode_labels(ends, lambda k: place(k % n_rows))
    source, target = codes[:n_rows], codes[n_rows:]
    _complete(source, "source", "name the state in which the trial began", place)
    counts = (
        counted(columns["count"], place) if "count" in columns else np.ones(n_rows, dtype=np.int64)
    )
    if "block" not in columns:
        return Records(labels, source, target, counts)
    blocks, block = encode_labels(columns["block"], place)
    _complete(block, "block", "name it in every row, or leave the column out", place)
    return Records(labels, source, target, counts, blocks, block)


def _complete(codes: IntArray, column: str, remedy: str, place: Place) -> None:
    empty = np.flatnonzero(codes == OTHER)
    if empty.size:
        raise DataError(f"{place(int(empty[0]))}the {column} is empty; {remedy}")


def wide_records(table: Table) -> Records:
    """Read a table as a labelled matrix.

    Parameters
    ----------
    table : Table
        A corner that is ignored, then one column a state and at most one, named by nothing or
        ``other``, for trials without a state; one row a state, its label first.

    Returns
    -------
    Records
        Labels in the order of the columns.

    Raises
    ------
    DataError
        If rows and columns name different states, or a cell cannot be used.
    """
    width = len(table.header) - 1
    cells = [cell for row in table.rows for cell in row[1:]]
    counts = parse_counts(cells, lambda k: table.place(k // width))
    return matrix_parts(
        [row[0] for row in table.rows],
        table.header[1:],
        counts.reshape(len(table.rows), width),
        lambda k: table.place(k) if k < len(table.rows) else f"{table.name}: ",
    )


def matrix_parts(
    rows: Sequence[object], columns: Sequence[object], counts: IntArray, place: Place
) -> Records:
    """Turn a labelled matrix into records.

    Parameters
    ----------
    rows, columns : sequence
        Labels of the (R) rows and (C) columns; one column may be the one of `other`.
    counts : (R, C) int64 array
        Counts, axis 0 from, axis 1 to.
    place : callable
        ``place(k)`` says where row k, or column k - R, stands.

    Returns
    -------
    Records
        Labels in the order of the columns; every state is named, even without a trial.

    Raises
    ------
    DataError
        If a label is empty or there twice, or rows and columns name different states.
    """
    name = place(len(rows))
    known, codes = encode_labels([*rows, *columns], place)
    row, column = codes[: len(rows)], codes[len(rows) :]
    _complete(row, "label of a row", "begin every row with the state it starts from", place)
    _once(row, known, f"{name}two rows are labelled")
    lost = np.flatnonzero(column == OTHER)
    if not lost.size and "other" in known and known.index("other") not in row:
        lost = np.flatnonzero(column == known.index("other"))
    if lost.size > 1:
        raise DataError(f"{name}{lost.size} columns have no label; label every state")
    state = np.delete(column, lost)
    _once(state, known, f"{name}two columns are labelled")
    if set(row.tolist()) != set(state.tolist()):
        only_row, only_column = set(row.tolist()) - set(state.tolist()), set(state) - set(row)
        where = "row" if only_row else "column"
        labels = sorted(known[k] for k in only_row or only_column)
        raise DataError(
            f"{name}{listed(labels)} labels a {where} only; "
            "a matrix has one row and one column for every state"
        )
    order = np.full(len(known), OTHER)
    order[state] = np.arange(state.size)
    target = np.full(len(columns), OTHER)
    target[column != OTHER] = order[column[column != OTHER]]
    target[lost] = OTHER
    at_row, at_column = np.nonzero(counts)
    everywhere = np.arange(state.size)  # a count of 0 for each state: none is lost
    return Records(
        tuple(known[k] for k in state.tolist()),
        np.concatenate([order[row][at_row], everywhere]),
        np.concatenate([target[at_column], np.full(state.size, OTHER)]),
        np.concatenate([counts[at_row, at_column], np.zeros(state.size, dtype=np.int64)]),
        name=name,
    )


def _once(codes: IntArray, labels: tuple[str, ...], fault: str) -> None:
    values, times = np.unique(codes, return_counts=True)
    if (times > 1).any():
        label = labels[values[np.flatnonzero(times > 1)[0]]]
        raise DataError(f"{fault} {quoted(label)}; name each state once")


def any_records(table: Table) -> Records:
    """Read a table as a long one or as a matrix, whichever it is.

    Parameters
    ----------
    table : Table
        Long if its header says so, and else a matrix if rows are labelled like columns.

    Returns
    -------
    Records
        As from `long_records` or `wide_records`.

    Raises
    ------
    DataError
        If it is neither; the message says what was seen.
    """
    header = set(table.header)
    if header >= set(NEEDED) and header <= set(KNOWN):
        return long_records(table)
    first = {row[0].strip() for row in table.rows}
    columns = {cell for cell in table.header[1:] if cell and cell != "other"}
    if columns and columns <= first:
        return wide_records(table)
    if header & set(NEEDED):
        return long_records(table)  # meant as one: its message says what is wrong
    if columns & first and not _headless(table.header):
        return wide_records(table)
    raise DataError(
        f"{table.name}: the header is {listed(table.header, limit=8)}{_hint(table.header)} and the "
        f"first row begins with {quoted(table.rows[0][0], 24)}; {_SHAPE}, and a matrix labels its "
        "rows like its columns"
    )
