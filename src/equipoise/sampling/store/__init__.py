"""Where every draw is kept: SQLite, one transaction a reply."""

from equipoise.sampling.store.counts import GROUPS, Group, grouped_counts, stored_counts
from equipoise.sampling.store.kernels import stored_kernels
from equipoise.sampling.store.rows import Agent, Attempt, Batch, Job, Plan, Run, Totals
from equipoise.sampling.store.store import Store

__all__ = [
    "GROUPS",
    "Agent",
    "Attempt",
    "Batch",
    "Group",
    "Job",
    "Plan",
    "Run",
    "Store",
    "Totals",
    "grouped_counts",
    "stored_counts",
    "stored_kernels",
]
