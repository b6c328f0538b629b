"""Text that is safe to show: labels come from files and language models, and are not trusted."""

from collections.abc import Iterable, Sequence

_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def printable(label: object, width: int | None = 60) -> str:
    r"""Return a label as one line that a terminal can show safely.

    Control characters, bidirectional overrides, invisible format characters, line separators,
    unassigned code points and lone surrogates are written as escapes (``\x1b``, ``\u202e``);
    all other text, in any script, is left as it is. HTML is not escaped.

    Parameters
    ----------
    label : object
        The text; anything else is turned into text by ``str``.
    width : int or None, default 60
        Greatest number of characters returned; longer text ends in ``…``. None: no limit.

    Returns
    -------
    str
        At most ``width`` characters, none of them a control character.
    """
    text = label if isinstance(label, str) else str(label)
    if text.isprintable() and (width is None or len(text) <= width):
        return text
    pieces: list[str] = []
    length = 0
    for character in text:
        piece = character if character.isprintable() else _escape(character)
        if width is not None and length + len(piece) > width:
            return _cut(pieces, length, width)
        pieces.append(piece)
        length += len(piece)
    return "".join(pieces)


def _cut(pieces: list[str], length: int, width: int) -> str:
    """Drop whole pieces from the end until ``…`` fits: an escape is never cut in two."""
    while pieces and length > width - 1:
        length -= len(pieces.pop())
    return "".join(pieces) + "…" if width > 0 else ""


def told_apart(labels: Sequence[str], width: int) -> list[str]:
    """Return labels in at most ``width`` characters that are as different as the labels are.

    A label that is too long loses its end, or, where another one begins like it, its middle; where
    that does not tell them apart either, a number follows.

    Parameters
    ----------
    labels : sequence of str
        Not trusted.
    width : int
        Greatest number of characters of each.
    """
    short = [printable(label, width) for label in labels]
    head = (width - 1) // 2
    seen: dict[str, int] = {}
    for text in short:
        seen[text] = seen.get(text, 0) + 1
    for k, label in enumerate(labels):
        if seen[short[k]] > 1:
            whole = printable(label, None)
            if len(whole) > width and "\\" not in whole:  # an escape is never cut in two
                short[k] = f"{whole[:head]}…{whole[len(whole) - (width - 1 - head) :]}"
    taken: set[str] = set()
    for k, text in enumerate(short):
        if text in taken:
            end = f" ({k + 1})"
            short[k] = text[: max(width - len(end), 0)] + end
        taken.add(short[k])
    return short


def _escape(character: str) -> str:
    code = ord(character)
    if character in _SHORT:
        return _SHORT[character]
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def quoted(label: object, width: int | None = 60) -> str:
    """Return a label made printable, in single quotes, for a message.

    Parameters
    ----------
    label : object
        The text, not trusted.
    width : int or None, default 60
        Greatest number of characters between the quotes.

    Returns
    -------
    str
        The label in quotes.
    """
    return f"'{printable(label, width)}'"


def listed(labels: Iterable[object], limit: int = 5, width: int | None = 24) -> str:
    """Return a few labels in a row, for a message: ``A, B and 3 more``.

    Parameters
    ----------
    labels : iterable
        The labels, not trusted.
    limit : int, default 5
        How many are named before the rest is only counted.
    width : int or None, default 24
        Greatest number of characters of each label.

    Returns
    -------
    str
        The labels, printable; "none" where there are none.
    """
    items = list(labels)
    shown = [printable(item, width) or "''" for item in items[:limit]]
    if not items:
        return "none"
    if len(items) > limit:
        return f"{', '.join(shown)} and {len(items) - limit:,} more"
    return ", ".join(shown)
