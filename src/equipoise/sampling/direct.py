"""One request a draw: so many workers, each asking, storing, and asking again."""

import asyncio
import time

from equipoise.sampling.clients.reply import Fault, Reply
from equipoise.sampling.pacing import backoff, rest
from equipoise.sampling.prompt import Prompt
from equipoise.sampling.session import Session
from equipoise.sampling.store.rows import Attempt, Entry, Job
from equipoise.sampling.store.store import now


async def ask_directly(session: Session) -> None:
    """Make the draws of a run until there is none left, or the session stops."""
    changed = asyncio.Condition()
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(session.options.concurrency, session.wanted)):
                group.create_task(_work(session, changed))
    except BaseExceptionGroup as errors:  # of several alike, one is enough
        raise errors.exceptions[0] from None


async def _work(session: Session, changed: asyncio.Condition) -> None:
    while (job := await _next(session, changed)) is not None:
        session.under_way += 1
        try:
            await _make(session, job)
        finally:
            session.under_way -= 1
            async with changed:
                changed.notify_all()
        session.consider()
        await session.keep_pace()
        session.tell()


async def _next(session: Session, changed: asyncio.Condition) -> Job | None:
    """Return the next draw; wait while what comes next depends on answers under way."""
    while not session.stopped.is_set():
        if not session.spending.room(session.under_way, 1):
            if not session.under_way:
                session.stop("limit", "the limit of tokens or dollars is reached")
        else:
            jobs = session.next_jobs(1)
            if jobs:
                return jobs[0]
        if not session.under_way:
            return None
        async with changed:
            if session.under_way and not session.stopped.is_set():
                await changed.wait()
    return None


async def _make(session: Session, job: Job) -> None:
    """Make one draw: ask until an answer comes, and store every attempt."""
    prompt = session.task.prompt(job.source)
    fault: Fault | None = None
    for number in range(session.options.attempts):
        if not await session.pacer.ready(session.stopped):
            return
        at, begun = now(), time.monotonic()
        try:
            reply = await _ask_in_time(session, prompt)
        except Fault as found:
            fault = found
        except asyncio.CancelledError:
            fault = Fault("interrupted", "the program was stopped before an answer", again=True)
            session.store.record([Entry(session.number, job, _attempt(at, begun, fault))])
            raise
        else:
            attempt = Attempt(
                at=at,
                seconds=time.monotonic() - begun,
                http_status=reply.http_status,
                request_id=reply.request_id,
            )
            await session.answered(job, attempt, reply)
            return
        await session.failed(job, _attempt(at, begun, fault))
        if fault.stop:
            session.stop("stopped", f"the server refuses: {fault.message}")
            return
        if not fault.again:
            break
        if not await _wait(session, fault, number):
            return
    if fault is not None:
        session.gave_up(fault)


async def _ask_in_time(session: Session, prompt: Prompt) -> Reply:
    try:
        async with asyncio.timeout(session.options.deadline):
            return await session.client.ask(prompt, session.task.max_tokens)
    except TimeoutError:
        raise Fault(
            "timeout", f"no answer within {session.options.deadline:g} s", again=True
        ) from None


async def _wait(session: Session, fault: Fault, number: int) -> bool:
    seconds = backoff(number, session.chance) if fault.wait is None else fault.wait
    if fault.wait is not None or fault.kind in ("rate limit", "overloaded"):
        return session.wait_for_server(seconds)
    await rest(seconds, session.stopped)
    return not session.stopped.is_set()


def _attempt(at: str, begun: float, fault: Fault) -> Attempt:
    return Attempt(
        at=at,
        seconds=time.monotonic() - begun,
        http_status=fault.http_status,
        request_id=fault.request_id,
        fault=fault.kind,
        message=fault.message,
        body=fault.body,
    )
