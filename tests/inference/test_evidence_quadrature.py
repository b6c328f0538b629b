"""The fast path's evidence against quadratures written here, sharing none of its code."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.polynomial.hermite_e import hermegauss
from scipy.integrate import dblquad, quad
from scipy.optimize import minimize
from scipy.special import logsumexp
from scipy.stats import halfnorm, norm

from equipoise.counts import TransitionCounts
from equipoise.graph import fundamental_cycle_basis, orthonormal_cycle_basis, support_graph
from equipoise.inference.evidence import laplace
from equipoise.inference.evidence.laplace import solve
from equipoise.inference.problem import problem_of
from equipoise.likelihoods import multinomial_predictor, support_arcs
from equipoise.models import Priors

FIXED = Priors(scales="fixed")
CYCLE = np.array([[20, 31, 6], [12, 40, 25], [9, 3, 14]])
OTHER = np.array([3, 0, 5])


def counts_of(matrix, other=None) -> TransitionCounts:
    states = ["x", "y", "z"][: len(matrix)]
    return TransitionCounts.from_matrix(np.array(matrix), states=states, other=other)


def adaptive_hermite(log_density, start, points):
    """log ∫ exp(log_density), by Gauss–Hermite round the mode; log_density takes (n, d)."""
    dim = len(start)
    fit = minimize(lambda t: -log_density(t[None])[0], start, method="BFGS", tol=1e-10)
    mode, h = fit.x, 1e-4
    eye = np.eye(dim) * h
    hessian = np.array(
        [
            [
                (
                    log_density((mode + a + b)[None])[0]
                    - log_density((mode + a - b)[None])[0]
                    - log_density((mode - a + b)[None])[0]
                    + log_density((mode - a - b)[None])[0]
                )
                / (4 * h * h)
                for a in eye
            ]
            for b in eye
        ]
    )
    scale = np.linalg.cholesky(np.linalg.inv(-hessian))
    x, w = hermegauss(points)
    grid = np.stack(np.meshgrid(*[x] * dim, indexing="ij"), -1).reshape(-1, dim)
    log_w = np.log(w) + 0.5 * x**2
    log_weight = sum(np.meshgrid(*[log_w] * dim, indexing="ij")).ravel()
    total = logsumexp(log_weight + log_density(mode + grid @ scale.T))
    return total + np.log(np.diag(scale)).sum()


def test_two_states_fixed_scales():
    n = np.array([[5, 9], [2, 30]])
    counts = counts_of(n, other=np.array([4, 1]))

    def integrand(u, s):
        up, down = s + u / 2, s - u / 2
        value = 9 * up - 18 * np.logaddexp(0, up) + 2 * down - 33 * np.logaddexp(0, down)
        return np.exp(value + norm.logpdf(u, 0, 3 * np.sqrt(2)) + norm.logpdf(s, -3, 3) + 20.0)

    expected = np.log(dblquad(integrand, -8, 6, -8, 8, epsabs=1e-12)[0]) - 20.0
    evidence = laplace(counts, priors=FIXED, random_seed=1).evidence()
    assert evidence.mcse < 0.02
    assert abs(evidence.log_value - expected) < 3.9 * evidence.mcse  # false alarm 1e-4


def test_two_states_learned_scales():
    n = np.array([[5, 9], [2, 30]])
    u, s = np.linspace(-12, 12, 481), np.linspace(-16, 10, 521)
    up, down = s + u[:, None] / 2, s - u[:, None] / 2
    log_like = 9 * up - 14 * np.logaddexp(0, up) + 2 * down - 32 * np.logaddexp(0, down)
    k = np.exp(np.linspace(np.log(1e-4), np.log(30), 3000))
    wide = halfnorm.pdf(k, 0, 5) * k * np.log(k[1] / k[0])
    # the prior density of u diverges at 0 like a logarithm: cells there are averaged finely
    offsets = (np.arange(20) + 0.5) / 20 * (u[1] - u[0]) - (u[1] - u[0]) / 2
    prior_u = np.mean([norm.pdf(u[:, None] + o, 0, np.sqrt(2) * k) @ wide for o in offsets], axis=0)
    narrow = halfnorm.pdf(k, 0, 3) * k * np.log(k[1] / k[0])
    prior_s = norm.pdf(s[:, None], -3, np.hypot(3, k)) @ narrow
    cell = (u[1] - u[0]) * (s[1] - s[0])
    log_terms = log_like + np.log(prior_u)[:, None] + np.log(prior_s)
    expected = logsumexp(log_terms) + np.log(cell)
    evidence = laplace(counts_of(n), random_seed=1).evidence()
    assert evidence.mcse < 0.02
    assert abs(evidence.log_value - expected) < 3.9 * evidence.mcse + 0.003


def three_cycle_log_joint(n, other, sigma_c):
    """Six parameters: V_x − V_z, V_y − V_z, three s, one z; edges xy, xz, yz."""
    stays = np.diag(n) + other
    root = 1 / np.sqrt(3)

    def log_joint(t):
        vx, vy, s, z = t[:, 0], t[:, 1], t[:, 2:5], t[:, 5]
        c = {"xy": z * root, "yz": z * root, "xz": -z * root}  # x→y→z→x adds up to √3 z
        eta = {
            "xy": s[:, 0] + (vx - vy + c["xy"]) / 2,
            "yx": s[:, 0] - (vx - vy + c["xy"]) / 2,
            "xz": s[:, 1] + (vx + c["xz"]) / 2,
            "zx": s[:, 1] - (vx + c["xz"]) / 2,
            "yz": s[:, 2] + (vy + c["yz"]) / 2,
            "zy": s[:, 2] - (vy + c["yz"]) / 2,
        }
        total = 0.0
        for i, a in enumerate("xyz"):
            outs = [(j, eta[a + b]) for j, b in enumerate("xyz") if b != a]
            log_z = np.logaddexp(0, np.logaddexp(outs[0][1], outs[1][1]))
            total = total + sum(n[i, j] * e for j, e in outs)
            total = total - (stays[i] + sum(n[i, j] for j, _ in outs)) * log_z
        # V iid Normal(0, 3) with its mean integrated out: differences have covariance 9(I + 11ᵀ)
        d = np.stack([vx, vy], 1)
        cov = 9 * (np.eye(2) + 1)
        total = total - 0.5 * np.einsum("ni,ij,nj->n", d, np.linalg.inv(cov), d)
        total = total - 0.5 * np.log(np.linalg.det(2 * np.pi * cov))
        return total + norm.logpdf(s, -3, 3).sum(1) + norm.logpdf(z, 0, sigma_c)

    return log_joint


@pytest.mark.parametrize("node", [3, 6, 8])
def test_three_cycle_at_fixed_cycle_scale(node):
    fit = laplace(counts_of(CYCLE, OTHER), priors=FIXED, random_seed=2)
    at = fit.curve.nodes[node]
    log_joint = three_cycle_log_joint(CYCLE, OTHER, at.cycle_scale)
    start = np.array([0, 0, -1, -1, -1, 0.0])
    coarse, fine = (adaptive_hermite(log_joint, start, points) for points in (7, 9))
    assert abs(fine - coarse) < 1e-4
    assert abs(at.log_evidence - fine) < 3.9 * at.mcse


@pytest.mark.parametrize("scales", ["fixed", "learned"])
def test_pairwise_three_cycle_with_cycle_scale_integrated(scales):
    n, other = CYCLE, OTHER
    trials = n.sum(1) + other
    pairs = [(0, 1), (0, 2), (1, 2)]
    root = np.array([1, -1, 1]) / np.sqrt(3)

    def expand(phi, z):
        return np.repeat(phi, len(z), axis=0), np.tile(z, len(phi))

    def log_likelihood(phi, z):
        phi = np.column_stack([phi, np.zeros(len(phi))])
        total = 0.0
        for (i, j), r in zip(pairs, root, strict=True):
            eta = phi[:, i] - phi[:, j] + z * r + np.log(trials[i] / trials[j])
            total = total - n[i, j] * np.logaddexp(0, -eta) - n[j, i] * np.logaddexp(0, eta)
        return total

    # (Φ_x − Φ_z, Φ_y − Φ_z) has covariance σ²(I + 11ᵀ): Gauss–Hermite where the prior is narrower
    # than the likelihood, a grid over the likelihood where it is wider; then z, then σ_c.
    z = np.linspace(-2.5, 4, 131)
    step = z[1] - z[0]
    a, b = np.meshgrid(np.linspace(-2.5, 3.5, 121), np.linspace(-3, 3, 121), indexing="ij")
    grid = np.column_stack([a.ravel(), b.ravel()])
    on_grid = log_likelihood(*expand(grid, z)).reshape(len(grid), len(z))
    inverse, root_cov = np.linalg.inv(np.eye(2) + 1), np.linalg.cholesky(np.eye(2) + 1)
    square = np.einsum("ni,ij,nj->n", grid, inverse, grid)
    x, w = hermegauss(40)
    nodes = np.stack(np.meshgrid(x, x, indexing="ij"), -1).reshape(-1, 2)
    log_w = np.log(np.outer(w, w)).ravel() - np.log(2 * np.pi)

    def slice_given(sigma):
        """log ∫ L(Φ, z) p(Φ | σ) dΦ for every z."""
        if sigma < 0.15:
            at = log_likelihood(*expand(sigma * nodes @ root_cov.T, z)).reshape(-1, len(z))
            return logsumexp(at + log_w[:, None], axis=0)
        log_prior = -0.5 * square / sigma**2 - np.log(2 * np.pi * sigma**2 * np.sqrt(3))
        return logsumexp(on_grid + log_prior[:, None], axis=0) + np.log(0.05 * 0.05)

    if scales == "fixed":
        slice_z = slice_given(3.0)
    else:
        sigmas = np.exp(np.linspace(np.log(1e-3), np.log(30), 120))
        log_weight = halfnorm.logpdf(sigmas, 0, 5) + np.log(sigmas * np.log(sigmas[1] / sigmas[0]))
        slice_z = logsumexp(
            [u + slice_given(k) for u, k in zip(log_weight, sigmas, strict=True)], axis=0
        )
    zero = int(np.argmin(np.abs(z)))
    assert abs(z[zero]) < 1e-12
    reversible = slice_z[zero]

    def relative(sigma):
        """Z(σ_c)/Z(0), by the trapezoid rule in z."""
        return np.exp(slice_z + norm.logpdf(z, 0, sigma) - reversible).sum() * step

    # Below σ_c = 0.1 the z grid is too coarse, and Z is quadratic in σ_c.
    total = 0.0
    for low, high in ((0.1, 1.0), (1.0, 6.0)):
        total += quad(lambda k: relative(k) * halfnorm.pdf(k), low, high)[0]
    total += quad(lambda k: (1 + (relative(0.1) - 1) * (k / 0.1) ** 2) * halfnorm.pdf(k), 0, 0.1)[0]
    expected = -np.log(total)
    fit = laplace(
        counts_of(n, other), priors=Priors(scales=scales), likelihood="pairwise", random_seed=3
    )
    factor = fit.log_bayes_factor()
    assert factor.mcse < 0.02
    assert abs(factor.log_value - expected) < 3.9 * factor.mcse + 0.003
    base = fit.evidence()
    assert abs(base.log_value - reversible) < 3.9 * base.mcse + 0.003


def test_savage_dickey_identity_on_alofi(alofi):
    """BF = p(σ_c = 0 | y) τ √(π/2), the density extrapolated from cyclic nodes alone."""
    for tau in (0.5, 1.0, 2.0):
        fit = laplace(alofi, priors=FIXED, random_seed=4, draws=4000)
        post = fit.cycle_scale_posterior(tau)
        small = (post.grid > 0.02) & (post.grid < 0.15)
        prior = halfnorm.pdf(post.grid[small], 0, tau)
        line = np.polyfit(post.grid[small] ** 2, np.log(post.density[small] / prior), 2)
        at_zero = np.exp(line[-1]) * halfnorm.pdf(0, 0, tau)
        factor = fit.log_bayes_factor(tau)
        node_error = max(node.mcse for node in fit.curve.nodes)
        assert abs(np.log(at_zero * tau * np.sqrt(np.pi / 2)) - factor.log_value) < (
            3.9 * np.hypot(factor.mcse, node_error) + 0.005
        )


def test_orthonormal_and_fundamental_bases_give_the_same_evidence(weekday):
    graph = support_graph(weekday)
    problem = problem_of(weekday, priors=FIXED)
    orthonormal = orthonormal_cycle_basis(graph)
    fundamental = np.asarray(fundamental_cycle_basis(graph).todense(), dtype=float)
    rotation = np.linalg.qr(np.random.default_rng(0).normal(size=(15, 15)))[0]
    values = [
        solve(
            replace(problem, predictor=multinomial_predictor(support_arcs(graph), basis)),
            draws=1000,
            random_seed=k,
        )
        for k, basis in enumerate((orthonormal, orthonormal @ rotation, fundamental))
    ]
    factors = [fit.log_bayes_factor() for fit in values]
    for other in factors[1:]:
        error = np.hypot(factors[0].mcse, other.mcse)
        assert abs(factors[0].log_value - other.log_value) < 3.9 * error
    np.testing.assert_allclose(values[0].information, values[2].information, rtol=1e-8)
    # Laplace's own value is deterministic: equal to rounding wherever the nodes are the same
    for node, same in zip(values[0].curve.nodes[:3], values[1].curve.nodes[:3], strict=True):
        assert node.cycle_scale == pytest.approx(same.cycle_scale, rel=1e-9)
        assert node.laplace == pytest.approx(same.laplace, abs=1e-6)
