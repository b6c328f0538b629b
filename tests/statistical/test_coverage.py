"""Intervals under repeated draws from an exactly known LLM."""

from itertools import combinations

import numpy as np
import pytest
from scipy.stats import binom
from simulated import pareto_k_of

from equipoise import datasets
from equipoise.graph import SupportGraph, orthonormal_cycle_basis
from equipoise.inference.evidence import laplace
from equipoise.inference.evidence.psis import K_TRUSTED
from equipoise.inference.posterior.derived import flows_of
from equipoise.inference.weighted import summarise, violation_of
from equipoise.simulate import affinity, entropy_production, log_ratio, sample_draws

FAMILY, TABLES, TRIALS, DRAWS = 31, 200, 720, 1000
RATE = (0.93, 0.965)
# Of one quantity, whose tables are independent: beyond these the chance is 1 in 1,000 at 95 %.
ONE_RATE = tuple((binom.ppf((0.0005, 0.9995), TABLES, 0.95) / TABLES).tolist())


@pytest.mark.slow
def test_coverage_of_the_weekday_kernel(record):
    kernel = datasets.smollm2_weekday_kernel()
    pairs = list(combinations(range(kernel.n_states), 2))
    triangles = list(combinations(range(kernel.n_states), 3))
    true_ratios = [log_ratio(kernel, i, j) for i, j in pairs]
    true_affinities = [affinity(kernel, triangle) for triangle in triangles]
    true_rate = entropy_production(kernel)
    true_size = None
    ratios, affinities, pareto_k, widths = [], [], [], []
    sizes, rates, estimates = [], [], []
    for table in range(TABLES):
        counts = sample_draws(kernel, TRIALS, np.random.default_rng([FAMILY, table]))
        fit = laplace(counts, draws=DRAWS, random_seed=table)
        assert [tuple(edge) for edge in fit.graph.edges.tolist()] == pairs
        draws = fit.cyclic_draws
        edges = summarise(draws.log_ratios, draws.weights)
        cycles = summarise(draws.affinities(triangles), draws.weights)
        flows = flows_of(fit.problem.likelihood, draws.model, draws.theta, fit.graph.strong)
        values = np.stack([draws.violation, flows.entropy_production.sum(axis=1)], axis=1)
        single = summarise(values, draws.weights)
        if true_size is None:
            true_size = _size(fit.graph, np.array(true_ratios))
        inside = (single.lower <= [true_size, true_rate]) & ([true_size, true_rate] <= single.upper)
        sizes.append(inside[0])
        rates.append(inside[1])
        estimates.append(single.mean)
        ratios.append((edges.lower <= true_ratios) & (true_ratios <= edges.upper))
        affinities.append((cycles.lower <= true_affinities) & (true_affinities <= cycles.upper))
        widths.append(np.mean(edges.upper - edges.lower))
        pareto_k.append(pareto_k_of(fit))
    ratios, affinities = np.array(ratios), np.array(affinities)
    failures = record(
        "coverage-weekday",
        f"95 % intervals of log-ratios, triangle affinities, ρ and entropy production over "
        f"{TABLES} tables redrawn from the exact SmolLM2 weekday kernel.",
        settings={"tables": TABLES, "trials_a_row": TRIALS, "draws": DRAWS, "family": FAMILY},
        claims=[
            (f"mean coverage of {len(pairs)} log-ratios", ratios.mean(), *RATE),
            (f"mean coverage of {len(triangles)} affinities", affinities.mean(), *RATE),
            ("coverage of ρ (binomial bound 1 in 1,000)", np.mean(sizes), *ONE_RATE),
            ("coverage of the entropy production (the same)", np.mean(rates), *ONE_RATE),
            ("tables with k̂ above 0.7", float(np.sum(np.array(pareto_k) > K_TRUSTED)), None, 0.0),
        ],
        numbers={
            "error_of_mean_coverage_log_ratios": _error(ratios),
            "error_of_mean_coverage_affinities": _error(affinities),
            "true_rho_and_entropy_production": [true_size, true_rate],
            "mean_estimates_of_them": np.mean(estimates, axis=0),
            "mean_width_log_ratios": np.mean(widths),
            "pareto_k_max": np.max(pareto_k),
            "by_edge": _named(kernel.states, pairs, ratios),
            "by_triangle": _named(kernel.states, triangles, affinities),
        },
    )
    assert not failures


def _size(graph: SupportGraph, ratios: np.ndarray) -> float:
    """ρ of exact log-ratios: their divergence-free part."""
    basis = orthonormal_cycle_basis(graph)
    return float(violation_of(graph, basis @ (basis.T @ ratios)))


def _error(covered):
    """Standard error of the mean rate; intervals of one table are not independent."""
    return covered.mean(axis=1).std(ddof=1) / np.sqrt(len(covered))


def _named(states, places, covered):
    return {
        "-".join(states[k][:3] for k in place): rate
        for place, rate in zip(places, covered.mean(axis=0), strict=True)
    }
