"""What a page is made of: sections of blocks, plain data without a tag in them."""

from dataclasses import dataclass
from typing import Literal

from equipoise.report.bibliography import Source
from equipoise.report.facts import Facts
from equipoise.report.methods import Sentence
from equipoise.report.printed import PrintedTable


@dataclass(frozen=True)
class Words:
    """A paragraph; ``kind`` "verdict" or "warning" sets it apart."""

    text: str
    kind: Literal["plain", "verdict", "warning"] = "plain"
    block: Literal["words"] = "words"


@dataclass(frozen=True)
class Entries:
    """Pairs of a name and a sentence, under a heading of their own if it is not empty."""

    pairs: tuple[tuple[str, str], ...]
    heading: str = ""
    note: str = ""
    block: Literal["entries"] = "entries"


@dataclass(frozen=True)
class Shown:
    """A printed table."""

    table: PrintedTable
    block: Literal["table"] = "table"


@dataclass(frozen=True)
class Matrix:
    """A square of numbers: rows of a name, cells of a text and a shade from 0 to 5, and a total."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[tuple[str, int], ...], str], ...]
    block: Literal["matrix"] = "matrix"


@dataclass(frozen=True)
class Picture:
    """A figure: a data URI, what it shows in words, its caption, its width in inches."""

    source: str
    alternative: str
    caption: str
    width: float
    block: Literal["picture"] = "picture"


@dataclass(frozen=True)
class Methods:
    """The methods paragraph, its citations linked to the list of references."""

    sentences: tuple[Sentence, ...]
    block: Literal["methods"] = "methods"


@dataclass(frozen=True)
class References:
    """The sources cited, and their BibTeX."""

    sources: tuple[Source, ...]
    bibtex: str
    block: Literal["references"] = "references"


Block = Words | Entries | Shown | Matrix | Picture | Methods | References


@dataclass(frozen=True)
class Section:
    """A section: a key for its address in the page, a title, and its blocks in order."""

    key: str
    title: str
    blocks: tuple[Block, ...]


def facts_blocks(facts: Facts, heading: str = "") -> tuple[Block, ...]:
    """Return facts as blocks: their entries, then their remarks."""
    blocks: list[Block] = []
    if facts.entries:
        blocks.append(Entries(facts.entries, heading, facts.note))
    elif heading:
        blocks.append(Entries((), heading, facts.note))
    return (*blocks, *(Words(remark) for remark in facts.remarks))
