"""Runs with a simulated agent: policies, resuming, and what a store gives back."""

import asyncio
import sqlite3
from collections import Counter
from types import MappingProxyType

import numpy as np
import pytest
from collected import KERNEL, TASK, rows, run

from equipoise.errors import DataError, UsageError
from equipoise.sampling.clients.reply import Reply
from equipoise.sampling.clients.simulated import SimulatedClient
from equipoise.sampling.collect import collect
from equipoise.sampling.options import Options
from equipoise.sampling.policies import FixedPool, Follow, GrowingPool, Informative
from equipoise.sampling.store import Store, grouped_counts, stored_counts
from equipoise.sampling.store.export import export_draws
from equipoise.sampling.tasks import Parsed, Task


def test_the_fixed_pool_is_even_shuffled_and_laid_down_at_once(tmp_path):
    path = tmp_path / "run.db"
    run(path, draws=100)
    sources = [row[0] for row in rows(path, "SELECT from_state FROM job ORDER BY draw")]
    assert set(Counter(sources).values()) == {14, 15}
    assert sources != sorted(sources)
    # All of it in the first transaction: numbers of jobs run on, before any answer.
    assert rows(path, "SELECT count(*), max(job_id) FROM job") == [(100, 100)]


def test_the_same_command_goes_on_and_more_draws_add_to_a_run(tmp_path):
    path = tmp_path / "run.db"
    first = run(path, draws=40)
    again = run(path, draws=40)
    assert (first.resumed, again.resumed, again.totals.done) == (False, True, 40)
    more = run(path, draws=90)
    assert more.run_id == first.run_id
    assert stored_counts(path).n_trials == 90
    assert rows(path, "SELECT count(*) FROM response") == [(90,)]
    assert run(path, draws=30).totals.done == 90  # fewer than are made: nothing is asked


def test_another_seed_is_another_run_of_the_same_kernel(tmp_path):
    path = tmp_path / "run.db"
    run(path, draws=30)
    run(path, draws=30, seed=2)
    assert len(rows(path, "SELECT * FROM run")) == 1
    client = SimulatedClient(KERNEL, random_seed=3)
    done = asyncio.run(_with_seed(path, client))
    assert done.run_id == 2
    assert stored_counts(path).n_trials == 60  # one kernel: pooled
    assert stored_counts(path, run=2).n_trials == 30


async def _with_seed(path, client):
    with Store(path) as store:
        return await collect(store, TASK, client, Options(draws=30, seed=5))


def test_two_kernels_are_not_pooled_unasked(tmp_path):
    path = tmp_path / "run.db"
    run(path, draws=30)
    run(path, SimulatedClient(KERNEL, random_seed=2, model="other"), draws=20)
    with pytest.raises(UsageError, match="holds 2 kernels"):
        stored_counts(path)
    groups = grouped_counts(path, ["model"])
    assert [(group.key, group.counts.n_trials) for group in groups] == [
        (("kernel",), 30),
        (("other",), 20),
    ]
    pooled = grouped_counts(path, ["task"])
    assert [group.counts.n_trials for group in pooled] == [50]
    with pytest.raises(UsageError, match="cannot group by colour"):
        grouped_counts(path, ["colour"])


def test_counts_equal_the_draws_one_by_one_and_blocks_are_the_order(tmp_path):
    path = tmp_path / "run.db"
    run(path, draws=200)
    counts = stored_counts(path, blocks=4)
    assert counts.states == TASK.states
    expected = np.zeros((7, 7), dtype=int)
    other = np.zeros(7, dtype=int)
    for source, target in rows(path, "SELECT from_state, to_state FROM draw"):
        if target is None:
            other[TASK.states.index(source)] += 1
        else:
            expected[TASK.states.index(source), TASK.states.index(target)] += 1
    np.testing.assert_array_equal(counts.counts.toarray(), expected)
    np.testing.assert_array_equal(counts.other, other)
    assert len(counts.blocks.labels) == 4
    per_block = np.bincount(counts.blocks.block, counts.blocks.count)
    assert per_block.tolist() == [50, 50, 50, 50]
    assert counts.metadata["trials"] == "observed"
    assert counts.metadata["policies"] == ("fixed, seed 0",)


def test_follow_is_a_trajectory(tmp_path):
    path = tmp_path / "run.db"
    run(path, draws=120, policy=Follow())
    counts = stored_counts(path)
    assert counts.protocol == "trajectory"
    assert counts.n_trials == 120
    here = counts.starts[0]
    for source, target in rows(path, "SELECT from_state, to_state FROM draw ORDER BY draw"):
        assert source == here
        here = target or here
    # Resumed, it goes on where it was.
    run(path, draws=150, policy=Follow())
    assert stored_counts(path).n_trials == 150


class Words:
    """An open agent: from a number to one of its successors; seven is no state."""

    provider, model, base_url, free = "test", "words", "", True
    parameters = versions = MappingProxyType({})

    async def ask(self, prompt, max_tokens):
        here = int(prompt.messages[0].text)
        return Reply(str((3 * here + 1) % 11), stop_reason="end_turn")

    async def observed(self):
        return {}


def open_task():
    from equipoise.sampling.prompt import Message, Prompt

    return Task(
        "numbers",
        ("1",),
        lambda state: Prompt((Message("user", state),)),
        lambda reply: Parsed(None, "seven") if reply == "7" else Parsed(reply),
        closed=False,
        parser="numbers 1",
    )


def test_a_growing_pool_keeps_when_each_state_joined_and_shows_nothing_else(tmp_path):
    path = tmp_path / "run.db"
    run(path, Words(), task=open_task(), draws=80, policy=GrowingPool(), concurrency=3)
    since = dict(rows(path, "SELECT state, since_draw FROM source"))
    assert since["1"] == 1
    assert "7" not in since
    reached = {row[0] for row in rows(path, "SELECT DISTINCT to_state FROM draw")} - {None}
    assert set(since) == reached | {"1"}
    for draw, source in rows(path, "SELECT draw, from_state FROM job"):
        assert since[source] <= draw


def test_the_informative_policy_follows_the_allocation_handed_in(tmp_path):
    asked = []

    def allocate(counts, draws):
        asked.append((counts.n_trials, draws))
        return {state: draws if state == "Friday" else 0 for state in counts.states}

    path = tmp_path / "run.db"
    policy = Informative(allocate, pilot=10, growth=0.5, least=5, share=0)
    run(path, draws=140, policy=policy)
    assert asked == [(70, 35), (105, 35)]
    assert stored_counts(path).trials.tolist() == [10, 10, 10, 10, 80, 10, 10]
    # Resumed, it goes on with the next round.
    run(path, draws=150, policy=policy)
    assert asked[2:] == [(140, 10)]


def test_every_source_keeps_a_share_whatever_the_allocation_says(tmp_path):
    def allocate(counts, draws):
        return {"Friday": draws}

    path = tmp_path / "run.db"
    run(path, draws=700, policy=Informative(allocate, pilot=4, share=0.1))
    trials = dict(zip(TASK.states, stored_counts(path).trials.tolist(), strict=True))
    friday = trials.pop("Friday")
    assert set(trials.values()) == {10}  # a tenth of 100
    assert friday == 640


def test_an_allocation_that_does_not_add_up_is_refused(tmp_path):
    with pytest.raises(UsageError, match="the allocation of"):
        run(
            tmp_path / "run.db",
            draws=140,
            policy=Informative(lambda counts, draws: {"Friday": 1}, pilot=2),
        )


def test_another_parser_reads_the_stored_replies_anew(tmp_path):
    path = tmp_path / "run.db"
    done = run(path, draws=100)
    strict = Task(
        "weekday",
        TASK.states,
        TASK.prompt,
        lambda reply: Parsed(reply) if reply == "Friday" else Parsed(None, "not Friday"),
        parser="only Friday 1",
    )
    from equipoise.sampling.store import Run

    with Store(path) as store:
        assert store.parse(Run(done.run_id, resumed=True), strict, again=True) == 100
    counts = stored_counts(path)
    assert counts.n_trials == 100
    assert counts.counts.sum() == counts.counts.toarray()[:, 4].sum()
    assert rows(path, "SELECT DISTINCT name FROM outcome JOIN parser USING (parser_id)") == [
        ("only Friday 1",)
    ]


def test_export_neutralises_formulas_in_csv_and_keeps_all_in_parquet(tmp_path):
    import pyarrow.parquet as pq

    class Formula(SimulatedClient):
        async def ask(self, prompt, max_tokens):
            return Reply("=HYPERLINK(1)\0\u202e")

    path = tmp_path / "run.db"
    run(path, Formula(KERNEL), draws=5)
    assert export_draws(path, tmp_path / "draws.csv") == 5
    text = (tmp_path / "draws.csv").read_text(encoding="utf-8")
    assert "'=HYPERLINK(1)" in text
    assert ",=HYPERLINK" not in text
    assert export_draws(path, tmp_path / "draws.parquet") == 5
    table = pq.read_table(tmp_path / "draws.parquet")
    assert set(table.column("reply").to_pylist()) == {"=HYPERLINK(1)\0\u202e"}
    with pytest.raises(DataError, match="no draw has reached a state"):
        stored_counts(path)


def test_a_file_that_is_no_store_is_left_alone(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("my notes, long enough to be a file\n" * 50)
    before = path.read_bytes()
    with pytest.raises(DataError, match="no store of Equipoise"):
        Store(path)
    assert path.read_bytes() == before
    other = sqlite3.connect(tmp_path / "other.db")
    other.execute("CREATE TABLE t (a)")
    other.commit()
    other.close()
    with pytest.raises(DataError, match="no store of Equipoise"):
        Store(tmp_path / "other.db")
    with pytest.raises(UsageError, match="no store"):
        stored_counts(tmp_path / "none.db")


def test_how_sqlite_is_told_to_keep_it(tmp_path):
    with Store(tmp_path / "run.db") as store:
        ask = lambda name: store.connection.execute(f"PRAGMA {name}").fetchone()[0]  # noqa: E731
        assert (ask("journal_mode"), ask("synchronous"), ask("foreign_keys")) == ("wal", 2, 1)
    with Store(tmp_path / "net.db", journal="delete") as store:
        assert store.connection.execute("PRAGMA journal_mode").fetchone()[0] == "delete"


def test_options_out_of_their_range_are_refused():
    for wrong in ({"draws": 0}, {"deadline": 0.0}, {"concurrency": 0}, {"batch_size": 200_000}):
        with pytest.raises(UsageError):
            Options(**{"draws": 5, **wrong})
    assert FixedPool().batches
