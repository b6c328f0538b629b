"""What goes into a store and comes out of it: small frozen values."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from equipoise.sampling.clients.reply import Reply
from equipoise.sampling.tasks import Task

Mode = Literal["direct", "batches"]


@dataclass(frozen=True)
class Agent:
    """Who is asked: one kernel.

    Attributes
    ----------
    provider : str
        "anthropic", "local", "simulated", ...
    model : str
        The model asked for; what a server answers with is kept with every response.
    base_url : str
        Where requests go; empty for none.
    parameters : mapping
        Every optional parameter that the client knows of, None where it is not set, and headers;
        never a key.
    """

    provider: str
    model: str
    base_url: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def parameters_json(self) -> str:
        """The parameters as JSON, the same text for the same parameters."""
        return json.dumps(dict(self.parameters), sort_keys=True, ensure_ascii=True)


@dataclass(frozen=True)
class Plan:
    """What a run is: who is asked what, and by which policy.

    Attributes
    ----------
    agent : Agent
    task : Task
    policy : str
        Name and settings of the policy.
    seed : int
        Of the order of visits.
    mode : {"direct", "batches"}
    """

    agent: Agent
    task: Task
    policy: str
    seed: int
    mode: Mode = "direct"


@dataclass(frozen=True)
class Run:
    """A run in a store.

    Attributes
    ----------
    run_id : int
    resumed : bool
        Whether it was there before.
    """

    run_id: int
    resumed: bool


@dataclass(frozen=True)
class Job:
    """One draw to be made.

    Attributes
    ----------
    job_id : int
    draw : int
        Its place in the run, from 1.
    source : str
        The state to be shown.
    """

    job_id: int
    draw: int
    source: str


@dataclass(frozen=True)
class Attempt:
    """One try to get an answer.

    Attributes
    ----------
    at : str
        When it began, UTC, ISO 8601.
    seconds : float or None
        How long it took.
    http_status : int or None
    request_id : str or None
        The server's name for it.
    fault : str or None
        What went wrong, in a word; None: an answer came.
    message : str or None
        What went wrong, in words.
    body : str or None
        What the server sent, where it was no answer.
    batch_id : int or None
        The batch that it was part of.
    """

    at: str
    seconds: float | None = None
    http_status: int | None = None
    request_id: str | None = None
    fault: str | None = None
    message: str | None = None
    body: str | None = None
    batch_id: int | None = None


@dataclass(frozen=True)
class Entry:
    """An attempt to be stored, with its answer if there was one.

    Attributes
    ----------
    session_id : int
    job : Job
    attempt : Attempt
    reply : Reply or None
    """

    session_id: int
    job: Job
    attempt: Attempt
    reply: Reply | None = None


@dataclass(frozen=True)
class Batch:
    """A batch of draws at a server.

    Attributes
    ----------
    batch_id : int
    key : str
        Random; the custom ids of its requests begin with it.
    intended_at : str
        When it was about to be sent, UTC, ISO 8601.
    server_id : str or None
        The server's name for it; None: it is not known whether it arrived.
    """

    batch_id: int
    key: str
    intended_at: str
    server_id: str | None


@dataclass(frozen=True)
class Totals:
    """How far a run is.

    Attributes
    ----------
    laid, done : int
        Draws laid down, and answered.
    valid : int
        Answers that are a state.
    states : int
        States seen: sources, and states reached.
    faults : int
        Attempts that brought no answer.
    input_tokens, output_tokens : int
        Of all answers.
    """

    laid: int
    done: int
    valid: int
    states: int
    faults: int
    input_tokens: int
    output_tokens: int
