"""Transitions from language models: tasks, clients, policies, a store, and the collector.

::

    async with anthropic.AsyncAnthropic() as official:
        with sampling.Store("run.db") as store:
            client = AnthropicClient(official, "claude-haiku-4-5")
            await sampling.collect(store, sampling.load_task("weekday"), client, Options(draws=500))
    counts = sampling.stored_counts("run.db")

Clients lie in `equipoise.sampling.clients`, one a file. Nothing else of the package needs this one.
"""

from equipoise.sampling.budget import Estimate, Limits, Price, listed_price
from equipoise.sampling.collect import collect
from equipoise.sampling.options import Collected, Decision, Options, Progress
from equipoise.sampling.policies import FixedPool, Follow, GrowingPool, Informative
from equipoise.sampling.prompt import Message, Prompt, Template
from equipoise.sampling.store import Store, grouped_counts, stored_counts, stored_kernels
from equipoise.sampling.store.export import export_draws
from equipoise.sampling.store.listing import inspect_run, list_runs
from equipoise.sampling.tasks import Outcome, Parsed, Task, check_replies, load_task, rejected

__all__ = [
    "Collected",
    "Decision",
    "Estimate",
    "FixedPool",
    "Follow",
    "GrowingPool",
    "Informative",
    "Limits",
    "Message",
    "Options",
    "Outcome",
    "Parsed",
    "Price",
    "Progress",
    "Prompt",
    "Store",
    "Task",
    "Template",
    "check_replies",
    "collect",
    "export_draws",
    "grouped_counts",
    "inspect_run",
    "list_runs",
    "listed_price",
    "load_task",
    "rejected",
    "stored_counts",
    "stored_kernels",
]
