"""Runs with a simulated agent that knows the weekdays."""

import asyncio
import sqlite3

from equipoise.sampling.clients.simulated import SimulatedClient, default_kernel
from equipoise.sampling.collect import collect
from equipoise.sampling.options import Options
from equipoise.sampling.store import Store
from equipoise.sampling.tasks import load_task

TASK = load_task("weekday")
KERNEL = default_kernel(TASK.states)


def run(path, client=None, *, task=TASK, kernel=KERNEL, seed=1, **options):
    told = {name: options.pop(name, None) for name in ("watch", "confirm", "until")}
    client = client or SimulatedClient(kernel, random_seed=seed)

    async def main():
        with Store(path) as store:
            return await collect(store, task, client, Options(**options), **told)

    return asyncio.run(main())


def rows(path, query):
    connection = sqlite3.connect(path)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()
