"""Paths as plain text: a state a line, a blank line between two paths."""

from collections.abc import Sequence

from equipoise.errors import DataError
from equipoise.io.faults import Fault, refuse
from equipoise.io.textfile import decode


def path_lines(name: str, data: bytes) -> list[list[str]]:
    """Split what a file of paths holds into states.

    Parameters
    ----------
    name : str
        Its printable name.
    data : bytes
        UTF-8, with or without a byte-order mark, any line ends.

    Returns
    -------
    list of lists of str
        The states of each path in order, surrounding blanks gone.

    Raises
    ------
    DataError
        If it is no text, holds a path of fewer than two states, or looks like a table.
    """
    if not data.strip():
        raise DataError(f"{name}: the file is empty; write a path, one state a line")
    lines = [line.strip() for line in decode(name, data).splitlines()]
    commas = {line.count(",") for line in lines if line}
    if len(commas) == 1 and commas != {0}:
        raise DataError(
            f"{name}: every line has {commas.pop()} commas, so this looks like a table of counts "
            "and not like a path, one state a line; read it as a table, or write labels without "
            "commas"
        )
    paths = _split(lines)
    remedy = "a path needs at least two lines, its start first, and a blank line ends it"
    refuse(
        [
            Fault(first, f"path {number} is a single state", remedy)
            for number, (first, path) in enumerate(paths, start=1)
            if len(path) < 2
        ],
        lambda line: f"{name}, line {line}: ",
    )
    return [path for _, path in paths]


def _split(lines: Sequence[str]) -> list[tuple[int, list[str]]]:
    """Return the paths between blank lines, each with the number of its first line."""
    paths: list[tuple[int, list[str]]] = []
    inside = False
    for number, line in enumerate(lines, start=1):
        if line and not inside:
            paths.append((number, []))
        if line:
            paths[-1][1].append(line)
        inside = bool(line)
    return paths
