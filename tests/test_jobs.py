"""Long jobs in processes of their own: the same results, errors passed on, deaths noticed."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from equipoise.errors import DataError, NotTrustedError, UsageError
from equipoise.parallel.jobs import Job, processes_for, run_jobs

HERE = str(Path(__file__).parent)


def draws(task, progress):
    rng, size = task
    sys.stdout.write("in the way of the answers\n")
    progress(1, 2)
    value = rng.standard_normal((size, 3)) @ rng.standard_normal((3, size))
    progress(2, 2)
    return value


def fails(task, progress):
    raise DataError(f"no {task}")


def dies(task, progress):
    os._exit(3)


def unpicklable(task, progress):
    return lambda: task


def jobs():
    return [Job(draws, (np.random.default_rng(k), 40 + k)) for k in range(3)]


@pytest.fixture(autouse=True)
def found_by_workers(monkeypatch):
    monkeypatch.syspath_prepend(HERE)


def test_the_same_wherever_they_ran(capfd):
    heard = []
    here = run_jobs(jobs(), 1, lambda *steps: heard.append(steps))
    there = run_jobs(jobs(), 2, lambda *steps: heard.append(steps))
    for one, other in zip(here, there, strict=True):
        np.testing.assert_array_equal(one, other)
    assert heard[:6] == [(k, done, 2) for k in range(3) for done in (1, 2)]
    assert sorted(heard[6:]) == sorted(heard[:6])
    assert "in the way" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("work", "error", "words"),
    [
        (fails, DataError, "no luck"),
        (dies, NotTrustedError, "a worker process died"),
        (unpicklable, Exception, "pickle|local object"),
    ],
)
def test_what_goes_wrong_ends_all(work, error, words):
    with pytest.raises(error, match=words):
        run_jobs([Job(work, "luck"), Job(work, "luck")], 2, lambda *_: None)


def test_numbers_of_processes():
    with pytest.raises(UsageError, match="workers must be a whole number"):
        run_jobs([], 0, lambda *_: None)
    assert run_jobs([], 2, lambda *_: None) == []
    assert 1 <= processes_for(3) <= 3
    assert processes_for(1) == 1


def test_a_script_without_a_guard_may_ask_for_workers(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        f"import sys; sys.path.insert(0, {HERE!r})\n"
        "from test_jobs import jobs\n"
        "from equipoise.parallel.jobs import run_jobs\n"
        "print(len(run_jobs(jobs(), 2, lambda *_: None)))\n",
        encoding="utf-8",
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    assert done.stdout == "3\n"
