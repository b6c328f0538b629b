"""Kernels drawn given a violation's size, against the prior weighted by the likelihood."""

from dataclasses import replace

import numpy as np
import pytest

from equipoise.graph import orthonormal_cycle_basis
from equipoise.inference.evidence.laplace import solve
from equipoise.inference.planning.truths import (
    AssumedCirculation,
    _Sphere,
    balanced_truths,
    violating_truths,
)
from equipoise.inference.problem import problem_of
from equipoise.models import Priors
from equipoise.simulate import driven_kernel, sample_draws

# Narrow and fixed, so that plain draws of the prior reach the posterior.
PRIORS = Priors(scales="fixed", symmetric_mean=-0.5, fixed_potential_sd=0.7, fixed_symmetric_sd=0.4)
RADIUS, DRAWS, N = 0.9, 60_000, 2000
EDGES = {
    "triangle": np.array([[0, 1], [0, 2], [1, 2]]),
    "diagonal": np.array([[0, 1], [0, 2], [0, 3], [1, 2], [2, 3]]),
}
FALSE_ALARM = 4.9  # of a normal, twenty times: 2e-5


def question(name: str):
    rng = np.random.default_rng(12)
    edges = EDGES[name]
    n = edges.max() + 1
    field = np.array([0.3, -0.3, 0.3]) if name == "triangle" else 0.0
    kernel = driven_kernel(
        rng.normal(0, 0.7, n), rng.normal(-0.5, 0.4, len(edges)), field, edges=edges
    )
    problem = problem_of(sample_draws(kernel, 8, rng), priors=PRIORS)
    assert problem.graph.n_edges == len(edges)
    return problem, solve(problem, draws=300, random_seed=1)


def by_prior(problem, violation: AssumedCirculation, rng):
    """Return predictors drawn from the prior, and their likelihoods as weights."""
    size = problem.predictor.potential.shape[1]
    v = rng.normal(0, PRIORS.fixed_potential_sd, (DRAWS, size))
    mean, sd = PRIORS.symmetric_mean, PRIORS.fixed_symmetric_sd
    s = rng.normal(mean, sd, (DRAWS, problem.graph.n_edges))
    u = rng.normal(size=(DRAWS, violation.space.shape[1]))
    u = np.ones_like(u) if violation.known else u / np.linalg.norm(u, axis=1, keepdims=True)
    z = violation.radius * u @ violation.space.T @ problem.predictor.basis
    predictor = problem.predictor
    eta = v @ predictor.potential.T + s @ predictor.symmetric.T + z @ predictor.cycle.T
    weights = np.exp(problem.likelihood.log_likelihood(eta))
    return eta, weights / weights.sum()


def compare(problem, truths, violation, rng):
    eta, weights = by_prior(problem, violation, rng)
    found = problem.likelihood.probabilities(truths.eta)
    expected = problem.likelihood.probabilities(eta)
    # First and second moments of every P_ij, and log-ratios' products: the direction shows there.
    ours = np.hstack([found, found**2, truths.eta])
    theirs = np.hstack([expected, expected**2, eta])
    mean = weights @ theirs
    error = np.sqrt(weights**2 @ (theirs - mean) ** 2)
    gap = ours.mean(axis=0) - mean
    # Draws were resampled by weights: at most a quarter of them are distinct in effect.
    own = ours.std(axis=0) / np.sqrt(len(ours) / 4)
    assert np.abs(gap / np.hypot(error, own)).max() < FALSE_ALARM
    assert 1 / (weights**2).sum() > 500


@pytest.mark.parametrize("size", [1, 2, 3, 12])
def test_the_density_on_the_sphere_is_that_of_the_draws(size):
    """Draws weighted by 1/density are uniform: no mean, and second moments 1/k."""
    rng = np.random.default_rng(size)
    axes = np.linalg.qr(rng.normal(size=(size, size)))[0]
    precision, mean = rng.uniform(1, 4, size), rng.normal(0, 0.4, size)
    w, log_density = _Sphere(axes, precision, mean, 2.0).draw(40_000, rng)
    np.testing.assert_allclose(np.linalg.norm(w, axis=1), 2.0)
    weights = np.exp(log_density.min() - log_density)
    unit = w / 2.0
    values = np.hstack([unit, unit**2 - 1 / size, unit[:, :1] * unit[:, 1:]])
    total = weights @ values
    spread = np.maximum(np.sqrt(weights**2 @ values**2), 1e-9)
    assert np.abs(total / spread).max() < FALSE_ALARM
    # Without the weights they are not: the law is neither centred nor round.
    plain = values.sum(axis=0) / np.maximum(np.sqrt((values**2).sum(axis=0)), 1e-9)
    assert np.abs(plain).max() > 2 * FALSE_ALARM


@pytest.mark.parametrize("name", ["triangle", "diagonal"])
def test_any_direction(name):
    problem, fit = question(name)
    violation = AssumedCirculation(orthonormal_cycle_basis(problem.graph), RADIUS, known=False)
    rng = np.random.default_rng(2)
    base = fit.curve.reversible
    truths = violating_truths(problem, base, fit.reversible, violation, N, rng)
    assert truths.pareto_k < 0.7
    c = 2 * (truths.eta - truths.theta @ fit.reversible.design.T)
    forward = problem.likelihood.arcs.sign > 0
    np.testing.assert_allclose(np.linalg.norm(c[:, forward], axis=1), RADIUS, rtol=1e-8)
    compare(problem, truths, violation, rng)


def test_a_known_cycle():
    problem, fit = question("triangle")
    space = orthonormal_cycle_basis(problem.graph)
    rng = np.random.default_rng(3)
    for sign in (1, -1):
        violation = AssumedCirculation(sign * space, RADIUS, known=True)
        truths = violating_truths(problem, fit.curve.reversible, fit.reversible, violation, N, rng)
        compare(problem, truths, violation, rng)


def test_balance():
    problem, fit = question("diagonal")
    rng = np.random.default_rng(4)
    truths = balanced_truths(fit.curve.reversible, fit.reversible, N, rng)
    nothing = AssumedCirculation(orthonormal_cycle_basis(problem.graph), 0.0, known=True)
    compare(problem, truths, nothing, rng)


def test_counts_that_contradict_the_size_are_noticed():
    problem, _ = question("triangle")
    many = replace(
        problem.likelihood,
        counts=400 * problem.likelihood.counts,
        trials=400 * problem.likelihood.trials,
    )
    sure = replace(problem, likelihood=many)
    fit = solve(sure, draws=500, random_seed=1)
    violation = AssumedCirculation(orthonormal_cycle_basis(sure.graph), 30.0, known=False)
    rng = np.random.default_rng(5)
    truths = violating_truths(sure, fit.curve.reversible, fit.reversible, violation, 50, rng)
    assert not truths.pareto_k <= 0.7
