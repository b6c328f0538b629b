"""The store: every draw a row, one transaction a reply, raw text before parsing."""

import json
import os
import sqlite3
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from equipoise.errors import UsageError
from equipoise.sampling.clients.reply import Reply
from equipoise.sampling.store.connection import Journal, open_writer, release, transaction
from equipoise.sampling.store.rows import Entry, Job, Plan, Run, Totals
from equipoise.sampling.tasks import Outcome, Task
from equipoise.text import quoted

_OUTCOME = (
    "INSERT OR REPLACE INTO outcome (response_id, parser_id, kind, to_state, reason) "
    "VALUES (?, ?, ?, ?, ?)"
)
_Parsing = tuple[int, int, str, str | None, str | None]
_LOOSE = str.maketrans(dict.fromkeys(range(55296, 57344), "�"))


def now() -> str:
    """Return the time, UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def storable(text: str | None) -> str | None:
    """Return a text that UTF-8 can hold: lone surrogates become U+FFFD."""
    if text is None or text.isascii():
        return text
    return text.translate(_LOOSE)


class Store:
    """A store open for writing; one process at a time.

    Use it as a context manager. Everything that a method has returned from is on disk.

    Parameters
    ----------
    path : str or path
        The file; made if there is none.
    journal : {"wal", "delete"}, optional
        Default: "wal", and "delete" on a network file system.

    Raises
    ------
    UsageError
        If the file cannot be written, or another process is writing.
    DataError
        If it is something else than a store.
    """

    def __init__(self, path: str | os.PathLike[str], *, journal: Journal | None = None) -> None:
        self._db, self._lock = open_writer(path, journal)
        self._turn = threading.RLock()  # two threads write, never at once
        self._parsed: deque[_Parsing] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Write what is left, and let other processes write."""
        try:
            self.flush()
        finally:
            self._db.close()
            release(self._lock)

    def discard(self) -> None:
        """Close and remove a store in which no answer was ever stored; leave any other alone."""
        try:
            if self._db.execute("SELECT count(*) FROM attempt").fetchone()[0] == 0:
                place = self._db.execute("PRAGMA database_list").fetchone()[2]
                self._db.close()
                for ending in ("", "-wal", "-shm", "-journal"):
                    Path(place + ending).unlink(missing_ok=True)
        finally:
            self._db.close()
            release(self._lock)

    @property
    def connection(self) -> sqlite3.Connection:
        """The connection, for reading."""
        return self._db

    # Runs

    def begin(self, plan: Plan) -> Run:
        """Return the run of a plan: the one that is there, else a new one."""
        agent, task = plan.agent, plan.task
        kernel = (
            *(agent.provider, agent.model, agent.base_url),
            *(task.template_sha256, agent.parameters_json),
        )
        with self.writing():
            self._db.execute(
                "INSERT OR IGNORE INTO agent (provider, model, base_url, template_sha256, "
                "parameters, template) VALUES (?, ?, ?, ?, ?, ?)",
                (*kernel, task.template),
            )
            agent_id = self._one(
                "SELECT agent_id FROM agent WHERE provider=? AND model=? AND base_url=? "
                "AND template_sha256=? AND parameters=?",
                kernel,
            )
            states = json.dumps(task.states)
            key = (agent_id, task.name, states, plan.policy, plan.seed, plan.mode)
            found = self._db.execute(
                "SELECT run_id FROM run WHERE agent_id=? AND task=? AND states=? AND policy=? "
                "AND seed=? AND mode=?",
                key,
            ).fetchone()
            if found is not None:
                return Run(int(found[0]), resumed=True)
            run_id = self._db.execute(
                "INSERT INTO run (agent_id, task, states, policy, seed, mode, closed, created_at) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (*key, int(task.closed), now()),
            ).lastrowid
            self._db.executemany(
                "INSERT INTO source VALUES (?, ?, 1)", [(run_id, state) for state in task.states]
            )
        return Run(int(run_id or 0), resumed=False)

    def begin_session(self, run: Run, versions: Mapping[str, str]) -> int:
        """Note that a process begins to work on a run; return the number of the session."""
        with self.writing():
            done = self._db.execute(
                "INSERT INTO session (run_id, started_at, versions, observed) "
                "VALUES (?, ?, ?, '{}')",
                (run.run_id, now(), json.dumps(dict(versions))),
            )
        return int(done.lastrowid or 0)

    def observe(self, session_id: int, observed: Mapping[str, Any]) -> None:
        """Note what a server said of itself: the parameters that it applies, its model."""
        with self.writing():
            self._db.execute(
                "UPDATE session SET observed=? WHERE session_id=?",
                (storable(json.dumps(observed)), session_id),
            )

    def end_session(self, session_id: int, because: str) -> None:
        """Note that a process stops, and why."""
        with self.writing():
            self._db.execute(
                "UPDATE session SET ended_at=?, ended_because=? WHERE session_id=?",
                (now(), because, session_id),
            )

    # Draws

    def lay(self, run: Run, sources: Sequence[str]) -> list[Job]:
        """Lay down further draws, in this order; all or none.

        Parameters
        ----------
        run : Run
        sources : sequence of str
            The state that each draw shows.

        Returns
        -------
        list of Job
        """
        with self.writing():
            first = 1 + self._one(
                "SELECT coalesce(max(draw), 0) FROM job WHERE run_id=?", (run.run_id,)
            )
            self._db.executemany(
                "INSERT INTO job (run_id, draw, from_state) VALUES (?, ?, ?)",
                [(run.run_id, first + k, source) for k, source in enumerate(sources)],
            )
        return self.pending(run, len(sources), after=first - 1)

    def pending(self, run: Run, limit: int, after: int = 0) -> list[Job]:
        """Return the next draws without an answer, in order, from after a draw on."""
        rows = self._db.execute(
            "SELECT job_id, draw, from_state FROM job "
            "WHERE run_id=? AND status='pending' AND draw>? ORDER BY draw LIMIT ?",
            (run.run_id, after, limit),
        )
        return [Job(*row) for row in rows]

    def add_sources(self, run: Run, states: Sequence[str], since: int) -> None:
        """Let states join the pool, to be shown from a draw on."""
        with self.writing():
            self._db.executemany(
                "INSERT OR IGNORE INTO source VALUES (?, ?, ?)",
                [(run.run_id, state, since) for state in states],
            )

    def sources(self, run: Run) -> tuple[str, ...]:
        """Return the pool, in the order in which states joined it."""
        rows = self._db.execute(
            "SELECT state FROM source WHERE run_id=? ORDER BY since_draw, state", (run.run_id,)
        )
        return tuple(row[0] for row in rows)

    def record(self, entries: Sequence[Entry]) -> list[int | None]:
        """Store answers, raw, and attempts that brought none: one transaction.

        An answer marks its draw as done. A draw that has one keeps it: nothing counts twice.

        Returns
        -------
        list of int or None
            For each entry the number of its answer, for `classify`; None where there is none, or
            the draw had one already.
        """
        with self.writing():
            return [self._write(entry) for entry in entries]

    def note_fault(self, entry: Entry) -> None:
        """Store an attempt that brought no answer, and change nothing else."""
        with self.writing():
            self._attempt(entry)

    def classify(self, response_id: int, outcome: Outcome, parser_id: int) -> None:
        """Note what an answer counts as; it reaches the disk with the next transaction.

        Nothing is lost if it does not: the raw text is there, and is parsed again on resuming.
        """
        self._parsed.append(
            (response_id, parser_id, outcome.kind, outcome.state, storable(outcome.reason))
        )

    def parser_id(self, task: Task) -> int:
        """Return the number of a task's parser."""
        with self.writing():
            self._db.execute("INSERT OR IGNORE INTO parser (name) VALUES (?)", (task.parser,))
        return int(self._one("SELECT parser_id FROM parser WHERE name=?", (task.parser,)))

    def parse(self, run: Run, task: Task, *, again: bool = False) -> int:
        """Parse the answers of a run that have not been parsed, or all of them again.

        Returns
        -------
        int
            How many were parsed.
        """
        self.flush()
        parser_id, count, last = self.parser_id(task), 0, 0
        missing = "" if again else "AND outcome.response_id IS NULL "
        while True:
            rows = self._db.execute(
                "SELECT response_id, raw_text, stop_reason FROM response JOIN job USING (job_id) "
                "LEFT JOIN outcome USING (response_id) "
                f"WHERE run_id=? AND response_id>? {missing}ORDER BY response_id LIMIT 2000",
                (run.run_id, last),
            ).fetchall()
            if not rows:
                return count
            for response_id, text, stop_reason in rows:
                self.classify(response_id, task.outcome(text, stop_reason), parser_id)
            self.flush()
            count, last = count + len(rows), rows[-1][0]

    def flush(self) -> None:
        """Write the outcomes that wait."""
        if self._parsed:
            with self.writing():
                pass

    # How far

    def totals(self, run: Run) -> Totals:
        """Return how far a run is."""
        self.flush()
        laid, done = self._db.execute(
            "SELECT count(*), count(*) FILTER (WHERE status='done') FROM job WHERE run_id=?",
            (run.run_id,),
        ).fetchone()
        row = self._db.execute(
            "SELECT count(*) FILTER (WHERE kind='state'), coalesce(sum(input_tokens), 0), "
            "coalesce(sum(output_tokens), 0) FROM draw WHERE run_id=?",
            (run.run_id,),
        ).fetchone()
        states = self._one(
            "SELECT count(*) FROM (SELECT state FROM source WHERE run_id=?1 UNION "
            "SELECT to_state FROM draw WHERE run_id=?1 AND to_state IS NOT NULL)",
            (run.run_id,),
        )
        faults = self._one(
            "SELECT count(*) FROM attempt JOIN job USING (job_id) "
            "WHERE run_id=? AND fault IS NOT NULL",
            (run.run_id,),
        )
        return Totals(laid, done, row[0], int(states), int(faults), row[1], row[2])

    def states_reached(self, run: Run) -> frozenset[str]:
        """Return every state that an answer reached."""
        self.flush()
        rows = self._db.execute(
            "SELECT DISTINCT to_state FROM draw WHERE run_id=? AND to_state IS NOT NULL",
            (run.run_id,),
        )
        return frozenset(row[0] for row in rows)

    def last_state(self, run: Run) -> str | None:
        """Return where a trajectory is: the last state reached; None if it has not moved."""
        self.flush()
        row = self._db.execute(
            "SELECT to_state FROM draw WHERE run_id=? AND kind='state' ORDER BY draw DESC LIMIT 1",
            (run.run_id,),
        ).fetchone()
        return None if row is None else str(row[0])

    # Within

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Write in one transaction, and the outcomes that wait with it.

        Raises
        ------
        UsageError
            If the file cannot be written; what was stored before stays.
        """
        with self._turn:
            parsed: list[_Parsing] = []
            while self._parsed:
                parsed.append(self._parsed.popleft())
            try:
                with transaction(self._db):
                    self._db.executemany(_OUTCOME, parsed)
                    yield
            except BaseException:
                self._parsed.extendleft(reversed(parsed))
                raise

    def _write(self, entry: Entry) -> int | None:
        if entry.reply is not None:
            return self._answer(entry, entry.reply)
        self._attempt(entry)
        self._db.execute(
            "UPDATE job SET status='pending' WHERE job_id=? AND status='submitted'",
            (entry.job.job_id,),
        )
        return None

    def _answer(self, entry: Entry, reply: Reply) -> int | None:
        job_id = entry.job.job_id
        if self._one("SELECT status FROM job WHERE job_id=?", (job_id,)) == "done":
            return None
        done = self._db.execute(
            "INSERT INTO response (job_id, attempt_id, raw_text, stop_reason, model_returned, "
            "input_tokens, output_tokens, usage, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(job_id, self._attempt(entry), storable(reply.text)),
                *(storable(reply.stop_reason), storable(reply.model)),
                *(reply.input_tokens, reply.output_tokens),
                *(storable(reply.usage), storable(reply.body)),
            ),
        )
        self._db.execute("UPDATE job SET status='done' WHERE job_id=?", (job_id,))
        return done.lastrowid

    def _attempt(self, entry: Entry) -> int:
        attempt = entry.attempt
        done = self._db.execute(
            "INSERT INTO attempt (job_id, session_id, batch_id, at, seconds, http_status, "
            "request_id, fault, message, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(entry.job.job_id, entry.session_id, attempt.batch_id, attempt.at),
                *(attempt.seconds, attempt.http_status, storable(attempt.request_id)),
                *(attempt.fault, storable(attempt.message), storable(attempt.body)),
            ),
        )
        return int(done.lastrowid or 0)

    def _one(self, query: str, values: Sequence[object]) -> Any:
        row = self._db.execute(query, values).fetchone()
        if row is None:
            raise UsageError(f"the store has no such row ({quoted(values)}); is it another one?")
        return row[0]
