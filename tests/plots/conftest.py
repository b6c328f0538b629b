"""Results to draw."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from presented import bundled

from equipoise import datasets
from equipoise.counts import TransitionCounts
from equipoise.graph import support_graph
from equipoise.inference.balance import BalanceTest
from equipoise.inference.balance import test as run_test
from equipoise.inference.diagnosis import Diagnosis, diagnose
from equipoise.inference.findings import Findings
from equipoise.inference.potential import StatePotential
from equipoise.simulate import reversible_kernel, sample_draws

TABLES = {
    "tree": (("a", "b", "c"), [[3, 10, 0], [7, 0, 5], [0, 4, 0]]),
    "two components": (
        tuple("abcdef"),
        [
            [0, 50, 30, 0, 0, 0],
            [40, 0, 20, 0, 0, 0],
            [35, 25, 0, 0, 0, 0],
            [0, 0, 0, 5, 90, 10],
            [0, 0, 0, 40, 0, 60],
            [0, 0, 0, 11, 50, 0],
        ],
    ),
    "hostile": (
        ("$x^{", "\\frac{1}{2", "\u202eevil", "😀日本", "x" * 5000, "%s {0} <b>"),
        [[0 if i == j else 3 + (5 * i + j * j) % 11 for j in range(6)] for i in range(6)],
    ),
}


def failed(findings: Findings) -> Findings:
    """Return findings as they are where importance sampling failed."""
    return replace(
        findings,
        sensitivity=tuple(replace(factor, pareto_k=0.93) for factor in findings.sensitivity),
        diagnostics=replace(findings.diagnostics, pareto_k=0.93),
    )


@cache
def tested(name: str) -> BalanceTest:
    if name.startswith("distrusted "):
        trusted = tested(name.removeprefix("distrusted "))
        verdict = replace(trusted.verdict, trusted=False)
        return replace(trusted, verdict=verdict, findings=failed(trusted.findings))
    if name in datasets.names():
        return bundled(name)
    labels, matrix = TABLES[name]
    counts = TransitionCounts.from_matrix(matrix, states=list(labels))
    return run_test(counts, fast=True, draws=200, random_seed=3)


@cache
def large(n_states: int) -> BalanceTest:
    """Return a result with made-up potentials of many states, bounds of every kind among them."""
    rng = np.random.default_rng(n_states)
    edges = np.column_stack([np.arange(n_states - 1), np.arange(1, n_states)])
    names = [f"state {k:03d}" for k in range(n_states)]
    kernel = reversible_kernel(np.zeros(n_states), -1.0, edges=edges, states=names)
    counts = sample_draws(kernel, 100, 1)
    kinds = ("two-sided", "two-sided", "two-sided", "lower", "upper", "none")
    rows = []
    for k, name in enumerate(names):
        bound = kinds[k % len(kinds)]
        mean = float(rng.normal(3, 2)) if k else 0.0
        rows.append(
            StatePotential(
                state=name,
                component=0,
                mean=mean,
                mode=mean,
                sd=0.2,
                mcse=0.002,
                lower=mean - 0.4 if bound in ("two-sided", "lower") else None,
                upper=mean + 0.4 if bound in ("two-sided", "upper") else None,
                bound=bound,
                reference=k == 0,
            )
        )
    small = tested("alofi-rain")
    return replace(small, counts=counts, graph=support_graph(counts), potential=tuple(rows))


@pytest.fixture(scope="session")
def result() -> Callable[[str], BalanceTest]:
    return tested


@pytest.fixture(scope="session")
def large_result() -> Callable[[int], BalanceTest]:
    return large


@pytest.fixture(scope="session")
def diagnosed(result) -> Callable[[str], Diagnosis]:
    """Return what stands beside the verdict of a result, by its name."""
    return cache(lambda name: diagnose(result(name), simpler=True))
