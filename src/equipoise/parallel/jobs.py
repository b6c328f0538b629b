"""A few long jobs in processes of this machine, each saying how far it is.

Unlike :func:`equipoise.parallel.run_tasks`, whose tasks are many and short. A process is started
anew for each job and gives its memory back. It does not import the caller's script, so that one
without ``if __name__ == "__main__"`` may ask for workers.
"""

import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from queue import Queue
from typing import IO, Any

from equipoise.errors import NotTrustedError
from equipoise.parallel import Workers, check_workers, one_threaded

#: Called with (steps done, steps planned).
Steps = Callable[[int, int], None]

_CHILD = (
    "import pickle, sys; sys.path[:] = pickle.load(sys.stdin.buffer); "
    "from equipoise.parallel.jobs import serve; serve()"
)
_WAIT_SECONDS = 5.0


@dataclass(frozen=True)
class Job:
    """One job.

    Attributes
    ----------
    work
        A function of a module: of a task and of progress, which it calls with (steps done, steps
        planned). What comes of it must depend on the task alone.
    task
        What it is given; pickled, as what it returns is, where it runs in another process.
    """

    work: Callable[[Any, Steps], Any]
    task: Any


def processes_for(jobs: int) -> int:
    """Return how many processes are worth while: one a core, and one a job at most."""
    if not sys.executable:
        return 1
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    return max(1, min(cores, jobs))


def run_jobs(
    jobs: Sequence[Job], processes: int, progress: Callable[[int, int, int], None]
) -> list[Any]:
    """Return what comes of each job, the same wherever it ran.

    Parameters
    ----------
    jobs
        In the order in which they are begun.
    processes
        How many run at a time; 1: in this very process, one after another.
    progress
        Called here with (number of the job, steps done, steps planned).

    Raises
    ------
    UsageError
        If the number of processes is none.
    NotTrustedError
        If a process died. Errors of a job are passed on.
    """
    check_workers(Workers(processes))
    if min(processes, len(jobs)) <= 1:
        return [
            one_threaded(partial(_with_progress, job.work, partial(progress, number)), job.task)
            for number, job in enumerate(jobs)
        ]
    results: list[Any] = [None] * len(jobs)
    heard: Queue[tuple[int, str, Any]] = Queue()
    waiting = list(enumerate(jobs))[::-1]
    running: dict[int, subprocess.Popen[bytes]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < processes:
                number, job = waiting.pop()
                running[number] = _start(number, job, heard)
            number, kind, value = heard.get()
            if kind == "progress":
                progress(number, *value)
                continue
            if kind == "error":
                raise value
            if kind == "died":
                raise NotTrustedError(
                    "a worker process died (killed, or out of memory): run again with fewer workers"
                )
            results[number] = value
            _end(running.pop(number))
    finally:
        for process in running.values():
            process.kill()
            _end(process)
    return results


def serve() -> None:
    """Do one job: in a process of its own, asked through its standard input."""
    import signal

    # Ctrl-C reaches workers too, and ends them without a traceback each.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # What a library prints must not get between answers.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    job = pickle.load(sys.stdin.buffer)
    threading.Thread(target=_end_with_parent, daemon=True).start()

    def say(kind: str, value: Any) -> None:
        answers.write(pickle.dumps((kind, value), protocol=pickle.HIGHEST_PROTOCOL))
        answers.flush()

    work = partial(_with_progress, job.work, lambda *steps: say("progress", steps))
    try:
        say("result", one_threaded(work, job.task))
    except Exception as error:  # noqa: BLE001  # whatever it is, the asker hears it
        say("error", error)


def _with_progress(work: Callable[[Any, Steps], Any], progress: Steps, task: Any) -> Any:
    return work(task, progress)


def _start(
    number: int, job: Job, heard: "Queue[tuple[int, str, Any]]"
) -> "subprocess.Popen[bytes]":
    process = subprocess.Popen(
        [sys.executable, "-c", _CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    threading.Thread(target=_converse, args=(number, job, process, heard), daemon=True).start()
    return process


def _converse(
    number: int,
    job: Job,
    process: "subprocess.Popen[bytes]",
    heard: "Queue[tuple[int, str, Any]]",
) -> None:
    """Hand a job to its process and pass on what that says, until it is done or gone."""
    try:
        _ask(process.stdin, job)
        while True:
            kind, value = pickle.load(process.stdout)  # type: ignore[arg-type]
            heard.put((number, kind, value))
            if kind != "progress":
                return
    except (OSError, EOFError, ValueError, pickle.UnpicklingError):
        heard.put((number, "died", None))
    except (pickle.PicklingError, AttributeError, TypeError, ImportError) as error:
        heard.put((number, "error", error))


def _ask(stream: IO[bytes] | None, job: Job) -> None:
    if stream is None:
        raise EOFError
    for value in (sys.path, job):
        stream.write(pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL))
    stream.flush()


def _end(process: "subprocess.Popen[bytes]") -> None:
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            try:
                stream.close()
            except BrokenPipeError:  # what was not yet written to one that is gone
                pass
    try:
        process.wait(_WAIT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _end_with_parent() -> None:
    """End this process when the one that asked has gone: nobody would hear what it finds."""
    # Of the descriptor itself: the lock of a buffer would stand in the way of a normal end.
    while os.read(sys.stdin.fileno(), 1):
        pass
    os._exit(1)
