"""The collector: requests a second against a bare loop, memory, and a million draws to counts.

Run with ``python -m benchmarks.collector``; writes `collector.md`.
"""

import asyncio
import multiprocessing
import os
import platform
import resource
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.tables import Section, markdown
from equipoise.sampling.clients.anthropic import AnthropicClient, turns
from equipoise.sampling.clients.simulated import SimulatedClient, default_kernel
from equipoise.sampling.collect import collect
from equipoise.sampling.options import Options
from equipoise.sampling.store import Store, stored_counts
from equipoise.sampling.tasks import load_task

RESULTS = Path(__file__).with_name("collector.md")
TASK = load_task("weekday")
CONCURRENCY = 16
REQUESTS = 1500
REPEATS = 5


def serve(ready):
    """A server that answers at once, in a process of its own."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    from messages_server import MessagesServer, ok

    with MessagesServer(lambda _: ok(), keep=False) as server:
        ready.put(server.url)
        time.sleep(3600)


async def bare(client, number):
    """The least that can be done with the same client: ask, and throw the answers away.

    Returns requests a second, and seconds of CPU a thousand requests.
    """
    left = iter(range(number))

    async def work():
        for k in left:
            prompt = TASK.prompt(TASK.states[k % 7])
            await client.messages.create(
                model="fake", max_tokens=16, messages=turns(prompt), system=prompt.system
            )

    begun, used = time.perf_counter(), time.process_time()
    await asyncio.gather(*(work() for _ in range(CONCURRENCY)))
    return number / (time.perf_counter() - begun), 1e3 * (time.process_time() - used) / number


async def ours(client, number, path):
    with Store(path) as store:
        begun, used = time.perf_counter(), time.process_time()
        options = Options(draws=number, concurrency=CONCURRENCY)
        done = await collect(store, TASK, AnthropicClient(client, "fake"), options)
        seconds, used = time.perf_counter() - begun, time.process_time() - used
    assert done.ending == "complete"
    return number / seconds, 1e3 * used / number


async def speed(url, folder):
    import anthropic

    rates = []
    async with anthropic.AsyncAnthropic(api_key="k" * 20, base_url=url, max_retries=0) as client:
        await bare(client, 100)
        for k in range(REPEATS):
            one = await bare(client, REQUESTS)
            two = await ours(client, REQUESTS, folder / f"speed{k}.db")
            rates.append((one, two))
    return rates


def overhead(folder):
    context = multiprocessing.get_context("spawn")
    ready = context.Queue()
    process = context.Process(target=serve, args=(ready,), daemon=True)
    process.start()
    rates = asyncio.run(speed(ready.get(), folder))
    process.kill()
    rows, shares, cpu = [], [], []
    for (one, cpu_one), (two, cpu_two) in rates:
        shares.append(two / one)
        cpu.append(cpu_one / cpu_two)
        rows.append(
            (f"{one:.0f}", f"{two:.0f}", f"{two / one:.2f}", f"{cpu_one:.2f}", f"{cpu_two:.2f}")
        )
    return Section(
        "Requests a second",
        f"{REQUESTS:,} requests, {CONCURRENCY} under way, against a server in another process that "
        "answers at once; bare loop and collector by turns, the store on the disk. Median share "
        f"{median(shares):.2f}; by CPU time of the client process, which other work on the machine "
        f"disturbs less, {median(cpu):.2f}.",
        ("bare loop", "collector", "share", "CPU a request, ms", "collector's"),
        rows,
    )


def resident():
    """Return resident memory, MB (Linux; elsewhere the largest so far)."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def memory(folder, draws=50_000, step=10_000):
    seen = []

    def watch(progress):
        if progress.done >= step * (len(seen) + 1):
            seen.append((progress.done, resident()))

    async def run():
        client = SimulatedClient(default_kernel(TASK.states), random_seed=1)
        with Store(folder / "memory.db") as store:
            options = Options(draws=draws, concurrency=64)
            return await collect(store, TASK, client, options, watch=watch)

    done = asyncio.run(run())
    assert done.totals.done == draws
    return Section(
        "Memory",
        f"{draws:,} draws of the simulated kernel in one run, {draws / done.seconds:,.0f} a "
        "second; resident memory of the process on the way.",
        ("draws", "MB"),
        [(f"{number:,}", f"{size:.1f}") for number, size in seen],
    )


def million(folder, draws=1_000_000):
    """Fill a store through its own schema, then count."""
    path = folder / "million.db"
    with Store(path) as store:
        asyncio.run(
            collect(
                store,
                TASK,
                SimulatedClient(default_kernel(TASK.states), random_seed=1),
                Options(draws=1000),
            )
        )
        db, rng = store.connection, np.random.default_rng(1)
        states = [*TASK.states, None]
        source = rng.integers(7, size=draws)
        target = rng.integers(8, size=draws)
        body = "x" * 400
        db.execute("BEGIN")
        for first in range(1000, draws, 100_000):
            numbers = range(first, min(first + 100_000, draws))
            db.executemany(
                "INSERT INTO job (job_id, run_id, draw, from_state, status) "
                "VALUES (?, 1, ?, ?, 'done')",
                [(k + 1, k + 1, states[source[k]]) for k in numbers],
            )
            db.executemany(
                "INSERT INTO attempt (attempt_id, job_id, session_id, at) VALUES (?, ?, 1, 'now')",
                [(k + 1, k + 1) for k in numbers],
            )
            db.executemany(
                "INSERT INTO response (response_id, job_id, attempt_id, raw_text, input_tokens, "
                "output_tokens, usage, body) VALUES (?, ?, ?, 'Friday', 90, 3, '{}', ?)",
                [(k + 1, k + 1, k + 1, body) for k in numbers],
            )
            db.executemany(
                "INSERT INTO outcome VALUES (?, 1, ?, ?, NULL)",
                [
                    (k + 1, "state" if target[k] < 7 else "invalid", states[target[k]])
                    for k in numbers
                ],
            )
        db.execute("COMMIT")
    seconds, cpu = [], []
    for _ in range(3):
        begun, used = time.perf_counter(), time.process_time()
        counts = stored_counts(path)
        seconds.append(time.perf_counter() - begun)
        cpu.append(time.process_time() - used)
        assert counts.n_trials == draws
    size = path.stat().st_size / 1e6
    return Section(
        "A million stored draws",
        "From the store to `TransitionCounts`, ten blocks, metadata and all.",
        ("draws", "file, MB", "seconds, median of 3", "of CPU"),
        [(f"{draws:,}", f"{size:.0f}", f"{median(seconds):.1f}", f"{median(cpu):.1f}")],
    )


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sections = [part(folder) for part in (overhead, memory, million)]
    text = "\n".join(
        [
            "# The collector",
            "",
            f"{os.cpu_count()} cores, shared with other work (load "
            f"{os.getloadavg()[0]:.0f} at the end); Python {platform.python_version()}. Written by "
            "`python -m benchmarks.collector`.",
            "",
            *(markdown(section) for section in sections),
        ]
    )
    RESULTS.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
