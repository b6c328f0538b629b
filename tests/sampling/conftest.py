"""A server that fails as it is told, and a run against it with the real client."""

import asyncio
import os
import sqlite3
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from messages_server import KEY, MessagesServer

from equipoise.sampling.clients.anthropic import AnthropicClient
from equipoise.sampling.collect import collect
from equipoise.sampling.options import Options
from equipoise.sampling.store import Store
from equipoise.sampling.tasks import load_task


@pytest.fixture
def tmp_path():
    """Return a folder in memory where there is one: how fast a disk is, is not what is tested."""
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        yield Path(folder)


@pytest.fixture
def serve():
    """Start servers; stop them at the end."""
    running = []

    def start(handler, **options):
        server = MessagesServer(handler, **options)
        server.__enter__()
        running.append(server)
        return server

    yield start
    for server in running:
        server.__exit__()


@pytest.fixture
def gather(tmp_path):
    """Collect from a server into a store; return the outcome."""

    def run(server, *, store="run.db", task="weekday", model="fake", parameters=None, **options):
        import anthropic

        return_to = {}
        for name in ("watch", "confirm", "until"):
            return_to[name] = options.pop(name, None)
        seconds = options.pop("timeout", 5.0)

        async def main():
            async with anthropic.AsyncAnthropic(
                api_key=KEY, base_url=server.url, timeout=seconds
            ) as official:
                client = AnthropicClient(official, model, parameters=parameters)
                with Store(tmp_path / store) as opened:
                    return await collect(
                        opened,
                        load_task(task) if isinstance(task, str) else task,
                        client,
                        Options(**options),
                        **return_to,
                    )

        return asyncio.run(main())

    return run


@pytest.fixture
def rows(tmp_path):
    """Read rows from a store."""

    def read(query, *values, store="run.db"):
        connection = sqlite3.connect(tmp_path / store)
        try:
            return connection.execute(query, values).fetchall()
        finally:
            connection.close()

    return read
