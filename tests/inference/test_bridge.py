"""Bridge sampling against closed forms, a quadrature, and the fast path."""

import subprocess
import sys

import numpy as np
import pytest
from chains import autoregression, gaussian_posterior, proposed, vectors, walked
from scipy.special import logsumexp
from scipy.stats import norm

from equipoise.counts import TransitionCounts
from equipoise.errors import NotTrustedError, UsageError
from equipoise.inference.evidence import laplace
from equipoise.inference.evidence.bridge import LEAST_TERMS, bridge
from equipoise.inference.problem import problem_of
from equipoise.models import Priors

FIXED = Priors(scales="fixed")
SCALES = (FIXED.fixed_potential_sd, FIXED.fixed_symmetric_sd, FIXED.symmetric_mean)


def gaussian_chains(sigma_c, seed, *, phi=0.7, draws=500):
    """The cyclic model at a fixed scale, exact draws as parameter vectors, and the evidence."""
    exact = gaussian_posterior(FIXED)
    scales = (SCALES[0], SCALES[1], SCALES[2], sigma_c)
    mean, root = exact.moments(*scales)
    u = autoregression(np.random.default_rng(seed), (4, draws, len(mean)), phi)
    part = exact.split(mean + u @ root.T)
    model = exact.problem.cyclic().at_cycle_scale(sigma_c)
    return model, vectors(exact.problem, **part), exact.log_evidence(*scales)


@pytest.mark.parametrize("sigma_c", [0.3, 2.0])
def test_gaussian_posterior_in_closed_form(sigma_c):
    model, theta, expected = gaussian_chains(sigma_c, 1)
    evidence = bridge(model, theta, random_seed=2)
    assert evidence.method == "bridge"
    assert evidence.mcse < 0.01
    assert abs(evidence.log_value - expected) < 3.9 * evidence.mcse  # false alarm 1e-4
    # φ = 0.7 leaves some (1 − φ)/(1 + φ) of the draws effective, more for even functions
    assert 200 < evidence.diagnostics["ess"] < 1500
    assert evidence.diagnostics["terms"] > LEAST_TERMS


def test_reversible_hypothesis_in_closed_form():
    exact = gaussian_posterior(FIXED)
    scales = (*SCALES, 1e-9)  # as good as no cycles
    mean, root = exact.moments(*scales)
    part = exact.split(mean + np.random.default_rng(3).normal(size=(2, 800, len(mean))) @ root.T)
    theta = vectors(exact.problem, part["V"], part["s"])
    evidence = bridge(exact.problem.reversible(), theta, random_seed=3)
    assert evidence.mcse < 0.01
    assert abs(evidence.log_value - exact.log_evidence(*scales)) < 3.9 * evidence.mcse


def test_two_states_by_quadrature():
    n = np.array([[5, 9], [0, 30]])  # never back: a one-sided posterior
    counts = TransitionCounts.from_matrix(n, states=["x", "y"])

    u, s = np.linspace(-12, 28, 801)[:, None], np.linspace(-20, 10, 601)
    up, down = s + u / 2, s - u / 2
    log_joint = 9 * up - 14 * np.logaddexp(0, up) - 30 * np.logaddexp(0, down)
    log_joint += norm.logpdf(u, 0, 3 * np.sqrt(2)) + norm.logpdf(s, -3, 3)
    expected = logsumexp(log_joint) + np.log(0.05 * 0.05)  # a trapezoid rule, 0 at its ends
    model = problem_of(counts, priors=FIXED).reversible()
    draws = walked(model, 4, *proposed(model, 4, model.prior_mean, ()))
    evidence = bridge(model, draws, random_seed=4)
    assert evidence.mcse < 0.01
    assert abs(evidence.log_value - expected) < 3.9 * evidence.mcse


@pytest.mark.parametrize(
    ("name", "scales", "sigma_c", "error"),
    [
        ("claude", "fixed", 3.0, 0.02),
        ("claude", "learned", 1.0, 0.03),
        ("alofi", "learned", 0.3, 0.01),
        ("gemini", "learned", 1.0, 0.1),
    ],
)
def test_agrees_with_importance_sampling(name, scales, sigma_c, error, request):
    counts = request.getfixturevalue(name)
    fit = laplace(counts, priors=Priors(scales=scales), draws=500, random_seed=5)
    model = fit.cyclic.at_cycle_scale(sigma_c)
    near = min(fit.curve.nodes, key=lambda node: abs(np.log(node.cycle_scale / sigma_c))).mode
    theta, log_weights = proposed(model, 6, near.theta, near.scales, 16_000)
    base = fit.curve.reversible.log_evidence
    weight = np.exp(log_weights - base)
    spread = weight.std() / weight.mean() / np.sqrt(len(weight))
    evidence = bridge(model, walked(model, 7, theta, log_weights), random_seed=7)
    assert evidence.mcse < error
    assert spread < error
    gap = evidence.log_value - base - np.log(weight.mean())
    assert abs(gap) < 3.9 * np.hypot(evidence.mcse, spread)


def calibration(estimates):
    """Spread of repeated estimates over the mean error they report."""
    values = np.array([evidence.log_value for evidence in estimates])
    return values.std(ddof=1) / np.mean([evidence.mcse for evidence in estimates])


def test_error_matches_the_spread():
    runs = []
    for seed in range(30):
        model, theta, expected = gaussian_chains(1.0, seed, phi=0.8, draws=400)
        runs.append(bridge(model, theta, random_seed=seed))
    # a standard deviation from 30 runs errs by 13 %
    assert 0.7 < calibration(runs) < 1.4
    assert abs(np.mean([run.log_value for run in runs]) - expected) < 0.002


def test_error_matches_the_spread_where_the_posterior_is_one_sided(claude):
    model = problem_of(claude, priors=FIXED).cyclic().at_cycle_scale(3.0)
    importance = proposed(model, 8, model.prior_mean, ())
    theta = np.split(walked(model, 9, *importance, chains=800), 20)
    runs = [bridge(model, chains, random_seed=seed) for seed, chains in enumerate(theta)]
    assert np.mean([run.mcse for run in runs]) < 0.02
    assert 0.7 < calibration(runs) < 1.4


def test_same_seed_same_result():
    model, theta, _ = gaussian_chains(1.0, 11)
    one, two = (bridge(model, theta, random_seed=5) for _ in range(2))
    assert one.log_value == two.log_value
    assert one.log_value != bridge(model, theta, random_seed=6).log_value


def test_chains_in_two_places_are_not_trusted():
    model, theta, _ = gaussian_chains(1.0, 12, draws=400)
    # second halves elsewhere: neither half's proposal reaches the other
    theta[:, 200:] += 8.0 * theta.std(axis=(0, 1))
    with pytest.raises(NotTrustedError, match="effective terms") as caught:
        bridge(model, theta, random_seed=1)
    assert caught.value.result.method == "bridge"


def test_draws_that_cannot_be_bridged():
    model, theta, _ = gaussian_chains(1.0, 14, draws=40)
    with pytest.raises(UsageError, match=r"shape \(chains, draws, 10\).*not \(4, 40, 9\)"):
        bridge(model, theta[..., 1:])
    with pytest.raises(UsageError, match="at least 8 long"):
        bridge(model, theta[:, :6])
    with pytest.raises(UsageError, match="more than its 10 parameters"):
        bridge(model, theta[:1, :20])
    broken = theta.copy()
    broken[1, 3, 2] = np.nan
    with pytest.raises(UsageError, match="1 of 160 draws"):
        bridge(model, broken)
    with pytest.raises(NotTrustedError, match="all 10 directions"):
        bridge(model, np.repeat(theta[:, :1], 40, axis=1))


def test_loading_it_loads_no_arviz():
    code = (
        "import sys, equipoise.inference.evidence.bridge\n"
        "import equipoise.inference.evidence.savage_dickey\n"
        "print(sorted({'arviz', 'arviz_stats', 'pymc', 'xarray'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
