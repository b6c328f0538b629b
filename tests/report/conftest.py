"""Results to present: the bundled data, small odd tables, and one that is not to be trusted."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from presented import bundled
from report_names import HOSTILE_NAMES
from sampled import KERNEL, OTHER_KERNEL, blocked

from equipoise import datasets
from equipoise.counts import TransitionCounts
from equipoise.inference.balance import BalanceTest
from equipoise.inference.balance import test as run_test
from equipoise.inference.diagnosis import Diagnosis, diagnose
from equipoise.inference.findings import Findings
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


def concluded(result: BalanceTest, findings: Findings) -> BalanceTest:
    """Return a result with other findings, and the verdict on them."""
    verdict = decide(
        result.graph,
        findings.headline,
        findings.deciding,
        ceiling=result.verdict.ceiling,
        information_nats=result.verdict.information_nats,
        size=result.verdict.size,
        distrust=findings.distrust,
    )
    return replace(result, findings=findings, verdict=verdict)


def failed(findings: Findings) -> Findings:
    """Return findings as they are where importance sampling failed."""
    return replace(
        findings,
        sensitivity=tuple(replace(factor, pareto_k=0.93) for factor in findings.sensitivity),
        diagnostics=replace(findings.diagnostics, pareto_k=0.93),
    )


def sampled(findings: Findings) -> Findings:
    """Return findings of the fast path as if they came from MCMC, with the fast path beside."""
    return replace(
        findings,
        method="path",
        effort="NUTS, 4 chains of 1,000 draws; path over 9 values of σ_c",
        sensitivity=tuple(
            replace(factor, log_value=factor.log_value + 0.01, method="path", pareto_k=None)
            for factor in findings.sensitivity
        ),
        cross_check=findings.headline,
        diagnostics=replace(
            findings.diagnostics, r_hat_max=1.0034, ess_bulk_min=1234.5, divergences=0
        ),
    )


def diverged(findings: Findings) -> Findings:
    """Return findings of MCMC whose cyclic chains diverged; those given balance did not."""
    return replace(
        findings,
        diagnostics=replace(
            findings.diagnostics, cyclic="7 divergent transitions", divergences=7, r_hat_max=1.2
        ),
    )


AS = {"distrusted": failed, "sampled": sampled, "diverged": diverged}


@cache
def tested(name: str) -> BalanceTest:
    first, _, rest = name.partition(" ")
    if first in AS:
        result = tested(rest)
        return concluded(result, AS[first](result.findings))
    if name in datasets.names():
        return bundled(name)
    if name == "blocked":  # draws of one block resemble each other
        rng = np.random.default_rng(1)
        counts = blocked([KERNEL, OTHER_KERNEL] * 4, 100, rng, correlation=0.05)
    elif name == "hostile":
        n = len(HOSTILE_NAMES)
        matrix = [
            # Each with two on either side: enough cycles, few enough to be quick.
            [
                1 + (7 * i + 3 * j * j) % 23 if (i - j) % n in (1, 2, n - 2, n - 1) else 0
                for j in range(n)
            ]
            for i in range(n)
        ]
        counts = TransitionCounts.from_matrix(matrix, states=HOSTILE_NAMES)
    else:
        counts = TransitionCounts.from_matrix(
            TABLES[name], states=list("abcdefg")[: len(TABLES[name])]
        )
    reference = "a" if name == "upper" else None
    return run_test(counts, fast=True, reference=reference, draws=200, random_seed=3)


@pytest.fixture(scope="session")
def result() -> Callable[[str], BalanceTest]:
    return tested


@pytest.fixture(scope="session")
def diagnosed(result) -> Callable[[str], Diagnosis]:
    """Return what stands beside the verdict of a result, by its name."""
    return cache(lambda name: diagnose(result(name), simpler=True))
