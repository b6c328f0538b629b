"""From a store to named kernels, to be compared."""

import json
import os
from collections.abc import Sequence

from equipoise.counts import TransitionCounts
from equipoise.errors import UsageError
from equipoise.sampling.store.counts import KERNEL, grouped_counts
from equipoise.text import listed

_SHORT = 8


def stored_kernels(
    path: str | os.PathLike[str], by: Sequence[str] = KERNEL
) -> dict[str, TransitionCounts]:
    """Return the kernels of a store by readable names, as :func:`equipoise.compare` takes them.

    Parameters
    ----------
    path : str or path
        The store; another process may be writing to it.
    by : sequence of str
        What tells kernels apart: of `GROUPS`, or a parameter of the model such as "temperature".
        What differs besides is pooled. Default: everything that makes a kernel.

    Returns
    -------
    dict of str to TransitionCounts
        Named by what differs between them: a model by its name, a template by the beginning of its
        hash, parameters by those that differ.

    Raises
    ------
    UsageError, DataError
        If there is no such store, nothing in it differs by that, or no draw reached a state.
    """
    groups = grouped_counts(path, by)
    if len(groups) < 2:
        raise UsageError(
            f"the store holds one kernel by {listed(by, 10)}, and a comparison needs two or more; "
            f"{_other_grouping(path, by)}"
        )
    columns = [list(map(str, column)) for column in zip(*(g.key for g in groups), strict=True)]
    parts = [
        _readable(name, column)
        for name, column in zip(by, columns, strict=True)
        if len(set(column)) > 1
    ]
    names = [", ".join(cells) for cells in zip(*parts, strict=True)]
    return {name: group.counts for name, group in zip(names, groups, strict=True)}


def _other_grouping(path: str | os.PathLike[str], by: Sequence[str]) -> str:
    """Say what else the draws of a store may be grouped by."""
    everything = len(grouped_counts(path)) if tuple(by) != KERNEL else 1
    if everything > 1:
        return f"by everything that makes a kernel there are {everything} (leave --by out)"
    runs = len(grouped_counts(path, ("run",)))
    if runs > 1:
        return f"its {runs} runs can be compared by run (--by run)"
    return "it holds one run: collect another, or compare files of counts"


def _readable(field: str, values: list[str]) -> list[str]:
    """Return short names of the values of one field, as different as they are."""
    if field == "template":
        most = max(len(value) for value in values)
        length = next(
            n for n in range(_SHORT, most + 1) if len({v[:n] for v in values}) == len(set(values))
        )
        return [f"template {value[:length]}" for value in values]
    if field == "parameters":
        return _differing(values)
    if field in ("provider", "model", "model_returned", "task"):
        return [value or "unknown" for value in values]
    return [f"{field} {value}" for value in values]


def _differing(values: list[str]) -> list[str]:
    """Return what differs between several sets of parameters, in JSON."""
    sets = [json.loads(value) for value in values]
    names = sorted({name for one in sets for name in one})
    differ = [
        name
        for name in names
        if len({json.dumps(one.get(name), sort_keys=True) for one in sets}) > 1
    ]
    return [
        ", ".join(
            f"{name} {json.dumps(one[name], ensure_ascii=False)}" if name in one else f"no {name}"
            for name in differ
        )
        for one in sets
    ]
