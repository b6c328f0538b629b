"""Potentials explained by features: what comes out of it on tables of known truth."""

import numpy as np
import pytest
from compared import drawn
from explained import explained
from simulated import sparse_edges

from equipoise.counts import TransitionCounts
from equipoise.inference.features import explain

N, UNSEEN = 14, 6


@pytest.fixture(scope="module")
def truth():
    edges = sparse_edges(np.random.default_rng(2), N)
    return explained(2, N, 800, beta=np.array([1.4, 0.0, -0.7]), rest=0.3, edges=edges)


@pytest.fixture(scope="module")
def found(truth):
    counts, columns, _ = truth
    values, labels = np.vstack([columns, columns[4]]), [*counts.states, "twin"]
    return explain(counts, values, states=labels, draws=500, random_seed=1, scores=False)


def test_effects_are_found_with_their_signs(truth, found):
    _, columns, _ = truth
    assert found.verdict.favours == "features"
    assert found.verdict.lower > 1
    assert found.verdict.lower <= found.verdict.log_bayes_factor <= found.verdict.upper
    for one, beta, unit in zip(
        found.coefficients, [1.4, 0.0, -0.7], columns.std(axis=0), strict=True
    ):
        assert one.unit == pytest.approx(unit)
        assert abs(one.mean - beta * unit) < 4 * one.sd
        assert one.lower < one.mean < one.upper
    assert found.coefficients[0].positive > 0.99
    assert found.coefficients[2].positive < 0.01
    assert found.share.lower > 0.6
    assert found.prior_share.lower < 0.05 < 0.95 < found.prior_share.upper


def test_potentials_are_above_the_reference(truth, found):
    counts, _, potential = truth
    reference = counts.states.index(found.reference)
    true = potential - potential[reference]
    sd = np.array([s.sd for s in found.potential])
    z = (np.array([s.mean for s in found.potential]) - true)[sd > 0] / sd[sd > 0]
    assert np.abs(z).max() < 4.5
    assert found.potential[reference].mean == 0.0
    assert found.potential[reference].reference


def test_a_twin_is_predicted_above_the_same_reference(truth, found):
    counts, _, _ = truth
    (twin,) = found.predictions
    assert twin.state == "twin"
    assert twin.explained == pytest.approx(found.potential[4].explained, abs=1e-9)
    # Its own ε has the mean 0; the reference's has not.
    rest = found.draws.residual[:, counts.states.index(found.reference)]
    error = twin.sd / np.sqrt(len(rest))
    assert twin.mean == pytest.approx(twin.explained - rest.mean(), abs=5 * error)


def test_the_intervals_are_those_of_multinomial_rows(truth):
    """Features of no use leave what counts alone say of Φ."""
    from equipoise.inference.balance import test

    counts, _, _ = truth
    noise = np.random.default_rng(9).normal(size=(N, 1))
    found = explain(counts, noise, states=counts.states, draws=500, random_seed=1, scores=False)
    assert found.verdict.log_bayes_factor < 0
    plain = test(counts, fast=True, draws=200, random_seed=1, reference=found.reference)
    ours = np.array([s.sd for s in found.potential])
    theirs = np.array([s.sd for s in plain.potential])
    assert plain.findings.problem.likelihood.name == "multinomial"
    kept = theirs > 0
    assert ours[kept] / theirs[kept] == pytest.approx(np.ones(kept.sum()), abs=0.2)


def test_the_same_seed_gives_the_same():
    counts = TransitionCounts.from_matrix(
        [[210, 60, 30], [20, 150, 30], [25, 75, 300]], states=["a", "b", "c"]
    )
    one, other = (
        explain(counts, {"a": 0.3, "b": 2.0, "c": -0.9}, draws=200, random_seed=4) for _ in range(2)
    )
    assert one.verdict == other.verdict
    assert one.potential == other.potential
    assert one.scores is not None
    assert one.scores.difference == other.scores.difference
    assert one.random_seed == 4


@pytest.fixture(scope="module")
def smooth():
    """A smooth potential over points of a plane, the last few of which are never seen."""
    rng = np.random.default_rng(4)
    points = rng.uniform(-1, 1, size=(N + UNSEEN, 2))
    potential = 2.0 * np.sin(2.0 * points[:, 0]) - 1.5 * points[:, 1] ** 2
    counts = drawn(potential[:N], sparse_edges(rng, N), 1500, rng)
    labels = [*counts.states, *(f"new{k}" for k in range(UNSEEN))]
    result = explain(
        counts,
        dict(zip(labels, points, strict=True)),
        embedding=True,
        draws=150,
        random_seed=1,
        scores=False,
    )
    return result, potential, counts


def test_a_smooth_potential_is_found_and_continued(smooth):
    result, potential, counts = smooth
    assert result.verdict.favours == "features"
    assert result.coefficients == ()
    assert result.lengthscale is not None
    assert result.lengthscale.lower > 0.1
    true = potential - potential[counts.states.index(result.reference)]
    gap = np.array([p.mean for p in result.predictions]) - true[N:]
    sd = np.array([p.sd for p in result.predictions])
    assert [p.state for p in result.predictions] == [f"new{k}" for k in range(UNSEEN)]
    assert np.abs(gap / sd).max() < 4
    # Better than knowing nothing: then the error would be the spread of the potential.
    assert np.sqrt((gap**2).mean()) < 0.5 * potential.std()


def test_a_dataset_that_can_be_saved(smooth, found, tmp_path):
    import xarray as xr

    result, _, counts = smooth
    data = result.to_dataset()
    data.to_netcdf(tmp_path / "explained.nc", engine="h5netcdf")
    again = xr.load_dataset(tmp_path / "explained.nc", engine="h5netcdf")
    assert again["prediction"].sel(bound="mean").values == pytest.approx(
        [p.mean for p in result.predictions]
    )
    assert list(again["state"].values) == list(counts.states)
    assert "beta" not in again
    beta = found.to_dataset()["beta"]
    assert beta.sel(feature="x1", bound="mean") == pytest.approx(found.coefficients[0].mean)
