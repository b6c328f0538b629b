"""Chains in NumPy of one kernel: their density, what they draw from prior and posterior."""

import subprocess
import sys
from dataclasses import replace
from math import sqrt

import numpy as np
import pytest
from arviz_stats.base import array_stats
from scipy.special import logsumexp
from scipy.stats import halfnorm

import equipoise as eq
from equipoise.counts import TransitionCounts
from equipoise.errors import UsageError
from equipoise.inference import hamilton
from equipoise.inference.evidence.laplace.proposal import draw_mixture, mixture
from equipoise.inference.modes.lattice import scale_lattice
from equipoise.inference.posterior.backends import MOST_FOR_NUMPY, backend_for
from equipoise.inference.posterior.numpy_sampler import NumpySampler, numpy_sampler
from equipoise.inference.problem import Problem, problem_of
from equipoise.models import Priors

PRIORS = Priors(
    cycle_scale=0.8,
    potential_scale=2.0,
    symmetric_mean=-1.0,
    symmetric_mean_sd=1.5,
    symmetric_scale=0.7,
)
#: Of some sixty numbers each: false alarms below 1e-4.
WITHIN = 5.0


def lopsided(stay: bool = True) -> TransitionCounts:
    """Few counts, an edge walked one way only, and a pair of states apart."""
    matrix = np.zeros((6, 6), dtype=int)
    matrix[:4, :4] = [[9, 5, 1, 0], [2, 4, 7, 3], [6, 1, 12, 2], [0, 0, 4, 3]]
    matrix[4:, 4:] = [[3, 8], [2, 1]]
    if not stay:
        np.fill_diagonal(matrix, 0)
    return TransitionCounts.from_matrix(matrix, states=list("dbcafe"), stay=stay)


def question(kind: str, priors: Priors = PRIORS) -> Problem:
    counts = lopsided(stay=kind != "no staying")
    likelihood = "pairwise" if kind == "pairwise" else "multinomial"
    return problem_of(counts, priors=priors, likelihood=likelihood)


def errors(x, want, want_error=0.0):
    """Return by how many standard errors the mean of chains misses what it should be."""
    effective = float(array_stats.ess(x, method="mean"))
    assert effective > 400
    return abs((x.mean() - want) / np.hypot(x.std() / sqrt(effective), want_error))


@pytest.mark.parametrize("kind", ["multinomial", "pairwise", "no staying"])
@pytest.mark.parametrize("scales", ["learned", "fixed"])
def test_density_is_that_of_the_model(kind, scales):
    """Likelihood, priors as the model states them, and the Jacobian by differences."""
    sampler = numpy_sampler(question(kind, replace(PRIORS, scales=scales)))
    model = sampler._model(None)
    names, widths = sampler._names(model), sampler._widths(model)
    reference = hamilton.reference_of(model, widths, (0.9,) * len(names))
    rng = np.random.default_rng(1)
    log_sd = rng.normal(-0.3, 0.8, (5, len(names)))
    u = rng.normal(size=(5, model.size))
    state = hamilton.state_at(reference, u, log_sd)
    ours = state.fit + state.rest - 0.5 * (u**2).sum(axis=1)
    theta = reference.theta(state.w)
    expected = model.likelihood.log_likelihood(theta @ model.design.T)
    for k in range(5):
        learned = iter(np.exp(log_sd[k]))
        for block in model.blocks:
            scale = block.scale if block.scale is not None else next(learned)
            expected[k] += block.log_density(theta[k], scale)
        expected[k] += (halfnorm.logpdf(np.exp(log_sd[k]), 0, widths) + log_sd[k]).sum()
        moved = np.repeat(u[k : k + 1], model.size, axis=0) + np.eye(model.size)
        there = hamilton.state_at(
            reference, moved, np.repeat(log_sd[k : k + 1], model.size, axis=0)
        )
        expected[k] += np.linalg.slogdet(reference.theta(there.w) - theta[k])[1]
    np.testing.assert_allclose(ours - ours[0], expected - expected[0], atol=1e-8)
    assert np.ptp(expected) > 1.0
    # and with the parameters held, where only the scales move
    apart = hamilton.move_scales_apart(reference, state, 3, np.random.default_rng(2))
    again = hamilton.state_at(reference, apart.u, apart.log_sd)
    np.testing.assert_allclose(again.w, state.w, atol=1e-9)
    np.testing.assert_allclose(apart.fit, again.fit, rtol=1e-12)


@pytest.mark.parametrize("kind", ["multinomial", "pairwise"])
def test_without_counts_they_draw_from_the_prior(kind):
    problem = question(kind)
    rows = problem.likelihood
    blank = (
        replace(rows, forward=0 * rows.forward, total=0 * rows.total)
        if kind == "pairwise"
        else replace(rows, counts=0 * rows.counts, trials=0 * rows.trials)
    )
    found = numpy_sampler(replace(problem, likelihood=blank)).draw(draws=500, random_seed=4)
    units = {
        "V": found.V / found.scales["sigma_V"][..., None],
        "z": found.z / found.scales["sigma_c"][..., None],
    }
    widths = {"sigma_V": 2.0, "sigma_c": 0.8}
    if kind == "multinomial":
        mean = found.scales["mu_s"]
        units["s"] = (found.s - mean[..., None]) / found.scales["sigma_s"][..., None]
        units["mu_s"] = (mean[..., None] + 1.0) / 1.5
        widths["sigma_s"] = 0.7
    assert set(found.scales) == set(widths) | ({"mu_s"} if "s" in units else set())
    for name, width in widths.items():
        sd = found.scales[name] / width
        assert errors(sd, sqrt(2 / np.pi)) < WITHIN
        assert errors(sd**2, 1.0) < WITHIN
        assert errors(np.log(sd), (np.log(0.5) - np.euler_gamma) / 2) < WITHIN
    for name, x in units.items():
        for k in range(x.shape[-1]):
            assert errors(x[..., k], 0.0) < WITHIN, name
            assert errors(x[..., k] ** 2, 1.0) < WITHIN, name
        if x.shape[-1] > 1:
            assert errors(x[..., 0] * x[..., 1], 0.0) < WITHIN, name
    assert found.stats["diverging"].sum() == 0


@pytest.mark.parametrize("kind", ["multinomial", "pairwise", "no staying"])
def test_posterior_equals_importance_sampling(kind):
    """Every coordinate and learned scale; scales of the weighted draws on a fine grid."""
    problem = question(kind)
    sampler = numpy_sampler(problem)
    found = sampler.draw(draws=500, random_seed=5)
    model = sampler._model(None)
    modes = scale_lattice(model, model.prior_mean, (1.0,) * len(model.learned))
    theta, log_q = draw_mixture(mixture(model, modes), 12_000, np.random.default_rng(6))
    log_w = model.log_joint(theta) - log_q
    w = np.exp(log_w - logsumexp(log_w))
    assert 1 / (w**2).sum() > 1000

    def weighted(x):
        mean = w @ x
        return mean, sqrt((w**2) @ (x - mean) ** 2)

    ours = found.theta(problem)
    for k in range(model.size):
        for power in (1, 2):
            assert errors(ours[..., k] ** power, *weighted(theta[:, k] ** power)) < WITHIN
    for name, block in zip(sampler._names(model), model.learned, strict=True):
        logs = block.log_prior + block.log_density(theta, block.grid)
        inside = np.exp(logs - logsumexp(logs, axis=1, keepdims=True)) @ block.grid
        assert errors(found.scales[name], *weighted(inside)) < WITHIN
    assert found.stats["diverging"].sum() == 0


def test_a_wall_throws_no_chain_out():
    """States hardly ever left, learned scales: what diverged once in some thousand draws."""
    found = numpy_sampler(problem_of(eq.datasets.load("claude-4"))).draw(draws=200, random_seed=1)
    assert found.stats["diverging"].sum() == 0


def test_energy_is_kept_as_the_step_shrinks():
    problem = question("multinomial")
    sampler = numpy_sampler(problem)
    model = sampler._model(0.4)
    reference = hamilton.reference_of(model, sampler._widths(model), (1.0, 0.7))
    u = np.random.default_rng(7).standard_normal((30, model.size))
    start = hamilton.state_at(reference, u, np.full((30, 2), np.log(0.8)))
    worst = [
        np.abs(hamilton.turn(reference, start, step, np.random.default_rng(8))[1]).max()
        for step in (0.2, 0.05, 0.0125)
    ]
    # Of second order: a sixteenth for a quarter of the step.
    assert worst[1] < worst[0] / 10
    assert worst[2] < worst[1] / 10


def test_several_nodes_together_are_what_each_is_alone():
    problem = question("multinomial")
    sampler = numpy_sampler(problem)
    both = sampler.draw_at(
        (0.1, 2.0),
        draws=250,
        tune=60,
        chains=4,
        random_seeds=(1, 2),
        target_accept=0.9,
        starts=(None, None),
    )
    for cycle_sd, found in zip((0.1, 2.0), both, strict=True):
        alone = sampler.draw(cycle_sd=cycle_sd, draws=250, random_seed=9)
        assert "sigma_c" not in found.scales
        square = (alone.z**2).sum(axis=-1)
        error = square.std() / sqrt(float(array_stats.ess(square, method="mean")))
        assert errors((found.z**2).sum(axis=-1), square.mean(), error) < WITHIN
        error = alone.V.std(axis=(0, 1)) / sqrt(float(array_stats.ess(alone.V[..., 0])))
        assert errors(found.V[..., 0], alone.V[..., 0].mean(), error[0]) < WITHIN
    went_on = sampler.draw(
        cycle_sd=0.5, draws=20, tune=10, start=both[0].walked[:, -1], random_seed=2
    )
    assert went_on.V.shape[:2] == (8, 20)


def test_balance_has_no_cycles_and_a_seed_is_a_seed():
    sampler = numpy_sampler(question("multinomial"))
    seen = []
    found = sampler.draw(cycle_sd=0.0, draws=30, random_seed=3, progress=seen.append)
    assert seen == sorted(seen)
    assert not found.z.any()
    assert "sigma_c" not in found.scales
    again = sampler.draw(cycle_sd=0.0, draws=30, random_seed=3)
    np.testing.assert_array_equal(again.V, found.V)
    assert not np.array_equal(sampler.draw(cycle_sd=0.0, draws=30, random_seed=4).V, found.V)


def test_what_makes_no_sense_is_refused():
    sampler = numpy_sampler(question("multinomial"))
    with pytest.raises(UsageError, match="leave cores out"):
        sampler.draw(cores=2)
    with pytest.raises(UsageError, match="cycle_sd must be a number"):
        sampler.draw(cycle_sd=-1.0)
    with pytest.raises(UsageError, match="draws must be a whole number"):
        sampler.draw(draws=2)
    with pytest.raises(UsageError, match="target_accept must lie in"):
        sampler.draw(target_accept=1.0)


def test_the_backend_follows_the_size_unless_it_is_named():
    assert backend_for("auto", MOST_FOR_NUMPY) == "numpy"
    assert backend_for("auto", MOST_FOR_NUMPY + 1) == "nutpie"
    assert backend_for("nutpie", 3) == "nutpie"
    assert isinstance(numpy_sampler(question("pairwise")), NumpySampler)


def test_nothing_that_compiles_is_loaded():
    code = (
        "import sys, equipoise\n"
        "counts = equipoise.datasets.load('alofi-rain')\n"
        "equipoise.path(counts, draws=20, tune=10, random_seed=1)\n"
        "loaded = {'pymc', 'pytensor', 'nutpie', 'numba', 'jax'} & set(sys.modules)\n"
        "sys.exit(f'loaded: {loaded}' if loaded else 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stderr == ""
    assert done.returncode == 0
