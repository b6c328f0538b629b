"""The header of a long table, and what its author may have meant by another one."""

from collections.abc import Sequence

from equipoise.errors import DataError
from equipoise.text import listed

NEEDED = ("source", "target")
KNOWN = (*NEEDED, "count", "block")
SHAPE = "a long table has the columns source, target and, if wanted, count and block"
# Names that others use. They are proposed and not taken: a table is never read by a guess.
_SYNONYMS = {
    "source": "src from fromstate sourcestate start startstate origin prev previous before now "
    "current state state1 i",
    "target": "tgt to tostate targetstate dest destination end endstate next nextstate after later "
    "state2 j",
    "count": "counts n number num freq frequency weight times transitions total nij",
    "block": "batch day date seed session group",
}
_MEANT = {word: name for name, words in _SYNONYMS.items() for word in [name, *words.split()]}


def check_header(header: Sequence[object], name: str) -> None:
    """Refuse a header that is not the one of a long table.

    Parameters
    ----------
    header : sequence
        Names of the columns.
    name : str
        What has them, for the message.

    Raises
    ------
    DataError
        If a column is missing, unknown or there twice.
    """
    seen = f"received {listed(header, limit=8)}"
    missing = [column for column in NEEDED if column not in header]
    if missing:
        raise DataError(
            f"{name}: no column {' and '.join(missing)}, {seen}{hint(header)}; "
            f"{advice(header) or SHAPE}"
        )
    unknown = [column for column in header if column not in KNOWN]
    if unknown:
        by = "" if len(unknown) > 1 else "; `equipoise compare --by` splits a table by another one"
        remedy = advice(header) or f"leave it out, since {SHAPE}{by}"
        raise DataError(f"{name}: unknown column {listed(unknown)}, {seen}; {remedy}")
    if len(set(header)) < len(header):
        raise DataError(f"{name}: a column is there twice, {seen}; {SHAPE}")


def advice(header: Sequence[object]) -> str:
    """Return how a header of other names should read, or nothing where that cannot be told."""
    meant = []
    for column in header:
        word = "".join(c for c in str(column).casefold() if c.isalnum())
        meant.append(str(column) if column in KNOWN else _MEANT.get(word, ""))
    if not set(NEEDED) <= set(meant) or "" in meant or len(set(meant)) < len(meant):
        return ""
    return f"if this is what they mean, let the first line read {','.join(meant)}"


def hint(header: Sequence[object]) -> str:
    """Return what may be wrong with a header, in brackets, or nothing."""
    if len(header) == 1 and isinstance(header[0], str):
        for separator, name in ((";", "semicolons"), ("\t", "tabs")):
            if separator in header[0]:
                return f" (separated by {name}, not commas)"
    return " (is the header line missing?)" if headless(header) else ""


def headless(header: Sequence[object]) -> bool:
    """Say whether a header looks like a row of a long table: two labels and a count."""
    return len(header) in (3, 4) and str(header[2]).isdigit()
