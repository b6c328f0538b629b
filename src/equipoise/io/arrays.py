"""Labelled arrays in and out: xarray's Dataset and DataArray."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from equipoise.errors import DataError
from equipoise.io.blocks import Blocks
from equipoise.io.context import Context, coded_sequences, from_json, read_context, to_json
from equipoise.io.faults import moved
from equipoise.io.frame import column_counts
from equipoise.io.integers import check_counts, number_counts
from equipoise.io.labels import declared_states
from equipoise.io.matrix import with_other
from equipoise.io.records import IntArray, Records
from equipoise.io.table import column_records, grid, matrix_parts
from equipoise.text import listed, quoted

if TYPE_CHECKING:
    import xarray as xr

_RECORD = ("record_source", "record_target", "record_count", "record_block")
_STEP = ("step_trajectory", "step_state")
_DIMS: dict[str, tuple[str, ...]] = {
    "counts": ("source", "target"),
    "other": ("source",),
    **dict.fromkeys(_RECORD, ("record",)),
    **dict.fromkeys(_STEP, ("step",)),
}
_SAID = ("schema", "protocol", "starts", "stay", "support", "metadata")
_PLAIN = ("schema", "protocol")  # text is meant as it is; in the other attributes it is JSON


def array_records(data: Any, states: Sequence[object] | None) -> tuple[Records, Context]:
    """Read a DataArray or Dataset.

    Parameters
    ----------
    data : DataArray or Dataset
        A DataArray with the dimensions source (from) and target (to), in any order; or a Dataset
        with that as `counts`, and the further variables that `make_dataset` writes.
    states : sequence of labels, or None
        Labels of both dimensions, where they have no coordinates.

    Returns
    -------
    records : Records
        Labels in the order of target; blocks are in the context.
    context : Context
        What the attributes and the further variables say.

    Raises
    ------
    DataError
        If a dimension or variable is missing or unknown, or a label or count cannot be used.
    """
    if not (hasattr(data, "dims") and hasattr(data, "coords") and hasattr(data, "attrs")):
        raise DataError(
            f"from_xarray received a value of type {quoted(type(data).__name__)}; "
            "give a DataArray or Dataset with the dimensions source and target"
        )
    name = f"{type(data).__name__}: "
    parts = _parts(data, name) if hasattr(data, "data_vars") else {"counts": data}
    arrays = {key: _oriented(part, key, name) for key, part in parts.items()}
    records = _counts(parts["counts"], arrays, states, name)
    said = read_context(_attributes(data.attrs, name), name)
    labels = None
    if "record_block" in arrays and "block" in data.coords:
        labels = declared_states(list(data.coords["block"].to_numpy()), "block")
    return records, replace(
        said,
        block_labels=labels,
        blocks=_blocks(arrays, name) if "record_block" in arrays else None,
        sequences=_sequences(arrays, name) if "step_state" in arrays else None,
    )


def _parts(data: Any, name: str) -> dict[str, Any]:
    """Return the variables of a Dataset that are read, refusing others and their dimensions."""
    unknown = [key for key in data.data_vars if key not in _DIMS]
    if unknown:
        raise DataError(
            f"{name}unknown variable {listed(unknown)}; the variables are {', '.join(_DIMS)}"
        )
    parts = {key: data[key] for key in _DIMS if key in data.variables}
    if "counts" not in parts:
        raise DataError(f"{name}there is no variable counts; give one over source and target")
    for together in (_RECORD, _STEP):
        missing = [key for key in together if key not in parts]
        if 0 < len(missing) < len(together):
            raise DataError(
                f"{name}there is no variable {listed(missing)}; {', '.join(together)} go together"
            )
    known = {dim for key in parts for dim in _DIMS[key]} | ({"block"} & set(data.coords))
    odd = [dim for dim in data.dims if dim not in known]
    if odd:
        raise DataError(
            f"{name}unknown dimension {listed(odd)}; counts have the dimensions source and target"
        )
    return parts


def _oriented(part: Any, key: str, name: str) -> np.ndarray:
    """Return an array with its dimensions in the order that is read: found by name, not place."""
    dims = _DIMS[key]
    if len(part.dims) != len(dims) or set(part.dims) != set(dims):
        raise DataError(
            f"{name}{key} has the dimensions {listed(part.dims)}, not {' and '.join(dims)}; "
            "rename them: source is from, target is to"
        )
    values: np.ndarray = part.transpose(*dims).to_numpy()
    return values


def _counts(
    part: Any, arrays: Mapping[str, np.ndarray], states: Sequence[object] | None, name: str
) -> Records:
    matrix = arrays["counts"]
    bare = [dim for dim in ("source", "target") if dim not in part.coords]
    if bare and (len(bare) == 1 or states is None):
        raise DataError(
            f"{name}the dimension {' and '.join(bare)} has no labels; "
            "give source and target a coordinate each, or neither and states=[...]"
        )
    if bare:
        rows = columns = list(declared_states(states or ()))
        if matrix.shape != (len(rows), len(rows)):
            raise DataError(f"{name}counts have shape {matrix.shape} for {len(rows)} states")
    else:
        rows, columns = (list(part.coords[dim].to_numpy()) for dim in ("source", "target"))
    counts, unread = number_counts(matrix)
    position, place = grid(name, len(columns))
    cells = moved(unread, position)
    records = matrix_parts(rows, columns, counts, place, cells=cells, stride=len(columns) + 1)
    if "other" not in arrays:
        return records
    if len(columns) > len(records.labels):
        raise DataError(f"{name}other is given twice, as a variable and as a target; give it once")
    return with_other(records, rows, arrays["other"])


def _attributes(attrs: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return the attributes that are read; those of other makers (units, history) are not ours."""
    said = {key: attrs[key] for key in _SAID if key in attrs}
    for key, value in said.items():
        if isinstance(value, str) and key not in _PLAIN:
            said[key] = from_json(value, f"{name}attribute {key!r}: ")
    return said


def _blocks(arrays: Mapping[str, np.ndarray], name: str) -> Records:
    keys = ("source", "target", "count", "block")
    columns: dict[str, list[object]] = {key: list(arrays[f"record_{key}"]) for key in keys}
    return column_records(columns, column_counts, lambda k: f"{name}record {k + 1}: ")


def _sequences(
    arrays: Mapping[str, np.ndarray], name: str
) -> tuple[tuple[str, ...], tuple[IntArray, ...]]:
    number = check_counts(
        arrays["step_trajectory"], lambda k: f"{name}trajectory of step {k + 1}: "
    )
    order = np.argsort(number, kind="stable")
    ends = np.flatnonzero(np.diff(number[order])) + 1
    paths = np.split(arrays["step_state"][order], ends)
    return coded_sequences([list(path) for path in paths], name)


def make_dataset(
    states: Sequence[str],
    counts: IntArray,
    other: IntArray,
    blocks: Blocks | None,
    sequences: Sequence[Sequence[str | None]] | None,
    said: Mapping[str, Any],
) -> "xr.Dataset":
    """Make the Dataset that `array_records` reads.

    Parameters
    ----------
    states : sequence of str
        The S labels.
    counts : (S, S) int64 array
        Axis 0 from, axis 1 to.
    other : (S,) int64 array
        Trials that ended in no state.
    blocks : Blocks or None
        The same trials, batch by batch.
    sequences : sequence of sequences of str, or None
        Trajectories, None for a failed trial.
    said : mapping
        What is known beside these; plain types.

    Returns
    -------
    Dataset
        Variables and attributes as `TransitionCounts.to_xarray` describes them.
    """
    import xarray as xr

    variables: dict[str, Any] = {"counts": counts, "other": other}
    coords: dict[str, Any] = {"source": list(states), "target": list(states)}
    names = np.array([*states, ""], dtype=object)
    if blocks is not None:
        coords["block"] = list(blocks.labels)
        label = np.array(blocks.labels, dtype=object)[blocks.block]
        cells = (names[blocks.source], names[blocks.target], blocks.count, label)
        variables |= zip(_RECORD, cells, strict=True)
    if sequences is not None:
        variables["step_trajectory"] = np.repeat(
            np.arange(len(sequences)), [len(path) for path in sequences]
        )
        variables["step_state"] = np.array(
            [label or "" for path in sequences for label in path], dtype=object
        )
    return xr.Dataset(
        {key: (_DIMS[key], value) for key, value in variables.items()},
        coords,
        {
            key: said[key] if key in _PLAIN else to_json(said[key])
            for key in _SAID
            if said[key] is not None
        },
    )
