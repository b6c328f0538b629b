"""Counts: whole numbers of at least 0 that fit in 64 bits, whatever form they came in."""

import re
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from equipoise.errors import DataError
from equipoise.io.faults import Fault, Place, refuse
from equipoise.io.records import IntArray
from equipoise.text import quoted

LARGEST = 2**63 - 1
_PLAIN = re.compile(r"[0-9]{1,18}\Z")
_DECIMAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?\Z")
_REMEDY = "counts are whole numbers of at least 0"
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
        If counts are not whole numbers from 0 to 2^63 - 1.
    """
    counts, faults = text_counts(texts)
    refuse(faults, place)
    return counts


def text_counts(texts: Sequence[str]) -> tuple[IntArray, list[Fault]]:
    """Turn counts written as text into integers, and say which of them cannot be used.

    Parameters
    ----------
    texts : sequence of str
        As for `parse_counts`.

    Returns
    -------
    counts : (R,) int64 array
        The counts, 0 where there is a fault.
    faults : list of Fault
        Of each entry that is no count.
    """
    known: dict[str, int | str] = {}
    counts: list[int] = []
    faults: list[Fault] = []
    for position, text in enumerate(texts):
        value = known.get(text)
        if value is None:
            value = known[text] = _parse(text.strip())
        if isinstance(value, str):
            faults.append(_fault(text.strip(), value, position))
            value = 0
        counts.append(value)
    return np.array(counts, dtype=np.int64), faults


def _parse(text: str) -> int | str:
    """Return a count, or what is wrong with it."""
    if _PLAIN.match(text):
        return int(text)
    if not text:
        return "empty"
    if _NOT_FINITE.match(text):
        return "not finite"
    if not _DECIMAL.match(text):
        return "not a number"
    try:
        value = Decimal(text)
    except InvalidOperation:  # an exponent beyond all measure
        return "too large or too small"
    if value == 0:
        return 0
    if value < 0:
        return "negative"
    # Asked before int(): 1e999999 is a whole number of a million digits.
    if value.adjusted() > 18:
        return "too large for 64 bits"
    if value.adjusted() < 0 or value != value.to_integral_value():
        return "not a whole number"
    return "too large for 64 bits" if value > LARGEST else int(value)


def _fault(value: object, fault: str, position: int) -> Fault:
    if fault == "empty":
        return Fault(position, "the count is empty", "write 0 for none")
    return Fault(position, f"the count {quoted(value, 30)} is {fault}", _REMEDY)


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
        If entries are not whole numbers from 0 to 2^63 - 1, or are truth values or text.
    """
    counts, faults = number_counts(values)
    refuse(faults, place)
    return counts


def number_counts(values: ArrayLike) -> tuple[IntArray, list[Fault]]:
    """Turn an array of numbers into integer counts, and say which of them cannot be used.

    Parameters
    ----------
    values : array_like
        As for `check_counts`.

    Returns
    -------
    counts : int64 array, of the same shape
        A new array, 0 where there is a fault.
    faults : list of Fault
        Of each entry, in C order, that is no count.

    Raises
    ------
    DataError
        If its rows differ in length.
    """
    try:
        array = np.asarray(values)
    except ValueError:
        raise DataError(
            "the rows of counts differ in length; give every row the same number of entries"
        ) from None
    if array.dtype.kind == "O":
        flat = array.ravel().tolist()
        found = [_one(value) for value in flat]
        faults = [_fault(flat[k], x, k) for k, x in enumerate(found) if isinstance(x, str)]
        counts = [0 if isinstance(x, str) else x for x in found]
        return np.array(counts, dtype=np.int64).reshape(array.shape), faults
    if array.dtype.kind not in "iuf":
        kind = {"b": "a truth value", "c": "complex"}.get(array.dtype.kind, "not a number")
        first = array.ravel()[0] if array.size else array.dtype  # all are of one type
        return np.zeros(array.shape, dtype=np.int64), [_fault(first, kind, 0)]
    bad = np.zeros(array.shape, dtype=bool)
    for says in _WRONG[array.dtype.kind].values():
        bad |= says(array)
    if not bad.any():
        return array.astype(np.int64), []
    faults = []
    for k in np.flatnonzero(bad.ravel()).tolist():
        value = array.ravel()[k]
        kind = next(kind for kind, says in _WRONG[array.dtype.kind].items() if says(value))
        faults.append(_fault(value, kind, k))
    return np.where(bad, 0, array).astype(np.int64), faults


# By kind of array: what can be wrong with an entry, the first that holds being said.
_WRONG: dict[str, dict[str, Callable[[Any], Any]]] = {
    "f": {
        "not finite": lambda x: ~np.isfinite(x),
        "negative": lambda x: x < 0,
        "not a whole number": lambda x: x != np.floor(x),
        "too large for 64 bits": lambda x: x >= 2.0**63,
    },
    "i": {"negative": lambda x: x < 0},
    "u": {"too large for 64 bits": lambda x: x > np.uint64(LARGEST)},
}


def _one(value: object) -> int | str:
    """Return one entry of an object array (Python integers, pandas' NA, decimals), or its fault."""
    if isinstance(value, bool | np.bool_):
        return "a truth value"
    if isinstance(value, int | np.integer | float | np.floating | Decimal):
        return _parse(str(value))
    missing = value is None or type(value).__name__ in {"NAType", "NaTType"}
    return "missing" if missing else "not a number"


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
