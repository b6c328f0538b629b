"""The class methods that build `TransitionCounts` from formats that can hold everything.

What these say (states, protocol, metadata, ...) holds unless an argument says otherwise.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from equipoise.counts.build import build
from equipoise.counts.check import Path, Protocol
from equipoise.counts.readers import Pairs
from equipoise.io import arrays, parquet
from equipoise.io.context import Context
from equipoise.io.files import has_suffix, read_bytes
from equipoise.io.labels import declared_states
from equipoise.io.nested import dict_records
from equipoise.io.table import any_records
from equipoise.io.textfile import parse_table

if TYPE_CHECKING:
    import xarray as xr

    from equipoise.counts.transition_counts import TransitionCounts


def from_parquet(
    cls: "type[TransitionCounts]",
    path: Path,
    *,
    states: Iterable[object] | None = None,
    support: Pairs | None = None,
    protocol: Protocol | None = None,
    stay: bool | None = None,
    starts: Iterable[object] | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> "TransitionCounts":
    """Read a long table from a Parquet file; see `from_csv` for its columns.

    A file that `to_parquet` wrote gives an equal value, with all that it says in its metadata. Any
    other file will do: text may be dictionary-encoded, labels may be whole numbers, counts of any
    numeric type. A null or blank target is a trial that ended in no state. An index without a
    name, as pandas writes it, is ignored.

    Parameters
    ----------
    path : str or path
        The file.
    states : iterable, optional
        Order of the states, and states that were not observed; default: what the file says, else
        the observed ones, sorted.
    support : iterable of pairs, optional
        Undirected edges that are possible although not observed; default: what the file says.
    protocol : {"draws", "trajectory"}, optional
        How the trials were made; default: what the file says, else "draws".
    stay : bool, optional
        Whether a trial may end where it began; default: what the file says, else True.
    starts : iterable, optional
        Start state of each trajectory; default: what the file says.
    metadata : mapping, optional
        What is known about the data, JSON-able, instead of what the file says.

    Returns
    -------
    TransitionCounts
        The counts.

    Raises
    ------
    DataError
        If the file cannot be read, is no Parquet file or cannot be used; the message names the
        row, counted from 1.
    """
    records, said = parquet.parquet_records(*read_bytes(path))
    return build(cls, records, _override(said, states, support, protocol, stay, starts, metadata))


def from_dict(
    cls: "type[TransitionCounts]",
    counts: Mapping[Any, Any],
    *,
    states: Iterable[object] | None = None,
    support: Pairs | None = None,
    protocol: Protocol | None = None,
    stay: bool | None = None,
    starts: Iterable[object] | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> "TransitionCounts":
    """Read a mapping of counts, or what `to_dict` returned.

    Three forms are told apart: a text under the key "schema" marks what `to_dict` returned, whose
    other keys may be left out except "counts"; keys that are pairs make a flat mapping; anything
    else is a nested one.

    Parameters
    ----------
    counts : mapping
        ``{from: {to: count}}``, the outer key from and the inner key to; or
        ``{(from, to): count}``; or what `to_dict` returned, through JSON or not. A target of None
        or "" is a trial that ended in no state. An empty inner mapping names a state without a
        trial. Labels are text or whole numbers, which become text.
    states, support, protocol, stay, starts, metadata
        As in `from_parquet`, the mapping standing for the file.

    Returns
    -------
    TransitionCounts
        The counts.

    Raises
    ------
    DataError
        If it is no such mapping, holds an unknown key or a pair twice (as "A" and "A "), or a
        label or count cannot be used; the message names the pair.
    """
    records, said = dict_records(counts)
    return build(cls, records, _override(said, states, support, protocol, stay, starts, metadata))


def from_xarray(
    cls: "type[TransitionCounts]",
    data: "xr.DataArray | xr.Dataset",
    *,
    states: Iterable[object] | None = None,
    support: Pairs | None = None,
    protocol: Protocol | None = None,
    stay: bool | None = None,
    starts: Iterable[object] | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> "TransitionCounts":
    """Read a labelled array of counts, or the Dataset that `to_xarray` made.

    The dimension ``source`` is from, ``target`` is to, wherever they stand: they are found by name.
    Their coordinates name the same states, those of ``target`` giving the order; one further
    target, named by nothing or by ``other``, counts the trials that ended in no state.

    Parameters
    ----------
    data : (S, S) DataArray, or Dataset
        Counts over (source, target); in a Dataset the variable ``counts``, beside it, if wanted,
        ``other`` over (source) and the variables of `to_xarray`. Attributes ``protocol``,
        ``starts``, ``stay``, ``support`` and ``metadata`` are read, as values or, except
        ``protocol``, as JSON; other attributes and coordinates are not.
    states : iterable, optional
        As in `from_parquet`; where source and target have no coordinates, the labels of both.
    support, protocol, stay, starts, metadata
        As in `from_parquet`, the attributes standing for the file.

    Returns
    -------
    TransitionCounts
        The counts.

    Raises
    ------
    DataError
        If a dimension, label or variable is missing or unknown, or a label or count cannot be used.
    """
    declared = None if states is None else declared_states(states)
    records, said = arrays.array_records(data, declared)
    return build(cls, records, _override(said, declared, support, protocol, stay, starts, metadata))


def from_file(
    cls: "type[TransitionCounts]",
    path: Path,
    *,
    states: Iterable[object] | None = None,
    support: Pairs | None = None,
    protocol: Protocol | None = None,
    stay: bool | None = None,
    starts: Iterable[object] | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> "TransitionCounts":
    """Read a long table (CSV or Parquet) or a wide labelled matrix (CSV), whichever the file holds.

    Parquet is known by how the file begins, or by a name in ``.parquet``. Everything else is CSV:
    a header of ``source``, ``target`` and at most ``count`` and ``block`` makes a long table; rows
    labelled like the columns make a matrix. netCDF is not read here, since a damaged file can
    keep HDF5 busy for ever: open it with xarray, and use `from_xarray`.

    Parameters
    ----------
    path : str or path
        The file; CSV is UTF-8.
    states, support, protocol, stay, starts, metadata
        As in `from_parquet`.

    Returns
    -------
    TransitionCounts
        The counts.

    Raises
    ------
    DataError
        If the file cannot be read or used, or is none of these; the message says what was seen.
    """
    name, data = read_bytes(path)
    if data.startswith(parquet.MAGIC) or has_suffix(path, ".parquet"):
        records, said = parquet.parquet_records(name, data)
    else:
        records, said = any_records(parse_table(name, data)), Context()
    return build(cls, records, _override(said, states, support, protocol, stay, starts, metadata))


def _override(
    said: Context,
    states: Iterable[object] | None,
    support: Pairs | None,
    protocol: Protocol | None,
    stay: bool | None,
    starts: Iterable[object] | None,
    metadata: Mapping[str, Any] | None,
) -> Context:
    """Let arguments that are given hold instead of what the data say."""
    return said.override(
        states=states,
        support=support,
        protocol=protocol,
        stay=stay,
        starts=starts,
        metadata=metadata,
    )
