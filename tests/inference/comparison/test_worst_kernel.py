"""One bad kernel among many: found and named, whatever the others look like together."""

from dataclasses import replace

import numpy as np
import pytest
from compared import drawn

import equipoise as eq
from equipoise.inference.comparison import kernels_of
from equipoise.inference.comparison.models import centred, kernel_data
from equipoise.inference.comparison.one_by_one import fits as arrow_fits
from equipoise.inference.comparison.one_by_one import grid as arrow_grid
from equipoise.inference.comparison.one_by_one import worst as arrow_worst
from equipoise.inference.comparison.one_by_one.grid import prior_of
from equipoise.inference.comparison.one_by_one.outer import point_at
from equipoise.inference.comparison.one_by_one.packed import packs_of
from equipoise.inference.comparison.one_by_one.worst import WorstKernel, worst_kernel
from equipoise.inference.evidence.psis import K_TRUSTED
from equipoise.models import Priors
from equipoise.report.comparison import comparison_summary

TRIANGLE = np.array([[0, 1], [0, 2], [1, 2]])
KERNELS, BAD = 80, 41


def given(many, edges):
    rng = np.random.default_rng(4)
    phi = np.array([0.0, 0.8, -0.4])
    return {f"k{m}": drawn(phi + 0.3 * rng.normal(size=3), edges, 300, rng) for m in range(many)}


@pytest.fixture(scope="module")
def point():
    kernels = kernels_of(given(KERNELS, TRIANGLE))
    basis = centred(kernels.component)
    packs = packs_of(kernel_data(kernels), basis, pairs=64, rng=np.random.default_rng(1))
    return packs, point_at(packs, prior_of(basis.shape[1], Priors()), 0.3, 0.2, near=None)


def test_good_kernels_are_all_found_good(point):
    """Of 64 pairs each some would look bad by chance."""
    found = worst_kernel(*point, np.random.default_rng(2))
    assert found.pareto_k < K_TRUSTED


def test_one_kernel_whose_draws_are_too_narrow_is_found(point, monkeypatch):
    """Its proposal is a third as wide as its posterior; the others' are right."""
    whole = arrow_worst.climb

    def narrow(pack, *rest):
        modes = whole(pack, *rest)
        size = np.where(pack.members == BAD, 1 / 3, 1.0)
        log_det = modes.log_det + modes.at.shape[1] * np.log(size)
        return replace(modes, axes=modes.axes * size[:, None, None], log_det=log_det)

    monkeypatch.setattr(arrow_worst, "climb", narrow)
    found = worst_kernel(*point, np.random.default_rng(2))
    assert found.kernel == BAD
    assert found.pareto_k > K_TRUSTED


def test_the_bad_kernel_is_named_and_nothing_concluded(monkeypatch):
    monkeypatch.setattr(arrow_fits, "MANY", 0)
    monkeypatch.setattr(arrow_grid, "worst_kernel", lambda *_: WorstKernel(1, 1.25))
    found = eq.compare(given(2, TRIANGLE[::2]), fast=True, draws=100, random_seed=1)
    assert not found.converged
    assert found.exit_status == 3
    assert found.verdict.favours == "undecided"
    assert found.verdict.distrust == (
        "importance sampling of kernel 'k1' failed (k̂ = 1.25, limit 0.7)"
    )
    text = " ".join(comparison_summary(found).split())
    assert "kernel 'k1' failed" in text
    assert "Leave out a kernel that is named here" in text
