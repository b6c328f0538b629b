"""What reaches the terminal: output, notes, one-line errors, a progress bar."""

import os
import shutil
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import typer

from equipoise.errors import UsageError
from equipoise.text import printable, quoted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BAD_INPUT, UNTRUSTED, INTERRUPTED, BROKEN_PIPE = 2, 3, 130, 141
_BAR = 24
_REDRAW_SECONDS = 0.1


def write(text: str) -> None:
    """Write text and a line feed to standard output, all of it at once.

    Raises
    ------
    typer.Exit
        If the reader has gone (``equipoise ... | head``): nobody is there to be told.
    UsageError
        If standard output cannot be written, e.g. because the disk is full.
    """
    try:
        sys.stdout.write(text.rstrip("\n") + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        _forget_output()
        raise typer.Exit(BROKEN_PIPE) from None
    except OSError as error:
        _forget_output()
        raise UsageError(f"standard output cannot be written ({error.strerror})") from None


def note(text: str) -> None:
    """Write one line to standard error."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def one_line(message: object) -> str:
    """Return a message as one printable line."""
    return printable(" ".join(str(message).split()), None)


def check_file(path: str) -> None:
    """Refuse, before long work, a file that could not be written after it.

    Raises
    ------
    UsageError
        If its directory does not exist, or it is a directory itself.
    """
    file = Path(path)
    if file.is_dir():
        raise UsageError(f"{quoted(path, 200)} is a directory; give a file to write to")
    if not file.parent.is_dir():
        folder = quoted(file.parent, 200)
        raise UsageError(f"there is no directory {folder} to write to; make it first")


def check_output(path: str | None) -> None:
    """Refuse a file that could not be written; "-" stands for standard output, None for none.

    Raises
    ------
    UsageError
        As of :func:`check_file`.
    """
    if path is not None and path != "-":
        check_file(path)


def make_folder(path: str) -> None:
    """Make a directory, or find it; the one that it stands in must be there, as for a file.

    Raises
    ------
    UsageError
        If that cannot be done.
    """
    try:
        Path(path).mkdir(exist_ok=True)
    except FileExistsError:
        raise UsageError(f"{quoted(path, 200)} is a file; give a directory to write to") from None
    except FileNotFoundError:
        parent = quoted(Path(path).parent, 200)
        raise UsageError(f"there is no directory {parent} to write to; make it first") from None
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{quoted(path, 200)} cannot be made ({_reason(error)}); choose another"
        ) from None


def write_file(path: str, text: str) -> None:
    """Write a text file in UTF-8.

    Raises
    ------
    UsageError
        If that cannot be done.
    """
    try:
        Path(path).write_text(text, encoding="utf-8", newline="\n")
    except (OSError, ValueError) as error:
        raise UsageError(f"{quoted(path, 200)} cannot be written ({_reason(error)})") from None


def write_result(
    json: str | None,
    as_json: Callable[[], str],
    as_text: Callable[[], str],
    *,
    warning: str | None = None,
    told: bool = True,
) -> None:
    """Write a result as text, and as JSON where that is asked for.

    Parameters
    ----------
    json
        A file; ``"-"``: standard output, instead of the text; None: nowhere.
    as_json, as_text
        Make them.
    warning
        Why the result must not be relied on: said on standard error where the text, which says so
        too, is not written.
    told
        Whether to say below the text that the file was written.
    """
    if json == "-":
        if warning is not None:
            note(f"equipoise: {one_line(warning)}")
        write(as_json())
        return
    write(as_text())
    if json is not None:
        write_file(json, as_json())
        if told:
            tell_written([json])


def tell_written(paths: Sequence[str]) -> None:
    """Say which files were written beside what is printed."""
    write("\nWritten  " + one_line(", ".join(paths)))


def write_pictures(
    drawn: "Mapping[str, Axes]", folder: str, *, told: bool, withheld: bool = False
) -> None:
    """Save figures by name in a folder and, where that is to be told, say which files.

    ``withheld`` figures hold a sentence in place of numbers that must not be trusted.
    """
    from equipoise.plots.save import write_figures

    written = [os.fspath(path) for path in write_figures(drawn, folder)]
    if told:
        why = "; they say why numbers are withheld, and show none" if withheld else ""
        write("\nFigures  " + one_line(", ".join(written)) + why)


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or one_line(error)


def _forget_output() -> None:
    """Send what is still buffered nowhere, so that the interpreter does not fail on leaving."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        pass


class ProgressBar:
    """A bar on standard error; silent where that is no terminal.

    Use it as a context manager and hand it over as ``progress``: it erases itself at the end.

    Parameters
    ----------
    shown
        False: stay silent on a terminal too.
    stream
        Where to; default: standard error.
    """

    def __init__(self, shown: bool = True, stream: TextIO | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._shown = shown and self._stream.isatty()
        self._drawn = 0
        self._last = 0.0

    def __enter__(self) -> "ProgressBar":
        return self

    def __exit__(self, *exception: object) -> None:
        if self._drawn:
            self._put("\r" + " " * self._drawn + "\r")

    def __call__(self, stage: str, fraction: float) -> None:
        """Show what is being done, and which fraction of all is done."""
        now = time.monotonic()
        if not self._shown or now - self._last < _REDRAW_SECONDS:
            return
        self._last = now
        fraction = min(max(fraction, 0.0), 1.0)
        done = round(_BAR * fraction)
        bar = f"[{'#' * done}{'.' * (_BAR - done)}] {fraction:4.0%}  {stage}"
        bar = bar[: max(shutil.get_terminal_size().columns - 1, 1)]
        self._put("\r" + bar.ljust(self._drawn))
        self._drawn = max(self._drawn, len(bar))

    def _put(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
