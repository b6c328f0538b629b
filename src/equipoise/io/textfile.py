"""Files of text in and out: every failure is one clear line."""

import csv
import io
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from equipoise.errors import DataError
from equipoise.text import printable, quoted

Path = str | os.PathLike[str]
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, eq=False)
class Table:
    """A CSV file, read but not yet understood.

    Attributes
    ----------
    name : str
        Name of the file, printable.
    header : tuple of str
        Cells of the first line that is not blank, stripped of blanks.
    rows : list of lists of str
        The other lines, as many cells each as the header; blank lines are left out.
    lines : list of int
        Line of the file on which each row ends, counted from 1.
    """

    name: str
    header: tuple[str, ...]
    rows: list[list[str]]
    lines: list[int]

    def place(self, row: int) -> str:
        """Say where a row stands: "counts.csv, line 3: "."""
        return f"{self.name}, line {self.lines[row]}: "


def read_text(path: Path) -> tuple[str, str]:
    """Read a text file.

    Parameters
    ----------
    path : str or path
        The file; UTF-8, with or without a byte-order mark.

    Returns
    -------
    name, text : str
        The printable name of the file, and what it holds.

    Raises
    ------
    DataError
        If it cannot be read, is empty, or is not text in UTF-8.
    """
    name = file_name(path)
    try:
        with open(path, "rb") as file:
            data = file.read()
    except FileNotFoundError:
        raise DataError(f"{name}: there is no such file; check the path") from None
    except IsADirectoryError:
        raise DataError(f"{name}: this is a directory; give a file") from None
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        raise DataError(f"{name}: cannot be read ({_reason(error)}); check the path") from None
    if data.startswith(_UTF16):
        raise DataError(f"{name}: the file is UTF-16, not UTF-8; save it as UTF-8")
    if (position := data.find(b"\0")) >= 0:
        raise DataError(f"{name}: byte {position} is 0, so this is no text file; give a CSV file")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # Counted in the bytes that the codec saw: without the byte-order mark.
        offset = error.start + (3 if data.startswith(b"\xef\xbb\xbf") else 0)
        raise DataError(
            f"{name}: byte {offset} ({data[offset]:#04x}) is not UTF-8; save the file as UTF-8"
        ) from None
    if not text.strip():
        raise DataError(f"{name}: the file is empty; give a header and at least one row")
    return name, text


def file_name(path: Path) -> str:
    """Return the printable name of a file, for messages."""
    try:
        return printable(os.fsdecode(path), 120) or "''"
    except TypeError:
        raise DataError(f"{quoted(path)} is no path of a file; give text or a path") from None


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or printable(error)


def read_table(path: Path) -> Table:
    """Read a CSV file into cells.

    Parameters
    ----------
    path : str or path
        The file; UTF-8, separated by commas, cells quoted by ``"`` where needed.

    Returns
    -------
    Table
        Header and rows, all of one length.

    Raises
    ------
    DataError
        If it cannot be read, is ragged, or has no row below its header.
    """
    name, text = read_text(path)
    reader = csv.reader(io.StringIO(text, newline=""), skipinitialspace=True, strict=True)
    header: tuple[str, ...] = ()
    rows: list[list[str]] = []
    lines: list[int] = []
    try:
        for row in reader:
            if header and len(row) == len(header):
                rows.append(row)
                lines.append(reader.line_num)
            elif not row or (len(row) == 1 and not row[0].strip()):
                continue
            elif not header:
                header = tuple(cell.strip() for cell in row)
            else:
                raise DataError(
                    f"{name}, line {reader.line_num}: the row has {_cells(len(row))} and the "
                    f"header {len(header)}; give every row as many, and quote labels with commas"
                )
    except csv.Error as error:
        reason = printable(error)
        if "field larger" in reason:
            reason = f"a cell is longer than {csv.field_size_limit():,} characters"
        raise DataError(
            f"{name}, line {max(reader.line_num, 1)}: this is no CSV ({reason}); check the file"
        ) from None
    if not rows:
        raise DataError(f"{name}: there is no row below the header; give at least one")
    return Table(name, header, rows, lines)


def _cells(number: int) -> str:
    return "1 cell" if number == 1 else f"{number:,} cells"


def write_table(path: Path, header: Sequence[str], rows: Iterable[Sequence[str | int]]) -> None:
    """Write a CSV file in UTF-8 with line feeds.

    Parameters
    ----------
    path : str or path
        Where to; an existing file is replaced.
    header : sequence of str
        Names of the columns.
    rows : iterable of sequences
        The cells.

    Raises
    ------
    DataError
        If the file cannot be written.
    """
    name = file_name(path)
    try:
        with open(path, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(header)
            writer.writerows(rows)
    except (OSError, ValueError) as error:
        raise DataError(f"{name}: cannot be written ({_reason(error)}); check the path") from None
