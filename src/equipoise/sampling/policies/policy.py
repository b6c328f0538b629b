"""What a policy is: it says which sources to show next, from what is known so far."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from equipoise.counts import TransitionCounts


@dataclass(frozen=True)
class View:
    """What a policy may look at.

    Attributes
    ----------
    seed : int
        Of the run.
    laid : int
        Draws laid down so far.
    remaining : int
        Draws that may still be laid down, at least 1.
    outstanding : int
        Draws laid down that have no answer yet.
    room : int
        Further requests that may be under way at once.
    pool : tuple of str
        Sources, in the order in which they joined.
    last : str or None
        The last state reached.
    counts : callable
        Returns the counts so far; None where there is no transition yet.
    """

    seed: int
    laid: int
    remaining: int
    outstanding: int
    room: int
    pool: tuple[str, ...]
    last: str | None
    counts: "Callable[[], TransitionCounts | None]"

    def random(self) -> Random:
        """Return the chance of the next draw: the same for the same seed and number of draws."""
        text = f"{self.seed}:{self.laid}".encode()
        return Random(int.from_bytes(hashlib.sha256(text).digest()[:8], "big"))


class Policy(Protocol):
    """Which source comes next. A policy keeps nothing: all that it knows is in the view."""

    @property
    def name(self) -> str:
        """Name and settings; part of the identity of a run."""

    @property
    def grows(self) -> bool:
        """Whether states that were reached join the pool."""

    @property
    def protocol(self) -> str:
        """How the draws are counted: "draws" or "trajectory"."""

    @property
    def batches(self) -> bool:
        """Whether its draws can be sent in batches."""

    def plan(self, view: View) -> list[str]:
        """Return the next sources, in order; none to wait for answers under way.

        Parameters
        ----------
        view : View
            All that a policy may know.

        Returns
        -------
        list of str
            Labels, one a draw.
        """


def shuffled_evenly(pool: tuple[str, ...], number: int, chance: Random) -> list[str]:
    """Return so many sources in random order, each as often as the others but for one.

    Which sources are shown once more is random too.
    """
    each, rest = divmod(number, len(pool))
    sources = [*pool] * each + chance.sample(pool, rest)
    chance.shuffle(sources)
    return sources
