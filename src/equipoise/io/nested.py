"""Mappings in and out: {from: {to: count}}, {(from, to): count}, and the whole of `to_dict`."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from equipoise.errors import DataError
from equipoise.io.context import KEYS, SCHEMA, Context, check_keys, read_context
from equipoise.io.frame import column_counts
from equipoise.io.labels import declared_states
from equipoise.io.records import OTHER, IntArray, Records
from equipoise.io.table import column_records
from equipoise.text import quoted

_FORM = "write {from: {to: count}} or {(from, to): count}"
_WHOLE = (*KEYS[:2], "counts", "other", *KEYS[2:])
_BLOCK = ("label", "counts", "other")

Cell = tuple[object, object, object]


def dict_records(value: object) -> tuple[Records, Context]:
    """Read a mapping.

    Parameters
    ----------
    value : mapping
        ``{from: {to: count}}`` or ``{(from, to): count}``, a target of None or "" being a trial
        that ended in no state; or, marked by a text "schema", what `to_dict` returns.

    Returns
    -------
    records : Records
        Labels sorted; blocks are in the context.
    context : Context
        What a mapping with a schema says beside the counts; else empty.

    Raises
    ------
    DataError
        If it is no such mapping, a pair is there twice, or a label or count cannot be used.
    """
    if not isinstance(value, Mapping):
        raise DataError(f"from_dict received a value of type {_kind(value)}; {_FORM}")
    if not isinstance(value.get("schema"), str):
        return _records(_cells(value, "dict"), "dict"), Context()
    check_keys(value, _WHOLE, "dict: ")
    if "counts" not in value:
        raise DataError("dict: there is no key 'counts'; write it, {from: {to: count}}")
    rest = {key: item for key, item in value.items() if key in KEYS}
    blocks = rest.pop("blocks", None)
    labels = None if blocks is None else _block_labels(blocks)
    context = read_context({**rest, "blocks": labels}, "dict: ")
    if labels is not None:
        context = replace(context, blocks=_block_records(blocks, labels))
    return _records(_both(value, "dict"), "dict"), context


def _kind(value: object) -> str:
    return quoted(type(value).__name__)


def _cells(value: Any, name: str) -> list[Cell]:
    """Return (from, to, count) of a nested or flat mapping."""
    if not isinstance(value, Mapping):
        raise DataError(f"{name}: the counts are of type {_kind(value)}; {_FORM}")
    flat = [isinstance(key, tuple) for key in value]
    if any(flat):
        odd = [key for key in value if not (isinstance(key, tuple) and len(key) == 2)]
        if odd:
            raise DataError(f"{name}: the key {quoted(odd[0])} is no pair among pairs; {_FORM}")
        return [(*pair, count) for pair, count in value.items()]
    for source, row in value.items():
        if not isinstance(row, Mapping):
            raise DataError(
                f"{name}: what belongs to {quoted(source)} is of type {_kind(row)}, no mapping; "
                f"{_FORM}, or mark what to_dict returned by 'schema': {SCHEMA!r}"
            )
    # A source with an empty row gets a count of 0, so that the state is kept.
    return [(a, b, n) for a, row in value.items() for b, n in (row or {None: 0}).items()]


def _both(value: Mapping[str, Any], name: str) -> list[Cell]:
    """Return the cells of the keys counts and other."""
    other = value.get("other", {})
    if not isinstance(other, Mapping):
        raise DataError(f"{name}: other is of type {_kind(other)}; write {{from: count}}")
    return [*_cells(value["counts"], name), *((source, None, n) for source, n in other.items())]


def _records(cells: list[Cell], name: str, block: list[object] | None = None) -> Records:
    """Turn cells, perhaps each of a block, into records; refuse a pair that is there twice."""
    if not cells:
        raise DataError(f"{name}: there is no count; {_FORM}")
    source, target, count = (list(column) for column in zip(*cells, strict=True))
    columns = {"source": source, "target": target, "count": count}
    if block is not None:
        columns["block"] = block

    def place(k: int) -> str:
        where = "" if block is None else f" {quoted(block[k])}"
        return f"{name}{where}, {_pair(cells[k])}: "

    records = column_records(columns, column_counts, place)
    made = np.flatnonzero(records.count)
    keys = [records.source, records.target, *([] if records.block is None else [records.block])]
    pairs = np.stack(keys)[:, made]
    first, times = np.unique(pairs, axis=1, return_index=True, return_counts=True)[1:]
    if (times > 1).any():
        raise DataError(
            f"{place(int(made[first[times > 1][0]]))}the pair is there twice "
            "(blanks around labels do not count); give every pair one count"
        )
    return records


def _pair(cell: Cell) -> str:
    return f"from {quoted(cell[0])} to {quoted('' if cell[1] is None else cell[1])}"


def _block_labels(blocks: object) -> list[str]:
    if not isinstance(blocks, list | tuple):
        raise DataError(f"dict: blocks are of type {_kind(blocks)}; write [{{'label': ...}}, ...]")
    for number, block in enumerate(blocks, start=1):
        if not isinstance(block, Mapping):
            raise DataError(f"dict: block {number} is of type {_kind(block)}; write a mapping")
        check_keys(block, _BLOCK, f"dict, block {number}: ")
        missing = [key for key in _BLOCK[:2] if key not in block]
        if missing:
            raise DataError(f"dict: block {number} has no key {missing[0]!r}; write it")
    return list(declared_states([block["label"] for block in blocks], "block"))


def _block_records(blocks: list[Mapping[str, Any]], labels: list[str]) -> Records:
    """Read the trials batch by batch."""
    parts = [_both(one, f"dict, block {quoted(k)}") for k, one in zip(labels, blocks, strict=True)]
    names: list[object] = [
        label for label, part in zip(labels, parts, strict=True) for _ in range(len(part))
    ]
    return _records([cell for part in parts for cell in part], "dict, block", names)


def nested_counts(
    labels: tuple[str, ...], source: IntArray, target: IntArray, count: IntArray
) -> dict[str, Any]:
    """Return rows as nested mappings.

    Parameters
    ----------
    labels : tuple of str
        The states.
    source, target : (R,) int64 array
        Indices of labels, each pair once; a target of -1 is a trial that ended in no state.
    count : (R,) int64 array
        How often.

    Returns
    -------
    dict
        "counts", ``{from: {to: count}}``, and "other", ``{from: count}``.
    """
    counts: dict[str, dict[str, int]] = {}
    other: dict[str, int] = {}
    for i, j, n in zip(source.tolist(), target.tolist(), count.tolist(), strict=True):
        if j == OTHER:
            other[labels[i]] = n
        else:
            counts.setdefault(labels[i], {})[labels[j]] = n
    return {"counts": counts, "other": other}
