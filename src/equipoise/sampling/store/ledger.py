"""Writing beside the requests: a disk takes milliseconds to promise that something is stored."""

import asyncio

from equipoise.errors import UsageError
from equipoise.sampling.store.rows import Entry
from equipoise.sampling.store.store import Store


class Ledger:
    """Store entries in another thread, and say when they are on disk.

    Each entry has a transaction of its own where the disk keeps up; those that come while it
    writes share the next one. Nothing counts as stored before it is.

    Parameters
    ----------
    store : Store
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: list[tuple[Entry, asyncio.Future[int | None]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def record(self, entry: Entry) -> int | None:
        """Return once an entry is on disk; see `Store.record`. A cancelled wait writes it too.

        Raises
        ------
        UsageError
            If it cannot be written.
        """
        future: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((entry, future))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        return await future

    async def drain(self) -> None:
        """Return once all entries are on disk."""
        if self._writer is not None:
            await self._writer

    async def _write(self) -> None:
        while self._waiting:
            taken, self._waiting = self._waiting, []
            entries = [entry for entry, _ in taken]
            try:
                numbers = await asyncio.to_thread(self._store.record, entries)
            except UsageError as error:
                for _, future in taken:
                    if not future.done():
                        future.set_exception(error)
                continue
            for (_, future), number in zip(taken, numbers, strict=True):
                if not future.done():
                    future.set_result(number)
