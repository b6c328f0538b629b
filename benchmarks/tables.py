"""Tables of results as Markdown."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Section:
    """A title, a sentence, and a table with a heading a column."""

    title: str
    text: str
    headings: tuple[str, ...]
    rows: list[tuple[str, ...]]


def markdown(section: Section) -> str:
    """Return the section with its columns aligned."""
    cells = [section.headings, *section.rows]
    widths = [max(len(row[k]) for row in cells) for k in range(len(section.headings))]

    def line(row: tuple[str, ...]) -> str:
        first = row[0].ljust(widths[0])
        rest = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        return "| " + " | ".join([first, *rest]) + " |"

    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    lines = [line(section.headings), "| " + " | ".join(rule) + " |", *map(line, section.rows)]
    return "\n".join([f"## {section.title}", "", section.text, "", *lines, ""])
