"""Tasks in processes of this machine."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial

from equipoise.errors import NotTrustedError
from equipoise.parallel import RunTasks, one_threaded


@contextmanager
def in_processes(processes: int) -> Iterator[RunTasks]:
    """Keep processes of this machine; see :func:`equipoise.parallel.hired`.

    They start as tasks come, no more of them than tasks.
    """
    # Spawned: threads of the compiler and of BLAS do not survive a fork.
    pool = ProcessPoolExecutor(
        processes,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_end_with_parent,
    )

    def run[A, R](work: Callable[[A], R], tasks: Sequence[A]) -> Iterator[tuple[int, R]]:
        return _run(pool, work, tasks)

    try:
        yield run
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _run[A, R](
    pool: ProcessPoolExecutor, work: Callable[[A], R], tasks: Sequence[A]
) -> Iterator[tuple[int, R]]:
    one = partial(one_threaded, work)
    numbers: dict[Future[R], int] = {}
    try:
        for number, task in enumerate(tasks):
            numbers[pool.submit(one, task)] = number
        for done in as_completed(numbers):
            yield numbers[done], done.result()
    except BrokenProcessPool:
        raise NotTrustedError(
            "a worker process died (killed, or out of memory): run again with fewer workers"
        ) from None
    finally:
        for future in numbers:
            future.cancel()


def _end_with_parent() -> None:
    """End this worker when the run is killed: nobody would hear what it finds.

    Ctrl-C reaches workers too, and ends them without a traceback each.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
