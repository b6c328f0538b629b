"""Plain text laid out in columns that terminals show: wrapping, labels, tables."""

import unicodedata
from collections.abc import Sequence

from equipoise.text import printable

WIDTH = 100
INDENT = 2
# Left column of the lines "name  text".
NAME = 14


def display_width(text: str) -> int:
    """Return how many columns of a terminal a printable text takes.

    Wide East Asian characters and emoji take two, combining marks none (Unicode, UAX 11).
    """
    if text.isascii():
        return len(text)
    return sum(
        0
        if unicodedata.combining(character)
        else 2
        if unicodedata.east_asian_width(character) in "WF"
        else 1
        for character in text
    )


def label(text: str, width: int) -> str:
    """Return an untrusted label in at most ``width`` columns, control characters escaped."""
    cut = printable(text, width)
    limit = width
    while display_width(cut) > width:
        limit -= 1
        cut = printable(text, limit)
    return cut


def pad(text: str, width: int, *, right: bool = False) -> str:
    """Fill a text with blanks up to ``width`` columns; ``right`` puts the text on the right."""
    blanks = " " * (width - display_width(text))
    return blanks + text if right else text + blanks


def wrap(text: str, *, indent: int = 0, hang: int | None = None) -> list[str]:
    """Break a text into lines of at most 100 columns.

    Parameters
    ----------
    text
        One paragraph, printable.
    indent, hang
        Blanks before the first line, and before the others (default: as many).
    """
    hang = indent if hang is None else hang
    lines = [" " * indent]
    empty = True
    for word in text.split():
        room = WIDTH - display_width(lines[-1]) - (0 if empty else 1)
        if display_width(word) > room and not empty:
            lines.append(" " * hang)
            empty = True
        lines[-1] += word if empty else f" {word}"
        empty = False
    return lines


def entry(name: str, text: str, *, name_width: int = NAME) -> list[str]:
    """Return the lines "  name   text", the text wrapped in its own column."""
    column = INDENT + name_width + 1
    lines = wrap(text, indent=column)
    head = " " * INDENT + pad(name, name_width)
    return [head + " " + lines[0].lstrip(), *lines[1:]]


def table(
    rows: Sequence[Sequence[str]], *, right: Sequence[bool], gap: int = 3, indent: int = INDENT
) -> list[str]:
    """Return rows as lines with aligned columns.

    Parameters
    ----------
    rows
        Cells, as many in every row; the first row may be the header.
    right
        Whether each column stands on the right.
    gap
        Blanks between columns.
    indent
        Blanks before each line.
    """
    widths = [max(display_width(row[k]) for row in rows) for k in range(len(right))]
    return [
        (
            " " * indent
            + (" " * gap).join(
                pad(cell, width, right=side)
                for cell, width, side in zip(row, widths, right, strict=True)
            )
        ).rstrip()
        for row in rows
    ]
