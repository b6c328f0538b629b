"""The PyMC models of features against the NumPy core, and against the plain pairwise model."""

import numpy as np
import pytest
from explained import explained
from scipy.special import gammaln
from scipy.stats import halfnorm, norm, truncnorm
from simulated import sparse_edges

from equipoise.inference.features.problem import feature_problem, latent
from equipoise.inference.features.signal import covariance, explaining
from equipoise.inference.features.table import feature_table
from equipoise.models import Priors, embedding, features

N = 6
PRIORS = Priors(potential_scale=3.0)
EDGES = sparse_edges(np.random.default_rng(7), N)
COUNTS, COLUMNS, _ = explained(7, N, 60, beta=np.array([0.7, -1.1]), rest=0.5, edges=EDGES)


def question(*, smooth):
    problem = feature_problem(COUNTS, priors=PRIORS)
    table = feature_table(COLUMNS, states=COUNTS.states)
    return problem, explaining(problem, table, embedding=smooth, scale=2.0)


def observed(rows, potential):
    """Log-likelihood of the core, with the binomial coefficients that PyMC adds."""
    edges = rows.edges
    back = edges.total - edges.forward
    coefficient = gammaln(edges.total + 1) - gammaln(edges.forward + 1) - gammaln(back + 1)
    return edges.log_likelihood(rows.potential @ potential) + coefficient.sum()


def softplus(sd, scale):
    return np.log(np.expm1(sd / scale))


def walked(x, mean, scale, at, variance):
    kappa = scale**2 / (scale**2 + variance)
    return (x - mean - kappa * (at - mean)) / (scale * np.sqrt(1 - kappa))


@pytest.mark.parametrize("corrected", [True, False])
def test_columns_equal_the_core(corrected):
    rng = np.random.default_rng(3)
    problem, ready = question(smooth=False)
    rows = problem.edges if corrected else problem.plain
    anchor = rng.normal(size=N), rng.uniform(0.1, 1.0, N)
    model = features(
        rows,
        ready.columns,
        states=problem.states,
        names=ready.names,
        priors=PRIORS,
        scale=2.0,
        anchor=anchor,
    )
    density = model.compile_logp(jacobian=False, mode="FAST_COMPILE")
    fitted = np.linalg.lstsq(ready.columns, anchor[0])[0]
    left = (anchor[0] - ready.columns @ fitted).var()
    width = np.linalg.inv(ready.columns.T @ ready.columns).diagonal() * left
    half_normal = 2.0 / np.sqrt(2)
    for rest, scale in ((0.7, 1.2), (2.5, 0.1)):
        beta = rng.normal(size=2)
        potential = rng.normal(size=N)
        mean = ready.columns @ beta
        point = {
            "sigma_eps_softplus__": softplus(rest, 3.0),
            "sigma_beta_softplus__": softplus(scale, half_normal),
            "beta_walk__": walked(beta, 0.0, scale, fitted, width),
            "Phi_walk__": walked(potential, mean, rest, *anchor),
        }
        want = (
            halfnorm.logpdf(rest, scale=3.0)
            + halfnorm.logpdf(scale, scale=half_normal)
            + norm.logpdf(beta, 0, scale).sum()
            + norm.logpdf(potential, mean, rest).sum()
            + observed(rows, potential)
        )
        found = density({name: np.asarray(x, dtype=float) for name, x in point.items()})
        assert float(found) == pytest.approx(want, rel=1e-9)


def test_an_embedding_equals_the_core():
    rng = np.random.default_rng(4)
    problem, ready = question(smooth=True)
    model = embedding(problem.edges, ready.columns, states=problem.states, priors=PRIORS, scale=2.0)
    density = model.compile_logp(jacobian=False, mode="FAST_COMPILE")
    z, potential = rng.normal(size=N), rng.normal(size=N)
    rest, scale, log_length = 0.6, 1.7, -0.4
    among = covariance(ready.columns, ready.columns, np.exp(log_length))
    f = scale * np.linalg.cholesky(among + 1e-6 * np.eye(N)) @ z
    point = {
        "log_lengthscale_interval__": np.log((log_length + 2.5) / (2.5 - log_length)),
        "sigma_f_softplus__": softplus(scale, 2.0),
        "sigma_eps_softplus__": softplus(rest, 3.0),
        "z": z,
        "Phi_walk__": walked(potential, f, rest, 0.0, 1.0),
    }
    want = (
        truncnorm.logpdf(log_length, -2.5, 2.5)
        + halfnorm.logpdf(scale, scale=2.0)
        + halfnorm.logpdf(rest, scale=3.0)
        + norm.logpdf(z).sum()
        + norm.logpdf(potential, f, rest).sum()
        + observed(problem.edges, potential)
    )
    found = density({name: np.asarray(x, dtype=float) for name, x in point.items()})
    assert float(found) == pytest.approx(want, rel=1e-8)


@pytest.mark.parametrize("smooth", [False, True])
def test_the_core_has_these_priors(smooth):
    """``signal + ε`` of the latent model has the covariance that the models state."""
    problem, ready = question(smooth=smooth)
    centre = np.eye(N) - 1.0 / N
    for signal in ready.signals[::4]:
        model = latent(problem, problem.edges, signal.basis).at_cycle_scale(1.3)
        prior = np.linalg.inv(model.precision((0.6,)))
        image = np.hstack([model.lift, signal.basis])
        if smooth:
            among = covariance(ready.columns, ready.columns, np.exp(signal.log_lengthscale))
        else:
            among = ready.columns @ ready.columns.T
        want = centre @ (1.3**2 * among + 0.6**2 * np.eye(N)) @ centre
        assert image @ prior @ image.T == pytest.approx(want, abs=1e-5)


def test_without_features_it_is_the_plain_pairwise_model():
    """Same density of counts and potential as the comparison's and the test's own hypothesis."""
    from equipoise.inference.problem import problem_of

    problem, _ = question(smooth=False)
    ours = latent(problem, problem.plain, None)
    theirs = problem_of(COUNTS, priors=PRIORS, likelihood="pairwise").reversible()
    potential = np.random.default_rng(1).normal(size=N)
    u = problem.centred.T @ potential
    v = np.linalg.lstsq(theirs.lift - theirs.lift.mean(axis=0), potential - potential.mean())[0]
    # Other coordinates of the same space: densities differ by a constant, the log of a volume.
    volume = 0.5 * np.linalg.slogdet(theirs.blocks[0].metric)[1]
    assert ours.log_joint(u[None])[0] + volume == pytest.approx(
        theirs.log_joint(v[None])[0], abs=1e-3
    )
