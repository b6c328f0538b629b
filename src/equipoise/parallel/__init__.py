"""A pure function over numbered tasks: here, in processes of this machine, or on a dask cluster.

What comes of a task must depend on the task alone (give it a seed of its own). Then it is the same
to the last bit wherever it ran, in whatever order, and if it ran twice because a worker died.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec

from threadpoolctl import threadpool_limits

from equipoise.errors import MissingDependencyError, UsageError


@dataclass(frozen=True)
class Workers:
    """Where tasks run.

    Attributes
    ----------
    processes
        Of this machine; 1: in this very process, one task after another.
    scheduler
        Address of a dask scheduler, such as ``"tcp://10.0.0.5:8786"``, whose workers do all; None:
        this machine does.
    """

    processes: int = 1
    scheduler: str | None = None


HERE = Workers()


def run_tasks[A, R](
    work: Callable[[A], R], tasks: Sequence[A], workers: Workers = HERE
) -> Iterator[tuple[int, R]]:
    """Yield the number of each task and what came of it, each as soon as it is done.

    Linear algebra takes one thread in each task, so that the number of cores changes nothing.

    Parameters
    ----------
    work
        The function; on other workers it, what it is given and what it returns are pickled.
    tasks
        What it is given.
    workers
        Where. On a cluster a task whose worker died goes to another; nothing else is repeated.

    Raises
    ------
    UsageError
        If the workers cannot be had.
    MissingDependencyError
        If a scheduler is given and dask.distributed is not installed.
    NotTrustedError
        If a worker process of this machine died, a task kept ending workers of a cluster, or these
        have other versions of what computes. Errors of ``work`` are passed on.
    """
    check_workers(workers)
    if workers.scheduler is not None:
        from equipoise.parallel.cluster import run_on_cluster

        return run_on_cluster(work, tasks, workers.scheduler)
    if workers.processes == 1:
        return enumerate(map(partial(one_threaded, work), tasks))
    from equipoise.parallel.processes import run_in_processes

    return run_in_processes(work, tasks, workers.processes)


def check_workers(workers: Workers) -> None:
    """Refuse workers that cannot be, before any long work.

    Raises
    ------
    UsageError
        If a number of processes is no number, or a scheduler is given besides processes.
    MissingDependencyError
        If a scheduler is given and dask.distributed is not installed.
    """
    processes, scheduler = workers.processes, workers.scheduler
    if int(processes) != processes or processes < 1:
        raise UsageError(f"workers must be a whole number of at least 1, not {processes!r}")
    if scheduler is None:
        return
    if processes != 1:
        raise UsageError(
            f"workers are of this machine, and the scheduler {scheduler!r} has its own: leave one "
            "out"
        )
    if find_spec("distributed") is None:
        raise MissingDependencyError(
            "a scheduler needs dask.distributed; pip install distributed, here and on its workers"
        )


def one_threaded[A, R](work: Callable[[A], R], task: A) -> R:
    """Do one task with one thread of linear algebra."""
    with threadpool_limits(1, user_api="blas"):
        return work(task)
