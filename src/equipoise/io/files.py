"""Bytes of files in and out: every failure is one clear line."""

import os

from equipoise.errors import DataError
from equipoise.text import printable, quoted

Path = str | os.PathLike[str]


def file_name(path: Path) -> str:
    """Return the printable name of a file, for messages."""
    try:
        return printable(os.fsdecode(path), 120) or "''"
    except TypeError:
        raise DataError(f"{quoted(path)} is no path of a file; give text or a path") from None


def has_suffix(path: Path, suffix: str) -> bool:
    """Say whether the name of a file ends in a suffix (".parquet"), in capitals or not."""
    return os.fsdecode(path).lower().endswith(suffix)


def failure(error: OSError | ValueError) -> str:
    """Return the reason for a failure, printable, for messages."""
    return (error.strerror if isinstance(error, OSError) else None) or printable(error)


def read_bytes(path: Path) -> tuple[str, bytes]:
    """Read a file.

    Parameters
    ----------
    path : str or path
        The file.

    Returns
    -------
    name : str
        Its printable name.
    data : bytes
        What it holds.

    Raises
    ------
    DataError
        If it cannot be read.
    """
    name = file_name(path)
    try:
        with open(path, "rb") as file:
            return name, file.read()
    except FileNotFoundError:
        raise DataError(f"{name}: there is no such file; check the path") from None
    except IsADirectoryError:
        raise DataError(f"{name}: this is a directory; give a file") from None
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        raise DataError(f"{name}: cannot be read ({failure(error)}); check the path") from None


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file.

    Parameters
    ----------
    path : str or path
        Where to; an existing file is replaced.
    data : bytes
        What it will hold.

    Raises
    ------
    DataError
        If it cannot be written.
    """
    name = file_name(path)
    try:
        with open(path, "wb") as file:
            file.write(data)
    except (OSError, ValueError) as error:
        raise DataError(f"{name}: cannot be written ({failure(error)}); check the path") from None
