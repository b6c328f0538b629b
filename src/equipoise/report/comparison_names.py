"""Kernels by name or by number: the left columns of a comparison's tables on a terminal."""

from collections.abc import Sequence

from equipoise.inference.comparison import Comparison
from equipoise.report.comparison_tables import kernels_shown
from equipoise.report.comparison_words import MOST_KERNELS
from equipoise.report.layout import INDENT, WIDTH, display_width, entry, table
from equipoise.text import printable, told_apart

MOST_DEVIATING = 12
# Names up to _SHORT stand in every table; if one is longer, all have numbers. Cut at _LONG.
_SHORT, _LONG = 12, 40
_GAP, _CLOSE = 3, 2

Rows = Sequence[Sequence[str]]


def listed_kernels(found: Comparison) -> list[int]:
    """Return which kernels the tables of kernels show, in order: all, or the most deviating."""
    many = len(found.own) > MOST_KERNELS
    return kernels_shown(found, MOST_DEVIATING if many else MOST_KERNELS)


def beside_kernels(found: Comparison, rows: Rows, *, right: Sequence[bool]) -> list[str]:
    """Return a table of the kernels that are listed, their names on the left.

    Parameters
    ----------
    found
        The comparison.
    rows
        A header, then the cells of each kernel listed.
    right
        Whether each column of ``rows`` stands on the right.
    """
    shown = listed_kernels(found)
    numbers = [str(k + 1) for k in shown] if _numbered(found) else []
    taken = max(map(len, numbers)) + _GAP if numbers else 0
    room = WIDTH - INDENT - taken - _width(rows, _GAP) - _GAP
    names = told_apart(found.kernels.names, max(min(room, _LONG), _SHORT))
    left = [["kernel"], *([names[k]] for k in shown)]
    sides = [False, *right]
    if numbers:
        left = [["", "kernel"], *([n, *cell] for n, cell in zip(numbers, left[1:], strict=True))]
        sides = [True, *sides]
    return _joined(left, rows, sides)


def beside_pairs(
    found: Comparison,
    pairs: Sequence[tuple[str, str]],
    rows: Rows,
    *,
    right: Sequence[bool],
    less: bool = False,
) -> list[str]:
    """Return a table of pairs: by name where both fit a line, else by number, where there are any.

    Parameters
    ----------
    found
        The comparison.
    pairs
        Names of the first and the second kernel of each row.
    rows
        A header, then the cells of each pair.
    right
        Whether each column of ``rows`` stands on the right.
    less
        Whether rows tell of the first less the second.
    """
    word = "less " if less else ""
    room = (WIDTH - INDENT - _width(rows, _GAP) - 2 * _GAP - len(word)) // 2
    names = found.kernels.names
    whole = [printable(name, None) for name in names]
    by_number = max(map(display_width, whole)) > room and _numbered(found)
    said = [str(k + 1) for k in range(len(names))] if by_number else whole
    if not by_number and max(map(display_width, whole)) > room:
        said = told_apart(names, _SHORT)
    short = dict(zip(names, said, strict=True))
    left = [["kernel", word.strip() or "and"] if by_number else ["first", f"{word}second"]]
    left += [[short[one], f"{word}{short[other]}"] for one, other in pairs]
    lines = _joined(left, rows, [False, False, *right])
    listed = {names[k] for k in listed_kernels(found)}
    unknown = [name for name in dict.fromkeys(sum(pairs, ())) if name not in listed]
    if by_number and unknown:
        lines += entry("numbers", "; ".join(f"{short[n]} is {printable(n, 60)}" for n in unknown))
    return lines


def _numbered(found: Comparison) -> bool:
    return any(display_width(printable(name, None)) > _SHORT for name in found.kernels.names)


def _joined(left: Rows, rows: Rows, right: Sequence[bool]) -> list[str]:
    """Return both side by side, closer to each other where the line would be too long."""
    cells = [[*some, *others] for some, others in zip(left, rows, strict=True)]
    gap = _GAP if _width(cells, _GAP) <= WIDTH - INDENT else _CLOSE
    return table(cells, right=right, gap=gap)


def _width(rows: Rows, gap: int) -> int:
    return max(map(display_width, table(rows, right=[False] * len(rows[0]), gap=gap, indent=0)))
