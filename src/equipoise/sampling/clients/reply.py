"""What comes back from an agent: an answer, or a fault; and the protocol of clients."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from equipoise.sampling.prompt import Prompt

FaultKind = Literal[
    "rate limit",
    "overloaded",
    "server error",
    "timeout",
    "connection",
    "malformed",
    "refused request",
    "not allowed",
    "spend limit",
    "errored",
    "expired",
    "cancelled",
    "no result",
    "unknown result",
    "interrupted",
]


@dataclass(frozen=True)
class Pace:
    """What a server says of its limits.

    Attributes
    ----------
    wait : float
        Seconds until the next request is welcome; 0: at once.
    """

    wait: float = 0.0


@dataclass(frozen=True)
class Reply:
    """An answer, as it came.

    Attributes
    ----------
    text : str
        What the agent wrote, not trusted.
    stop_reason : str or None
        Why it stopped, in the words of the Messages API.
    model : str or None
        The model that answered, as the server names it.
    input_tokens, output_tokens : int
    usage : str
        What the server says of usage, JSON.
    body : str
        All that it sent.
    http_status : int or None
    request_id : str or None
    pace : Pace
        What it says of its limits.
    """

    text: str
    stop_reason: str | None = None
    model: str | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    usage: str = "{}"
    body: str = ""
    http_status: int | None = None
    request_id: str | None = None
    pace: Pace = field(default_factory=Pace)


class Fault(Exception):
    """A request that brought no answer. Nothing here is shown before it is made printable.

    Attributes
    ----------
    kind : str
        What went wrong, in a word or two.
    message : str
        In words: of the server, not trusted.
    again : bool
        Whether the same request may succeed later.
    stop : bool
        Whether every request would fail: the run must stop.
    wait : float or None
        Seconds that the server asks to wait.
    http_status, request_id, body
        As in `Reply`; None where there was no response.
    """

    def __init__(
        self,
        kind: FaultKind,
        message: str,
        *,
        again: bool,
        stop: bool = False,
        wait: float | None = None,
        http_status: int | None = None,
        request_id: str | None = None,
        body: str | None = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.again = again
        self.stop = stop
        self.wait = wait
        self.http_status = http_status
        self.request_id = request_id
        self.body = body


class Client(Protocol):
    """Who answers prompts. One request is one draw; a client does not retry."""

    @property
    def provider(self) -> str:
        """A short name of the provider."""

    @property
    def model(self) -> str:
        """The model asked for."""

    @property
    def base_url(self) -> str:
        """Where requests go; empty for nowhere."""

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Every optional parameter that is known, None where it is not set; never a key."""

    @property
    def versions(self) -> Mapping[str, str]:
        """Versions of the packages that it stands on."""

    @property
    def free(self) -> bool:
        """Whether answers cost nothing."""

    async def ask(self, prompt: Prompt, max_tokens: int) -> Reply:
        """Return one answer.

        Raises
        ------
        Fault
            If none came.
        """

    async def observed(self) -> Mapping[str, Any]:
        """Return what the server says of itself, before the first draw; empty where nothing.

        Raises
        ------
        UsageError
            If it applies other parameters than were asked for.
        """

    async def close(self) -> None:
        """Give back what is held."""


@dataclass(frozen=True)
class BatchState:
    """How far a batch is at the server.

    Attributes
    ----------
    server_id : str
    ended : bool
    size : int
        Number of its requests; 0 where the server does not say.
    created_at : str
        UTC, ISO 8601.
    """

    server_id: str
    ended: bool
    size: int
    created_at: str


class BatchClient(Protocol):
    """Who answers many prompts at once, later, at a lower price."""

    async def submit(self, requests: Sequence[tuple[str, Prompt]], max_tokens: int) -> str:
        """Send a batch of (custom id, prompt) once, without retrying; return the server's name.

        Raises
        ------
        Fault
            If it was not taken; ``again`` with a kind of "timeout" or "connection" or "malformed"
            means that it is not known whether it was.
        """

    async def state(self, server_id: str) -> BatchState:
        """Return how far a batch is."""

    async def recent(self, since: str) -> list[BatchState]:
        """Return the batches that the server has made since a time, UTC, ISO 8601."""

    def results(self, server_id: str) -> AsyncIterator[tuple[str, Reply | Fault]]:
        """Yield (custom id, outcome) in any order; an empty id where the line was unreadable."""
