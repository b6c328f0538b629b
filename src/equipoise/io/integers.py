"""Counts: whole numbers of at least 0 that fit in 64 bits, whatever form they came in."""

import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

import numpy as np
from numpy.typing import ArrayLike

from equipoise.errors import DataError
from equipoise.io.labels import Place
from equipoise.io.records import IntArray
from equipoise.text import quoted

LARGEST = 2**63 - 1
_PLAIN = re.compile(r"[0-9]{1,18}\Z")
_DECIMAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?\Z")
_NOT_FINITE = re.compile(r"[+-]?(nan|inf|infinity)\Z", re.IGNORECASE)


def parse_counts(texts: Sequence[str], place: Place) -> IntArray:
    """Turn counts written as text into integers.

    ``3``, ``3.0`` and ``3e2`` are whole numbers; ``3.5``, ``-1``, ``nan``, ``1_000`` and an
    empty text are refused.

    Parameters
    ----------
    texts : sequence of str
        The counts as written, surrounding blanks allowed.
    place : callable
        ``place(k)`` says where count ``k`` stood, for messages.

    Returns
    -------
    (R,) int64 array
        The counts.

    Raises
    ------
    DataError
        If a count is not a whole number from 0 to 2^63 - 1.
    """
    known: dict[str, int] = {}
    counts: list[int] = []
    for position, text in enumerate(texts):
        value = known.get(text)
        if value is None:
            value = known[text] = _parse(text.strip(), place, position)
        counts.append(value)
    return np.array(counts, dtype=np.int64)


def _parse(text: str, place: Place, position: int) -> int:
    if _PLAIN.match(text):
        return int(text)
    if not text:
        raise DataError(f"{place(position)}the count is empty; write 0 for none")
    if _NOT_FINITE.match(text):
        raise _refusal(text, "not finite", place, position)
    if not _DECIMAL.match(text):
        raise _refusal(text, "not a number", place, position)
    try:
        value = Decimal(text)
    except InvalidOperation:  # an exponent beyond all measure
        raise _refusal(text, "too large or too small", place, position) from None
    if value == 0:
        return 0
    if value < 0:
        raise _refusal(text, "negative", place, position)
    # Asked before int(): 1e999999 is a whole number of a million digits.
    if value.adjusted() > 18:
        raise _refusal(text, "too large for 64 bits", place, position)
    if value.adjusted() < 0 or value != value.to_integral_value():
        raise _refusal(text, "not a whole number", place, position)
    if value > LARGEST:
        raise _refusal(text, "too large for 64 bits", place, position)
    return int(value)


def _refusal(value: object, fault: str, place: Place, position: int) -> DataError:
    return DataError(
        f"{place(position)}the count {quoted(value, 30)} is {fault}; "
        "counts are whole numbers of at least 0"
    )


def check_counts(values: ArrayLike, place: Place) -> IntArray:
    """Turn an array of numbers into integer counts.

    Parameters
    ----------
    values : array_like
        Integers, or floats that are whole numbers; any shape.
    place : callable
        ``place(k)`` says where entry ``k`` (in C order) stands, for messages.

    Returns
    -------
    int64 array, of the same shape
        A new array.

    Raises
    ------
    DataError
        If an entry is not a whole number from 0 to 2^63 - 1, or is a truth value or text.
    """
    try:
        array = np.asarray(values)
    except ValueError:
        raise DataError(
            "the rows of counts differ in length; give every row the same number of entries"
        ) from None
    if array.dtype.kind == "O":
        flat = [_one(value, place, k) for k, value in enumerate(array.ravel().tolist())]
        return np.array(flat, dtype=np.int64).reshape(array.shape)
    if array.dtype.kind not in "iuf":
        kind = {"b": "a truth value", "c": "complex"}.get(array.dtype.kind, "not a number")
        first = array.ravel()[0] if array.size else array.dtype
        raise _refusal(first, kind, place, 0)
    if array.dtype.kind == "f":
        _find(~np.isfinite(array), array, "not finite", place)
        _find(array < 0, array, "negative", place)
        _find(array != np.floor(array), array, "not a whole number", place)
        _find(array >= 2.0**63, array, "too large for 64 bits", place)
    elif array.dtype.kind == "i":
        _find(array < 0, array, "negative", place)
    else:
        _find(array > np.uint64(LARGEST), array, "too large for 64 bits", place)
    return array.astype(np.int64)


def _find(bad: np.ndarray, array: np.ndarray, fault: str, place: Place) -> None:
    if bad.any():
        position = int(np.flatnonzero(bad.ravel())[0])
        raise _refusal(array.ravel()[position], fault, place, position)


def _one(value: object, place: Place, position: int) -> int:
    """Check one entry of an object array (Python integers, pandas' NA, decimals)."""
    if isinstance(value, bool | np.bool_):
        raise _refusal(value, "a truth value", place, position)
    if isinstance(value, int | np.integer | float | np.floating | Decimal):
        return _parse(str(value), place, position)
    missing = value is None or type(value).__name__ in {"NAType", "NaTType"}
    raise _refusal(value, "missing" if missing else "not a number", place, position)


def check_total(counts: IntArray, place: str = "") -> int:
    """Return the sum of the counts, refusing one that does not fit in 64 bits.

    Parameters
    ----------
    counts : int64 array
        Counts of at least 0.
    place : str, optional
        Where they stood, for the message.

    Returns
    -------
    int
        Their sum.

    Raises
    ------
    DataError
        If the sum exceeds 2^63 - 1. Every partial sum is then safe as well.
    """
    if counts.size == 0:
        return 0
    if int(counts.max()) * counts.size <= LARGEST:
        return int(counts.sum())
    total = sum(counts.ravel().tolist())
    if total > LARGEST:
        raise DataError(
            f"{place}the counts add up to {total:.3g}, too large for 64 bits; "
            "check that they are counts of trials"
        )
    return total
