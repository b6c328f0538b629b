"""Metadata: what is known about the counts, frozen, and always expressible as JSON."""

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from equipoise.errors import DataError
from equipoise.text import quoted

_DEPTH = 50


def freeze_metadata(metadata: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Return metadata as an immutable copy.

    Mappings become read-only mappings, lists become tuples; numpy scalars become Python ones.

    Parameters
    ----------
    metadata : mapping or None
        Keys are text; values None, truth values, finite numbers, text, lists and mappings of
        these. The key "trials", where present, is "observed" or "imputed".

    Returns
    -------
    mapping
        Read-only at every level.

    Raises
    ------
    DataError
        If a value cannot be written as JSON; the message names its key.
    """
    if metadata is None:
        return MappingProxyType({})
    if not isinstance(metadata, Mapping):
        raise DataError(
            f"metadata must be a mapping, received {quoted(type(metadata).__name__)}; "
            "write metadata={...}"
        )
    result: Mapping[str, Any] = _freeze(metadata, "metadata", 0)
    if "trials" in result and result["trials"] not in ("observed", "imputed"):
        raise DataError(
            f"metadata['trials'] is {quoted(result['trials'])}; write 'observed' or 'imputed'"
        )
    return result


def _freeze(value: Any, where: str, depth: int) -> Any:
    if depth > _DEPTH:
        raise DataError(f"{quoted(where)} is nested deeper than {_DEPTH} levels; flatten it")
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise DataError(f"{where} is {value}, which JSON cannot hold; write None instead")
        return value
    if isinstance(value, Mapping):
        frozen = {}
        for key, item in value.items():
            if not isinstance(key, str):
                raise DataError(f"{where} has the key {quoted(key)}, which is no text; write text")
            frozen[key] = _freeze(item, f"{where}[{quoted(key, 24)}]", depth + 1)
        return MappingProxyType(frozen)
    if isinstance(value, list | tuple):
        return tuple(_freeze(item, f"{where}[{k}]", depth + 1) for k, item in enumerate(value))
    raise DataError(
        f"{where} is of type {quoted(type(value).__name__)}, which JSON cannot hold; "
        "write text, numbers, lists or mappings"
    )


def thaw_metadata(metadata: Any) -> Any:
    """Return metadata as plain dictionaries and lists, ready for ``json.dumps``.

    Parameters
    ----------
    metadata : mapping
        As made by `freeze_metadata`.

    Returns
    -------
    dict
        A copy.
    """
    if isinstance(metadata, Mapping):
        return {key: thaw_metadata(item) for key, item in metadata.items()}
    if isinstance(metadata, tuple):
        return [thaw_metadata(item) for item in metadata]
    return metadata
