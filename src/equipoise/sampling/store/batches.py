"""Batches in the store: the intention before one is sent, the server's name after."""

import secrets
from collections.abc import Sequence

from equipoise.sampling.store.rows import Batch, Job, Run
from equipoise.sampling.store.store import Store, now


def intend(store: Store, run: Run, jobs: Sequence[Job]) -> Batch:
    """Note that draws are about to be sent as a batch, before it is sent."""
    key, at = secrets.token_hex(8), now()
    with store.writing():
        done = store.connection.execute(
            "INSERT INTO batch (run_id, key, intended_at, status) VALUES (?, ?, ?, 'intended')",
            (run.run_id, key, at),
        )
        batch_id = int(done.lastrowid or 0)
        store.connection.executemany(
            "UPDATE job SET status='submitted', batch_id=? WHERE job_id=?",
            [(batch_id, job.job_id) for job in jobs],
        )
    return Batch(batch_id, key, at, None)


def submitted(store: Store, batch: Batch, server_id: str) -> Batch:
    """Note the server's name for a batch."""
    with store.writing():
        store.connection.execute(
            "UPDATE batch SET server_id=?, status='submitted' WHERE batch_id=?",
            (server_id, batch.batch_id),
        )
    return Batch(batch.batch_id, batch.key, batch.intended_at, server_id)


def close_batch(store: Store, batch: Batch, status: str) -> None:
    """Note that a batch has ended ("ended"), or was never there ("withdrawn").

    Draws of it without an answer are to be made again.
    """
    with store.writing():
        store.connection.execute(
            "UPDATE job SET status='pending' WHERE batch_id=? AND status='submitted'",
            (batch.batch_id,),
        )
        store.connection.execute(
            "UPDATE batch SET status=? WHERE batch_id=?", (status, batch.batch_id)
        )


def open_batches(store: Store, run: Run) -> list[Batch]:
    """Return the batches that have not ended, as far as the store knows."""
    rows = store.connection.execute(
        "SELECT batch_id, key, intended_at, server_id FROM batch "
        "WHERE run_id=? AND status IN ('intended', 'submitted') ORDER BY batch_id",
        (run.run_id,),
    )
    return [Batch(*row) for row in rows]


def known_batches(store: Store) -> frozenset[str]:
    """Return the server's names of all batches in the store."""
    rows = store.connection.execute("SELECT server_id FROM batch WHERE server_id IS NOT NULL")
    return frozenset(row[0] for row in rows)


def jobs_of(store: Store, batch: Batch) -> dict[int, Job]:
    """Return the draws of a batch that have no answer, by number of the job."""
    rows = store.connection.execute(
        "SELECT job_id, draw, from_state FROM job WHERE batch_id=? AND status='submitted'",
        (batch.batch_id,),
    )
    return {row[0]: Job(*row) for row in rows}
