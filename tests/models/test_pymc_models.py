"""The PyMC models against the NumPy core: same densities, named dimensions, one model for all."""

import numpy as np
import pymc as pm
import pytest
from scipy.stats import halfnorm, norm

from equipoise import datasets
from equipoise.counts import TransitionCounts
from equipoise.errors import DataError, UsageError
from equipoise.inference.problem import problem_of
from equipoise.models import Priors, cyclic, reversible
from equipoise.models.builder import model_data
from equipoise.models.rows import row_table

MATRIX = np.array([[5, 30, 7, 0], [12, 0, 20, 3], [2, 41, 9, 0], [0, 6, 1, 0]])
OTHER = np.array([4, 0, 13, 2])
TAU = 0.7


def table(stay: bool = True) -> TransitionCounts:
    matrix = MATRIX if stay else MATRIX - np.diag(np.diag(MATRIX))
    return TransitionCounts.from_matrix(matrix, states=list("dacb"), other=OTHER, stay=stay)


def walked(x, mean, scale, anchor, variance):
    """The sampler's coordinate of x, written out."""
    kappa = scale**2 / (scale**2 + variance)
    return (x - mean - kappa * (anchor - mean)) / (scale * np.sqrt(1 - kappa))


def random_point(rng, problem, priors, coordinates, *, cycles, cycle_sd):
    """Draw parameters; return them, the model's values for them, and the log prior density."""
    n_states = problem.graph.n_states
    n_sym, b = problem.predictor.symmetric.shape[1], problem.predictor.cycle.shape[1]
    x = {"sigma_V": 2.3, "V": rng.normal(0, 1.5, n_states)}
    prior = {
        "sigma_V": halfnorm.logpdf(2.3, 0, priors.potential_scale),
        "z": 0.0,
    }
    if n_sym:
        x |= {"mu_s": -1.7, "sigma_s": 1.2, "s": rng.normal(-1, 1, n_sym)}
        prior["mu_s"] = norm.logpdf(-1.7, priors.symmetric_mean, priors.symmetric_mean_sd)
        prior["sigma_s"] = halfnorm.logpdf(1.2, 0, priors.symmetric_scale)
    amplitude = np.zeros(b)
    if cycles:
        x |= {"sigma_c": 0.6, "z": rng.normal(size=b)}
        amplitude = (0.6 if cycle_sd is None else cycle_sd) * x["z"]
        prior["sigma_c"] = halfnorm.logpdf(0.6, 0, priors.cycle_scale)
        prior["z"] = norm.logpdf(x["z"]).sum()
    learned = priors.scales == "learned"
    sd_V = 2.3 if learned else priors.fixed_potential_sd
    mean_s = -1.7 if learned else priors.symmetric_mean
    sd_s = 1.2 if learned else priors.fixed_symmetric_sd
    prior["V"] = norm.logpdf(x["V"], 0, sd_V).sum()
    anchor = coordinates[:, 0] + coordinates[:, 2:] @ amplitude * cycles
    u = {
        "sigma_V_softplus__": np.log(np.expm1(2.3 / priors.potential_scale)),
        "V_walk__": walked(x["V"], 0.0, sd_V, anchor[:n_states], coordinates[:n_states, 1]),
    }
    if n_sym:
        prior["s"] = norm.logpdf(x["s"], mean_s, sd_s).sum()
        u["mu_s"] = -1.7
        u["sigma_s_softplus__"] = np.log(np.expm1(1.2 / priors.symmetric_scale))
        u["s_walk__"] = walked(x["s"], mean_s, sd_s, anchor[n_states:], coordinates[n_states:, 1])
    if cycles:
        u["sigma_c_softplus__"] = np.log(np.expm1(0.6 / priors.cycle_scale))
        u["z"] = x["z"]
    return x, u, amplitude, sum(prior.values())


def predictor_at(problem, x, amplitude):
    p = problem.predictor
    return p.potential @ x["V"] + p.symmetric @ x.get("s", np.zeros(0)) + p.cycle @ amplitude


@pytest.mark.parametrize("likelihood", ["multinomial", "pairwise"])
@pytest.mark.parametrize("scales", ["learned", "fixed"])
@pytest.mark.parametrize(
    ("make", "cycle_sd"), [(reversible, 0.0), (cyclic, None), (cyclic, 0.35), (cyclic, 0.0)]
)
def test_density_equals_the_core(likelihood, scales, make, cycle_sd):
    rng = np.random.default_rng(5)
    counts, priors = table(), Priors(scales=scales, cycle_scale=TAU)
    problem = problem_of(counts, priors=priors, likelihood=likelihood)
    rows = row_table(counts, likelihood=likelihood)
    model = make(counts, priors=priors, likelihood=likelihood)
    cycles = make is cyclic
    n = rows.graph.n_states + rows.n_symmetric
    coordinates = rng.normal(size=(n, 2 + rows.basis.shape[1]))
    coordinates[:, 1] = rng.uniform(0.01, 3.0, n)
    data = model_data(rows, priors, cycle_sd=cycle_sd, coordinates=coordinates)
    with model:
        pm.set_data({name: x for name, x in data.items() if name in model.named_vars})
    density = model.compile_logp(jacobian=False, mode="FAST_COMPILE")
    with_jacobian = model.compile_logp(jacobian=True, mode="FAST_COMPILE")
    for _ in range(3):
        x, u, amplitude, prior = random_point(
            rng, problem, priors, coordinates, cycles=cycles, cycle_sd=cycle_sd
        )
        point = {name: np.asarray(value, dtype=float) for name, value in u.items()}
        expected = prior + problem.likelihood.log_likelihood(predictor_at(problem, x, amplitude))
        assert float(density(point)) == pytest.approx(float(expected), rel=1e-10)
        # the transformation's Jacobian dx/du, from its formula written out
        learned = scales == "learned"
        sd = 2.3 if learned else priors.fixed_potential_sd
        kappa = sd**2 / (sd**2 + coordinates[: len(x["V"]), 1])
        log_jacobian = np.log(sd * np.sqrt(1 - kappa)).sum()
        if "s" in x:
            sd = 1.2 if learned else priors.fixed_symmetric_sd
            kappa = sd**2 / (sd**2 + coordinates[len(x["V"]) :, 1])
            log_jacobian += np.log(sd * np.sqrt(1 - kappa)).sum()
        for name, scale in (
            ("sigma_V", priors.potential_scale),
            ("sigma_s", priors.symmetric_scale),
            ("sigma_c", priors.cycle_scale),
        ):
            if name in x:
                v = u[f"{name}_softplus__"]
                log_jacobian += np.log(scale / (1 + np.exp(-v)))
        assert float(with_jacobian(point)) - float(density(point)) == pytest.approx(
            float(log_jacobian), abs=1e-9
        )


@pytest.mark.parametrize("likelihood", ["multinomial", "pairwise"])
def test_rows_of_the_observed_counts_equal_the_core(likelihood):
    rng = np.random.default_rng(6)
    counts = table()
    problem = problem_of(counts, likelihood=likelihood)
    model = cyclic(counts, likelihood=likelihood)
    rows = row_table(counts, likelihood=likelihood)
    coordinates = np.zeros((rows.graph.n_states + rows.n_symmetric, 2 + rows.basis.shape[1]))
    coordinates[:, 1] = 1e30  # prior units, the default
    x, u, amplitude, _ = random_point(
        rng, problem, Priors(), coordinates, cycles=True, cycle_sd=None
    )
    elementwise = model.compile_logp(vars=model["transitions"], sum=False, mode="FAST_COMPILE")
    by_row = elementwise({name: np.asarray(value, dtype=float) for name, value in u.items()})[0]
    expected = problem.likelihood.by_row(predictor_at(problem, x, amplitude))
    np.testing.assert_allclose(by_row, expected, rtol=1e-10)


def test_dimensions_are_named_and_the_axes_in_order():
    counts = table()
    model = cyclic(counts)
    states = list(counts.states)
    assert list(model.coords["state"]) == list(model.coords["target"]) == states
    assert list(model.coords["source"]) == states
    assert model.named_vars_to_dims["P"] == ("source", "target")
    assert model.named_vars_to_dims["V"] == ("state",)
    assert model.named_vars_to_dims["c"] == model.named_vars_to_dims["s"] == ("edge",)
    assert len(model.coords["cycle_direction"]) == problem_of(counts).graph.n_cycles
    assert "pair" in cyclic(counts, likelihood="pairwise").coords
    # V high at d, all else 0: d is left for a (its neighbour) more often than entered from it
    rng = np.random.default_rng(1)
    rows = row_table(counts)
    coordinates = np.zeros((rows.graph.n_states + rows.n_symmetric, 2 + rows.basis.shape[1]))
    coordinates[:, 1] = 1e30
    _x, u, _, _ = random_point(
        rng, problem_of(counts), Priors(), coordinates, cycles=True, cycle_sd=None
    )
    u["V_walk__"] = np.array([1.5, 0.0, 0.0, 0.0])
    u["s_walk__"] = np.zeros_like(u["s_walk__"])
    u["z"] = np.zeros_like(u["z"])
    point = {name: np.asarray(value, dtype=float) for name, value in u.items()}
    P = model.compile_fn(
        model.replace_rvs_by_values([model["P"]])[0], inputs=model.value_vars, mode="FAST_COMPILE"
    )(point)
    d, a = states.index("d"), states.index("a")
    assert P[d, a] > P[a, d]
    np.testing.assert_allclose(P.sum(axis=1), 1.0)
    b = states.index("b")
    assert P[d, b] == 0.0  # no such edge


def test_rows_without_staying_are_walked_along_turned_axes():
    """The same density, with ``V = Q w`` and anchors that follow w and the first s, written out."""
    rng = np.random.default_rng(8)
    counts, priors = table(stay=False), Priors(cycle_scale=TAU)
    problem, rows = problem_of(counts, priors=priors), row_table(counts)
    n, n_edges, b = 4, rows.graph.n_edges, rows.basis.shape[1]
    turn = np.vstack(
        [
            np.linalg.qr(rng.normal(size=(n, n)))[0],
            rng.uniform(0.5, 2.0, n),
            rng.normal(size=(n_edges, n)),
        ]
    )
    coordinates = rng.normal(size=(n + n_edges, 2 + b))
    coordinates[:, 1] = rng.uniform(0.01, 3.0, n + n_edges)
    data = model_data(rows, priors, coordinates=coordinates, turn=turn)
    model = cyclic(counts, priors=priors)
    with model:
        pm.set_data(data)
    density = model.compile_logp(jacobian=False, mode="FAST_COMPILE")
    x, u, amplitude, prior = random_point(
        rng, problem, priors, coordinates, cycles=True, cycle_sd=None
    )
    anchor = coordinates[:, 0] + coordinates[:, 2:] @ amplitude
    w = turn[:n].T @ x["V"]
    sigma_s, mu_s = x["sigma_s"], x["mu_s"]
    spread = coordinates[:n, 1] + turn[n] * sigma_s**2
    del u["V_walk__"]
    u["w_walk__"] = walked(w, 0.0, x["sigma_V"], anchor[:n], spread)
    follow = turn[n + 1 :] @ w
    follow[1:] += x["s"][0]
    u_s = walked(x["s"], mu_s, sigma_s, anchor[n:] + follow, coordinates[n:, 1])
    del u["s_walk__"]
    u |= {"s_first_walk__": u_s[:1], "s_rest_walk__": u_s[1:]}
    point = {name: np.asarray(value, dtype=float) for name, value in u.items()}
    expected = prior + problem.likelihood.log_likelihood(predictor_at(problem, x, amplitude))
    assert float(density(point)) == pytest.approx(float(expected), rel=1e-10)


def test_staying_is_impossible_where_the_protocol_says_so():
    counts = table(stay=False)
    model = reversible(counts)
    with model:
        P = pm.draw(model["P"], draws=2, random_seed=1)
    assert (P.diagonal(axis1=1, axis2=2) == 0).all()


def test_prior_predictive_has_the_trials_of_every_source():
    counts = table()
    with cyclic(counts):
        tree = pm.sample_prior_predictive(20, random_seed=1)
    drawn = tree["prior_predictive"]["transitions"].values[0]
    np.testing.assert_array_equal(drawn.sum(axis=-1), np.broadcast_to(counts.trials, (20, 4)))
    assert drawn.std(axis=0).max() > 0
    c = tree["prior"]["c"].values[0]
    rows = row_table(counts)
    projected = c @ rows.basis @ rows.basis.T
    np.testing.assert_allclose(projected, c, atol=1e-10)  # divergence-free


def test_a_state_that_was_never_a_source_has_no_row():
    counts = TransitionCounts.from_matrix(
        np.array([[3, 5, 2], [4, 1, 6], [0, 0, 0]]), states=["x", "y", "z"]
    )
    model = cyclic(counts)
    assert list(model.coords["source"]) == ["x", "y"]
    assert "pair" not in model.coords
    pairs = cyclic(counts, likelihood="pairwise")
    assert list(pairs.coords["pair"]) == ["x ~ y"]


def test_bad_arguments_are_refused():
    alone = TransitionCounts.from_matrix(np.diag([3, 4]), states=["a", "b"])
    with pytest.raises(DataError, match="join no two states"):
        reversible(alone)
    with pytest.raises(UsageError, match="likelihood must be"):
        cyclic(datasets.alofi_rain(), likelihood="poisson")
