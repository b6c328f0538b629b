"""kill -9 at random moments, then resume: the store equals that of a run nobody disturbed."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from messages_server import Answer, Batches, message

DRAWS = 60
HERE = Path(__file__).parent


class Zygote:
    def __init__(self):
        path = os.pathsep.join([str(HERE.parent), str(HERE.parents[1] / "src")])
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "zygote.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": path},
        )
        assert self._hear() == {"ready": True}

    def _hear(self):
        return json.loads(self.process.stdout.readline())

    def run(self, *, kill_after=None, **order):
        """Collect; kill -9 after so many seconds. Return the exit status, -9 if it was killed."""
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        number = self._hear()["pid"]
        if kill_after is not None:
            time.sleep(kill_after)
            try:
                os.kill(number, signal.SIGKILL)
            except ProcessLookupError:
                pass
        return self._hear()["status"]


@pytest.fixture(scope="module")
def zygote():
    made = Zygote()
    yield made
    made.process.stdin.close()
    made.process.wait()
    made.process.stdout.close()


def jobs(path):
    """Return the design, after checking that it was carried out to the letter."""
    connection = sqlite3.connect(path)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        counts = "SELECT count(*), count(DISTINCT job_id) FROM response"
        assert connection.execute(counts).fetchall() == [(DRAWS, DRAWS)]
        assert connection.execute("SELECT count(*) FROM outcome").fetchone() == (DRAWS,)
        assert connection.execute("SELECT count(*) FROM run").fetchone() == (1,)
        # Each answer is the one that the server gave to the question of its own draw.
        pairs = connection.execute(
            "SELECT from_state, raw_text FROM response JOIN job USING (job_id)"
        ).fetchall()
        assert all(text == f"{source}!" for source, text in pairs)
        return connection.execute("SELECT draw, from_state, status FROM job ORDER BY 1").fetchall()
    finally:
        connection.close()


def shown(params):
    return params["messages"][-1]["content"].split("now is ")[1].split(".")[0]


def handler_of(mode):
    if mode == "batches":
        return Batches(lambda params: f"{shown(params)}!", looks=2)
    return lambda request: Answer(body=message(f"{shown(request.body)}!"), delay=0.02)


def killed_and_resumed(zygote, serve, folder, mode, kills, seed):
    chance = random.Random(seed)
    server = serve(handler_of(mode))
    begun = time.monotonic()
    order = {"url": server.url, "draws": DRAWS, "mode": mode}
    assert zygote.run(store=str(folder / "calm.db"), **order) == 0
    lasted = time.monotonic() - begun
    calm = jobs(folder / "calm.db")
    # Every kill hits a run of its own, at a moment of its own; then it is resumed to the end.
    for number in range(kills):
        store = str(folder / f"killed{number}.db")
        asked = server.count
        status = zygote.run(store=store, kill_after=chance.uniform(0.0, lasted), **order)
        assert status in (0, -signal.SIGKILL)
        assert zygote.run(store=store, **order) == 0
        assert jobs(store) == calm
        if mode == "direct":
            # At most the requests under way were asked for twice.
            assert DRAWS <= server.count - asked <= DRAWS + 4
    return server


@pytest.mark.parametrize("mode", ["direct", "batches"])
def test_killed_three_times_and_resumed(mode, zygote, serve, tmp_path):
    server = killed_and_resumed(zygote, serve, tmp_path, mode, 3, seed=7)
    if mode == "batches":
        # No batch was paid for twice: three for the calm run, three for each killed one.
        assert len(server.handler.batches) == 3 * 4


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["direct", "batches"])
def test_killed_fifty_times_and_resumed(mode, zygote, serve, tmp_path):
    server = killed_and_resumed(zygote, serve, tmp_path, mode, 50, seed=8)
    if mode == "batches":
        assert len(server.handler.batches) == 3 * 51


def answered(store):
    """Say whether some answers have been read, without disturbing who writes them."""
    try:
        connection = sqlite3.connect(f"file:{store}?mode=ro", uri=True)
    except sqlite3.OperationalError:
        return False
    try:
        return connection.execute("SELECT count(*) FROM outcome").fetchone()[0] >= 4
    except sqlite3.OperationalError:
        return False
    finally:
        connection.close()


def test_two_processes_on_one_store(zygote, serve, tmp_path):
    """One works; the other says why not, and touches nothing."""
    from equipoise.errors import UsageError
    from equipoise.sampling.store import Store, stored_counts

    server = serve(lambda request: Answer(body=message("Friday"), delay=0.05))
    store = tmp_path / "shared.db"
    order = {"store": str(store), "url": server.url, "draws": DRAWS, "mode": "direct"}
    statuses = []
    worker = threading.Thread(target=lambda: statuses.append(zygote.run(**order)))
    worker.start()
    while not answered(store):
        time.sleep(0.01)
    with pytest.raises(UsageError, match=r"another process \(process \d+\) is writing to"):
        Store(store)
    assert stored_counts(store).n_trials < DRAWS  # reading is allowed
    worker.join()
    assert statuses == [0]
    assert stored_counts(store).n_trials == DRAWS
    Store(store).close()
