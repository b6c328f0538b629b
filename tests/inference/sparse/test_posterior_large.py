"""Draws of the potential about sparse factors, against dense methods, quadrature and each other."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from arviz_stats.base import array_stats
from scipy.special import expit, log_expit
from scipy.stats import halfnorm, norm
from sparse_tables import pieces, reversible_table, sparse_of

import equipoise as eq
from equipoise.counts import TransitionCounts
from equipoise.errors import NotConvergedWarning, UsageError
from equipoise.graph import support_graph
from equipoise.inference.sparse.balance import balance_mode
from equipoise.inference.sparse.motion import turn
from equipoise.inference.sparse.posterior.convergence import r_hats
from equipoise.inference.sparse.posterior.landscape import BalanceLandscape, reference_at
from equipoise.inference.sparse.posterior.totals import with_totals
from equipoise.inference.sparse.scale_moves import follow_of, stretched
from equipoise.inference.weighted import potential_of

# Of some 60 comparisons a test, one beyond this by chance in 10⁴ runs.
FAR = 5.0


@pytest.fixture(scope="module")
def table() -> TransitionCounts:
    return reversible_table(3, states=12, trials=120)


@pytest.fixture(scope="module")
def tree(table):
    return eq.posterior_large(table, random_seed=1)


def moments(x):
    """Mean and standard deviation of (chains, draws, k), and their errors."""
    columns = np.moveaxis(x, -1, 0)
    mean, sd = x.mean((0, 1)), x.std((0, 1))
    mean_error = np.array([float(array_stats.mcse(c, method="mean")) for c in columns])
    sd_error = np.array([float(array_stats.mcse(c, method="sd")) for c in columns])
    return mean, sd, mean_error, sd_error


def weighted(x, weights):
    """The same of weighted independent draws (n, k); the error of sd by linearisation."""
    mean = weights @ x
    square = (x - mean) ** 2
    sd = np.sqrt(weights @ square)
    error = np.sqrt((weights**2) @ square)
    return mean, sd, error, np.sqrt((weights**2) @ (square - sd**2) ** 2) / (2 * sd)


def agree(ours, theirs):
    for k in (0, 1):
        error = np.hypot(ours[2 + k], theirs[2 + k])
        assert (error < 0.1 * theirs[1]).all()
        assert (np.abs(ours[k] - theirs[k]) < FAR * error).all()


def test_draws_equal_the_dense_ones(table, tree):
    dense = eq.laplace(table, likelihood="pairwise", draws=4000, random_seed=2)
    node = dense.curve.reversible
    assert node.pareto_k < 0.6
    draws = dense.reversible_draws
    raw = potential_of(draws.model, draws.theta)
    at = [table.states.index(name) for name in tree.attrs["references"].split(", ")]
    rest = np.delete(np.arange(len(table.states)), at)
    V = tree["posterior"]["V"].values
    agree(
        moments((V - V[..., at])[..., rest]), weighted((raw - raw[:, at])[:, rest], draws.weights)
    )
    phi = draws.gradient_potential
    Phi = tree["posterior"]["Phi"].values
    # Its spread is corrected there by the draws' own covariance, here by the mode's: not the same.
    mean, _, error, _ = moments(Phi[..., rest])
    known, _, other, _ = weighted((phi - phi[:, at])[:, rest], draws.weights)
    assert (np.abs(mean - known) < FAR * np.hypot(error, other)).all()


def test_chains_begin_where_many_counts_leave_them_to():
    """With 50,000 trials a row one chain of 64 once stayed 20 sd out: warnings are errors here."""
    tree = eq.posterior_large(
        reversible_table(20, states=20, trials=50_000), chains=64, draws=60, random_seed=1
    )
    log_pi = np.log(tree["posterior"]["pi"].values)
    # A quarter of the variance of a single draw would be one chain far out, not sampling noise.
    between = log_pi.mean(axis=1).var(axis=0)
    assert (between < 0.25 * log_pi.var(axis=1).mean(axis=0)).all()


def test_it_converges_and_is_a_tree_of_arviz(table, tree):
    assert tree.attrs["r_hat_max"] < 1.01
    assert tree.attrs["ess_bulk_min"] > 1000
    assert tree["posterior"]["Phi"].dims == ("chain", "draw", "state")
    np.testing.assert_allclose(tree["posterior"]["pi"].sum("state"), 1.0)
    log_pi = np.log(tree["posterior"]["pi"])
    reference = log_pi.sel(state=tree.attrs["references"])
    np.testing.assert_allclose(reference - log_pi, tree["posterior"]["Phi"], atol=1e-9)
    again = eq.posterior_large(table, random_seed=1)
    np.testing.assert_array_equal(again["posterior"]["Phi"], tree["posterior"]["Phi"])


def test_learned_scale_equals_quadrature():
    """Two states and few trials: the posterior of (Φ_a − Φ_b, σ) on a grid."""
    counts = TransitionCounts.from_matrix([[20, 4], [1, 9]], states=["a", "b"])
    tree = eq.posterior_large(counts, draws=2500, random_seed=3)
    gap = np.linspace(-12, 12, 1201)[:, None]
    log_sd = np.linspace(np.log(1e-3), np.log(40.0), 1500)
    sd = np.exp(log_sd)
    logit = gap + np.log(24) - np.log(10)
    log_post = 4 * log_expit(logit) + 1 * log_expit(-logit)
    log_post = (
        log_post + norm.logpdf(gap, 0, np.sqrt(2) * sd) + halfnorm.logpdf(sd, 0, 5.0) + log_sd
    )
    p = np.exp(log_post - log_post.max())
    p /= p.sum()
    known = [
        (p.sum(axis=1) @ gap[:, 0], (p.sum(axis=1) @ gap[:, 0] ** 2)),
        (p.sum(axis=0) @ log_sd, (p.sum(axis=0) @ log_sd**2)),
    ]
    V = tree["posterior"]["V"].values
    found = [V[..., 0] - V[..., 1], np.log(tree["posterior"]["sigma_V"].values)]
    for x, (first, second) in zip(found, known, strict=True):
        assert float(array_stats.ess(x)) > 400
        assert abs(x.mean() - first) < FAR * float(array_stats.mcse(x))
        assert abs((x**2).mean() - second) < FAR * float(array_stats.mcse(x**2))


def test_totals_take_off_the_excess_of_the_pairs():
    """The covariance of the Fisher information of the rows, which is computed here whole."""
    counts = reversible_table(5, states=8, trials=400)
    pairs, system = sparse_of(counts)
    spot = reference_at(pairs, balance_mode(pairs, system, 30.0))
    rng = np.random.default_rng(4)
    draws = spot.mode.potential[:, None] + spot.sample(rng, 40_000)
    settled = pairs.centred(with_totals(spot, draws, rng))
    n, m = pairs.n_states, pairs.n_edges
    # Expected counts at the fit, and staying; then Fisher information of (V, s), row by row.
    share = expit(spot.eta + pairs.exposure)
    expected = np.zeros((n, n))
    expected[pairs.source, pairs.target] = pairs.total * share
    expected[pairs.target, pairs.source] = pairs.total * (1 - share)
    information = np.zeros((n + m, n + m))
    jacobian = np.eye(n, n + m)
    for i in range(n):
        p = expected[i] / pairs.trials[i]
        slopes = np.zeros((n, n + m))
        for e, (a, b) in enumerate(zip(pairs.source, pairs.target, strict=True)):
            if i in (a, b):
                j = b if i == a else a
                slopes[j, n + e] = 1.0
                slopes[j, i] += 0.5
                slopes[j, j] -= 0.5
        information += pairs.trials[i] * slopes.T @ (np.diag(p) - np.outer(p, p)) @ slopes
        jacobian[i] -= p @ slopes
    covariance = jacobian @ np.linalg.pinv(information, rcond=1e-10) @ jacobian.T
    centre = np.eye(n) - 1.0 / n
    covariance = centre @ covariance @ centre
    found = np.cov(settled)
    error = np.sqrt((np.outer(np.diag(covariance), np.diag(covariance)) + covariance**2) / 40_000)
    assert (np.abs(found - covariance) < FAR * error + 0.003 * np.diag(covariance).min()).all()
    # And without it the difference is plain.
    plain = np.cov(pairs.centred(draws))
    assert (np.diag(plain - covariance) > 2 * FAR * np.diag(error)).any()
    np.testing.assert_allclose(settled.mean(axis=1), pairs.centred(draws).mean(axis=1), atol=3e-3)


def test_a_turn_keeps_the_density():
    """Energy errors vanish with the third power of the step, so acceptance goes to one."""
    pairs, system = sparse_of(reversible_table(7, states=10, trials=25))
    spot = reference_at(pairs, balance_mode(pairs, system, 1.3))
    rng = np.random.default_rng(5)
    landscape = BalanceLandscape(spot, np.full(2000, 1.3**-2))
    start = (spot.sample(rng, 2000),)
    lost = [1 - turn(landscape, start, steps, rng)[1].mean() for steps in (2, 8)]
    assert lost[1] < lost[0] / 8


def test_parts_and_states_without_pairs_have_their_prior():
    counts = pieces()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotConvergedWarning)
        tree = eq.posterior_large(counts, draws=400, random_seed=6)
    data = tree["posterior"]
    V, sd = data["V"].values, data["sigma_V"].values
    alone = counts.states.index("s12")  # never a source
    assert np.abs(np.mean((V[..., alone] / sd) ** 2) - 1) < FAR * np.sqrt(2 / sd.size)
    pairs, _ = sparse_of(counts)
    for k in range(pairs.n_components):
        part = pairs.states[pairs.component == k]
        level = V[..., part].mean(axis=-1) / sd * np.sqrt(len(part))
        assert np.abs(np.mean(level**2) - 1) < FAR * np.sqrt(2 / sd.size)
    total = data["pi"].values.sum(axis=-1)
    np.testing.assert_allclose(total, support_graph(counts).n_components)


def test_moves_of_scale_and_potential_keep_the_prior():
    """No counts: any Gaussian's moves leave σ_Φ half-normal, and Φ/σ_Φ normal."""
    counts = reversible_table(7, states=10, trials=25)
    pairs, system = sparse_of(counts)
    rng = np.random.default_rng(9)
    weight = rng.gamma(1.0, 2.0, pairs.n_edges)
    centre = rng.normal(size=pairs.n_states)
    none = replace(pairs, forward=0.0 * pairs.forward, total=0.0 * pairs.total)
    follow = replace(follow_of(system, weight, 1.3, centre), pairs=none)
    assert 0.3 < follow.shift < 1.0
    # Where data hold Φ, its scale needs no more than one shift.
    assert (follow.steps, follow_of(system, 1e3 * weight, 1.3, centre).steps) == (3, 1)
    # One way and back again, and the volume by the dense matrix.
    start = rng.normal(size=(pairs.n_states, 2))
    up = np.array([True, False])
    np.testing.assert_allclose(follow.moved(follow.moved(start, up), ~up), start, atol=1e-11)
    columns = np.eye(pairs.n_states)
    raised = follow.moved(columns, np.ones(pairs.n_states, dtype=bool))
    raised -= follow.moved(0 * columns, np.ones(pairs.n_states, dtype=bool))
    assert follow.volume == pytest.approx(np.linalg.slogdet(raised)[1], abs=1e-10)
    size = 60_000
    sd = np.abs(rng.normal(0.0, 2.0, size))
    phi = none.centred(sd * rng.standard_normal((pairs.n_states, size)))
    phi, moved = stretched(follow, phi, 0.0, sd, 2.0, rng)
    assert (moved != sd).mean() > 0.5
    free = pairs.n_states - pairs.n_components
    chi = (phi**2).sum(axis=0) / moved**2
    for x, mean in [
        (moved / 2.0, np.sqrt(2 / np.pi)),
        ((moved / 2.0) ** 2, 1.0),
        (chi, free),
        (chi * moved / 2.0, free * np.sqrt(2 / np.pi)),
    ]:
        assert abs(x.mean() - mean) < FAR * x.std() / np.sqrt(size)


def test_many_components_equal_quadrature():
    """Twelve pairs of states: every potential, their variances and σ_Φ by exact integrals."""
    rng = np.random.default_rng(5)
    parts, trials = 12, 20
    table = np.zeros((2 * parts, 2 * parts), dtype=int)
    for k in range(parts):
        half = rng.normal(0.0, 1.5) / 2
        a, b = rng.binomial(trials, 1 / (1 + np.exp([1 - half, 1 + half])))
        table[2 * k : 2 * k + 2, 2 * k : 2 * k + 2] = [[trials - a, a], [b, trials - b]]
    counts = TransitionCounts.from_matrix(table, states=[f"s{k:02d}" for k in range(2 * parts)])
    pairs, _ = sparse_of(counts)
    assert pairs.n_components == pairs.n_edges == parts
    # Φ_i − Φ_j ~ Normal(0, √2 σ): a grid of it for each σ, likelihoods of each edge alone.
    x, log_sd = np.linspace(-18, 18, 3601), np.linspace(-4, np.log(20.0), 600)
    logit = x + pairs.exposure[:, None]
    each = pairs.forward[:, None] * logit - pairs.total[:, None] * np.logaddexp(0, logit)
    each = np.exp(each - each.max(axis=1, keepdims=True))
    width = np.sqrt(2) * np.exp(log_sd)[:, None]
    prior = np.exp(-0.5 * (x / width) ** 2) / width
    zero, first, second = (each * x**power @ prior.T for power in (0, 1, 2))
    log_mass = np.log(zero).sum(axis=0) - 0.5 * (np.exp(log_sd) / 5.0) ** 2 + log_sd
    mass = np.exp(log_mass - log_mass.max())
    mass /= mass.sum()
    mean, square = (first / zero) @ mass, (second / zero) @ mass
    log_mean = mass @ log_sd

    tree = eq.posterior_large(counts, chains=128, draws=900, tune=400, random_seed=7)
    V, found = tree["posterior"]["V"].values, np.log(tree["posterior"]["sigma_V"].values)
    difference = V @ pairs_of_states(pairs, 2 * parts)
    # Chains are independent: their means give errors that nothing correlates.
    gap = (difference - mean).mean(axis=1)
    spread = ((difference - mean) ** 2 / (square - mean**2)).mean(axis=(1, 2))[:, None]
    for value, expected in ((gap, 0.0), (spread, 1.0), (found.mean(axis=1)[:, None], log_mean)):
        error = value.std(axis=0, ddof=1) / np.sqrt(len(value))
        assert np.abs((value.mean(axis=0) - expected) / error).max() < FAR


def pairs_of_states(pairs, n):
    """Return the matrix from potentials (n,) to their differences along edges."""
    out = np.zeros((n, pairs.n_edges))
    for k, (i, j) in enumerate(zip(pairs.source, pairs.target, strict=True)):
        out[pairs.states[i], k], out[pairs.states[j], k] = 1.0, -1.0
    return out


def test_r_hat_of_many_is_that_of_arviz():
    rng = np.random.default_rng(8)
    x = rng.normal(size=(300, 4, 51)).cumsum(axis=2) * rng.uniform(0, 1, (300, 1, 1))
    x += rng.normal(size=x.shape)
    x[3] = np.round(x[3])  # ties
    known = [float(array_stats.rhat(one)) for one in x]
    np.testing.assert_allclose(r_hats(x), known, rtol=1e-12)


def test_refusals(table):
    with pytest.raises(UsageError, match="at least 20 draws"):
        eq.posterior_large(table, draws=10)
    with pytest.raises(UsageError, match="priors must be"):
        eq.posterior_large(table, priors=3)
    with pytest.warns(NotConvergedWarning, match="effective draws|disagree"):
        eq.posterior_large(table, draws=20, chains=2, random_seed=1)
