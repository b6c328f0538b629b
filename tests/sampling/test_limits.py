"""When a run ends: limits of tokens and dollars, a rule that stops it, Ctrl-C."""

import asyncio
import os
import signal
import time

import pytest
from collected import KERNEL, rows, run

from equipoise.errors import UsageError
from equipoise.sampling.budget import Limits, Price, listed_price
from equipoise.sampling.clients.reply import Reply
from equipoise.sampling.clients.simulated import SimulatedClient
from equipoise.sampling.options import Decision


def test_a_limit_of_tokens_or_dollars_is_never_passed(tmp_path):
    class Dear(SimulatedClient):
        async def ask(self, prompt, max_tokens):
            reply = await super().ask(prompt, max_tokens)
            return Reply(reply.text, input_tokens=100, output_tokens=16)

    path = tmp_path / "run.db"
    client = Dear(KERNEL, random_seed=1)
    done = run(path, client, draws=500, limits=Limits(tokens=2500))
    assert done.ending == "limit"
    assert 0 < done.totals.input_tokens + done.totals.output_tokens <= 2500
    path = tmp_path / "other.db"
    done = run(path, client, draws=500, limits=Limits(dollars=0.01), price=Price(10.0, 50.0))
    assert done.ending == "limit"
    assert 0.005 < done.dollars <= 0.01
    with pytest.raises(UsageError, match="a limit of dollars needs a price"):
        run(path, client, draws=5, limits=Limits(dollars=1))


def test_prices_are_those_of_the_longest_name():
    assert listed_price("claude-opus-4-5-20251101").input == 5.0
    assert listed_price("claude-opus-4-20250514").input == 15.0
    assert listed_price("claude-haiku-4-5").output == 5.0
    assert listed_price("gpt-5") is None
    assert "2026" in listed_price("claude-haiku-4-5").source


def test_an_estimate_that_is_not_confirmed_asks_nothing(tmp_path):
    class Paid(SimulatedClient):
        free = False

    seen = []

    def confirm(estimate):
        seen.append(estimate)
        return False

    path = tmp_path / "run.db"
    done = run(path, Paid(KERNEL), draws=100, confirm=confirm, price=Price(1.0, 5.0))
    assert done.ending == "declined"
    assert rows(path, "SELECT count(*) FROM attempt") == [(0,)]
    assert seen[0].draws == 100
    assert seen[0].output_tokens == 1600
    assert seen[0].dollars == pytest.approx((seen[0].input_tokens + 5 * 1600) / 1e6)


def test_a_stopping_rule_stops_and_is_given_all_that_is_there(tmp_path):
    sizes = []

    def until(counts):
        sizes.append(counts.n_trials)
        return Decision(len(sizes) == 2, "enough")

    slow = SimulatedClient(KERNEL, random_seed=1, seconds=0.002)
    done = run(tmp_path / "run.db", slow, draws=5000, until=until, first_check=50)
    assert (done.ending, done.text) == ("decisive", "enough")
    assert sizes[0] >= 50
    assert sizes[1] >= 1.25 * sizes[0]
    assert done.totals.done < 5000


def test_a_fast_agent_does_not_run_past_a_slow_rule(tmp_path):
    """At most a quarter more draws than were judged, and those under way."""
    judged = []

    def until(counts):
        time.sleep(0.2)
        judged.append(counts.n_trials)
        return Decision(stop=len(judged) == 2, text="enough")

    done = run(tmp_path / "run.db", draws=20_000, until=until, first_check=100, concurrency=4)
    assert done.ending == "decisive"
    assert judged[1] <= 1.25 * judged[0] + 10
    assert done.totals.done <= 1.25 * judged[1] + 10


def test_ctrl_c_stops_after_the_requests_under_way_and_a_second_one_at_once(tmp_path):
    class Interrupting(SimulatedClient):
        asked = 0

        async def ask(self, prompt, max_tokens):
            Interrupting.asked += 1
            if Interrupting.asked == 10:
                os.kill(os.getpid(), signal.SIGINT)
            if Interrupting.asked == 9 and self.stuck:
                await asyncio.sleep(0.05)
                os.kill(os.getpid(), signal.SIGINT)
                await asyncio.sleep(60)
            return await super().ask(prompt, max_tokens)

    path = tmp_path / "run.db"
    client = Interrupting(KERNEL, random_seed=1, seconds=0.01)
    client.stuck = False
    done = run(path, client, draws=500, concurrency=4)
    assert done.ending == "interrupted"
    assert done.totals.done == Interrupting.asked  # none that was sent is lost
    Interrupting.asked, client.stuck = 0, True
    done = run(path, client, draws=500, concurrency=4)
    assert done.ending == "interrupted"
    assert done.seconds < 30
    assert rows(path, "SELECT DISTINCT fault FROM attempt WHERE fault IS NOT NULL") == [
        ("interrupted",)
    ]
