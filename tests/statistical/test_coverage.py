"""Intervals under repeated draws from an exactly known LLM."""

from itertools import combinations

import numpy as np
import pytest
from simulated import pareto_k_of

from equipoise import datasets
from equipoise.inference.evidence import laplace
from equipoise.inference.evidence.psis import K_TRUSTED
from equipoise.inference.weighted import summarise
from equipoise.simulate import affinity, log_ratio, sample_draws

FAMILY, TABLES, TRIALS, DRAWS = 31, 200, 720, 1000
RATE = (0.93, 0.965)


@pytest.mark.slow
def test_coverage_of_the_weekday_kernel(record):
    kernel = datasets.smollm2_weekday_kernel()
    pairs = list(combinations(range(kernel.n_states), 2))
    triangles = list(combinations(range(kernel.n_states), 3))
    true_ratios = [log_ratio(kernel, i, j) for i, j in pairs]
    true_affinities = [affinity(kernel, triangle) for triangle in triangles]
    ratios, affinities, pareto_k, widths = [], [], [], []
    for table in range(TABLES):
        counts = sample_draws(kernel, TRIALS, np.random.default_rng([FAMILY, table]))
        fit = laplace(counts, draws=DRAWS, random_seed=table)
        assert [tuple(edge) for edge in fit.graph.edges.tolist()] == pairs
        draws = fit.cyclic_draws
        edges = summarise(draws.log_ratios, draws.weights)
        cycles = summarise(draws.affinities(triangles), draws.weights)
        ratios.append((edges.lower <= true_ratios) & (true_ratios <= edges.upper))
        affinities.append((cycles.lower <= true_affinities) & (true_affinities <= cycles.upper))
        widths.append(np.mean(edges.upper - edges.lower))
        pareto_k.append(pareto_k_of(fit))
    ratios, affinities = np.array(ratios), np.array(affinities)
    failures = record(
        "coverage-weekday",
        f"95 % intervals of log-ratios and triangle affinities over {TABLES} tables redrawn from "
        "the exact SmolLM2 weekday kernel.",
        settings={"tables": TABLES, "trials_a_row": TRIALS, "draws": DRAWS, "family": FAMILY},
        claims=[
            (f"mean coverage of {len(pairs)} log-ratios", ratios.mean(), *RATE),
            (f"mean coverage of {len(triangles)} affinities", affinities.mean(), *RATE),
            ("tables with k̂ above 0.7", float(np.sum(np.array(pareto_k) > K_TRUSTED)), None, 0.0),
        ],
        numbers={
            "error_of_mean_coverage_log_ratios": _error(ratios),
            "error_of_mean_coverage_affinities": _error(affinities),
            "mean_width_log_ratios": np.mean(widths),
            "pareto_k_max": np.max(pareto_k),
            "by_edge": _named(kernel.states, pairs, ratios),
            "by_triangle": _named(kernel.states, triangles, affinities),
        },
    )
    assert not failures


def _error(covered):
    """Standard error of the mean rate; intervals of one table are not independent."""
    return covered.mean(axis=1).std(ddof=1) / np.sqrt(len(covered))


def _named(states, places, covered):
    return {
        "-".join(states[k][:3] for k in place): rate
        for place, rate in zip(places, covered.mean(axis=0), strict=True)
    }
