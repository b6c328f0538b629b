"""Features of states: a table of numbers, a row a state, from whatever a user has them in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from equipoise.errors import DataError
from equipoise.io.faults import Fault, refuse
from equipoise.io.files import Path
from equipoise.io.frame import is_frame
from equipoise.io.textfile import read_table
from equipoise.likelihoods import FloatArray
from equipoise.text import listed, quoted

_LABELS = "state"


@dataclass(frozen=True, eq=False, repr=False)
class FeatureTable:
    """Features of states.

    Attributes
    ----------
    states
        Labels of the T rows, all different.
    names
        Names of the K columns, all different.
    values
        Shape (T, K), finite; axis 0 states, axis 1 features.
    """

    states: tuple[str, ...]
    names: tuple[str, ...]
    values: FloatArray

    def __repr__(self) -> str:
        return f"FeatureTable({len(self.states):,} states, {len(self.names):,} features)"

    def rows(self, states: Sequence[str]) -> FloatArray:
        """Return the features of some states, shape (len(states), K)."""
        place = {state: k for k, state in enumerate(self.states)}
        return self.values[[place[state] for state in states]]


def feature_table(features: Any, *, states: Sequence[str] | None = None) -> FeatureTable:
    """Read features of states.

    Parameters
    ----------
    features : DataFrame, DataArray, Dataset, mapping, array or FeatureTable
        A row a state, a column a feature. A DataFrame is indexed by state, or has a column
        ``state``; xarray has a dimension ``state`` with labels; a mapping gives for each state a
        number, a sequence of numbers, or a mapping of feature to number; an array needs ``states``.
    states : sequence of str, optional
        Labels of the rows of an array.

    Raises
    ------
    DataError
        If it is no such table, a label comes twice, or a value is missing or no finite number.
    """
    if isinstance(features, FeatureTable):
        return features
    if states is not None:
        return _from_array(features, states)
    if is_frame(features):
        return _from_frame(features)
    if hasattr(features, "dims") and hasattr(features, "coords"):
        return _from_xarray(features)
    if isinstance(features, Mapping):
        return _from_mapping(features)
    raise DataError(
        f"features of the type {type(features).__name__} do not say which state each row belongs "
        "to; give states=, a DataFrame indexed by state, or a mapping of states"
    )


def read_features(path: Path) -> FeatureTable:
    """Read features from a CSV file: a header, then a row a state, its label first.

    Raises
    ------
    DataError
        If the file cannot be read, or is no such table.
    """
    table = read_table(path)
    if len(table.header) < 2:
        raise DataError(
            f"{table.name}: there is no feature; give the state's label first, then a column for "
            "each feature"
        )
    cells = [row[1:] for row in table.rows]
    labels = [row[0].strip() for row in table.rows]
    return _checked(labels, table.header[1:], cells, f"{table.name}: ")


def _from_array(features: Any, states: Sequence[str]) -> FeatureTable:
    values = np.asarray(features)
    if values.ndim == 1:
        values = values[:, None]
    if values.ndim != 2 or len(values) != len(states):
        raise DataError(
            f"an array of features must have a row for each of the {len(states):,} states, and "
            f"has the shape {values.shape}"
        )
    names = [f"x{k + 1}" for k in range(values.shape[1])]
    return _checked(states, names, values.tolist(), "")


def _from_frame(frame: Any) -> FeatureTable:
    names = list(frame.columns)
    labels = list(frame.index) if hasattr(frame, "index") else []
    if _LABELS in names:
        labels = list(frame[_LABELS])
        names.remove(_LABELS)
    columns = [list(frame[name]) for name in names]
    return _checked(labels, names, [list(row) for row in zip(*columns, strict=True)], "")


def _from_xarray(array: Any) -> FeatureTable:
    if _LABELS not in array.dims or _LABELS not in array.coords:
        raise DataError(
            f"features as xarray need a dimension 'state' with labels, and have {tuple(array.dims)}"
        )
    labels = list(array[_LABELS].values)
    if hasattr(array, "data_vars"):
        columns = {name: array[name] for name in array.data_vars}
        wrong = [name for name, column in columns.items() if column.dims != (_LABELS,)]
        if wrong:
            raise DataError(
                f"the variable {quoted(wrong[0])} does not lie along 'state' alone; give a "
                "variable a feature"
            )
        rows = zip(*(column.values.tolist() for column in columns.values()), strict=True)
        return _checked(labels, list(columns), [list(row) for row in rows], "")
    other = [dim for dim in array.dims if dim != _LABELS]
    if len(other) > 1:
        raise DataError(
            f"features as a DataArray have two dimensions, and these have {len(other) + 1}"
        )
    if not other:
        name = "x1" if array.name is None else array.name
        return _checked(labels, [name], array.values[:, None].tolist(), "")
    values = array.transpose(_LABELS, other[0])
    names = (
        list(array[other[0]].values)
        if other[0] in array.coords
        else [f"x{k + 1}" for k in range(values.shape[1])]
    )
    return _checked(labels, names, values.values.tolist(), "")


def _from_mapping(features: Mapping[Any, Any]) -> FeatureTable:
    rows, names = [], None
    for state, row in features.items():
        if isinstance(row, Mapping):
            names = list(row) if names is None else names
            if set(row) != set(names):
                raise DataError(
                    f"state {quoted(state)} has the features {listed(row)}, and others have "
                    f"{listed(names)}; give every state the same"
                )
            rows.append([row[name] for name in names])
        else:
            rows.append(list(row) if np.ndim(row) else [row])
    width = len(rows[0]) if rows else 0
    for state, row in zip(features, rows, strict=True):
        if len(row) != width:
            raise DataError(
                f"state {quoted(state)} has {len(row):,} features, and the first has {width:,}; "
                "give every state the same"
            )
    found = [f"x{k + 1}" for k in range(width)] if names is None else names
    return _checked(list(features), found, rows, "")


def _checked(
    labels: Sequence[Any], names: Sequence[Any], cells: Sequence[Sequence[Any]], where: str
) -> FeatureTable:
    """Refuse what is no table of finite numbers with labels of its own."""
    states, columns = [str(label) for label in labels], [str(name) for name in names]
    if not states or not columns:
        raise DataError(f"{where}there is no state or no feature in this table; give one at least")
    for kind, found in (("state", states), ("feature", columns)):
        if len(set(found)) < len(found):
            twice = next(one for one in found if found.count(one) > 1)
            raise DataError(f"{where}the {kind} {quoted(twice)} comes twice; give each one once")
    values = np.empty((len(states), len(columns)))
    faults: list[Fault] = []
    for state, row, target in zip(states, cells, values, strict=True):
        for k, cell in enumerate(row):
            number, wrong, remedy = _number(cell)
            target[k] = number
            if wrong:
                what = f"feature {quoted(columns[k])} of {quoted(state)} is {wrong}"
                faults.append(Fault(len(faults), what, remedy))
    refuse(faults, lambda _: where)
    return FeatureTable(tuple(states), tuple(columns), values)


def _number(cell: Any) -> tuple[float, str, str]:
    """Return a feature as a number, what is wrong with it (or nothing), and what to do."""
    text = cell.strip() if isinstance(cell, str) else cell
    missing = text is None or text == ""
    try:
        value = float("nan") if missing else float(text)
    except (TypeError, ValueError):
        wrong = f"{quoted(text)}, which is no number"
        return 0.0, wrong, "write categories as columns of 0 and 1"
    if np.isfinite(value):
        return value, "", ""
    shown = "missing" if missing or np.isnan(value) else f"{value}"
    return 0.0, shown, "give a finite number, or leave the state out"
