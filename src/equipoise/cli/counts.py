"""Counts from the command line: a file, and what options say of it."""

from dataclasses import replace
from typing import Literal

from equipoise.counts import TransitionCounts
from equipoise.counts.build import build
from equipoise.errors import DataError, UsageError
from equipoise.io.files import read_bytes
from equipoise.io.lines import path_lines
from equipoise.io.table import long_records
from equipoise.io.textfile import Table, parse_table
from equipoise.text import listed, printable, quoted

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
    return _told(table, protocol, trials, no_stay)


def split_counts(path: str, by: str, *, no_stay: bool = False) -> dict[str, TransitionCounts]:
    """Read a long table, and split it by a column that says what each row belongs to.

    Raises
    ------
    DataError
        If the file cannot be read as counts, or has no such column.
    UsageError
        If an option contradicts it.
    """
    table = parse_table(*read_bytes(path))
    if by not in table.header:
        raise DataError(
            f"{table.name}: there is no column {quoted(by)}; the header is {listed(table.header)}"
        )
    place = table.header.index(by)
    header = tuple(cell for k, cell in enumerate(table.header) if k != place)
    rows = [[cell for k, cell in enumerate(row) if k != place] for row in table.rows]
    long_records(replace(table, header=header, rows=rows))  # all faults of the file, in its order
    members: dict[str, list[int]] = {}
    for k, row in enumerate(table.rows):
        members.setdefault(row[place], []).append(k)
    counts = {}
    for one, own in members.items():
        name = f"{table.name} ({by} = {printable(one, 40)})"
        part = Table(name, header, [rows[k] for k in own], [table.lines[k] for k in own])
        counts[one] = _told(build(TransitionCounts, long_records(part)), None, None, no_stay)
    return counts


def _told(
    table: TransitionCounts,
    protocol: Literal["draws", "trajectory"] | None,
    trials: Literal["observed", "imputed"] | None,
    no_stay: bool,
) -> TransitionCounts:
    """Return counts with what options say of them.

    Raises
    ------
    UsageError
        If an option contradicts them.
    """
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
