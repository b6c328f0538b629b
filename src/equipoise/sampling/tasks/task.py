"""A task: what an agent is shown, and how its reply becomes a state."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from equipoise.errors import DataError, UsageError
from equipoise.io.labels import clean_label, declared_states
from equipoise.sampling.prompt import STATE, Prompt, fingerprint
from equipoise.text import quoted

Kind = Literal["state", "invalid", "refusal", "truncated"]

#: A reply longer than this, in characters, is no state, and no parser sees it.
LONGEST_REPLY = 10_000
#: A label longer than this, in characters, is no state.
LONGEST_LABEL = 200

_CUT = ("max_tokens", "model_context_window_exceeded", "length")


@dataclass(frozen=True)
class Parsed:
    """What a parser made of a reply.

    Attributes
    ----------
    state : str or None
        The state, None if it is none.
    reason : str or None
        Why it is none, in a word or two that the parser chose; never text of the reply.
    """

    state: str | None
    reason: str | None = None


def rejected(reason: str) -> Parsed:
    """Return the result for a reply that is no state, with the name of its reason.

    Parameters
    ----------
    reason : str
        A word or two of the parser's own; never text of the reply.

    Returns
    -------
    Parsed
        Without a state.
    """
    return Parsed(None, reason)


@dataclass(frozen=True)
class Outcome:
    """What a reply counts as.

    Attributes
    ----------
    kind : {"state", "invalid", "refusal", "truncated"}
        All but "state" are trials that ended in no state.
    state : str or None
        The state reached.
    reason : str or None
        Why there is none.
    """

    kind: Kind
    state: str | None = None
    reason: str | None = None


@dataclass(frozen=True, eq=False)
class Task:
    """What an agent is asked, and how its replies are read.

    Attributes
    ----------
    name : str
        A short name.
    states : tuple of str
        All states of a closed task; the seed states of an open one.
    prompt : callable
        ``prompt(state)`` is the `Prompt` that shows a state.
    parse : callable
        ``parse(reply)`` is a `Parsed`. A pure function: replies are read again when it changes.
    closed : bool
        Whether there are no other states than `states`.
    max_tokens : int
        Longest reply asked for, tokens.
    parser : str
        Name and version of the parser; another text, another parser.

    Raises
    ------
    UsageError
        If a part is missing or out of its range.
    """

    name: str
    states: tuple[str, ...]
    prompt: Callable[[str], Prompt]
    parse: Callable[[str], Parsed]
    closed: bool = True
    max_tokens: int = 16
    parser: str = ""
    _known: frozenset[str] = field(init=False, repr=False, default=frozenset())

    def __post_init__(self) -> None:
        if not self.name or not self.name.isprintable():
            raise UsageError(f"a task needs a printable name, received {quoted(self.name)}")
        try:
            states = declared_states(self.states)
        except DataError as error:
            raise UsageError(f"task {quoted(self.name)}: {error}") from None
        if len(states) < (2 if self.closed else 1):
            raise UsageError(
                f"task {quoted(self.name)} has {len(states)} states; a closed one needs two at "
                "least, an open one a seed"
            )
        if self.max_tokens < 1:
            raise UsageError(f"max_tokens is {self.max_tokens}; give 1 or more")
        object.__setattr__(self, "states", states)
        object.__setattr__(self, "parser", self.parser or repr(self.parse))
        object.__setattr__(self, "_known", frozenset(states))

    @property
    def template(self) -> str:
        """The prompt with ``{state}`` in place of a state, as JSON."""
        return self.prompt(STATE).json

    @property
    def template_sha256(self) -> str:
        """SHA-256 of `template`."""
        return fingerprint(self.template)

    def outcome(self, reply: str, stop_reason: str | None = None) -> Outcome:
        """Say what a reply counts as; whatever the reply or the parser does, an outcome comes.

        Parameters
        ----------
        reply : str
            What the agent wrote, not trusted.
        stop_reason : str or None
            Why it stopped, in the words of the Messages API.

        Returns
        -------
        Outcome
            "refusal" and "truncated" come from the stop reason: a reply that was cut is not read.
        """
        if stop_reason == "refusal":
            return Outcome("refusal", reason="refused")
        if stop_reason in _CUT:
            return Outcome("truncated", reason=stop_reason)
        if len(reply) > LONGEST_REPLY:
            return Outcome("invalid", reason="too long")
        try:
            found: object = self.parse(reply)
        except Exception as error:  # noqa: BLE001  a parser may be anybody's, the reply is paid for
            return Outcome("invalid", reason=f"parser failed: {type(error).__name__}")
        if not isinstance(found, Parsed):
            return Outcome("invalid", reason="parser returned no Parsed")
        if found.state is None:
            return Outcome("invalid", reason=found.reason or "no state")
        return self._reached(found.state)

    def _reached(self, state: str) -> Outcome:
        try:
            label = clean_label(state)
        except DataError:
            return Outcome("invalid", reason="unusable label")
        if not label or len(label) > LONGEST_LABEL:
            return Outcome("invalid", reason="empty" if not label else "too long")
        if self.closed and label not in self._known:
            return Outcome("invalid", reason="not in the list")
        return Outcome("state", state=label)
