"""A pure function over numbered tasks: here, in processes of this machine, or on a dask cluster.

What comes of a task must depend on the task alone (give it a seed of its own). Then it is the same
to the last bit wherever it ran, in whatever order, and if it ran twice because a worker died.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from typing import Protocol

from threadpoolctl import threadpool_limits

from equipoise.errors import MissingDependencyError, UsageError

__all__ = ["HERE", "RunTasks", "Workers", "check_workers", "hired", "one_threaded", "run_tasks"]


@dataclass(frozen=True)
class Workers:
    """Where tasks run.

    Attributes
    ----------
    processes : int
        Of this machine; 1: in this very process, one task after another.
    scheduler : str or None
        Address of a dask scheduler, such as ``"tcp://10.0.0.5:8786"``, whose workers do all; None:
        this machine does.
    """

    processes: int = 1
    scheduler: str | None = None


#: This very process.
HERE = Workers()


class RunTasks(Protocol):
    """Runs a function over tasks, as :func:`run_tasks`, on workers already chosen."""

    def __call__[A, R](self, work: Callable[[A], R], tasks: Sequence[A]) -> Iterator[tuple[int, R]]:
        """Yield the number of each task and what came of it, each as soon as it is done.

        Parameters
        ----------
        work : callable
            As of :func:`run_tasks`.
        tasks : sequence
            As of :func:`run_tasks`.

        Yields
        ------
        tuple of int and object
        """


def run_tasks[A, R](
    work: Callable[[A], R], tasks: Sequence[A], workers: Workers = HERE
) -> Iterator[tuple[int, R]]:
    """Yield the number of each task and what came of it, each as soon as it is done.

    Linear algebra takes one thread in each task, so that the number of cores changes nothing.

    Parameters
    ----------
    work : callable
        The function; on other workers it, what it is given and what it returns are pickled.
    tasks : sequence
        What it is given.
    workers : Workers
        Where. On a cluster a task whose worker died goes to another; nothing else is repeated.

    Yields
    ------
    tuple of int and object
        Number of a task, from 0, and what ``work`` returned for it.

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
    return _run_once(work, tasks, workers)


def _run_once[A, R](
    work: Callable[[A], R], tasks: Sequence[A], workers: Workers
) -> Iterator[tuple[int, R]]:
    with hired(workers) as run:
        yield from run(work, tasks)


@contextmanager
def hired(workers: Workers = HERE) -> Iterator[RunTasks]:
    """Keep workers for several rounds of tasks: processes start once, a cluster is asked once.

    Parameters
    ----------
    workers : Workers
        Where.

    Yields
    ------
    RunTasks
        What runs a round of tasks on them, to be called within the ``with`` statement.

    Raises
    ------
    UsageError, MissingDependencyError, NotTrustedError
        As :func:`run_tasks`; a cluster that does not answer is told at once.
    """
    check_workers(workers)
    if workers.scheduler is not None:
        from equipoise.parallel.cluster import on_cluster

        with on_cluster(workers.scheduler) as run:
            yield run
    elif workers.processes == 1:
        yield _here
    else:
        from equipoise.parallel.processes import in_processes

        with in_processes(workers.processes) as run:
            yield run


def check_workers(workers: Workers) -> None:
    """Refuse workers that cannot be, before any long work.

    Parameters
    ----------
    workers : Workers
        As asked for.

    Raises
    ------
    UsageError
        If a number of processes is no number, or a scheduler is given besides processes.
    MissingDependencyError
        If a scheduler is given and dask.distributed is not installed.
    """
    if not isinstance(workers, Workers):
        raise UsageError(
            f"workers must be an equipoise.parallel.Workers, not {workers!r}: Workers(2) for two "
            'processes, Workers(scheduler="tcp://10.0.0.5:8786") for a dask scheduler'
        )
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
    """Do one task with one thread of linear algebra.

    Parameters
    ----------
    work : callable
        The function.
    task : object
        What it is given.

    Returns
    -------
    object
        What ``work`` returned.
    """
    with threadpool_limits(1, user_api="blas"):
        return work(task)


def _here[A, R](work: Callable[[A], R], tasks: Sequence[A]) -> Iterator[tuple[int, R]]:
    return enumerate(map(partial(one_threaded, work), tasks))
