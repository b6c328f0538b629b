"""What is known beside the rows of counts: order of the states, protocol, sequences, metadata."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from equipoise.errors import DataError
from equipoise.io.labels import declared_states
from equipoise.io.records import IntArray, Records
from equipoise.io.sequences import sequence_records
from equipoise.text import listed, quoted

SCHEMA = "equipoise.counts/1"
"""Name of the layout that Equipoise writes; keys may be added, never renamed."""

KEYS = (
    "schema",
    "states",
    "protocol",
    "starts",
    "stay",
    "support",
    "blocks",
    "sequences",
    "metadata",
)


@dataclass(frozen=True, eq=False)
class Context:
    """What a caller or a file says beside the rows; None where it says nothing.

    Attributes
    ----------
    states : iterable of labels, or None
        Order of the states, and states that were not observed.
    support : iterable of pairs of labels, or None
        Undirected edges that are possible although not observed.
    protocol : str or None
        How the trials were made.
    stay : bool or None
        Whether a trial may end where it began.
    starts : iterable of labels, or None
        Start state of each trajectory.
    metadata : mapping or None
        What is known about the data.
    block_labels : tuple of str, or None
        Order of the blocks, and blocks without a trial.
    blocks : Records or None
        The same trials batch by batch, where the rows themselves name no block.
    sequences : (tuple of str, tuple of int64 arrays), or None
        Labels, and the trajectories as indices of these labels, -1 for a failed trial.
    """

    states: Iterable[object] | None = None
    support: Iterable[tuple[str, str]] | None = None
    protocol: str | None = None
    stay: bool | None = None
    starts: Iterable[object] | None = None
    metadata: Mapping[str, Any] | None = None
    block_labels: tuple[str, ...] | None = None
    blocks: Records | None = None
    sequences: tuple[tuple[str, ...], tuple[IntArray, ...]] | None = None

    def override(self, **arguments: Any) -> Self:
        """Return a copy with the fields replaced for which an argument is not None."""
        return replace(self, **{k: value for k, value in arguments.items() if value is not None})


def read_context(said: object, name: str) -> Context:
    """Check a description as `to_dict` and `to_parquet` write it.

    Parameters
    ----------
    said : mapping
        With some of the `KEYS`; "blocks" lists the labels of the blocks.
    name : str
        Where it stood, for messages: "counts.parquet, metadata 'equipoise': ".

    Returns
    -------
    Context
        What it says. Labels, edges and metadata are checked where the counts are made.

    Raises
    ------
    DataError
        If it is of another schema, holds an unknown key, or a value of the wrong kind.
    """
    if not isinstance(said, Mapping):
        raise DataError(
            f"{name}the description is of type {quoted(type(said).__name__)}; "
            "give a mapping, as to_dict returns it"
        )
    check_keys(said, KEYS, name)
    if said.get("schema", SCHEMA) != SCHEMA:
        raise DataError(
            f"{name}the schema is {quoted(said['schema'])}, and this version reads {SCHEMA!r}; "
            "read it with the version that wrote it"
        )
    states, blocks, paths = (_list(said, key, name) for key in ("states", "blocks", "sequences"))
    support, protocol, stay = (said.get(key) for key in ("support", "protocol", "stay"))
    if support is not None and not _are_pairs(support):
        raise DataError(f"{name}support is {quoted(support)}; write a list of pairs [['A', 'B']]")
    if protocol is not None and not isinstance(protocol, str):
        raise DataError(f"{name}protocol is {quoted(protocol)}; write 'draws' or 'trajectory'")
    if stay is not None and not isinstance(stay, bool | np.bool_):
        raise DataError(f"{name}stay is {quoted(stay)}; write true or false")
    return Context(
        states=states,
        support=None if support is None else [tuple(pair) for pair in support],
        protocol=protocol,
        stay=None if stay is None else bool(stay),
        starts=_list(said, "starts", name),
        metadata=said.get("metadata"),
        block_labels=None if blocks is None else declared_states(blocks, "block"),
        sequences=None if paths is None else coded_sequences(paths, name),
    )


def check_keys(found: Mapping[Any, object], known: Iterable[str], name: str) -> None:
    """Refuse keys that nothing reads.

    Parameters
    ----------
    found : mapping
        What was given.
    known : iterable of str
        Keys that are read.
    name : str
        Where it stood, for the message.

    Raises
    ------
    DataError
        If there is another key.
    """
    known = list(known)
    unknown = [key for key in found if key not in known]
    if unknown:
        raise DataError(
            f"{name}unknown key {listed(unknown)}; the keys are {', '.join(known)}, "
            "and what else is known belongs into metadata"
        )


def coded_sequences(
    paths: Sequence[object], name: str
) -> tuple[tuple[str, ...], tuple[IntArray, ...]]:
    """Turn sequences of labels into labels and indices.

    Parameters
    ----------
    paths : list of lists of labels
        The states visited, None or "" for a failed trial.
    name : str
        Where they stood, for messages.

    Returns
    -------
    labels : tuple of str
        The states visited, sorted.
    codes : tuple of int64 arrays
        Indices of labels, -1 for a failed trial.

    Raises
    ------
    DataError
        If it is no list of lists, or a sequence cannot be used.
    """
    if not all(isinstance(path, list | tuple) for path in paths):
        raise DataError(f"{name}sequences must be a list of lists of labels; write [['A', 'B']]")
    records, codes = sequence_records(paths)
    return records.labels, codes


def _list(said: Mapping[str, Any], key: str, name: str) -> list[object] | None:
    value = said.get(key)
    if value is None:
        return None
    if not isinstance(value, list | tuple):
        raise DataError(f"{name}{key} must be a list, received {quoted(value)}; write ['A', 'B']")
    return list(value)


def _are_pairs(value: object) -> bool:
    return isinstance(value, list | tuple) and all(
        isinstance(pair, list | tuple) and len(pair) == 2 for pair in value
    )


def to_json(value: object) -> str:
    """Write a description as JSON in ASCII.

    Parameters
    ----------
    value : object
        Of plain types, floats finite.

    Returns
    -------
    str
        One line; text beyond ASCII is escaped, so that any file can hold it.

    Raises
    ------
    DataError
        If a whole number in it has more digits than Python writes.
    """
    try:
        return json.dumps(value, allow_nan=False)
    except ValueError:
        raise DataError(
            "metadata hold a whole number of thousands of digits; write it as text"
        ) from None


def from_json(text: str | bytes, name: str) -> Any:
    """Read JSON.

    Parameters
    ----------
    text : str or bytes
        The JSON, not trusted.
    name : str
        Where it stood, for the message.

    Returns
    -------
    object
        What it holds.

    Raises
    ------
    DataError
        If it is no JSON, or nested too deeply.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        shown = text if isinstance(text, str) else text[:60].decode(errors="replace")
        raise DataError(f"{name}{quoted(shown, 40)} is no JSON; write it as to_dict does") from None
