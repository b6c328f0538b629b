"""Tasks here, in processes and on a dask cluster of separate processes, of which one is killed."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import CancelledError, Future
from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest
from compared import drawn

from equipoise import baselines, compare, datasets, parallel, plan
from equipoise.errors import MissingDependencyError, NotTrustedError, UsageError
from equipoise.inference.calibration.run import run
from equipoise.inference.calibration.store import read
from equipoise.inference.comparison import kernels_of
from equipoise.inference.comparison.one_by_one import fits, packed
from equipoise.inference.comparison.one_by_one.curves import Curve
from equipoise.inference.findings import Stages
from equipoise.models import Priors
from equipoise.parallel import HERE, Workers, hired, run_tasks
from equipoise.report.comparison_contract import comparison_json

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

    def start(self, kind, *options):
        code = "import sys; from distributed.cli import dask_{0} as m; sys.exit(m.main())"
        command = [sys.executable, "-c", code.format(kind), "--scheduler-file", str(self.file)]
        return subprocess.Popen(
            [*command, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def start_worker(self):
        options = ("--nthreads", "1", "--no-nanny", "--no-dashboard")
        self.processes.append(self.start("worker", *options))

    def hire(self, client, number=2):
        """Start workers until there are so many."""
        for _ in range(number - len(client.run(os.getpid))):
            self.start_worker()
        client.wait_for_workers(number, timeout=60)

    def close(self):
        for process in reversed(self.processes):
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def started(tmp_path_factory):
    pytest.importorskip("distributed")
    from distributed import Client

    started = Cluster(tmp_path_factory.mktemp("dask"))
    try:
        with Client(scheduler_file=str(started.file), set_as_default=False) as client:
            yield started, client
    finally:
        started.close()


class Killer:
    """Progress that kills a worker at work, once: at the given call, or the next that sees one."""

    def __init__(self, client, at):
        self.client, self.at = client, at
        self.pids = client.run(os.getpid)
        self.killed, self.shown = [], []

    def __call__(self, text, fraction):
        self.shown.append(fraction)
        if self.killed or len(self.shown) < self.at:
            return
        busy = [address for address, tasks in self.client.processing().items() if tasks]
        if busy:
            os.kill(self.pids[busy[0]], signal.SIGKILL)
            self.killed.append(self.pids[busy[0]])

    def has_killed(self):
        """Whether one of two workers died under way, and progress went on to the end."""
        assert len({os.getpid(), *self.pids.values()}) == 3
        assert len(self.killed) == 1
        assert list(self.client.run(os.getpid).values()) == [
            pid for pid in self.pids.values() if pid not in self.killed
        ]
        assert self.shown == sorted(self.shown)
        return self.shown[-1] == 1.0


@pytest.fixture
def cluster(started):
    """Return workers of a cluster of two, and its client."""
    running, client = started
    running.hire(client)
    return Workers(scheduler=client.scheduler.address), client


def test_a_calibration_on_a_cluster_loses_nothing_with_a_worker_and_equals_a_serial_one(
    cluster, tmp_path
):
    at, client = cluster
    killer = Killer(client, at=2)  # one data set is written down, others are under way
    options = {"engine": "fast", "datasets": DATASETS, "random_seed": SEED}
    there, here = tmp_path / "there.jsonl", tmp_path / "here.jsonl"
    assert run(there, **options, workers=at, progress=killer) == DATASETS
    assert killer.has_killed()
    run(here, **options)
    one, other = (
        [replace(record, seconds=0.0) for record in read(path)[1]] for path in (there, here)
    )
    assert sorted(one, key=lambda record: record.number) == sorted(
        other, key=lambda record: record.number
    )
    assert run(there, **options, workers=at) == 0


@pytest.fixture
def few_steps(monkeypatch):
    """Take few kernels for many, in packs of two, and σ_c as they come: enough to be compared."""
    monkeypatch.setattr(fits, "MANY", 0)
    monkeypatch.setattr(packed, "_MOST", 2)
    monkeypatch.setattr(fits, "refined", unrefined)
    monkeypatch.setattr(import_module("equipoise.inference.comparison.compare"), "added_up", no_sum)


def unrefined(base, evaluate, scales, tau, *, taus):
    return Curve(base, tuple(evaluate(sorted(scales))), tau)


def no_sum(*_):
    return None


def kernels(n):
    rng = np.random.default_rng(4)
    phi = np.array([0.0, 1.1, -0.7])
    edges = np.array([[0, 1], [0, 2], [1, 2]])
    return {f"k{m}": drawn(phi + 0.3 * rng.normal(size=3), edges, 90, rng) for m in range(n)}


def told(found):
    """Return all that a comparison says, and its draws."""
    return comparison_json(found), found.potentials.shared.tobytes()


def test_many_kernels_on_a_cluster_and_in_processes_equal_those_compared_here(
    cluster, few_steps, monkeypatch
):
    at, client = cluster
    monkeypatch.setattr("equipoise.parallel.cluster._MANY_BYTES", 0)
    priors = Priors(scales="fixed")  # learned ones cost three times as much
    options = {"fast": True, "draws": 100, "priors": priors, "random_seed": 2}
    given = kernels(4)
    here = told(compare(given, **options))
    killer = Killer(client, at=3)  # two curves are done; kernels alone and other curves are not
    assert told(compare(given, **options, workers=at, progress=killer)) == here
    assert killer.has_killed()
    assert len(killer.shown) > 10
    assert told(compare(given, **options, workers=Workers(2))) == here


def test_few_kernels_are_tested_alone_by_workers_too():
    alone = import_module("equipoise.inference.comparison.compare")._alone
    given = kernels_of(kernels(2))
    found = []
    for workers in (HERE, Workers(2)):
        with hired(workers) as ask:
            rng = np.random.default_rng(1)
            found.append(alone(given, Priors(scales="fixed"), 100, rng, Stages(None), ask))
    (tests, violations), (others, their_violations) = found
    assert [one.verdict for one in tests] == [one.verdict for one in others]
    assert [one.cycles for one in violations] == [one.cycles for one in their_violations]


def test_a_plan_and_a_bootstrap_on_a_cluster_equal_those_made_here(cluster):
    at, client = cluster
    table = datasets.alofi_rain()
    options = {"further": 3000, "simulations": 39, "random_seed": 5}
    here = plan(table, **options)
    killer = Killer(client, at=30)
    there = plan(table, **options, workers=at, progress=killer)
    np.testing.assert_array_equal(there.factors, here.factors)
    assert there.outlook == here.outlook
    assert killer.has_killed()
    options = {"replicates": 120, "random_seed": 3}
    assert len({baselines(table, **options, workers=w).bootstrap for w in (HERE, at)}) == 1


def test_data_sent_once_are_there_again_when_all_that_held_them_died(started):
    running, client = started
    running.hire(client)
    found = {}
    with hired(Workers(scheduler=client.scheduler.address)) as ask:
        data, pause = np.arange(30_000.0), time.sleep
        # A lambda: workers cannot import from here.
        for number, value in ask(lambda task: pause(0.3) or float(data[task]), range(5)):
            found[number] = value
            if len(found) == 1:
                for pid in client.run(os.getpid).values():
                    os.kill(pid, signal.SIGKILL)
                running.start_worker()
    assert found == {number: float(number) for number in range(5)}


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
    with pytest.raises(MissingDependencyError, match="install distributed"):
        run(
            path,
            engine="fast",
            datasets=2,
            random_seed=0,
            workers=Workers(scheduler="tcp://127.0.0.1:1"),
        )
    assert not path.exists()


def test_a_scheduler_that_does_not_answer(monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr("equipoise.parallel.cluster._SECONDS_TO_ANSWER", 0.2)
    for address in ("tcp://127.0.0.1:1", "nonsense://x"):
        with pytest.raises(UsageError, match="no dask scheduler answers at"):
            list(run_tasks(abs, [1], Workers(scheduler=address)))
