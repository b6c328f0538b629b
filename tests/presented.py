"""Results on the bundled tables, to be printed and drawn: each made once a process."""

from functools import cache

from equipoise import datasets
from equipoise.inference.balance import BalanceTest
from equipoise.inference.balance import test as run_test


@cache
def bundled(name: str) -> BalanceTest:
    """Return the result on a bundled table, from few draws."""
    return run_test(datasets.load(name), fast=True, draws=200, random_seed=3)
