"""Message Batches: half the price, answers within a day.

A batch is written down before it is sent and named after. One whose name is not known, because the
program or the connection died in between, is looked for among the server's before anything is sent
again: a second copy would be paid for.
"""

import asyncio
from datetime import UTC, datetime, timedelta

from equipoise.errors import UsageError
from equipoise.sampling.clients.reply import BatchClient, BatchState, Fault, Reply
from equipoise.sampling.pacing import backoff, rest
from equipoise.sampling.session import Session
from equipoise.sampling.store import batches as rows
from equipoise.sampling.store.rows import Attempt, Batch, Entry, Job
from equipoise.sampling.store.store import now

_SKEW = timedelta(minutes=5)  # between the server's clock and ours
_AT_ONCE = 200  # results that are stored together: they can be read again, unlike direct answers
_NO_RESULT = Fault("no result", "the results do not hold this request", again=True)
_UNKNOWN = ("timeout", "connection", "malformed", "server error", "overloaded")


async def ask_in_batches(session: Session, client: BatchClient) -> None:
    """Make the draws of a run in batches until there is none left, or the session stops."""
    tried: dict[int, int] = {}
    while not session.stopped.is_set():
        for batch in rows.open_batches(session.store, session.run):
            await _finish(session, client, batch, tried)
            if session.stopped.is_set():
                return
        session.consider()
        await session.last_word()
        if session.stopped.is_set() or not await _submit(session, client, tried):
            return


async def _submit(session: Session, client: BatchClient, tried: dict[int, int]) -> bool:
    wanted = session.options.batch_size
    room = session.spending.room(0, wanted)
    if not room:
        session.stop("limit", "the limit of tokens or dollars is reached")
        return False
    session.rewind()
    jobs = []
    for job in session.next_jobs(room):
        if tried.get(job.job_id, 0) < session.options.attempts:
            jobs.append(job)
    if not jobs:
        return False
    batch = rows.intend(session.store, session.run, jobs)
    requests = [(f"{batch.key}-{job.job_id}", session.task.prompt(job.source)) for job in jobs]
    for number in range(session.options.attempts):
        try:
            server_id = await client.submit(requests, session.task.max_tokens)
        except Fault as fault:
            _note(session, jobs, batch, fault)
            if fault.stop or not fault.again:
                rows.close_batch(session.store, batch, "withdrawn")
                session.stop("stopped", f"the server refuses the batch: {fault.message}")
                return False
            if fault.kind in _UNKNOWN:
                session.unsure += 1
                if session.unsure >= session.options.attempts:
                    session.stop(
                        "stopped",
                        f"the server takes no batch ({fault.message}); the same command goes on "
                        "later, and looks first whether the last one arrived",
                    )
                return True  # it may have arrived: looked for as an open batch
            seconds = backoff(number, session.chance) if fault.wait is None else fault.wait
            if not session.wait_for_server(seconds):
                break
            if not await session.pacer.ready(session.stopped):
                break
        else:
            rows.submitted(session.store, batch, server_id)
            return True
    rows.close_batch(session.store, batch, "withdrawn")
    session.stop("stopped", "the server takes no batch now; the same command goes on later")
    return False


def _note(session: Session, jobs: list[Job], batch: Batch, fault: Fault) -> None:
    """Keep what went wrong, with the first draw of the batch; all of them stay submitted."""
    session.store.note_fault(Entry(session.number, jobs[0], _attempt(batch, fault)))
    session.faults += 1


async def _finish(
    session: Session, client: BatchClient, batch: Batch, tried: dict[int, int]
) -> None:
    """Wait for a batch and take its answers in."""
    if batch.server_id is None:
        server_id = await _look_for(session, client, batch)
        if server_id is None:
            return
        batch = rows.submitted(session.store, batch, server_id)
    if await _ended(session, client, batch) is None:
        return
    await _take_in(session, client, batch, tried)


async def _ended(session: Session, client: BatchClient, batch: Batch) -> BatchState | None:
    """Return the state of a batch once it has ended; None if the session stops before."""
    number = 0
    while not session.stopped.is_set():
        try:
            state = await client.state(batch.server_id or "")
        except Fault as fault:
            if _hopeless(session, fault, number):
                return None
            number += 1
            await rest(_seconds(session, fault, number), session.stopped)
            continue
        if state.ended:
            session.waiting = ""
            return state
        session.waiting = f"batch of {state.size:,} at the server"
        session.tell(always=True)
        await rest(session.options.poll, session.stopped)
    return None


async def _take_in(
    session: Session, client: BatchClient, batch: Batch, tried: dict[int, int]
) -> None:
    """Store the results of a batch; a stream that breaks is read again, nothing counts twice."""
    before = session.done
    last: Fault | None = None
    for number in range(session.options.attempts):
        waiting = rows.jobs_of(session.store, batch)
        again: dict[int, Fault] = {}
        answers: list[tuple[Job, Reply]] = []
        try:
            async for custom_id, outcome in client.results(batch.server_id or ""):
                job = _job_of(custom_id, batch, waiting)
                if job is None:
                    last = outcome if isinstance(outcome, Fault) else last
                elif isinstance(outcome, Reply):
                    waiting.pop(job.job_id)
                    again.pop(job.job_id, None)
                    answers.append((job, outcome))
                    if len(answers) >= _AT_ONCE:
                        await _store(session, batch, answers)
                else:
                    again[job.job_id] = last = outcome
                session.tell()
        except Fault as fault:
            await _store(session, batch, answers)
            if _hopeless(session, fault, number):
                return
            await rest(_seconds(session, fault, number), session.stopped)
            if session.stopped.is_set():
                return
            continue
        await _store(session, batch, answers)
        for job_id in waiting:
            last = last or again.get(job_id, _NO_RESULT)
            tried[job_id] = tried.get(job_id, 0) + 1
        await asyncio.gather(
            *(
                session.failed(job, _attempt(batch, again.get(job_id) or _NO_RESULT))
                for job_id, job in waiting.items()
            )
        )
        rows.close_batch(session.store, batch, "ended")
        if session.done == before and last is not None:
            session.stop(
                "stopped",
                f"a whole batch brought no answer ({last.message}); the same command asks again",
            )
        return
    session.stop(
        "stopped", "the results of a batch cannot be read now; the same command goes on later"
    )


async def _store(session: Session, batch: Batch, answers: list[tuple[Job, Reply]]) -> None:
    """Store what has been read so far; the server keeps all of it meanwhile."""
    attempt = Attempt(now(), batch_id=batch.batch_id)
    await asyncio.gather(*(session.answered(job, attempt, reply) for job, reply in answers))
    answers.clear()


async def _look_for(session: Session, client: BatchClient, batch: Batch) -> str | None:
    """Return the server's name of a batch that may have arrived; None if it did not, or unknown."""
    wanted = len(rows.jobs_of(session.store, batch))
    begun = datetime.fromisoformat(batch.intended_at)
    since = (begun - _SKEW).isoformat()
    number = 0
    while not session.stopped.is_set():
        try:
            known = rows.known_batches(session.store)
            candidates = [
                state
                for state in await client.recent(since)
                if state.server_id not in known and state.size in (0, wanted)
            ]
            under_way = False
            for state in candidates:
                if not state.ended:
                    under_way = True
                elif await _is_ours(client, state, batch):
                    return state.server_id
        except Fault as fault:
            if _hopeless(session, fault, number):
                return None
            number += 1
            await rest(_seconds(session, fault, number), session.stopped)
            continue
        age = (datetime.now(UTC) - begun).total_seconds()
        if not under_way and age >= session.options.settle:
            rows.close_batch(session.store, batch, "withdrawn")
            return None
        session.waiting = "a batch that may have arrived is looked for"
        session.tell(always=True)
        pause = session.options.poll if under_way else session.options.settle - age
        await rest(max(min(pause, session.options.poll), 0.01), session.stopped)
    return None


async def _is_ours(client: BatchClient, state: BatchState, batch: Batch) -> bool:
    async for custom_id, _ in client.results(state.server_id):
        if custom_id:
            return custom_id.startswith(f"{batch.key}-")
    return False


def _job_of(custom_id: str, batch: Batch, waiting: dict[int, Job]) -> Job | None:
    key, _, number = custom_id.rpartition("-")
    if key != batch.key or not number.isascii() or not number.isdigit() or len(number) > 18:
        return None
    return waiting.get(int(number))


def _hopeless(session: Session, fault: Fault, number: int) -> bool:
    """Stop the session where a fault will not pass; say whether it did."""
    if fault.stop or not fault.again or number + 1 >= session.options.attempts:
        session.stop(
            "stopped",
            f"the server does not give the batch ({fault.message}); the same command goes on later",
        )
        return True
    return False


def _seconds(session: Session, fault: Fault, number: int) -> float:
    seconds = backoff(number, session.chance) if fault.wait is None else fault.wait
    session.wait_for_server(seconds)
    return seconds


def _attempt(batch: Batch, fault: Fault) -> Attempt:
    return Attempt(
        at=now(),
        http_status=fault.http_status,
        request_id=fault.request_id,
        fault=fault.kind,
        message=fault.message,
        body=fault.body,
        batch_id=batch.batch_id,
    )


def check_batch_client(client: object) -> BatchClient:
    """Return a client that can send batches.

    Raises
    ------
    UsageError
        If it cannot.
    """
    if not all(hasattr(client, name) for name in ("submit", "state", "recent", "results")):
        raise UsageError("this client cannot send batches; leave --batches out")
    return client  # type: ignore[return-value]
