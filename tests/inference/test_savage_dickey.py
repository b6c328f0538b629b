"""Savage–Dickey against closed forms and the fast path, on draws of known posteriors."""

from dataclasses import replace

import numpy as np
import pytest
from chains import autoregression, gaussian_posterior, resampled, walkers
from scipy.integrate import quad
from scipy.special import logsumexp
from scipy.stats import halfnorm, norm

from equipoise.counts import TransitionCounts
from equipoise.errors import UsageError
from equipoise.inference.evidence import laplace
from equipoise.inference.evidence.laplace.proposal import draw_mixture, mixture
from equipoise.inference.evidence.psis import K_TRUSTED
from equipoise.inference.evidence.savage_dickey import (
    _checked,
    _lines,
    _log_integral,
    savage_dickey,
)
from equipoise.inference.modes.lattice import scale_lattice
from equipoise.inference.problem import problem_of
from equipoise.models import Priors

FIXED = Priors(scales="fixed", cycle_scale=0.8)
SCALES = (FIXED.fixed_potential_sd, FIXED.fixed_symmetric_sd, FIXED.symmetric_mean)
GRID = np.concatenate([np.linspace(0, 1, 150, endpoint=False), np.linspace(1, 5, 100)])


class Gaussian:
    """Exact draws of a Gaussian problem at fixed scales, σ_c learned."""

    def __init__(self, shift=0.0):
        self.exact = gaussian_posterior(FIXED, shift=shift)
        total, self.cumulative = self.exact.cycle_scale(GRID, *SCALES)
        self.log_bf = self.exact.log_evidence(*SCALES, 1e-9) - total

    def draws(self, seed, *, phi=0.6, shape=(4, 500)):
        size = 1 + self.exact.design.shape[1]
        u = autoregression(np.random.default_rng(seed), (*shape, size), phi)
        parts = self.exact.joint(u, GRID, self.cumulative, *SCALES)
        return {
            "V": parts["V"],
            "s": parts["s"],
            "z": parts["z"],
            "scales": {"sigma_c": parts["sigma_c"]},
        }


@pytest.mark.parametrize("shift", [0.0, 1.5])
def test_gaussian_posterior_in_closed_form(shift):
    known = Gaussian(shift)
    factor = savage_dickey(known.exact.problem, **known.draws(1))
    assert factor.method == "savage_dickey"
    assert factor.cycle_scale == 0.8
    assert factor.distrust is None
    assert factor.mcse < 0.05
    assert abs(factor.log_value - known.log_bf) < 3.9 * factor.mcse  # false alarm 1e-4


def test_the_two_cases_favour_different_sides():
    assert Gaussian(0.0).log_bf > 0.05
    assert Gaussian(1.5).log_bf < -1.0


@pytest.mark.parametrize("shift", [0.0, 1.5])
def test_error_matches_the_spread(shift):
    known = Gaussian(shift)
    chains = [known.draws(seed, shape=(4, 250)) for seed in range(30)]
    runs = [savage_dickey(known.exact.problem, **draws) for draws in chains]
    values = np.array([run.log_value for run in runs])
    mean_error = np.mean([run.mcse for run in runs])
    # a standard deviation from 30 runs errs by 13 %
    assert 0.7 < values.std(ddof=1) / mean_error < 1.4
    assert abs(values.mean() - known.log_bf) < 3.9 * mean_error / np.sqrt(30)


def test_learned_scales_in_closed_form():
    """Scales on a grid are a prior too: draws of everything else given them are exact."""
    priors = Priors(cycle_scale=0.8)
    exact = gaussian_posterior(priors)
    spots = [
        (v, s, mu, w * m)
        for v, w in zip((0.4, 1.5, 6.0), (0.5, 0.3, 0.2), strict=True)
        for s in (0.5, 2.5)
        for mu, m in zip((-5.0, -2.0, 0.5), (0.2, 0.5, 0.3), strict=True)
    ]
    found = [exact.cycle_scale(GRID, *spot[:3]) for spot in spots]
    log_prior = np.log([spot[3] / 2 for spot in spots])
    total = log_prior + [log for log, _ in found]
    base = log_prior + [exact.log_evidence(*spot[:3], 1e-9) for spot in spots]
    expected = logsumexp(base) - logsumexp(total)
    rng = np.random.default_rng(5)
    share = rng.multinomial(4000, np.exp(total - logsumexp(total)))
    rows = []
    for n, (_, cumulative), spot in zip(share, found, spots, strict=True):
        u = rng.normal(size=(1, n, 1 + exact.design.shape[1]))
        part = exact.joint(u, GRID, cumulative, *spot[:3])
        for name, value in zip(("sigma_V", "sigma_s", "mu_s"), spot[:3], strict=True):
            part[name] = np.full((1, n), value)
        rows.append(part)
    order = rng.permutation(4000)
    whole = {name: np.concatenate([row[name][0] for row in rows])[order] for name in rows[0]}
    whole = {name: x.reshape(4, 1000, *x.shape[1:]) for name, x in whole.items()}
    scales = {name: whole[name] for name in ("sigma_V", "sigma_s", "mu_s", "sigma_c")}
    factor = savage_dickey(exact.problem, V=whole["V"], s=whole["s"], z=whole["z"], scales=scales)
    assert factor.mcse < 0.03
    assert factor.distrust is None
    assert abs(factor.log_value - expected) < 3.9 * factor.mcse


def joint_chains(fit, seed, *, chains=60, draws=40, thin=10):
    """Metropolis chains of the cyclic model with σ_c and the learned scales integrated out, and
    exact draws of those given the rest."""
    rng = np.random.default_rng(seed)
    model, problem, tau = fit.cyclic, fit.problem, fit.priors.cycle_scale
    grid = np.exp(np.arange(np.log(1e-4), np.log(8 * tau), 0.03))
    weight = halfnorm.logpdf(grid, 0, tau) + np.log(grid)
    (cycles,) = [b for b in model.blocks if b.columns == model.cycle_columns]
    others = [block for block in model.blocks if block is not cycles]

    def log_target(theta):
        value = model.likelihood.log_likelihood(theta @ model.design.T)
        value = value + logsumexp(weight + cycles.log_density(theta, grid), axis=-1)
        return value + sum(block.log_marginal(theta) for block in others)

    def pick(log_mass, values):
        """One of the values for every row of log-masses."""
        noise = rng.gumbel(size=log_mass.shape)
        return values[np.argmax(log_mass + noise, axis=-1)]

    near = min(fit.curve.nodes, key=lambda node: abs(np.log(node.cycle_scale / (0.7 * tau))))
    at = model.at_cycle_scale(near.cycle_scale)
    modes = scale_lattice(at, near.mode.theta, near.mode.scales)
    pool, log_proposal = draw_mixture(mixture(at, modes), 4000, rng)
    start, root = resampled(pool, log_target(pool) - log_proposal, chains, rng)
    theta = walkers(log_target, start, root, rng, draws=draws, thin=thin)
    z = theta[..., cycles.columns]
    sigma_c = pick(weight + cycles.log_density(theta, grid), grid)
    scales = {"sigma_c": sigma_c}
    V, s = model.potential(theta), theta[..., cycles.columns.stop :]
    sigma_v = np.full(z.shape[:2], fit.priors.fixed_potential_sd)
    if fit.priors.scales == "learned":
        # the pairwise likelihood has no s
        for block, name in zip(others, ("sigma_V", "sigma_s"), strict=False):
            mass = block.log_prior + block.log_density(theta, block.grid)
            scales[name] = pick(mass, block.grid)
        sigma_v = scales["sigma_V"]
    if "sigma_s" in scales:
        sigma_s = scales["sigma_s"]
        mean, sd = fit.priors.symmetric_mean, fit.priors.symmetric_mean_sd
        precision = s.shape[-1] / sigma_s**2 + 1 / sd**2
        pull = s.sum(axis=-1) / sigma_s**2 + mean / sd**2
        scales["mu_s"] = pull / precision + rng.normal(size=pull.shape) / np.sqrt(precision)
    # the common constant of V given all differences: one component in every table here
    gauge = -V.mean(axis=-1) + rng.normal(size=sigma_v.shape) * sigma_v / np.sqrt(V.shape[-1])
    return problem, {"V": V + gauge[..., None], "s": s, "z": z, "scales": scales}


@pytest.mark.parametrize(
    ("name", "likelihood", "scales", "error"),
    [
        ("alofi", "multinomial", "fixed", 0.03),
        ("alofi", "pairwise", "learned", 0.03),
        ("claude", "multinomial", "fixed", 0.05),
        ("claude", "multinomial", "learned", 0.04),
        ("gemini", "multinomial", "fixed", 0.05),
    ],
)
def test_agrees_with_the_fast_path(name, likelihood, scales, error, request):
    counts, priors = request.getfixturevalue(name), Priors(scales=scales)
    fit = laplace(counts, priors=priors, likelihood=likelihood, draws=2000, random_seed=6)
    problem, draws = joint_chains(fit, 7)
    factor, other = savage_dickey(problem, **draws), fit.log_bayes_factor()
    assert factor.distrust is None
    assert factor.mcse < error
    assert other.mcse < error
    gap = factor.log_value - other.log_value
    assert abs(gap) < 3.9 * np.hypot(factor.mcse, other.mcse) + 0.003  # the curve's interpolation


def test_integral_along_a_line_with_walls(claude):
    """Every line is integrated as well as an adaptive quadrature does it."""
    fit = laplace(claude, priors=Priors(scales="fixed"), draws=200, random_seed=1)
    problem, draws = joint_chains(fit, 2, chains=5, draws=4, thin=1)
    lines = _lines(problem, _checked(problem, *draws.values()))
    ours = _log_integral(lines, 1.0)

    def integrand(t, line):
        return np.exp(line.rise(np.array([[t]]))[0, 0] + norm.logpdf(t))

    for k in range(20):
        line = lines.part(slice(k, k + 1))
        theirs = quad(integrand, -9, 9, (line,), limit=500, epsabs=0, epsrel=1e-9)[0]
        assert ours[k] == pytest.approx(np.log(theirs), abs=1e-6)


def test_lines_pass_through_their_draws(claude):
    """At t = σ_c a line is at its draw: the likelihood there is the draw's, and so is the prior."""
    fit = laplace(claude, draws=200, random_seed=1)
    problem, draws = joint_chains(fit, 3, chains=5, draws=4, thin=1)
    lines = _lines(problem, _checked(problem, *draws.values()))
    sigma_c = draws["scales"]["sigma_c"].reshape(-1, 1)

    def log_density(V, s, z):
        p = problem.predictor
        eta = V @ p.potential.T + s @ p.symmetric.T + z @ p.cycle.T
        scales = {name: x[..., None] for name, x in draws["scales"].items()}
        prior = norm.logpdf(V, 0, scales["sigma_V"]).sum(-1)
        prior += norm.logpdf(s, scales["mu_s"], scales["sigma_s"]).sum(-1)
        return (problem.likelihood.log_likelihood(eta) + prior).ravel()

    # two points of a line differ by what the model's own densities say
    V, s, z = draws["V"], draws["s"], draws["z"]
    at_draw = log_density(V, s, z)
    cycle = problem.predictor.cycle
    other = lines.origin + 0.3 * sigma_c * lines.direction
    here = lines.origin + sigma_c * lines.direction
    eta = V @ problem.predictor.potential.T + s @ problem.predictor.symmetric.T + z @ cycle.T
    np.testing.assert_allclose(here, eta.reshape(here.shape), atol=1e-9)
    assert np.abs(other - here).max() > 1e-3
    # V and s at t = 0.3 σ_c, found from eta alone: s + V-differences + the cycles' part
    step = (here - other).reshape(*z.shape[:2], -1) / 0.7 - z @ cycle.T
    design = np.hstack([problem.predictor.potential, problem.predictor.symmetric])
    moved = step @ np.linalg.pinv(design).T
    np.testing.assert_allclose(moved @ design.T, step, atol=1e-9)
    # the gauge of V does not move
    n = V.shape[-1]
    expected = log_density(V - 0.7 * moved[..., :n], s - 0.7 * moved[..., n:], 0.3 * z)
    rise = (lines.rise(0.3 * sigma_c) - lines.rise(sigma_c))[:, 0]
    np.testing.assert_allclose(rise, expected - at_draw, atol=1e-6)


def test_balance_far_from_every_draw_is_not_trusted():
    known = Gaussian(5.0)
    assert known.log_bf < -15
    factor = savage_dickey(known.exact.problem, **known.draws(1))
    assert "effective draws (at least 100 are needed)" in factor.distrust


def test_a_heavy_tail_is_not_trusted():
    """With many draws enough of them see balance, and still a few outweigh the rest."""
    known = Gaussian(3.0)
    factor = savage_dickey(known.exact.problem, **known.draws(1, phi=0.0, shape=(4, 10_000)))
    assert factor.doubt is None
    assert factor.pareto_k > K_TRUSTED
    assert "importance sampling failed" in factor.distrust


def test_few_draws_are_not_trusted():
    known = Gaussian()
    factor = savage_dickey(known.exact.problem, **known.draws(1, shape=(2, 40)))
    assert "effective draws" in factor.distrust


def test_no_cycles_no_question():
    counts = TransitionCounts.from_matrix(np.array([[3, 5], [2, 9]]), states=["x", "y"])
    problem = problem_of(counts)
    empty = np.zeros((2, 10, 0))
    factor = savage_dickey(problem, V=np.zeros((2, 10, 2)), s=empty, z=empty, scales={})
    assert (factor.log_value, factor.mcse, factor.distrust) == (0.0, 0.0, None)


def test_draws_that_cannot_be_used():
    known = Gaussian()
    problem, draws = known.exact.problem, known.draws(1, shape=(2, 8))
    with pytest.raises(UsageError, match=r"V must have the shape \(2, 8, 4\)"):
        savage_dickey(problem, **{**draws, "V": draws["V"][..., 1:]})
    with pytest.raises(UsageError, match="no 'sigma_c' among their scales"):
        savage_dickey(problem, **{**draws, "scales": {}})
    with pytest.raises(UsageError, match="no 'sigma_V' among their scales"):
        savage_dickey(problem.with_priors(Priors()), **draws)
    with pytest.raises(UsageError, match="sigma_c must be above 0"):
        savage_dickey(problem, **{**draws, "scales": {"sigma_c": np.zeros((2, 8))}})
    with pytest.raises(UsageError, match="at least 4 draws a chain"):
        savage_dickey(problem, **{**draws, "z": draws["z"][:, :3]})
    with pytest.raises(UsageError, match="s must be finite"):
        savage_dickey(problem, **{**draws, "s": np.full_like(draws["s"], np.nan)})


def test_the_tau_reported_is_that_of_the_priors():
    known = Gaussian()
    wide = known.exact.problem.with_priors(replace(FIXED, cycle_scale=2.0))
    factor = savage_dickey(wide, **known.draws(1))
    assert factor.cycle_scale == 2.0
