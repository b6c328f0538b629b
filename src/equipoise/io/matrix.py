"""Square matrices of counts: labelled DataFrames, arrays, sparse arrays."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import coo_array, issparse

from equipoise.errors import DataError
from equipoise.io.faults import Fault, moved, refuse
from equipoise.io.frame import frame_matrix, is_frame
from equipoise.io.integers import check_counts, number_counts
from equipoise.io.labels import declared_states, encode_labels
from equipoise.io.records import OTHER, IntArray, Records
from equipoise.io.table import grid


def matrix_records(
    matrix: Any, states: Iterable[object] | None, other: ArrayLike | None
) -> tuple[Records, tuple[str, ...] | None]:
    """Read a square matrix.

    Parameters
    ----------
    matrix : (S, S) DataFrame, array_like or sparse array
        Counts, axis 0 from, axis 1 to.
    states : iterable or None
        Labels of a plain array; for a DataFrame, order of and further states.
    other : (S,) array_like or None
        Trials from each row that ended in no state.

    Returns
    -------
    records : Records
        Labels in the order of the matrix.
    states : tuple of str or None
        What is declared beyond that.

    Raises
    ------
    DataError
        If it is not square, or labels or counts cannot be used.
    """
    declared = None if states is None else declared_states(states)
    if is_frame(matrix):
        records = frame_matrix(matrix)
        if other is None:
            return records, declared
        if len(matrix.columns) > len(records.labels):
            raise DataError("other is given twice, as an argument and as a column; give it once")
        return with_other(records, list(matrix.index), other), declared
    if declared is None:
        raise DataError("the matrix has no labels; name its rows by states=[...]")
    size = len(declared)
    sparse = issparse(matrix)  # asked apart: the stubs narrow the type to one that is no use
    dense, faults = (None, []) if sparse else number_counts(matrix)
    shape = matrix.shape if dense is None else dense.shape
    position, place = grid("matrix: ", shape[1] if len(shape) == 2 else 0)
    faults = moved(faults, position if len(shape) == 2 else lambda _: -1)
    if shape != (size, size):
        what = f"the matrix has shape {shape} for {size} states"
        remedy = "give one row and one column a state, in the order of states"
        faults.append(Fault(-1, what, remedy))
    refuse(faults, place)
    coo = coo_array(matrix if dense is None else dense)
    data = check_counts(coo.data, lambda _: "matrix: ")
    everywhere = np.arange(size)
    gone = _other(other, size)
    return (
        Records(
            declared,
            np.concatenate([coo.row, everywhere]).astype(np.int64),
            np.concatenate([coo.col, np.full(size, OTHER)]).astype(np.int64),
            np.concatenate([data, gone]),
        ),
        declared,
    )


def _other(other: ArrayLike | None, size: int) -> IntArray:
    if other is None:
        return np.zeros(size, dtype=np.int64)
    array = check_counts(other, lambda k: f"other, entry {k + 1}: ")
    if array.shape != (size,):
        raise DataError(f"other has shape {array.shape} for {size} states; give one count a row")
    return array


def with_other(records: Records, rows: Sequence[object], other: ArrayLike) -> Records:
    """Add trials that ended in no state to a labelled matrix that has no column for them.

    Parameters
    ----------
    records : Records
        The matrix, of S states.
    rows : sequence
        Labels of its S rows, in their order.
    other : (S,) array_like
        Trials from each row that ended in no state.

    Returns
    -------
    Records
        With S rows more.

    Raises
    ------
    DataError
        If there is not one count a row.
    """
    known, codes = encode_labels(rows, lambda _: records.name)
    source = np.array([records.labels.index(known[k]) for k in codes.tolist()], dtype=np.int64)
    return replace(
        records,
        source=np.concatenate([records.source, source]),
        target=np.concatenate([records.target, np.full(source.size, OTHER)]),
        count=np.concatenate([records.count, _other(other, source.size)]),
    )
