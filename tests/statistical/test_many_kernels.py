"""A thousand kernels of ten states, of known truth, compared as a whole."""

import time

import numpy as np
import pytest
from compared import metropolis

import equipoise as eq
from equipoise.counts import TransitionCounts
from equipoise.report.comparison import comparison_summary

KERNELS, STATES, TRIALS, DEVIATION = 1000, 10, 1000, 0.3


def thousand(seed=1):
    rng = np.random.default_rng(seed)
    phi, found = rng.normal(size=STATES), {}
    i, j = np.triu_indices(STATES, 1)
    for m in range(KERNELS):
        kept = (rng.random(len(i)) < 0.4) | (j == i + 1)
        edges = np.column_stack([i, j])[kept]
        own = phi + DEVIATION * rng.normal(size=STATES)
        kernel = metropolis(own, edges, np.exp(rng.normal(-2.5, 1.0, len(edges))))
        rows = np.array([rng.multinomial(TRIALS, row) for row in kernel])
        found[f"k{m:04d}"] = TransitionCounts.from_matrix(
            rows, states=[f"s{k}" for k in range(STATES)]
        )
    return found


@pytest.mark.slow
def test_a_thousand_kernels_are_compared_in_minutes(record):
    """CPU time is stated, of one process and one thread: it does not depend on other jobs."""
    given = thousand()
    wall, cpu = time.perf_counter(), time.process_time()
    found = eq.compare(given, fast=True, random_seed=1)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    verdict = found.verdict
    wrong = int(found.balances.named.sum())
    lines = comparison_summary(found).count("\n")
    failures = record(
        "many-kernels",
        f"a thousand reversible kernels of ten states, σ_δ = 0.3, {TRIALS:,} trials a row.",
        settings={
            "kernels": KERNELS,
            "states": STATES,
            "trials": TRIALS,
            "deviation": DEVIATION,
            "graphs": "a path, and each further edge with probability 0.4, each kernel's own",
        },
        claims=[
            ("CPU seconds", cpu, None, 300),
            ("log BF for sharing, greatest over its prior", verdict.upper, None, -5),
            ("Monte Carlo error of it", verdict.mcse, None, 1),
            ("σ_δ: lower end of the interval", found.deviation_lower, None, DEVIATION),
            ("σ_δ: upper end of the interval", found.deviation_upper, DEVIATION, None),
            ("share of kernels in balance: upper end", found.balances.upper or 0.0, 0.9, None),
            ("lines printed", lines, None, 100),
        ],
        numbers={
            "wall_seconds": wall,
            "log_bayes_factor": verdict.log_bayes_factor,
            "deviation": [found.deviation, found.deviation_lower, found.deviation_upper],
            "called_non_reversible": wrong,
            "hypotheses": {
                f"{h.potentials}{', cycles' if h.cyclic else ''}": [
                    h.log_evidence,
                    h.mcse,
                    h.pareto_k,
                ]
                for h in found.hypotheses
            },
        },
    )
    assert not failures
