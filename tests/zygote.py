"""A process that has loaded everything, and forks one that collects for each line it reads.

Killing and resuming fifty times would otherwise cost fifty imports. Each line is JSON: store, url,
draws, mode. It answers with the number of the process, and later with how that ended.
"""

import asyncio
import json
import os
import sys

import anthropic
from messages_server import KEY

from equipoise.sampling.clients.anthropic import AnthropicClient
from equipoise.sampling.collect import collect
from equipoise.sampling.options import Options
from equipoise.sampling.store import Store
from equipoise.sampling.tasks import load_task


async def work(store, url, draws, mode):
    async with anthropic.AsyncAnthropic(api_key=KEY, base_url=url) as official:
        with Store(store) as opened:
            done = await collect(
                opened,
                load_task("weekday"),
                AnthropicClient(official, "fake"),
                Options(
                    draws=draws, mode=mode, concurrency=4, poll=0.01, settle=0.05, batch_size=20
                ),
            )
    return done.ending


def say(**what):
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def main():
    say(ready=True)
    for line in sys.stdin:
        order = json.loads(line)
        number = os.fork()
        if number == 0:
            ending = asyncio.run(work(**order))
            os._exit(0 if ending == "complete" else 1)
        say(pid=number)
        _, status = os.waitpid(number, 0)
        say(status=os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main()
