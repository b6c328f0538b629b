"""Replies are hostile text: they crash nothing, corrupt nothing, and reach no terminal raw."""

import asyncio
import re
import sqlite3

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from equipoise.cli.runs import _list, _one
from equipoise.sampling.clients.messages import read_reply, status_fault
from equipoise.sampling.clients.reply import Fault, Reply
from equipoise.sampling.clients.simulated import SimulatedClient, default_kernel
from equipoise.sampling.collect import collect
from equipoise.sampling.options import Options
from equipoise.sampling.store import Store, stored_counts
from equipoise.sampling.store.export import export_draws
from equipoise.sampling.store.listing import list_runs
from equipoise.sampling.tasks import BUILT_IN, Line, Task, load_task

BAD = [
    "\x1b[2J\x1b]0;owned\x07Friday",
    "\u202eyadirF",
    "Friday\x00Monday",
    "\ud800Friday",
    "'); DROP TABLE response; --",
    '{"content": [{"text": "Friday"}]}',
    "<script>alert(1)</script>",
    "Friday\r\nMonday\u2028\u2029\x85",
    "=cmd|' /C calc'!A0",
    "\ufeffFriday\u200b",
    "F" * 1_000_000,
    "{state} {states} %s %(x)s",
    "\U000e0001\U0010ffff\ufffe",
]
anything = st.one_of(
    st.sampled_from(BAD),
    st.text(st.characters(), max_size=200),
    st.text(st.characters(categories=("Cc", "Cf", "Cs", "Zl", "Zp", "Co")), max_size=50),
    st.builds(lambda a, b: a + b, st.text(), st.sampled_from(BAD[:-3])),
)
RAW = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


@given(anything, st.sampled_from([*BUILT_IN]), st.sampled_from([None, "end_turn", "odd\x1b"]))
@settings(max_examples=300, deadline=None)
def test_no_parser_fails_and_no_reason_is_of_the_reply(reply, name, stop_reason):
    outcome = load_task(name).outcome(reply, stop_reason)
    assert outcome.kind in ("state", "invalid", "refusal", "truncated")
    assert not (outcome.reason or "").startswith("parser failed")
    assert not RAW.search((outcome.reason or "") + (outcome.state or ""))


@given(st.one_of(anything, st.recursive(st.none(), st.lists).map(str)))
@settings(max_examples=200, deadline=None)
def test_any_body_is_a_reply_or_a_fault(body):
    found = status_fault(500, {"retry-after": body}, body, body)
    try:
        read_reply(body)
    except Fault as fault:
        found = fault
    assert not RAW.search(found.message)


def open_line():
    task = load_task("weekday")
    return Task("line", task.states, task.prompt, Line(), closed=False, parser="line 1")


class Hostile(SimulatedClient):
    replies: list[str]

    async def ask(self, prompt, max_tokens):
        text = self.replies.pop() if self.replies else "Friday"
        return Reply(text, stop_reason=text[:50], model=text[:50], body=text, request_id=text[:50])


@given(st.lists(anything, min_size=1, max_size=8))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_stored_is_what_came_and_nothing_raw_is_shown(replies):
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(dir="/dev/shm") as folder:
        path = f"{folder}/run.db"
        client = Hostile(default_kernel(load_task("weekday").states), model="m\x1b[2J\u202e")
        client.replies = list(replies)
        total = len(replies) + 3

        async def main():
            with Store(path) as store:
                return await collect(store, open_line(), client, Options(draws=total))

        done = asyncio.run(main())
        assert done.ending == "complete"
        connection = sqlite3.connect(path)
        try:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            stored = [row[0] for row in connection.execute("SELECT raw_text FROM response")]
        finally:
            connection.close()
        sent = [re.sub("[\ud800-\udfff]", "\ufffd", reply) for reply in replies]
        assert sorted(stored) == sorted([*sent, *["Friday"] * 3])
        assert stored_counts(path).n_trials == total
        found = list_runs(path)
        shown = "\n".join([*_list(found), *_one(path, found, 1)])
        assert not RAW.search(shown)
        assert export_draws(path, f"{folder}/draws.csv") == total
