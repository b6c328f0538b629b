"""Verdicts on tables drawn from kernels of known truth: a few of each kind, in seconds.

`tests/statistical/test_simulations.py` makes the same statements over a hundred tables each.
"""

import numpy as np
import pytest
from simulated import outcomes, random_kernel

import equipoise
from equipoise import datasets
from equipoise.models import Priors
from equipoise.simulate import (
    Kernel,
    complete_edges,
    metropolised,
    reversible_kernel,
    sample_draws,
)


class TestDriven:
    @pytest.mark.parametrize("spread", [0.3, 1.0])
    def test_non_reversible(self, spread):
        found = outcomes(1, 2, states=(5, 8), spread=spread, rho=0.5, draws=500)
        assert [outcome.favours for outcome in found] == ["non-reversible"] * 2

    def test_more_states(self):
        found = outcomes(2, 1, states=(12, 12), spread=1.0, rho=0.5, draws=500)
        assert [outcome.favours for outcome in found] == ["non-reversible"]

    def test_a_language_model(self):
        counts = sample_draws(datasets.smollm2_weekday_kernel(), 720, 3)
        verdict = equipoise.test(counts, fast=True, draws=500, random_seed=3).verdict
        assert (verdict.favours, verdict.strength) == ("non-reversible", "very strong")
        assert verdict.size.call == "material"

    @pytest.mark.parametrize("seed", [0, 1])
    def test_three_per_cent_of_a_violation_in_a_million_trials(self, seed):
        rng = np.random.default_rng([4, seed])
        kernel = random_kernel(rng, 6, 1.0, rho=0.03)
        counts = sample_draws(kernel, 1_000_000, rng)
        verdict = equipoise.test(counts, fast=True, draws=500, random_seed=seed).verdict
        assert verdict.trusted
        assert (verdict.favours, verdict.strength) == ("non-reversible", "very strong")
        assert verdict.size.call == "negligible"
        assert verdict.size.lower < 0.03 < verdict.size.upper

    @pytest.mark.parametrize("size", [3, 5])
    def test_a_ring_walked_one_way(self, size):
        kernel = one_way({(k, (k + 1) % size): 0.2 + 0.05 * k for k in range(size)})
        verdict = equipoise.test(
            sample_draws(kernel, 1000, 12), fast=True, draws=1000, random_seed=12
        ).verdict
        assert verdict.trusted
        assert (verdict.favours, verdict.size.call) == ("non-reversible", "material")


class TestReversible:
    @pytest.mark.parametrize("spread", [0.3, 1.0, 4.0])
    def test_never_strongly_non_reversible(self, spread):
        for outcome in outcomes(5, 2, states=(5, 8), spread=spread, draws=500):
            assert outcome.verdict.trusted
            assert not (outcome.favours == "non-reversible" and outcome.beyond_positive)

    @pytest.mark.parametrize("seed", range(2))
    def test_balance_is_found(self, seed):
        rng = np.random.default_rng([6, seed])
        kernel = random_kernel(rng, 8, 1.0, edges=complete_edges(8))
        counts = sample_draws(kernel, 10_000, rng)
        verdict = equipoise.test(counts, fast=True, draws=500, random_seed=seed).verdict
        assert verdict.ceiling.log_value > 2
        assert verdict.favours == "balance"

    def test_a_language_model_made_reversible(self):
        counts = sample_draws(metropolised(datasets.smollm2_weekday_kernel()), 10_000, 7)
        verdict = equipoise.test(counts, fast=True, draws=500, random_seed=7).verdict
        assert (verdict.favours, verdict.size.call) == ("balance", "negligible")


class TestUntestable:
    @pytest.mark.parametrize("seed", range(3))
    def test_trees(self, seed):
        rng = np.random.default_rng([8, seed])
        edges = np.array([(rng.integers(k), k) for k in range(1, 7)])
        kernel = random_kernel(rng, 7, 1.0, edges=edges)
        untestable(sample_draws(kernel, 1000, rng), n_cycles=0)

    def test_a_chain_walked_one_way(self):
        kernel = one_way({(0, 1): 0.3, (1, 2): 0.2, (2, 3): 0.4, (3, 4): 0.1})
        untestable(sample_draws(kernel, 1000, 9), n_cycles=0)

    def test_a_chain_walked_one_way_by_several_paths(self):
        kernel = one_way({(0, 1): 0.3, (1, 2): 0.2, (0, 2): 0.25, (2, 3): 0.4, (1, 3): 0.05})
        untestable(sample_draws(kernel, 1000, 10), n_cycles=2)

    def test_a_state_that_was_never_a_source(self):
        kernel = reversible_kernel([0.0, 0.5, 1.0], [-2.0, -1.5, -2.5])
        untestable(sample_draws(kernel, [1000, 1000, 0], 11), n_cycles=1)


def one_way(arcs: dict[tuple[int, int], float]) -> Kernel:
    size = 1 + max(max(arc) for arc in arcs)
    matrix = np.zeros((size, size))
    for arc, probability in arcs.items():
        matrix[arc] = probability
    np.fill_diagonal(matrix, 1.0 - matrix.sum(axis=1))
    return Kernel(tuple("abcdefgh"[:size]), matrix, np.zeros(size))


def untestable(counts, n_cycles):
    # The graph decides, not the scales, and learned ones cost three times as much.
    fixed = Priors(scales="fixed")
    result = equipoise.test(counts, fast=True, priors=fixed, draws=500, random_seed=0)
    assert (result.graph.n_cycles, result.graph.n_testable_cycles) == (n_cycles, 0)
    verdict = result.verdict
    assert (verdict.favours, verdict.reason) == ("untestable", "no_testable_cycle")
    assert verdict.strength is None
    assert verdict.p_balance is None
    assert result.exit_status == 0
