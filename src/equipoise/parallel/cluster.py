"""Tasks on the workers of a dask scheduler."""

import platform
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from itertools import islice
from typing import Any

from equipoise.errors import EquipoiseError, NotTrustedError, UsageError
from equipoise.parallel import RunTasks, one_threaded

_SECONDS_TO_ANSWER = 30
# Tasks handed over at once: enough for a thousand workers, and a million tasks need no memory.
_UNDER_WAY = 4096
# A function that pickles to more is handed over once, not with every task.
_MANY_BYTES = 100_000
# What makes the numbers.
_PACKAGES = ("equipoise", "numpy", "scipy", "pymc", "nutpie")
_ALONE = threading.Lock()


@contextmanager
def on_cluster(address: str) -> Iterator[RunTasks]:
    """Keep a client of the scheduler at an address; see :func:`equipoise.parallel.hired`.

    A worker process does one task at a time, however many threads it has. Workers may come and go;
    while there is none, this waits.

    Raises
    ------
    UsageError
        If no scheduler answers, or it has no worker.
    """
    client = _connect(address)

    def run[A, R](work: Callable[[A], R], tasks: Sequence[A]) -> Iterator[tuple[int, R]]:
        return _run(client, address, work, tasks)

    try:
        yield run
    finally:
        client.close()


def _run[A, R](
    client: Any, address: str, work: Callable[[A], R], tasks: Sequence[A]
) -> Iterator[tuple[int, R]]:
    """Yield the number of each task and what came of it.

    Raises
    ------
    NotTrustedError
        If a task ended worker after worker, the scheduler went away, or a worker has other
        versions.
    """
    from distributed import as_completed

    ours, waiting, sent = _versions(), iter(enumerate(tasks)), _sent(client, work)
    under_way: dict[str, tuple[int, Any]] = {}

    def hand_over(number: int, task: A) -> Any:
        # Not `pure`: nobody else's task of the same name may stand in for it.
        future = client.submit(_do, sent, ours, task, pure=False)
        under_way[future.key] = number, future
        return future

    try:
        first = [hand_over(*one) for one in islice(waiting, _UNDER_WAY)]
        running = as_completed(first, loop=client.loop)
        for future in running:
            number, _ = under_way.pop(future.key)
            yield number, _result(future, number, address)
            for one in islice(waiting, 1):
                running.add(hand_over(*one))
    finally:
        client.cancel([future for _, future in under_way.values()])


def _sent(client: Any, work: Callable[[Any], Any]) -> Any:
    """Return the function, or if it holds many data a task that gives it, sent once for all tasks.

    A task and no scattered data: the scheduler has it done again when the worker that held it died.
    """
    import cloudpickle
    import dask

    pickled = cloudpickle.dumps(work)
    if len(pickled) < _MANY_BYTES:
        return work
    with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 TiB"}):
        return client.submit(cloudpickle.loads, pickled, pure=False)


def _connect(address: str) -> Any:
    """Return a client of the scheduler, which has a worker."""
    from distributed import Client

    try:
        client = Client(address, timeout=_SECONDS_TO_ANSWER, set_as_default=False)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"no dask scheduler answers at {address!r} ({error}); start one with `dask scheduler`, "
            "which says its address"
        ) from None
    try:
        client.wait_for_workers(1, timeout=_SECONDS_TO_ANSWER)
    except TimeoutError:
        client.close()
        raise UsageError(
            f"the dask scheduler at {address!r} has no worker; start some with `dask worker "
            f"{address} --nworkers 4 --nthreads 1`"
        ) from None
    return client


def _result(future: Any, number: int, address: str) -> Any:
    from distributed import KilledWorker

    try:
        return future.result()
    except KilledWorker:
        raise NotTrustedError(
            f"task {number} ended one worker after another (killed, or out of memory): give the "
            "workers more memory"
        ) from None
    except CancelledError:
        raise NotTrustedError(f"the dask scheduler at {address!r} went away") from None
    except EquipoiseError:
        raise
    except ImportError as error:
        raise UsageError(
            f"a worker lacks what the task needs ({error}): install the same equipoise there"
        ) from None


def _do[A, R](work: Callable[[A], R], versions: dict[str, str | None], task: A) -> R:
    """Do one task on a worker, if it computes as the process that asks does."""
    theirs = _versions()
    for name, ours in versions.items():
        if theirs[name] != ours:
            raise NotTrustedError(
                f"a worker has {name} {theirs[name]} and this process {ours}, so its results might "
                "differ: install the same there"
            )
    with _ALONE:
        return one_threaded(work, task)


@cache
def _versions() -> dict[str, str | None]:
    found: dict[str, str | None] = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return found
