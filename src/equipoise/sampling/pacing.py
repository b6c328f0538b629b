"""When the next request may be sent: limits of server and user, and waiting after faults."""

import asyncio
import time
from random import Random

from equipoise.errors import UsageError

_FIRST, _LONGEST = 0.5, 30.0


class Pacer:
    """One for all requests of a run: where one is told to wait, all wait.

    Parameters
    ----------
    per_minute : float, optional
        Most requests a minute; default: no limit of our own.

    Raises
    ------
    UsageError
        If it is not positive.
    """

    def __init__(self, per_minute: float | None = None) -> None:
        if per_minute is not None and not per_minute > 0:
            raise UsageError(f"requests a minute are {per_minute}; give more than 0")
        self._gap = 0.0 if per_minute is None else 60.0 / per_minute
        self._next = 0.0
        self._pause = 0.0

    @property
    def waiting(self) -> float:
        """Seconds until a request may be sent."""
        return max(self._pause, self._next) - time.monotonic()

    def pause(self, seconds: float) -> None:
        """Let no request be sent for so long, at least."""
        self._pause = max(self._pause, time.monotonic() + seconds)

    async def ready(self, stopped: asyncio.Event) -> bool:
        """Wait until a request may be sent; return False if the run stopped meanwhile."""
        while not stopped.is_set():
            now = time.monotonic()
            if now < self._pause:
                await rest(self._pause - now, stopped)
                continue
            if not self._gap:
                return True
            turn = max(self._next, now)
            self._next = turn + self._gap
            if turn > now:
                await rest(turn - now, stopped)
                if time.monotonic() < self._pause:
                    continue
            return not stopped.is_set()
        return False


async def rest(seconds: float, stopped: asyncio.Event) -> None:
    """Sleep, but not longer than until the run stops."""
    try:
        async with asyncio.timeout(seconds):
            await stopped.wait()
    except TimeoutError:
        pass


def backoff(number: int, chance: Random) -> float:
    """Return seconds to wait after a fault: twice as long each time, a quarter of it by chance.

    Parameters
    ----------
    number : int
        How many attempts failed before, from 0.
    chance : Random
    """
    longest = min(_FIRST * 2.0**number, _LONGEST)
    return float(longest * (1.0 - 0.25 * chance.random()))
