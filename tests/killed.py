"""Runs of another process, killed at random moments and resumed, against one nobody disturbed."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from messages_server import Answer, Batches, MessagesServer, message

DRAWS = 60
HERE = Path(__file__).parent


class Zygote:
    def __init__(self):
        path = os.pathsep.join([str(HERE), str(HERE.parent / "src")])
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "zygote.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": path},
        )
        assert self._hear() == {"ready": True}

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()

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
    return params["messages"][-1]["content"].split("other than ")[1].split(".")[0]


def handler_of(mode):
    if mode == "batches":
        return Batches(lambda params: f"{shown(params)}!", looks=2)
    return lambda request: Answer(body=message(f"{shown(request.body)}!"), delay=0.02)


@dataclass(frozen=True)
class Killed:
    """One run: whether the kill found it alive, and what was asked of the server in all."""

    hit: bool
    stored_before: int
    asked: int


@dataclass(frozen=True)
class Series:
    """All runs, and how many batches the server made for them and for the undisturbed one."""

    runs: list[Killed]
    batches: int


def killed_and_resumed(zygote, folder, mode, kills, seed) -> Series:
    """Kill and resume so many runs; fail unless each store equals that of an undisturbed run."""
    chance, runs = random.Random(seed), []
    with MessagesServer(handler_of(mode)) as server:
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
            before = answers(store)
            assert zygote.run(store=store, **order) == 0
            assert jobs(store) == calm
            runs.append(Killed(status != 0, before, server.count - asked))
        return Series(runs, len(server.handler.batches) if mode == "batches" else 0)


def answers(store: str) -> int:
    """Return how many answers a store holds, 0 where there is none yet."""
    try:
        connection = sqlite3.connect(f"file:{store}?mode=ro", uri=True)
    except sqlite3.OperationalError:
        return 0
    try:
        return connection.execute("SELECT count(*) FROM response").fetchone()[0]
    except sqlite3.OperationalError:
        return 0
    finally:
        connection.close()
