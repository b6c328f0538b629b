"""Results to present: the bundled data, small odd tables, and one that is not to be trusted."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest

from equipoise import datasets
from equipoise.counts import TransitionCounts
from equipoise.inference.balance import BalanceTest
from equipoise.inference.balance import test as run_test
from equipoise.inference.verdict import decide

TABLES = {
    "tree": [[3, 10, 0, 0], [7, 0, 5, 2], [0, 4, 0, 0], [0, 9, 0, 1]],
    "two components": [
        [0, 50, 30, 0, 0, 0, 0],
        [40, 0, 20, 0, 0, 0, 0],
        [35, 25, 0, 0, 0, 0, 0],
        [0, 0, 0, 5, 90, 10, 0],
        [0, 0, 0, 40, 0, 60, 0],
        [0, 0, 0, 11, 50, 0, 0],
        [0, 0, 0, 0, 0, 0, 12],
    ],
    "no edge": [[10, 0], [0, 5]],
    "one state": [[7]],
    "one way": [  # d only leads on, e is never a source
        [3, 10, 4, 0, 0],
        [7, 0, 5, 0, 0],
        [3, 4, 0, 0, 3],
        [0, 9, 0, 1, 0],
        [0, 0, 0, 0, 0],
    ],
    "upper": [[0, 9, 5], [8, 0, 6], [0, 0, 4]],  # c is absorbing
}
HOSTILE = (
    "<script>alert(1)</script>",
    "\u202eevil",
    "😀😀😀",
    "x" * 5000,
    "=cmd()|' /C calc'!A0",
    "$x$ and \\frac{1}{2",
    "日本語の状態",
    "{0} %s {reference}",
)


DISTRUST = "importance sampling failed (k̂ = 0.93, limit 0.7)"


def distrusted(result: BalanceTest) -> BalanceTest:
    """Return a result as it is where importance sampling failed."""
    verdict = decide(
        result.graph,
        result.log_bayes_factor,
        result.sensitivity[1:4],
        ceiling=result.verdict.ceiling,
        information_nats=result.verdict.information_nats,
        size=result.verdict.size,
        distrust=DISTRUST,
    )
    return replace(result, verdict=verdict, pareto_k=0.93, distrust=DISTRUST)


@cache
def tested(name: str) -> BalanceTest:
    if name.startswith("distrusted "):
        return distrusted(tested(name.removeprefix("distrusted ")))
    if name in datasets.names():
        counts = datasets.load(name)
    elif name == "hostile":
        n = len(HOSTILE)
        matrix = [
            [0 if i == j else 1 + (7 * i + 3 * j * j) % 23 for j in range(n)] for i in range(n)
        ]
        counts = TransitionCounts.from_matrix(matrix, states=HOSTILE)
    else:
        counts = TransitionCounts.from_matrix(
            TABLES[name], states=list("abcdefg")[: len(TABLES[name])]
        )
    reference = "a" if name == "upper" else None
    return run_test(counts, reference=reference, draws=200, random_seed=3)


@pytest.fixture(scope="session")
def result() -> Callable[[str], BalanceTest]:
    return tested
