"""Files of text in and out: every failure is one clear line."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from equipoise.errors import DataError
from equipoise.io.faults import Fault, refuse
from equipoise.io.files import Path, failure, file_name, read_bytes
from equipoise.text import printable

_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_NO_TEXT = {
    b"PAR1": "Parquet; read it with from_parquet or from_file",
    b"\x89HDF\r\n\x1a\n": "HDF5 or netCDF; a run kept with --save is read by --again, "
    "counts by from_xarray from what xarray.open_dataset makes of them",
}


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
    faults : tuple of Fault
        Of rows that had more or fewer cells, which are cut or filled with nothing.
    """

    name: str
    header: tuple[str, ...]
    rows: list[list[str]]
    lines: list[int]
    faults: tuple[Fault, ...] = ()

    def place(self, row: int) -> str:
        """Say where a row stands: "counts.csv, line 3: "."""
        return f"{self.name}, line {self.lines[row]}: "


def decode(name: str, data: bytes) -> str:
    """Decode what a file of text holds.

    Parameters
    ----------
    name : str
        Its printable name.
    data : bytes
        UTF-8, with or without a byte-order mark.

    Returns
    -------
    str
        The text.

    Raises
    ------
    DataError
        If it is empty, or is not text in UTF-8.
    """
    if data.startswith(_UTF16):
        raise DataError(f"{name}: the file is UTF-16, not UTF-8; save it as UTF-8")
    for magic, kind in _NO_TEXT.items():
        if data.startswith(magic):
            raise DataError(f"{name}: the file is {kind}")
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
    return text


def read_table(path: Path) -> Table:
    """Read a CSV file into cells.

    Parameters
    ----------
    path : str or path
        The file; UTF-8, separated by commas, cells quoted by ``"`` where needed.

    Returns
    -------
    Table
        Header and rows, without faults.

    Raises
    ------
    DataError
        If it cannot be read, is ragged, or has no row below its header.
    """
    table = parse_table(*read_bytes(path))
    refuse(table.faults, table.place)
    return table


def parse_table(name: str, data: bytes) -> Table:
    """Split what a CSV file holds into cells.

    Parameters
    ----------
    name : str
        Its printable name.
    data : bytes
        What it holds, as for `read_table`.

    Returns
    -------
    Table
        Header and rows; ragged rows are among its faults, for whoever reads the cells to tell them
        with those of the cells.

    Raises
    ------
    DataError
        If it is no text, no CSV, or has no row below its header.
    """
    text = decode(name, data)
    reader = csv.reader(io.StringIO(text, newline=""), skipinitialspace=True, strict=True)
    header: tuple[str, ...] = ()
    rows: list[list[str]] = []
    lines: list[int] = []
    faults: list[Fault] = []
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
                faults.append(_ragged(len(rows), len(row), len(header)))
                rows.append([*row[: len(header)], *[""] * (len(header) - len(row))])
                lines.append(reader.line_num)
    except csv.Error as error:
        reason = printable(error)
        if "field larger" in reason:
            reason = f"a cell is longer than {csv.field_size_limit():,} characters"
        faults.append(Fault(len(rows), f"this is no CSV ({reason})", "check the file"))
        lines.append(max(reader.line_num, 1))
        refuse(faults, Table(name, header, rows, lines).place)
    if not rows:
        raise DataError(f"{name}: there is no row below the header; give at least one")
    return Table(name, header, rows, lines, tuple(faults))


def _ragged(row: int, width: int, header: int) -> Fault:
    return Fault(
        row,
        f"the row has {_cells(width)} and the header {header:,}",
        "give every row as many, and quote labels with commas",
    )


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
        raise DataError(f"{name}: cannot be written ({failure(error)}); check the path") from None
