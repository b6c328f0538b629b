"""DataFrames in and out. pandas is imported only to make one: it is slow to load."""

from typing import TYPE_CHECKING, Any

import numpy as np

from equipoise.errors import DataError
from equipoise.io.faults import Fault, moved
from equipoise.io.header import check_header
from equipoise.io.integers import number_counts
from equipoise.io.records import IntArray, Records
from equipoise.io.table import column_records, grid, matrix_parts
from equipoise.text import quoted

if TYPE_CHECKING:
    import pandas as pd


def is_frame(value: object) -> bool:
    """Say whether a value is a table with labelled columns."""
    return hasattr(value, "columns") and hasattr(value, "__getitem__")


def frame_records(df: Any) -> Records:
    """Read a long table from a DataFrame.

    Parameters
    ----------
    df : DataFrame
        Columns source, target and optionally count and block; of pandas, or alike.

    Returns
    -------
    Records
        Labels sorted.

    Raises
    ------
    DataError
        If a column is missing or unknown, or a cell cannot be used.
    """
    if not is_frame(df):
        raise DataError(
            f"from_dataframe received a value of type {quoted(type(df).__name__)}; "
            "give a DataFrame with the columns source, target and count"
        )
    header = list(df.columns)
    check_header(header, "DataFrame")
    columns: dict[str, list[object]] = {name: list(df[name]) for name in header}
    if not columns["source"]:
        raise DataError("DataFrame: there is no row; give at least one")
    return column_records(columns, column_counts, lambda row: f"DataFrame, row {row + 1}: ")


def column_counts(values: list[object]) -> tuple[IntArray, list[Fault]]:
    """Return a column of counts, and say which of them cannot be used."""
    kinds = set(map(type, values))
    # One type of number is checked at once; several (a number beside pandas' NA), and values
    # that are no scalars, entry by entry.
    if len(kinds) == 1 and issubclass(kinds.pop(), int | float | complex | str | np.generic):
        return number_counts(np.array(values))
    return number_counts(np.fromiter(values, dtype=object, count=len(values)))


def frame_matrix(df: Any) -> Records:
    """Read a labelled matrix from a DataFrame.

    Parameters
    ----------
    df : DataFrame
        Index from, columns to; at most one column, named by nothing or ``other``, for trials
        that ended in no state.

    Returns
    -------
    Records
        Labels in the order of the columns.

    Raises
    ------
    DataError
        If index and columns name different states, or a cell cannot be used.
    """
    rows, columns = list(df.index), list(df.columns)
    counts, unread = number_counts(df.to_numpy())
    position, place = grid("DataFrame: ", len(columns))
    cells = moved(unread, position)
    return matrix_parts(rows, columns, counts, place, cells=cells, stride=len(columns) + 1)


def records_frame(records: Records) -> "pd.DataFrame":
    """Return records as a long DataFrame.

    Parameters
    ----------
    records : Records
        The rows.

    Returns
    -------
    DataFrame
        Columns source, target, count and, with blocks, block.
    """
    import pandas as pd

    return pd.DataFrame(list(records.rows()), columns=list(records.header))


def matrix_frame(states: tuple[str, ...], counts: IntArray, other: IntArray) -> "pd.DataFrame":
    """Return counts as a labelled matrix.

    Parameters
    ----------
    states : tuple of str
        The S labels.
    counts : (S, S) int64 array
        Axis 0 from, axis 1 to.
    other : (S,) int64 array
        Trials that ended in no state.

    Returns
    -------
    (S, S + 1) DataFrame
        Index from, columns to; last column "" for `other`.
    """
    import pandas as pd

    return pd.DataFrame(
        np.column_stack([counts, other]),
        index=pd.Index(states, name="from"),
        columns=pd.Index([*states, ""], name="to"),
    )
