"""Counts from the command line: a file, and what options say of it."""

from dataclasses import replace
from typing import Literal

from equipoise.counts import TransitionCounts
from equipoise.errors import DataError, UsageError
from equipoise.io.files import read_bytes
from equipoise.io.lines import path_lines

_STDIN = "/dev/stdin"


def read_counts(
    counts: str,
    *,
    trajectory: bool = False,
    protocol: Literal["draws", "trajectory"] | None = None,
    trials: Literal["observed", "imputed"] | None = None,
    no_stay: bool = False,
) -> TransitionCounts:
    """Read the counts, from standard input where - is given, and add what the options say of them.

    Raises
    ------
    DataError
        If the file cannot be read as counts.
    UsageError
        If an option contradicts it.
    """
    path = _STDIN if counts == "-" else counts
    if trajectory and protocol == "draws":
        raise UsageError(
            "--trajectory reads a path, and --protocol draws says that there is none; leave one out"
        )
    table = TransitionCounts.from_path_file(path) if trajectory else _from_table(path)
    if protocol == "draws" and table.starts:
        raise UsageError(
            "--protocol draws contradicts the file, which says where its paths start; leave it out"
        )
    if protocol:
        table = replace(table, protocol=protocol)
    if trials:
        table = replace(table, metadata={**table.metadata, "trials": trials})
    if no_stay:
        if table.self_transitions.any():
            raise UsageError(
                "--no-stay says that no trial can end where it began, but "
                f"{int(table.self_transitions.sum()):,} did; leave --no-stay out"
            )
        table = replace(table, stay=False)
    return table


def _from_table(path: str) -> TransitionCounts:
    """Read a table; where the file could only be a path, mention --trajectory.

    Raises
    ------
    DataError
        If the file cannot be read as counts.
    """
    try:
        return TransitionCounts.from_file(path)
    except DataError as error:
        if path != _STDIN and _has_one_column(path):
            raise DataError(f"{error}; if it is a path, a state a line, add --trajectory") from None
        raise


def _has_one_column(path: str) -> bool:
    """Return whether a file can be read as a path, and no line of it has a separator."""
    try:
        paths = path_lines(*read_bytes(path))
    except DataError:
        return False
    return not any(mark in state for states in paths for state in states for mark in ",;\t")
