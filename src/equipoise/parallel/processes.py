"""Tasks in processes of this machine."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from functools import partial

from equipoise.errors import NotTrustedError
from equipoise.parallel import one_threaded


def run_in_processes[A, R](
    work: Callable[[A], R], tasks: Sequence[A], processes: int
) -> Iterator[tuple[int, R]]:
    """Yield the number of each task and what came of it; see :func:`equipoise.parallel.run_tasks`.

    Raises
    ------
    NotTrustedError
        If a process died.
    """
    # Spawned: threads of the compiler and of BLAS do not survive a fork.
    pool = ProcessPoolExecutor(
        min(processes, max(len(tasks), 1)),
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_end_with_parent,
    )
    try:
        one = partial(one_threaded, work)
        numbers = {pool.submit(one, task): number for number, task in enumerate(tasks)}
        for done in as_completed(numbers):
            yield numbers[done], done.result()
    except BrokenProcessPool:
        raise NotTrustedError(
            "a worker process died (killed, or out of memory): run again with fewer workers"
        ) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


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
