"""A comparison by kernels taken one by one: what it says, and against the dense path."""

import json
from math import hypot

import numpy as np
import pytest
from compared import drawn

import equipoise as eq
from equipoise.inference.comparison import kernels_of
from equipoise.inference.comparison.fast.evidence import solve
from equipoise.inference.comparison.models import kernel_data
from equipoise.inference.comparison.one_by_one import fits as arrow_fits
from equipoise.models import Priors
from equipoise.report.comparison import comparison_summary
from equipoise.report.comparison_contract import comparison_json

EDGES = np.array([[0, 1], [0, 2], [1, 2]])


@pytest.fixture(scope="module")
def given():
    rng = np.random.default_rng(2)
    phi = np.array([0.0, 0.8, -0.4])
    return {
        name: drawn(phi + 0.3 * rng.normal(size=3), EDGES, trials, rng)
        for name, trials in (("x", 300), ("y", 80))
    }


@pytest.fixture(scope="module")
def found(given):
    """As many kernels would be, though these are few."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(arrow_fits, "MANY", 0)
        # The k̂ of so few kernels needs more draws of each.
        patch.setattr(arrow_fits, "PAIRS", 512)
        return eq.compare(given, fast=True, draws=200, random_seed=1)


def test_it_equals_the_dense_path(given, found):
    kernels = kernels_of(given)
    fits = solve(
        kernels,
        kernel_data(kernels),
        Priors(),
        cycles=True,
        draws=1000,
        rng=np.random.default_rng(1),
    )
    for ours, theirs in zip(found.hypotheses, fits.hypotheses(), strict=True):
        assert (ours.potentials, ours.cyclic) == (theirs.potentials, theirs.cyclic)
        assert ours.distrust is None
        error = hypot(ours.mcse, theirs.mcse)
        assert error < 0.15
        assert ours.log_evidence == pytest.approx(theirs.log_evidence, abs=5 * error + 0.02)
    value, error = fits.factor(1.0)
    ours = found.verdict
    both = hypot(error, ours.mcse)
    assert ours.log_bayes_factor == pytest.approx(value, abs=5 * both + 0.02)


def test_what_was_left_out_is_said(found):
    assert found.tests == found.violations == ()
    assert len(found.own) == len(found.deviations) == 2
    text = " ".join(comparison_summary(found).split())
    assert "taken one by one" in text
    assert "are left out" in text
    value = json.loads(comparison_json(found))
    assert [row["favours"] for row in value["kernels"]] == [
        own.verdict.favours for own in found.own
    ]
    assert all(row["entropy_production"] is None for row in value["kernels"])
    assert all(row["rho"]["mean"] > 0 for row in value["kernels"])
    weights = found.potentials.weights
    assert weights.sum() == pytest.approx(1.0)
    assert found.potentials.of(0).shape == (len(weights), 3)


def test_eight_kernels_equal_the_dense_path_too():
    """Without cycles both are quick; three hypotheses of eighteen parameters."""
    rng = np.random.default_rng(9)
    phi = np.array([0.0, 2.1, -1.6])
    line = np.array([[0, 1], [1, 2]])
    counts = {
        f"k{m}": drawn(phi + 0.5 * rng.normal(size=3), line, 200 + 80 * m, rng) for m in range(8)
    }
    kernels = kernels_of(counts)
    data = kernel_data(kernels)
    few = arrow_fits.solve_many(kernels, data, Priors(), n_draws=200, rng=np.random.default_rng(1))
    dense = solve(kernels, data, Priors(), cycles=True, draws=1000, rng=np.random.default_rng(2))
    for ours, theirs in zip(few.hypotheses(), dense.hypotheses(), strict=True):
        assert (ours.potentials, ours.cyclic) == (theirs.potentials, theirs.cyclic)
        # No look at k̂: of 4,000 weights none of which exceeds five times their mean it is 1.5.
        error = hypot(ours.mcse, theirs.mcse)
        assert error < 0.15
        assert ours.log_evidence == pytest.approx(theirs.log_evidence, abs=5 * error + 0.02)
