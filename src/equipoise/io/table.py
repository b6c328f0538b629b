"""Tables of cells to records: the long table, the wide matrix, and telling them apart."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from equipoise.errors import DataError
from equipoise.io.faults import Fault, Place, moved, refuse
from equipoise.io.header import KNOWN, NEEDED, SHAPE, advice, check_header, headless, hint
from equipoise.io.integers import text_counts
from equipoise.io.labels import label_codes
from equipoise.io.records import OTHER, IntArray, Records
from equipoise.io.textfile import Table
from equipoise.text import listed, quoted


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
        If a column is missing or unknown, or rows or cells cannot be used: all of them are named.
    """
    check_header(table.header, table.name)
    columns = {column: [row[k] for row in table.rows] for k, column in enumerate(table.header)}
    records = column_records(columns, text_counts, table.place, table.faults)
    return replace(records, name=f"{table.name}: ")


def column_records(
    columns: dict[str, list[str]] | dict[str, list[object]],
    counted: Callable[..., tuple[IntArray, list[Fault]]],
    place: Place,
    faults: Sequence[Fault] = (),
) -> Records:
    """Turn the columns of a long table into records.

    Parameters
    ----------
    columns : dict of lists
        Columns source, target and optionally count and block, of one length.
    counted : callable
        Turns the count column into integers: `text_counts` or `column_counts`.
    place : callable
        ``place(row)`` says where a row stands.
    faults : sequence of Fault, optional
        What is wrong with rows already; nothing more is said of these.

    Returns
    -------
    Records
        Labels sorted.

    Raises
    ------
    DataError
        If cells cannot be used: all of them are named.
    """
    n_rows = len(columns["source"])
    ends = [*columns["source"], *columns["target"]]
    labels, codes, unread = label_codes(ends)
    source, target = codes[:n_rows], codes[n_rows:]
    found = moved(unread, lambda k: k % n_rows)
    found += _empty(source, "source", "name the state in which the trial began")
    counts = np.ones(n_rows, dtype=np.int64)
    if "count" in columns:
        counts, unread = counted(columns["count"])
        found += unread
    blocks: tuple[str, ...] = ()
    block = None
    if "block" in columns:
        blocks, block, unread = label_codes(columns["block"])
        found += unread
        found += _empty(block, "block", "name it in every row, or leave the column out")
    refuse(_beside(faults, found), place)
    return Records(labels, source, target, counts, blocks, block)


def _empty(codes: IntArray, column: str, remedy: str) -> list[Fault]:
    what = f"the {column} is empty"
    return [Fault(row, what, remedy) for row in np.flatnonzero(codes == OTHER).tolist()]


def _beside(rows: Sequence[Fault], cells: list[Fault]) -> list[Fault]:
    """Return faults of rows, and of cells in other rows: the cells of a bad row mean nothing."""
    bad = {fault.position for fault in rows}
    return [*rows, *(fault for fault in cells if fault.position not in bad)]


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
        If rows and columns name different states, or rows or cells cannot be used: all of these
        are named.
    """
    width = len(table.header) - 1
    cells = [cell for row in table.rows for cell in row[1:]]
    counts, unread = text_counts(cells)
    found = [f._replace(what=_column(f, table.header, width)) for f in unread]
    return matrix_parts(
        [row[0] for row in table.rows],
        table.header[1:],
        counts.reshape(len(table.rows), width),
        lambda k: table.place(k) if k >= 0 else f"{table.name}: ",
        ragged=table.faults,
        cells=moved(found, lambda k: k // width),
    )


def _column(fault: Fault, header: Sequence[str], width: int) -> str:
    """Say in which column of a matrix a count stands."""
    return f"{fault.what} (to {quoted(header[1 + fault.position % width], 24)})"


def matrix_parts(
    rows: Sequence[object],
    columns: Sequence[object],
    counts: IntArray,
    place: Place,
    *,
    ragged: Sequence[Fault] = (),
    cells: Sequence[Fault] = (),
    stride: int = 1,
) -> Records:
    """Turn a labelled matrix into records.

    Parameters
    ----------
    rows, columns : sequence
        Labels of the (R) rows and (C) columns; one column may be the one of `other`.
    counts : (R, C) int64 array
        Counts, axis 0 from, axis 1 to.
    place : callable
        ``place(position)`` says where a fault stands: at ``stride`` k that of row k, at -1 what
        the columns belong to.
    ragged : sequence of Fault, optional
        What is wrong with whole rows; nothing more is said of these.
    cells : sequence of Fault, optional
        What is wrong with counts.
    stride : int, default 1
        Positions a row.

    Returns
    -------
    Records
        Labels in the order of the columns; every state is named, even without a trial.

    Raises
    ------
    DataError
        If labels are empty or there twice, rows and columns name different states, or there were
        faults already: all of them are named.
    """
    known, codes, unread = label_codes([*rows, *columns])
    row, column = codes[: len(rows)], codes[len(rows) :]
    found = moved(unread, lambda k: k if k < len(rows) else -1)
    found += _empty(row, "label of a row", "begin every row with the state it starts from")
    lost = np.flatnonzero(column == OTHER)
    if not lost.size and "other" in known and known.index("other") not in row:
        lost = np.flatnonzero(column == known.index("other"))
    state = np.delete(column, lost)
    found += _sides(row, state, known, {fault.position // stride for fault in ragged})
    if lost.size > 1:
        found.append(Fault(-1, f"{lost.size} columns have no label", "label every state"))
    found = moved(found, lambda k: k * stride if k >= 0 else -1)
    refuse(_beside(ragged, [*cells, *found]), place)
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
        name=place(-1),
    )


def _sides(row: IntArray, column: IntArray, labels: tuple[str, ...], bad: set[int]) -> list[Fault]:
    """Say which labels are there twice, or on one side only; a bad row may mean any state.

    Positions are rows, -1 for columns.
    """
    once, square = "name each state once", "a matrix has one row and one column for every state"
    found = []
    seen, on_top = set(), set(column.tolist())
    for k, code in enumerate(row.tolist()):
        if code < 0 or k in bad:
            continue
        if code in seen:
            found.append(Fault(k, f"two rows are labelled {quoted(labels[code])}", once))
        elif code not in on_top:
            found.append(Fault(k, f"{listed([labels[code]])} labels a row only", square))
        seen.add(code)
    named, times = np.unique(column[column >= 0], return_counts=True)
    for code in named[times > 1].tolist():
        found.append(Fault(-1, f"two columns are labelled {quoted(labels[code])}", once))
    # Where a row has no label of its own, its state may be the one that is missing.
    alone = sorted({labels[code] for code in named.tolist()} - {labels[code] for code in seen})
    if alone and not bad and (row >= 0).all():
        found.append(Fault(-1, f"{listed(alone)} labels a column only", square))
    return found


def grid(name: str, width: int) -> tuple[Callable[[int], int], Place]:
    """Return, for a matrix of so many columns, the position of cell k and the place of positions.

    Row k stands at ``(width + 1) k``, its cells behind it, the columns as a whole at -1. Places
    begin with ``name``: "DataFrame, row 2, column 1: ", and the columns' is ``name`` alone.
    """
    stride = width + 1

    def place(position: int) -> str:
        if position < 0:
            return name
        row, cell = divmod(position, stride)
        where = f"row {row + 1}" + (f", column {cell}" if cell else "")
        return f"{name.removesuffix(': ')}{', ' if name else ''}{where}: "

    return (lambda k: k // max(width, 1) * stride + 1 + k % max(width, 1)), place


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
    if columns & first and not headless(table.header):
        return wide_records(table)
    if advice(table.header):
        check_header(table.header, table.name)
    raise DataError(
        f"{table.name}: the header is {listed(table.header, limit=8)}{hint(table.header)} and the "
        f"first row begins with {quoted(table.rows[0][0], 24)}; {SHAPE}, and a matrix labels its "
        "rows like its columns"
    )
