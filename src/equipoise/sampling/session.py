"""One session of a run: the store, what is known, and why it stops. Both loops work on it."""

import asyncio
import platform
import sqlite3
import time
from collections import deque
from importlib.metadata import version
from random import Random

from equipoise.counts import TransitionCounts
from equipoise.sampling.budget import Spending
from equipoise.sampling.clients.reply import Client, Fault, Reply
from equipoise.sampling.options import Decision, Ending, Options, Progress, Until, Watch
from equipoise.sampling.pacing import Pacer
from equipoise.sampling.policies import View
from equipoise.sampling.store.counts import run_counts
from equipoise.sampling.store.ledger import Ledger
from equipoise.sampling.store.rows import Agent, Attempt, Entry, Job, Plan
from equipoise.sampling.store.store import Store
from equipoise.sampling.tasks import Task

_CHUNK = 1000
_IN_A_ROW = 3
_WATCH_SECONDS = 0.1
_GROWTH = 1.25


class Session:
    """What a session knows. Everything that must survive it is in the store.

    Parameters
    ----------
    store, task, client, options
        As `collect` takes them.
    watch, until
        As `collect` takes them.
    """

    def __init__(
        self,
        store: Store,
        task: Task,
        client: Client,
        options: Options,
        watch: Watch | None,
        until: Until | None,
    ) -> None:
        self.store, self.task, self.client, self.options = store, task, client, options
        agent = Agent(client.provider, client.model, client.base_url, client.parameters)
        self.plan = Plan(agent, task, options.policy.name, options.seed, options.mode)
        self.run = store.begin(self.plan)
        versions = {
            "equipoise": version("equipoise"),
            "python": platform.python_version(),
            "sqlite": sqlite3.sqlite_version,
            **client.versions,
        }
        self.number = store.begin_session(self.run, versions)
        self.parser = store.parser_id(task)
        store.parse(self.run, task)
        totals = store.totals(self.run)
        self.laid, self.done, self.valid = totals.laid, totals.done, totals.valid
        self.faults, self.begun_with = totals.faults, totals.done
        self.pool = list(store.sources(self.run))
        self.seen = set(self.pool) | store.states_reached(self.run)
        self.last = store.last_state(self.run)
        self.spending = Spending(task, options.limits, options.price, options.mode)
        self.spending.add(totals.input_tokens, totals.output_tokens)
        self.pacer = Pacer(options.per_minute)
        self.chance = Random()  # of waiting times only
        self.queue: deque[Job] = deque()
        self.under_way = 0
        self.stopped = asyncio.Event()
        self.ledger = Ledger(store)
        self.cut_short = False
        self.ending: Ending = "complete"
        self.text = ""
        self.unsure = 0  # batches of which it was not known whether they arrived
        self.waiting = ""
        self._in_a_row = 0
        self._cursor = 0
        self._watch, self._until = watch, until
        self._watched = 0.0
        self._begun = time.monotonic()
        self._next_check = max(options.first_check, int(self.done * _GROWTH))
        self._judge: asyncio.Task[Decision] | None = None
        if options.policy.grows:
            # A state that was stored when the program was killed has not joined yet.
            self._join(sorted(self.seen - set(self.pool)))

    @property
    def wanted(self) -> int:
        """Draws that are neither made nor under way."""
        return max(self.options.draws - self.done - self.under_way, 0)

    @property
    def seconds(self) -> float:
        """How long the session has taken."""
        return time.monotonic() - self._begun

    def stop(self, ending: Ending, text: str) -> None:
        """Let nothing further be sent; the first reason given is kept."""
        if not self.stopped.is_set():
            self.ending, self.text = ending, text
            self.stopped.set()

    # Draws to be made

    def next_jobs(self, wanted: int) -> list[Job]:
        """Return draws to be made now, laying them down where needed; none: there is none now."""
        jobs: list[Job] = []
        wanted = min(wanted, self.wanted)
        while len(jobs) < wanted:
            if not self.queue and not self._fill(wanted - len(jobs)):
                break
            jobs.append(self.queue.popleft())
        return jobs

    def rewind(self) -> None:
        """Look for draws without an answer from the first on."""
        self.queue.clear()
        self._cursor = 0

    def _fill(self, wanted: int) -> bool:
        found = self.store.pending(self.run, _CHUNK, self._cursor)
        if not found and self.laid < self.options.draws:
            sources = self.options.policy.plan(self._view(wanted))
            if sources:
                first = self.laid + 1
                self.store.lay(self.run, sources)
                self.laid += len(sources)
                found = self.store.pending(self.run, _CHUNK, first - 1)
        self.queue.extend(found)
        if found:
            self._cursor = found[-1].draw
        return bool(found)

    def _view(self, wanted: int) -> View:
        return View(
            seed=self.options.seed,
            laid=self.laid,
            remaining=self.options.draws - self.laid,
            outstanding=self.laid - self.done,
            room=max(wanted, 1),
            pool=tuple(self.pool),
            last=self.last,
            counts=self._counts,
        )

    def _counts(self) -> TransitionCounts | None:
        self.store.flush()
        return run_counts(self.store.connection, self.run.run_id)

    # What came

    async def answered(self, job: Job, attempt: Attempt, reply: Reply) -> None:
        """Store an answer; once it is on disk, say what it counts as."""
        response = await self.ledger.record(Entry(self.number, job, attempt, reply))
        if response is None:
            return
        self.spending.add(reply.input_tokens, reply.output_tokens)
        outcome = self.task.outcome(reply.text, reply.stop_reason)
        self.store.classify(response, outcome, self.parser)
        self.done += 1
        self._in_a_row = 0
        if outcome.state is not None:
            self.valid += 1
            self.last = outcome.state
            if outcome.state not in self.seen:
                self.seen.add(outcome.state)
                if self.options.policy.grows:
                    self._join([outcome.state])
        if reply.pace.wait > 0:
            self.wait_for_server(reply.pace.wait)

    def _join(self, states: list[str]) -> None:
        if states:
            self.pool += states
            self.store.add_sources(self.run, states, self.laid + 1)

    async def failed(self, job: Job, attempt: Attempt) -> None:
        """Store an attempt that brought no answer."""
        self.faults += 1
        await self.ledger.record(Entry(self.number, job, attempt))

    def gave_up(self, fault: Fault) -> None:
        """Leave a draw unanswered; several in a row, and the run stops."""
        self._in_a_row += 1
        if self._in_a_row >= _IN_A_ROW:
            self.stop(
                "stopped",
                f"draws get no answer ({fault.message}); when that is mended, the same command "
                "goes on",
            )

    def wait_for_server(self, seconds: float) -> bool:
        """Pause all requests as a server asks; stop the run where it asks for too much."""
        if seconds > self.options.patience:
            self.stop(
                "stopped",
                f"the server asks to wait {seconds:,.0f} seconds; the same command goes on then",
            )
            return False
        self.pacer.pause(seconds)
        return True

    # What is told

    async def observe(self) -> None:
        """Before the first draw, ask the server what it applies, and keep that."""
        found = await self.client.observed()
        if found:
            self.store.observe(self.number, found)

    def tell(self, *, always: bool = False) -> None:
        """Show the progress, some times a second."""
        now = time.monotonic()
        if self._watch is None or (not always and now - self._watched < _WATCH_SECONDS):
            return
        self._watched = now
        made = self.done - self.begun_with
        left = None if made < 1 else (self.options.draws - self.done) * self.seconds / made
        waiting = self.waiting
        if not waiting and self.pacer.waiting > 1:
            waiting = f"the server asks to wait {self.pacer.waiting:,.0f} s"
        self._watch(
            Progress(
                draws=self.options.draws,
                done=self.done,
                valid=self.valid,
                states=len(self.seen),
                faults=self.faults,
                dollars=self.spending.dollars,
                seconds_left=left,
                waiting=waiting,
            )
        )

    def consider(self) -> None:
        """Ask the stopping rule, beside the requests, when there are a quarter more answers."""
        if self._until is None:
            return
        if self._judge is not None:
            if not self._judge.done():
                return
            decision, self._judge = self._judge.result(), None
            if decision.stop:
                self.stop("decisive", decision.text)
            return
        if self.done >= self._next_check:
            self._next_check = int(self.done * _GROWTH) + 1
            counts = self._counts()
            if counts is not None:
                self._judge = asyncio.create_task(asyncio.to_thread(self._until, counts))

    async def keep_pace(self) -> None:
        """Wait for a judgement under way once a quarter more answers have come meanwhile.

        Else an agent that answers faster than the rule is judged would run far past its end.
        """
        if self._judge is not None and self.done >= self._next_check:
            await asyncio.wait({self._judge})
            self.consider()

    async def last_word(self) -> None:
        """Wait for a judgement under way."""
        if self._judge is not None:
            decision, self._judge = await self._judge, None
            if decision.stop:
                self.stop("decisive", decision.text)
