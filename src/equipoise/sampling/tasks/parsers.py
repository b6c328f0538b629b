"""Parsers of replies: pure, quick, and never trusting what they read."""

import re
from dataclasses import dataclass, field

from equipoise.errors import UsageError
from equipoise.sampling.tasks.task import Parsed, rejected
from equipoise.text import quoted

# What models put round a word without meaning anything by it.
_ROUND = " \t\r\n.,;:!?*_`\"'“”‘’«»()[]"


def bare(reply: str) -> str:
    """Return the first line that holds something, without blanks, quotes and full stops round it.

    A model that answers in a line and explains in the next has answered.
    """
    for line in reply.split("\n"):
        stripped = line.strip(_ROUND)
        if stripped:
            return stripped
    return ""


@dataclass(frozen=True)
class OneOf:
    """Read a reply that is one of the states, in capitals or not.

    Attributes
    ----------
    states : tuple of str
        The states.
    """

    states: tuple[str, ...]
    _index: dict[str, str] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        for state in self.states:
            if self._index.setdefault(state.casefold(), state) != state:
                raise UsageError(
                    f"the states {quoted(self._index[state.casefold()])} and {quoted(state)} "
                    "differ in capitals only, which this parser does not tell apart"
                )

    def __call__(self, reply: str) -> Parsed:
        """Return the state that the reply names, or why it names none."""
        text = bare(reply)
        if not text:
            return rejected("empty")
        found = self._index.get(text.casefold())
        if found is not None:
            return Parsed(found)
        words = set(re.findall(r"\w+", text.casefold())) & self._index.keys()
        if len(words) > 1:
            return rejected("several states")
        return rejected("a sentence" if words or " " in text else "not in the list")


@dataclass(frozen=True)
class Line:
    """Take the first line of the reply as the state, as it is.

    Attributes
    ----------
    longest : int
        Longest label, characters.
    """

    longest: int = 100

    def __call__(self, reply: str) -> Parsed:
        """Return the line, or why it is no state."""
        text = bare(reply)
        if not text:
            return rejected("empty")
        return Parsed(text) if len(text) <= self.longest else rejected("too long")


@dataclass(frozen=True)
class Pattern:
    """Take what a regular expression finds: its first group, or all of the match.

    Attributes
    ----------
    pattern : str
        The expression, for the whole first line; matched without regard to capitals.

    Raises
    ------
    UsageError
        If it is no regular expression.
    """

    pattern: str

    def __post_init__(self) -> None:
        try:
            re.compile(self.pattern)
        except re.error as error:
            raise UsageError(
                f"{quoted(self.pattern)} is no regular expression ({error}); correct it"
            ) from None

    def __call__(self, reply: str) -> Parsed:
        """Return what was found, or that nothing was."""
        text = bare(reply)
        if not text:
            return rejected("empty")
        match = re.fullmatch(self.pattern, text, re.IGNORECASE)
        if match is None:
            return rejected("no match")
        return Parsed(match[1] if match.re.groups else match[0])
