"""Many kernels, each integrated by itself: against quadrature and the dense path."""

from math import hypot

import numpy as np
import pytest
from compared import drawn
from scipy.special import logsumexp
from scipy.stats import norm

from equipoise.counts import TransitionCounts
from equipoise.inference.comparison import kernels_of
from equipoise.inference.comparison.models import (
    centred,
    kernel_data,
    pooled_model,
    shared_model,
)
from equipoise.inference.comparison.one_by_one import are_many
from equipoise.inference.comparison.one_by_one.alone import each_alone
from equipoise.inference.comparison.one_by_one.grid import prior_of
from equipoise.inference.comparison.one_by_one.inner import climb, integrate, noise_at
from equipoise.inference.comparison.one_by_one.outer import corrected, draw_at, point_at
from equipoise.inference.comparison.one_by_one.packed import packs_of
from equipoise.inference.evidence.laplace import laplace
from equipoise.inference.evidence.laplace.node import evaluate_node
from equipoise.models import Priors

EDGES = np.array([[0, 1], [0, 2], [1, 2], [1, 3], [2, 3]])
PAIRS = 64


def table(rows, states):
    return TransitionCounts.from_matrix(rows, states=list(states))


def mixed(seed=1):
    """Kernels of different sizes and totals: one sparse, one a tree, one with a one-way edge."""
    rng = np.random.default_rng(seed)
    phi = rng.normal(size=4)
    big, small = (drawn(phi + 0.4 * rng.normal(size=4), EDGES, n, rng) for n in (700, 60))
    return {
        "big": big,
        "small": small,
        "tree": table([[80, 20, 0], [5, 60, 9], [0, 12, 40]], ["s00", "s01", "s03"]),
        "one way": table([[50, 9, 4], [3, 70, 0], [8, 6, 30]], ["s02", "s01", "s00"]),
    }


def packed(counts, *, seed=1):
    kernels = kernels_of(counts)
    data = kernel_data(kernels)
    basis = centred(kernels.component)
    packs = packs_of(data, basis, pairs=PAIRS, rng=np.random.default_rng(seed))
    return kernels, data, packs, prior_of(basis.shape[1], Priors())


@pytest.mark.parametrize("scale", [0.1, 1.0, 3.0])
def test_each_kernels_integral_is_that_of_quadrature(scale):
    """Two states: a gap. The second kernel saw its edge one way only: a one-sided posterior."""
    _, data, packs, _ = packed(
        {"both": table([[60, 40], [15, 85]], "ab"), "one": table([[60, 40], [0, 85]], "ab")}
    )
    (pack,) = packs
    offset = pack.union @ np.array([0.3])
    modes = climb(pack, scale, 0.0, offset, None)
    found = integrate(pack, modes, noise_at(pack, scale, 0.0))
    x = np.linspace(-9, 9, 20_001)
    for k, m in enumerate(pack.members.tolist()):
        edges = data[m].edges
        eta = offset[k] + x[:, None] * scale * (edges.potential @ data[m].centred)[:, 0]
        log_terms = edges.edges.log_likelihood(eta) + norm.logpdf(x)
        want = logsumexp(log_terms) + np.log(x[1] - x[0])
        error = found.noise[k].std() / np.sqrt(PAIRS)
        assert error < 0.05
        assert found.log_value[k] == pytest.approx(want, abs=5 * error + 1e-4)


@pytest.mark.parametrize("scales", [(0.0, 0.0), (0.4, 0.0), (0.0, 0.5), (0.4, 0.5), (1.5, 1.0)])
def test_evidence_at_given_scales_is_that_of_the_dense_path(scales):
    kernels, data, packs, prior = packed(mixed())
    deviation, cycle = scales
    rng = np.random.default_rng(3)
    point = corrected(packs, prior, point_at(packs, prior, deviation, cycle, near=None), rng)
    make = pooled_model if deviation else shared_model
    model = make(kernels, data, Priors(), cycle_scale=cycle or None, resolutions=(1e-2, 1e-2))
    if deviation:
        model = model.at_cycle_scale(deviation)
    node = evaluate_node(model, deviation, model.prior_mean, (1.0,), 2000, rng)
    assert max(node.pareto_k, point.pareto_k, point.outer_k) < 0.7
    inner = point.noise.std() / np.sqrt(PAIRS)
    error = hypot(inner, point.outer_mcse, node.mcse)
    assert error < 0.15
    assert point.log_value == pytest.approx(node.log_evidence, abs=5 * error)


def test_neither_order_nor_padding_matters():
    """Kernels alone in their pack, with no padding, give what they give side by side."""
    kernels, data, packs, prior = packed(mixed())
    basis = centred(kernels.component)
    apart = tuple(
        pack
        for one in data[::-1]
        for pack in packs_of([one], basis, pairs=PAIRS, rng=np.random.default_rng(7))
    )
    ours, theirs = (point_at(given, prior, 0.5, 0.5, near=None) for given in (packs, apart))
    # One generator for each of the latter: their errors are not independent of each other.
    error = (ours.noise.std() + 2 * theirs.noise.std()) / np.sqrt(PAIRS)
    assert error < 0.2
    assert ours.log_value == pytest.approx(theirs.log_value, abs=5 * error)


def test_each_kernel_alone_is_the_single_test_with_pairwise_edges():
    """The curvature correction is of the potential only, and cycles hardly feel it."""
    counts = mixed()
    kernels, data, packs, _ = packed(counts)
    alone = each_alone(packs, data, kernels.graphs, Priors())
    for name, one in zip(counts, alone.each, strict=True):
        fit = laplace(counts[name], likelihood="pairwise", draws=500, random_seed=1)
        theirs, ours = fit.log_bayes_factor(), one.log_bayes_factor
        assert ours.distrust is None
        error = hypot(ours.mcse, theirs.mcse)
        assert ours.log_value == pytest.approx(theirs.log_value, abs=5 * error + 0.05)
        if fit.graph.n_testable_cycles:
            rho = fit.cyclic_draws.summarise(fit.cyclic_draws.violation[:, None])
            sd = float(rho.sd[0])
            assert one.size.mean == pytest.approx(float(rho.mean[0]), abs=0.2 * sd)
            assert one.size.upper == pytest.approx(float(rho.upper[0]), abs=0.6 * sd)
        else:
            assert one.size is None
    tree = alone.each[list(counts).index("tree")]
    assert [factor.log_value for factor in tree.factors] == [0.0] * 3


def test_draws_know_each_kernels_potential():
    counts = mixed()
    _, data, packs, prior = packed(counts)
    point = point_at(packs, prior, 1.0, 0.0, near=None)
    u, deviations = draw_at(packs, prior, point, 400, np.random.default_rng(1))
    for pack, own in zip(packs, deviations, strict=True):
        for k, m in enumerate(pack.members.tolist()):
            edges = data[m].edges
            eta = u @ pack.union[k].T + own[:, k] @ pack.deviations[k].T
            used = len(edges.edges.forward)
            seen = (edges.edges.forward + 0.5) / (edges.edges.total + 1.0)
            logit = (eta[:, :used] + edges.edges.exposure).mean(axis=0)
            spread = 1.0 / np.sqrt(edges.edges.total * seen * (1 - seen))
            # Fitted log-ratios stay within a few standard errors of those observed.
            assert np.all(np.abs(logit - np.log(seen / (1 - seen))) < 4.5 * spread)


def test_which_kernels_are_taken_one_by_one():
    few = kernel_data(kernels_of(mixed()))
    assert not are_many(few)
    assert are_many(few * 100)
