"""Counts from the command line: a file, and what options say of it."""

from dataclasses import replace
from typing import Literal

from equipoise.counts import TransitionCounts
from equipoise.errors import UsageError

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
    if trajectory:
        table = TransitionCounts.from_path_file(path)
    else:
        table = TransitionCounts.from_file(path)
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
