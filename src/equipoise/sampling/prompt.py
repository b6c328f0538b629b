"""What is sent to an agent: a system prompt and messages, and templates that make them."""

import hashlib
import json
from dataclasses import dataclass
from typing import Literal

from equipoise.errors import UsageError
from equipoise.text import quoted

Role = Literal["user", "assistant"]

STATE, STATES = "{state}", "{states}"


@dataclass(frozen=True)
class Message:
    """One turn of a conversation.

    Attributes
    ----------
    role : {"user", "assistant"}
        Who speaks.
    text : str
        What is said.

    Raises
    ------
    UsageError
        If the role is unknown, or there is no text.
    """

    role: Role
    text: str

    def __post_init__(self) -> None:
        if self.role not in ("user", "assistant"):
            raise UsageError(
                f"a message has the role {quoted(self.role)}; write 'user' or 'assistant'"
            )
        if not self.text:
            raise UsageError(f"a message of the {self.role} holds no text; write some")


@dataclass(frozen=True)
class Prompt:
    """A conversation that the agent answers.

    Attributes
    ----------
    messages : tuple of Message
        The turns, at least one.
    system : str or None
        System prompt; None: none is sent.

    Raises
    ------
    UsageError
        If there is no message.
    """

    messages: tuple[Message, ...]
    system: str | None = None

    def __post_init__(self) -> None:
        if not self.messages:
            raise UsageError("a prompt has no message; give at least one")

    @property
    def json(self) -> str:
        """The prompt as JSON, the same text for the same prompt."""
        turns = [{"role": turn.role, "text": turn.text} for turn in self.messages]
        return json.dumps({"messages": turns, "system": self.system}, ensure_ascii=False)

    @property
    def n_bytes(self) -> int:
        """Length of all text in UTF-8, bytes; for estimates of tokens."""
        texts = [self.system or "", *(turn.text for turn in self.messages)]
        return sum(len(text.encode("utf-8", "replace")) for text in texts)


@dataclass(frozen=True)
class Template:
    """A prompt with places for the state shown and for the list of states.

    ``{state}`` and ``{states}`` are replaced, nothing else: a state that a language model wrote may
    hold braces.

    Attributes
    ----------
    messages : tuple of Message
        The turns.
    system : str or None
        System prompt.
    states : tuple of str
        What ``{states}`` becomes, joined by commas.
    """

    messages: tuple[Message, ...]
    system: str | None = None
    states: tuple[str, ...] = ()

    def __call__(self, state: str) -> Prompt:
        """Return the prompt that shows a state."""
        turns = tuple(Message(turn.role, self._fill(turn.text, state)) for turn in self.messages)
        return Prompt(turns, None if self.system is None else self._fill(self.system, state))

    def _fill(self, text: str, state: str) -> str:
        # The list first: a state is text of a model, and is not searched for places.
        return state.join(text.replace(STATES, ", ".join(self.states)).split(STATE))


def fingerprint(text: str) -> str:
    """Return the SHA-256 of a text, in hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
