"""Draws where they tell most about the cycles, as an allocation that is handed in says."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from equipoise.errors import UsageError
from equipoise.sampling.policies.policy import View, shuffled_evenly

if TYPE_CHECKING:
    from equipoise.counts import TransitionCounts

#: From counts and a number of further draws to how many to make from each state.
Allocate = Callable[["TransitionCounts", int], Mapping[str, int]]


@dataclass(frozen=True)
class Informative:
    """An even pilot, then rounds: after each, the allocation is made anew from all counts.

    Where the draws go depends on the replies so far, and only on them: the likelihood of the
    kernel, and with it every Bayes factor and posterior, is the same as for a fixed design.

    Attributes
    ----------
    allocate : callable
        ``allocate(counts, draws)`` maps states to numbers of draws.
    pilot : int
        Draws from each source before the first allocation.
    rounds : int
        Into how many rounds the rest is split; each is at least `least` draws.
    least : int
        Fewest draws of a round.
    """

    allocate: Allocate = field(compare=False)
    pilot: int = 20
    rounds: int = 8
    least: int = 50

    grows = False
    protocol = "draws"
    batches = True

    def __post_init__(self) -> None:
        if min(self.pilot, self.rounds, self.least) < 1:
            raise UsageError(
                f"pilot, rounds and least are {self.pilot}, {self.rounds} and {self.least}; "
                "give 1 or more"
            )

    @property
    def name(self) -> str:
        """Name and settings."""
        return f"informative pilot={self.pilot} rounds={self.rounds} least={self.least}"

    def plan(self, view: View) -> list[str]:
        """Return a round, once all answers of the last one are there."""
        if view.outstanding:
            return []
        missing = self.pilot * len(view.pool) - view.laid
        counts = view.counts() if missing <= 0 else None
        if counts is None:
            size = missing if missing > 0 else len(view.pool)
            return shuffled_evenly(view.pool, min(size, view.remaining), view.random())
        whole = view.laid + view.remaining - self.pilot * len(view.pool)
        size = min(max(whole // self.rounds, self.least), view.remaining)
        return self._round(self.allocate(counts, size), size, view)

    def _round(self, wanted: Mapping[str, int], size: int, view: View) -> list[str]:
        unknown = [state for state in wanted if state not in view.pool]
        if unknown or sum(wanted.values()) != size or min(wanted.values(), default=-1) < 0:
            raise UsageError(
                f"the allocation of {size} draws gives {sum(wanted.values())} and names "
                f"{len(unknown)} unknown states; correct it"
            )
        sources = [state for state, number in sorted(wanted.items()) for _ in range(number)]
        view.random().shuffle(sources)
        return sources
