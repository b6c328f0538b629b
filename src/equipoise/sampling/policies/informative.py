"""Draws where they tell most about the cycles, as an allocation that is handed in says."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING

from equipoise.errors import UsageError
from equipoise.sampling.policies.policy import View, shuffled_evenly

if TYPE_CHECKING:
    from equipoise.counts import TransitionCounts

#: From counts and a number of further draws to how many to make from each state.
Allocate = Callable[["TransitionCounts", int], Mapping[str, int]]


@dataclass(frozen=True)
class Informative:
    """An even pilot, then rounds: before each, the allocation is made anew from all counts.

    Rounds grow with what is known, since draws once made where they tell little cannot be taken
    back. Every source keeps a small share, whatever the allocation says: an edge that no draw has
    shown yet is in no allocation.

    Where the draws go depends on the replies so far, and only on them: the likelihood of the
    kernel, and with it every Bayes factor and posterior, is the same as for a fixed design.

    Attributes
    ----------
    allocate : callable
        ``allocate(counts, draws)`` maps states to numbers of draws.
    pilot : int
        Draws from each source before the first allocation.
    growth : float
        Draws of a round, as a share of those made before. Batches want few rounds: 1.
    least : int
        Fewest draws of a round.
    share : float
        Fewest draws from a source, as a share of the mean over sources.

    Raises
    ------
    UsageError
        If a setting is out of its range.
    """

    allocate: Allocate = field(compare=False)
    pilot: int = 4
    growth: float = 0.2
    least: int = 20
    share: float = 0.05

    grows = False
    protocol = "draws"
    batches = True

    def __post_init__(self) -> None:
        if min(self.pilot, self.least) < 1 or not 0 < self.growth < inf or not 0 <= self.share <= 1:
            raise UsageError(
                f"pilot, growth, least and share are {self.pilot}, {self.growth}, {self.least} and "
                f"{self.share}; give 1 or more, more than 0, 1 or more, and 0 to 1"
            )

    @property
    def name(self) -> str:
        """Name and settings."""
        return (
            f"informative pilot={self.pilot} growth={self.growth:g} least={self.least} "
            f"share={self.share:g}"
        )

    def plan(self, view: View) -> list[str]:
        """Return a round, once all answers of the last one are there."""
        if view.outstanding:
            return []
        missing = self.pilot * len(view.pool) - view.laid
        counts = view.counts() if missing <= 0 else None
        if counts is None:
            size = missing if missing > 0 else len(view.pool)
            return shuffled_evenly(view.pool, min(size, view.remaining), view.random())
        size = min(max(int(self.growth * view.laid), self.least), view.remaining)
        kept = self._kept(counts, size, view)
        rest = size - sum(kept.values())
        wanted = self.allocate(counts, rest) if rest else {}
        self._check(wanted, rest, view)
        sources = [
            state
            for state in sorted(view.pool)
            for _ in range(kept.get(state, 0) + wanted.get(state, 0))
        ]
        view.random().shuffle(sources)
        return sources

    def _kept(self, counts: "TransitionCounts", size: int, view: View) -> dict[str, int]:
        """Return the draws that bring sources to the least share, those that lack most first."""
        least = int(self.share * (view.laid + size) / len(view.pool))
        made = dict(zip(counts.states, counts.trials.tolist(), strict=True))
        lacking = {state: least - int(made.get(state, 0)) for state in view.pool}
        kept: dict[str, int] = {}
        for state in sorted(lacking, key=lambda name: -lacking[name]):
            kept[state] = max(0, min(lacking[state], size - sum(kept.values())))
        return kept

    def _check(self, wanted: Mapping[str, int], size: int, view: View) -> None:
        unknown = [state for state in wanted if state not in view.pool]
        if unknown or sum(wanted.values()) != size or min(wanted.values(), default=0) < 0:
            raise UsageError(
                f"the allocation of {size} draws gives {sum(wanted.values())} and names "
                f"{len(unknown)} unknown states; correct it"
            )
