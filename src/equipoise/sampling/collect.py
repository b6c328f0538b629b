"""The collector: from a task, an agent and a policy to a store full of draws."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from equipoise.sampling.batched import ask_in_batches, check_batch_client
from equipoise.sampling.budget import estimate
from equipoise.sampling.clients.reply import BatchClient, Client
from equipoise.sampling.direct import ask_directly
from equipoise.sampling.options import Collected, Confirm, Options, Until, Watch
from equipoise.sampling.session import Session
from equipoise.sampling.store.store import Store
from equipoise.sampling.tasks import Task


async def collect(
    store: Store,
    task: Task,
    client: Client,
    options: Options,
    *,
    watch: Watch | None = None,
    confirm: Confirm | None = None,
    until: Until | None = None,
) -> Collected:
    """Make the draws of a run, or go on with it.

    A run is known by its agent (provider, model, address, template, parameters), task, policy, seed
    and mode: the same again is the same run, and only what it lacks is asked for. Nothing that was
    answered is asked again, whatever happened before.

    The first Ctrl-C lets the requests under way end and stops; a second one stops at once.

    Parameters
    ----------
    store : Store
        Open for writing.
    task : Task
        What is asked.
    client : Client
        Who answers.
    options : Options
        How.
    watch : callable, optional
        Is given the `Progress`, some times a second.
    confirm : callable, optional
        Is given the `Estimate` before the first request to an agent that is not free; where it
        returns False nothing is asked.
    until : callable, optional
        Is given the counts now and then, in a thread of its own, and returns a `Decision`; the run
        stops where that says so. What depends on the stopping rule (p-values, unadjusted intervals
        of frequencies) is not valid afterwards; Bayes factors and posteriors are.

    Returns
    -------
    Collected
        However it ended: faults of servers and agents are no exceptions.

    Raises
    ------
    UsageError
        If an option does not fit, the store cannot be written, or a server applies other
        parameters than were asked for.
    """
    batch_client = check_batch_client(client) if options.mode == "batches" else None
    session = Session(store, task, client, options, watch, until)
    if not _confirmed(session, confirm):
        session.stop("declined", "nothing was asked")
    elif session.wanted:
        await _ask(session, batch_client)
    _say_how_it_ended(session)
    store.end_session(session.number, session.ending)
    session.tell(always=True)
    return Collected(
        run_id=session.run.run_id,
        ending=session.ending,
        text=session.text,
        resumed=session.run.resumed,
        totals=store.totals(session.run),
        dollars=session.spending.dollars,
        seconds=session.seconds,
    )


async def _ask(session: Session, batch_client: BatchClient | None) -> None:
    with _interruptible(session):
        try:
            await session.observe()
            if batch_client is None:
                await ask_directly(session)
            else:
                await ask_in_batches(session, batch_client)
            await session.last_word()
        except asyncio.CancelledError:
            current = asyncio.current_task()
            if not session.cut_short or current is None:
                session.store.end_session(session.number, "cancelled")
                raise
            current.uncancel()
            await session.ledger.drain()


def _confirmed(session: Session, confirm: Confirm | None) -> bool:
    if confirm is None or session.client.free or not session.wanted:
        return True
    options = session.options
    return confirm(estimate(session.task, session.wanted, options.price, options.mode))


def _say_how_it_ended(session: Session) -> None:
    if session.stopped.is_set():
        return
    missing = session.options.draws - session.done
    if missing > 0:
        session.stop(
            "unanswered", f"{missing:,} draws got no answer; the same command asks for them again"
        )
    else:
        session.stop("complete", f"all {session.options.draws:,} draws are made")


@contextmanager
def _interruptible(session: Session) -> Iterator[None]:
    """Let Ctrl-C stop the session, and a second one cut it short."""
    loop, main = asyncio.get_running_loop(), asyncio.current_task()

    def interrupt() -> None:
        if session.stopped.is_set():
            session.cut_short = True
            if main is not None:
                main.cancel()
        session.stop("interrupted", "stopped on request; the same command goes on")

    try:
        loop.add_signal_handler(signal.SIGINT, interrupt)
    except (NotImplementedError, RuntimeError, ValueError):  # Windows, or not the main thread
        yield
        return
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)
