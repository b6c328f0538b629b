"""Tasks here, in processes and on a dask cluster of separate processes, of which one is killed."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import CancelledError, Future
from dataclasses import replace

import pytest

from equipoise import datasets, parallel
from equipoise.errors import MissingDependencyError, NotTrustedError, UsageError
from equipoise.inference.baselines.bootstrap import parametric_bootstrap
from equipoise.inference.calibration.run import run
from equipoise.inference.calibration.store import read
from equipoise.parallel import Workers, run_tasks

# Three data sets on graphs of three states.
SEED, DATASETS = 3, 3


class Cluster:
    """A scheduler and two workers, each a process of its own; a dead worker stays dead."""

    def __init__(self, folder):
        self.file = folder / "scheduler.json"
        self.processes = [self.start("scheduler", "--port", "0", "--no-dashboard", "--no-show")]
        deadline = time.monotonic() + 60
        while not self.file.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        for _ in range(2):
            options = ("--nthreads", "1", "--no-nanny", "--no-dashboard")
            self.processes.append(self.start("worker", *options))

    def start(self, kind, *options):
        code = "import sys; from distributed.cli import dask_{0} as m; sys.exit(m.main())"
        command = [sys.executable, "-c", code.format(kind), "--scheduler-file", str(self.file)]
        return subprocess.Popen(
            [*command, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def close(self):
        for process in reversed(self.processes):
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    pytest.importorskip("distributed")
    from distributed import Client

    started = Cluster(tmp_path_factory.mktemp("dask"))
    try:
        with Client(scheduler_file=str(started.file), set_as_default=False) as client:
            client.wait_for_workers(2, timeout=60)
            started.address = client.scheduler.address
            yield started, client
    finally:
        started.close()


def test_a_calibration_on_a_cluster_loses_nothing_with_a_worker_and_equals_a_serial_one(
    cluster, tmp_path
):
    started, client = cluster
    pids = client.run(os.getpid)
    assert len({os.getpid(), *pids.values()}) == 3
    killed, shown = [], []

    def progress(text, fraction):
        shown.append(fraction)
        busy = [address for address, tasks in client.processing().items() if tasks]
        if len(shown) == 2 and busy:  # one data set is written down, others are under way
            os.kill(pids[busy[0]], signal.SIGKILL)
            killed.append(pids[busy[0]])

    options = {"engine": "fast", "datasets": DATASETS, "random_seed": SEED}
    there, here = tmp_path / "there.jsonl", tmp_path / "here.jsonl"
    assert run(there, **options, scheduler=started.address, progress=progress) == DATASETS
    assert len(killed) == 1
    assert len(client.run(os.getpid)) == 1
    assert shown == sorted(shown)
    assert shown[-1] == 1.0
    run(here, **options)
    one, other = (
        [replace(record, seconds=0.0) for record in read(path)[1]] for path in (there, here)
    )
    assert sorted(one, key=lambda record: record.number) == sorted(
        other, key=lambda record: record.number
    )
    assert run(there, **options, scheduler=started.address) == 0
    # and what else is done in tasks
    table = datasets.alofi_rain()
    at = Workers(scheduler=started.address)
    options = {"replicates": 300, "random_seed": 3}
    assert parametric_bootstrap(table, **options, workers=at) == parametric_bootstrap(
        table, **options
    )


def test_what_became_of_a_task_is_told():
    """Each as distributed raises it: a task that ended four workers, a scheduler that is gone."""
    distributed = pytest.importorskip("distributed")
    from equipoise.parallel import cluster as on_cluster

    for error, message in (
        (distributed.KilledWorker("a", None, 3), "task 7 ended one worker after another"),
        (CancelledError(), "the dask scheduler at 'here' went away"),
        (NotTrustedError("its own"), "its own"),
    ):
        future = Future()
        future.set_exception(error)
        with pytest.raises(NotTrustedError, match=message):
            on_cluster._result(future, 7, "here")
    future = Future()
    future.set_exception(ModuleNotFoundError("No module named 'equipoise'"))
    with pytest.raises(UsageError, match="install the same equipoise there"):
        on_cluster._result(future, 7, "here")


def test_workers_of_other_versions_are_refused():
    from equipoise.parallel import cluster as on_cluster

    with pytest.raises(NotTrustedError, match=r"a worker has numpy .* and this process 0\.1"):
        on_cluster._do(abs, {"numpy": "0.1"}, 0)


def test_a_process_that_died_is_told():
    with pytest.raises(NotTrustedError, match="a worker process died"):
        list(run_tasks(os._exit, [1], Workers(2)))


def test_what_cannot_be_is_refused_at_once(monkeypatch, tmp_path):
    with pytest.raises(UsageError, match="leave one out"):
        run_tasks(abs, [], Workers(2, "tcp://127.0.0.1:1"))
    monkeypatch.setattr(parallel, "find_spec", lambda name: None)
    path = tmp_path / "a.jsonl"
    with pytest.raises(MissingDependencyError, match=r"install 'equipoise\[dask\]'"):
        run(path, engine="fast", datasets=2, random_seed=0, scheduler="tcp://127.0.0.1:1")
    assert not path.exists()


def test_a_scheduler_that_does_not_answer(monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr("equipoise.parallel.cluster._SECONDS_TO_ANSWER", 0.2)
    for address in ("tcp://127.0.0.1:1", "nonsense://x"):
        with pytest.raises(UsageError, match="no dask scheduler answers at"):
            list(run_tasks(abs, [1], Workers(scheduler=address)))
