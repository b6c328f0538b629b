"""The law of edge weights: its constant, its density, exact draws from it."""

from dataclasses import replace

import numpy as np
import pytest
from reinforced_walks import unnormalised_density
from scipy.special import digamma, polygamma

from equipoise.likelihoods import EdgeWeights

EDGES = [(0, 1), (0, 2), (0, 3), (1, 2), (2, 3), (1, 1), (3, 3)]


def law(n_states, edges, weight, start=0):
    return EdgeWeights(n_states, np.array(edges), np.array(weight, dtype=float), start)


def four(start=2):
    return law(4, EDGES, [0.7, 1.3, 2.0, 0.5, 1.0, 1.5, 0.8], start)


@pytest.mark.parametrize(
    ("weights", "printed", "step"),
    [
        (law(3, [(0, 1), (0, 2), (1, 2)], [1.4, 1.7, 2.1]), 0.230559, 5e-7),
        (law(2, [(0, 1), (0, 0), (1, 1)], [1.3, 0.9, 2.2]), 2.2445, 5e-5),
    ],
    ids=["triangle", "two vertices with loops"],
)
def test_constant_by_quadrature_over_log_ratios(weights, printed, step):
    grid = np.arange(-120.0, 120.0, 0.2)
    y, z = np.meshgrid(grid, grid, indexing="ij")
    top = np.maximum(np.maximum(y, z), 0.0)
    x = np.exp([y - top, z - top, -top])
    x /= x.sum(axis=0)
    with np.errstate(all="ignore"):  # corners where a weight is as good as 0
        found = unnormalised_density(
            weights.n_states, weights.edges.tolist(), weights.weight, weights.start, x
        )
        found = found * x.prod(axis=0)
    total = np.nansum(np.where(np.isfinite(found), found, 0.0)) * 0.2**2
    assert total == pytest.approx(np.exp(weights.log_normaliser()), rel=1e-8)
    assert total == pytest.approx(printed, abs=step)


def test_constants_of_unit_weights():
    # Γ(1)³/(Γ(1) Γ(3/2)²) · π/2 and Γ(1)³/(Γ(1) Γ(3/2) Γ(1)²) · π^(3/2), by hand
    assert law(3, [(0, 1), (0, 2), (1, 2)], [1, 1, 1]).log_normaliser() == pytest.approx(np.log(2))
    two = law(2, [(0, 1), (0, 0), (1, 1)], [1, 1, 1])
    assert two.log_normaliser() == pytest.approx(np.log(2 * np.pi))


def test_density_with_its_spanning_trees_listed():
    weights = four()
    for x in np.random.default_rng(1).dirichlet(np.full(7, 0.4), size=20):
        value = np.log(unnormalised_density(4, EDGES, weights.weight, 2, x))
        expected = value - weights.log_normaliser()
        assert float(weights.log_density(x)) == pytest.approx(float(expected), rel=1e-11)


def test_spanning_trees_of_weights_that_differ_by_many_orders():
    # two pairs of strongly joined vertices, a bridge of 1e-25 between: LU factors would lose it
    x = np.array([1.0, 1e-25, 2.0])
    path = law(4, [(0, 1), (1, 2), (2, 3)], [1, 1, 1])
    assert float(path.log_spanning_trees(x)) == pytest.approx(np.log(2e-25), rel=1e-14)


def test_draws_have_the_density():
    """Averages of the ratio of two such densities over draws of either are 1."""
    rng = np.random.default_rng(3)
    for weights in (four(), four(0), law(2, [(0, 1), (0, 0), (1, 1)], [1.3, 0.9, 2.2])):
        other = replace(
            weights, weight=weights.weight * np.linspace(1.0, 1.4, len(weights.weight)), start=1
        )
        x = weights.draw(40_000, rng)
        np.testing.assert_allclose(x.sum(axis=1), 1.0, rtol=1e-12)
        ratio = np.exp(other.log_density(x) - weights.log_density(x))
        error = ratio.std() / np.sqrt(len(ratio))
        assert error < 0.02
        assert abs(ratio.mean() - 1) < 3.9 * error


def test_draws_on_a_tree_give_dirichlet_rows():
    edges, a = [(0, 1), (1, 2), (1, 3), (1, 1), (3, 3)], np.array([0.6, 2.0, 1.1, 0.9, 1.7])
    x = law(4, edges, a, 2).draw(40_000, 4)
    # at 1 the edge towards the start, 2, has another half
    alpha = {0: a[0] / 2, 1: (a[1] + 1) / 2, 2: a[2] / 2, 3: a[3] / 2}
    total = sum(alpha.values())
    for k, value in alpha.items():
        sample = np.log(x[:, k] / x[:, list(alpha)].sum(axis=1))
        sd = np.sqrt(polygamma(1, value) - polygamma(1, total))
        gap = sample.mean() - (digamma(value) - digamma(total))
        assert abs(gap) < 4.2 * sd / np.sqrt(len(sample))  # four edges: false alarm 1e-4
    assert np.log(x[:, 4] / x[:, 2]).mean() == pytest.approx(
        digamma(a[4] / 2) - digamma((a[2] + 1) / 2), abs=0.05
    )


def test_same_seed_same_draws_and_a_single_vertex():
    weights = four()
    np.testing.assert_array_equal(weights.draw(5, 1), weights.draw(5, 1))
    assert not np.array_equal(weights.draw(5, 1), weights.draw(5, 2))
    lone = law(1, [(0, 0)], [2.5])
    np.testing.assert_array_equal(lone.draw(3, 1), np.ones((3, 1)))
    assert float(lone.log_density(np.ones(1))) == pytest.approx(0.0, abs=1e-13)
