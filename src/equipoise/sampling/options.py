"""What a caller may set, and what a run gives back."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from equipoise.errors import UsageError
from equipoise.sampling.budget import Estimate, Limits, Price
from equipoise.sampling.policies import FixedPool, Policy
from equipoise.sampling.store.rows import Mode, Totals

if TYPE_CHECKING:
    from equipoise.counts import TransitionCounts

Ending = Literal[
    "complete", "decisive", "limit", "stopped", "interrupted", "unanswered", "declined"
]


@dataclass(frozen=True)
class Options:
    """How a run is made.

    Attributes
    ----------
    draws : int
        Draws of the run in all, those of earlier sessions included.
    policy : Policy
        Which source comes next.
    seed : int
        Of the order of visits.
    mode : {"direct", "batches"}
        One request a draw, or Message Batches.
    concurrency : int
        Most requests under way at once.
    per_minute : float or None
        Most requests a minute, beside the limits that the server states.
    deadline : float
        Seconds that a request may take. A short one loses long answers more often than others.
    attempts : int
        Most attempts at a draw in one session.
    patience : float
        Longest wait, seconds, that a server may ask for; beyond it the run stops.
    limits : Limits
        Of tokens and dollars.
    price : Price or None
    batch_size : int
        Most requests of a batch.
    poll : float
        Seconds between two looks at a batch.
    settle : float
        Seconds after which a batch that the server does not list was never received.
    first_check : int
        Answers before a stopping rule is asked for the first time; then after a quarter more each.

    Raises
    ------
    UsageError
        If one is out of its range, or the policy cannot be sent in batches.
    """

    draws: int
    policy: Policy = field(default_factory=FixedPool)
    seed: int = 0
    mode: Mode = "direct"
    concurrency: int = 8
    per_minute: float | None = None
    deadline: float = 120.0
    attempts: int = 8
    patience: float = 300.0
    limits: Limits = field(default_factory=Limits)
    price: Price | None = None
    batch_size: int = 10_000
    poll: float = 30.0
    settle: float = 60.0
    first_check: int = 200

    def __post_init__(self) -> None:
        for name in ("draws", "concurrency", "attempts", "batch_size", "first_check"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} is {getattr(self, name)}; give 1 or more")
        for name in ("deadline", "patience", "poll"):
            if not getattr(self, name) > 0:
                raise UsageError(f"{name} is {getattr(self, name)} seconds; give more than 0")
        if self.batch_size > 100_000:
            raise UsageError(f"batch_size is {self.batch_size}; a batch holds 100,000 at most")
        if self.mode == "batches" and not self.policy.batches:
            raise UsageError(
                f"the policy {self.policy.name} needs each answer before the next question, so it "
                "cannot be sent in batches; leave them out, or choose another policy"
            )


@dataclass(frozen=True)
class Progress:
    """How far a run is, for whoever watches.

    Attributes
    ----------
    draws, done : int
        Draws in all, and answered.
    valid : int
        Answers that are a state.
    states : int
        States seen.
    faults : int
        Attempts that brought no answer.
    dollars : float or None
        Cost so far; None where no price is known.
    seconds_left : float or None
        None while it cannot be said.
    waiting : str
        What it waits for; empty: for answers.
    """

    draws: int
    done: int
    valid: int
    states: int
    faults: int
    dollars: float | None
    seconds_left: float | None
    waiting: str = ""


@dataclass(frozen=True)
class Decision:
    """What a stopping rule says of the counts so far.

    Attributes
    ----------
    stop : bool
        Whether to stop.
    text : str
        Why, or how far it is; one line.
    """

    stop: bool
    text: str


@dataclass(frozen=True)
class Collected:
    """How a run ended.

    Attributes
    ----------
    run_id : int
        Its number in the store.
    ending : str
        "complete"; "decisive": the stopping rule said so; "limit": of tokens or dollars; "stopped":
        by what the server said; "unanswered": draws got no answer; "interrupted": on request;
        "declined": the estimate was not confirmed.
    text : str
        The same in a sentence, with what to do.
    resumed : bool
        Whether the run was begun before.
    totals : Totals
        How far it is.
    dollars : float or None
        What it has cost; None where no price is known.
    seconds : float
        How long this session took.
    """

    run_id: int
    ending: Ending
    text: str
    resumed: bool
    totals: Totals
    dollars: float | None
    seconds: float


Watch = Callable[[Progress], None]
Confirm = Callable[[Estimate], bool]
Until = Callable[["TransitionCounts"], Decision]
