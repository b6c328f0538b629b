"""What a run may cost: prices, an estimate before the first paid call, and limits."""

import math
from dataclasses import dataclass, field

from equipoise.errors import UsageError
from equipoise.sampling.store.rows import Mode
from equipoise.sampling.tasks import Task

#: When the table below was written down, and from where.
PRICES_AS_OF = "25 November 2026, from the public list simonw/llm-prices"
# US dollars a million tokens, input and output; the longest name that a model begins with counts.
_PRICES = {
    "claude-3-haiku": (0.25, 1.25),
    "claude-3-5-haiku": (0.8, 4.0),
    "claude-3-5-sonnet": (3.0, 15.0),
    "claude-3-7-sonnet": (3.0, 15.0),
    "claude-3-opus": (15.0, 75.0),
    "claude-haiku-4-5": (1.0, 5.0),
    "claude-sonnet-4": (3.0, 15.0),
    "claude-sonnet-5": (2.0, 10.0),
    "claude-opus-4": (15.0, 75.0),
    "claude-opus-4-1": (15.0, 75.0),
    "claude-opus-4-5": (5.0, 25.0),
    "claude-opus-4-6": (5.0, 25.0),
    "claude-opus-4-7": (5.0, 25.0),
    "claude-opus-4-8": (5.0, 25.0),
    "claude-opus-5": (5.0, 25.0),
    "claude-opus-5-5": (4.0, 20.0),
    "claude-fable-5": (10.0, 50.0),
    "claude-mythos-5": (10.0, 50.0),
}
BATCH_DISCOUNT = 0.5
# Tokens of a prompt are not known before it is sent: a byte count, taken high.
_BYTES_PER_TOKEN = 3.0
_OVERHEAD = 12


@dataclass(frozen=True)
class Price:
    """Price of tokens.

    Attributes
    ----------
    input, output : float
        US dollars a million tokens.
    source : str
        Where it comes from.

    Raises
    ------
    UsageError
        If a price is negative or no finite number.
    """

    input: float
    output: float
    source: str = "given"

    def __post_init__(self) -> None:
        if not all(math.isfinite(price) and price >= 0 for price in (self.input, self.output)):
            raise UsageError(f"prices are {self.input} and {self.output}; give 0 or more dollars")

    def of(self, input_tokens: float, output_tokens: float, mode: Mode = "direct") -> float:
        """Return US dollars for so many tokens.

        Parameters
        ----------
        input_tokens, output_tokens : float
            Tokens sent and received.
        mode : {"direct", "batches"}
            Batches cost half.

        Returns
        -------
        float
            US dollars.
        """
        dollars = (self.input * input_tokens + self.output * output_tokens) / 1e6
        return dollars * (BATCH_DISCOUNT if mode == "batches" else 1.0)


def listed_price(model: str) -> Price | None:
    """Return the price of a model from the dated table.

    Parameters
    ----------
    model : str
        Its name; one that begins with a listed name and a hyphen has that price.

    Returns
    -------
    Price or None
        US dollars a million tokens; None where the table does not list it.
    """
    names = [name for name in _PRICES if model == name or model.startswith(f"{name}-")]
    if not names:
        return None
    return Price(*_PRICES[max(names, key=len)], source=f"list of {PRICES_AS_OF}")


@dataclass(frozen=True)
class Estimate:
    """What draws will cost at most, about.

    Attributes
    ----------
    draws : int
    input_tokens, output_tokens : int
        Estimated high: bytes of the prompts / 3, and replies of the longest length asked for.
    dollars : float or None
        None where no price is known.
    price : Price or None
    mode : {"direct", "batches"}
    """

    draws: int
    input_tokens: int
    output_tokens: int
    dollars: float | None
    price: Price | None
    mode: Mode


def request_tokens(task: Task) -> int:
    """Return an estimate, high, of the input tokens of one request."""
    longest = max(task.prompt(state).n_bytes for state in task.states)
    return math.ceil(longest / _BYTES_PER_TOKEN) + _OVERHEAD


def estimate(task: Task, draws: int, price: Price | None, mode: Mode) -> Estimate:
    """Return what so many draws of a task will cost at most, about."""
    tokens = draws * request_tokens(task), draws * task.max_tokens
    dollars = None if price is None else price.of(*tokens, mode)
    return Estimate(draws, *tokens, dollars, price, mode)


@dataclass(frozen=True)
class Limits:
    """Where a run stops by itself, beside the number of its draws.

    Attributes
    ----------
    tokens : int or None
        Most tokens, input and output, of the whole run.
    dollars : float or None
        Most US dollars of the whole run; needs a price.

    Raises
    ------
    UsageError
        If one is not positive.
    """

    tokens: int | None = None
    dollars: float | None = None

    def __post_init__(self) -> None:
        for name in ("tokens", "dollars"):
            value = getattr(self, name)
            if value is not None and not (value > 0 and math.isfinite(value)):
                raise UsageError(f"the limit of {name} is {value}; give more than 0")


@dataclass
class Spending:
    """What a run has used, and whether it may go on.

    Attributes
    ----------
    task, limits, price, mode
        What it is held to.
    input_tokens, output_tokens : int
        Used so far, by all answers of the run.
    """

    task: Task
    limits: Limits
    price: Price | None
    mode: Mode
    input_tokens: int = 0
    output_tokens: int = 0
    _largest: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        if self.limits.dollars is not None and self.price is None:
            raise UsageError(
                "a limit of dollars needs a price, and none is known for this model; give "
                "--price-input and --price-output"
            )
        self._largest = request_tokens(self.task)

    @property
    def dollars(self) -> float | None:
        """US dollars so far; None where no price is known."""
        if self.price is None:
            return None
        return self.price.of(self.input_tokens, self.output_tokens, self.mode)

    def add(self, input_tokens: int, output_tokens: int) -> None:
        """Count an answer."""
        self.input_tokens += input_tokens
        self.output_tokens += output_tokens
        self._largest = max(self._largest, input_tokens)

    def room(self, under_way: int, wanted: int) -> int:
        """Return how many of the wanted requests may be sent, were all to be as long as can be."""
        used = self.input_tokens + self.output_tokens
        each = self._largest + self.task.max_tokens
        room = float(wanted)
        if self.limits.tokens is not None:
            room = min(room, (self.limits.tokens - used) / each - under_way)
        if self.limits.dollars is not None and self.price is not None and each:
            one = self.price.of(self._largest, self.task.max_tokens, self.mode)
            if one > 0:
                room = min(room, (self.limits.dollars - (self.dollars or 0.0)) / one - under_way)
        return max(math.floor(room), 0)
