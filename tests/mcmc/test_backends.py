"""Backends against the NumPy core and against each other. Without JAX most are skipped."""

import warnings

import numpy as np
import pytest
from mcmc_tables import counts_named
from scipy.stats import halfnorm, norm

import equipoise as eq
from equipoise import datasets
from equipoise.cli import main
from equipoise.errors import MissingDependencyError, NotConvergedWarning, UsageError
from equipoise.inference.evidence.path import walk_path
from equipoise.inference.posterior import compiled as compiled_module
from equipoise.inference.posterior.backends import jaxified
from equipoise.inference.posterior.choose import sampler_for
from equipoise.inference.posterior.compiled import compile_sampler
from equipoise.inference.problem import problem_of
from equipoise.models import Priors
from equipoise.models.builder import model_data
from equipoise.models.cyclic import state_cyclic
from equipoise.models.rows import lay_out, level_edges

# Some 50 numbers are compared twice: a false alarm in 10⁴ runs.
MOST_Z, LEAST_ESS = 5.0, 1000.0
TAU = 0.7


def core_log_density(x, layout, problem, coordinates, cycle_sd, turn=None, levels=None):
    """The density of the walked coordinates by the NumPy core, x of shape (n, D).

    Rows without staying: ``turn`` (S + 1 + E, S), and an edge for each component.
    """
    u, begin = {}, 0
    for name, shape in layout:
        end = begin + int(np.prod(shape))
        u[name], begin = x[:, begin:end], end
    priors, predictor = problem.priors, problem.predictor
    total, scales = np.zeros(len(x)), {}
    for name, scale in (
        ("sigma_V", priors.potential_scale),
        ("sigma_s", priors.symmetric_scale),
        ("sigma_c", priors.cycle_scale),
    ):
        if f"{name}_softplus__" in u:
            v = u[f"{name}_softplus__"]
            scales[name] = scale * np.logaddexp(0, v)
            slope = np.log(scale) - np.logaddexp(0, -v)
            total += (halfnorm.logpdf(scales[name], 0, scale) + slope)[:, 0]
    z = u["z"]
    amplitude = (scales["sigma_c"] if cycle_sd is None else cycle_sd) * z
    total += norm.logpdf(z).sum(axis=1)
    if "mu_s" in u:
        mu = norm.logpdf(u["mu_s"], priors.symmetric_mean, priors.symmetric_mean_sd)
        total += mu[:, 0]
    learned = priors.scales == "learned"
    anchor = coordinates[:, 0] + amplitude @ coordinates[:, 2:].T
    n, eta = problem.graph.n_states, amplitude @ predictor.cycle.T
    of_V = (0.0, scales["sigma_V"] if learned else priors.fixed_potential_sd)
    of_s = (priors.symmetric_mean, priors.fixed_symmetric_sd)
    if learned and "mu_s" in u:
        of_s = (u["mu_s"], scales["sigma_s"])

    def walked(name, mean, sd, at, spread):
        kappa = sd**2 / (sd**2 + spread)
        width = sd * np.sqrt(1 - kappa)
        value = mean + kappa * (at - mean) + width * u[f"{name}_walk__"]
        return value, (norm.logpdf(value, mean, sd) + np.log(width)).sum(axis=1)

    at, spread, s = anchor, coordinates[:, 1], 0.0
    if turn is None:
        V, density = walked("V", *of_V, at[:, :n], spread[:n])
        total += density
        if "s_walk__" in u:
            s, density = walked("s", *of_s, at[:, n:], spread[n:])
            total += density
    else:
        w, density = walked("w", *of_V, at[:, :n], spread[:n] + turn[n] * of_s[1] ** 2)
        V, at, spread = w @ turn[:n].T, at[:, n:] + w @ turn[n + 1 :].T, spread[n:]
        first, more = walked("s_first", *of_s, at[:, levels], spread[levels])
        component = problem.graph.component[problem.graph.edges[:, 0]]
        others = np.setdiff1d(np.arange(len(component)), levels)
        raised = first[:, [component[levels].tolist().index(k) for k in component[others]]]
        rest, most = walked("s_rest", *of_s, at[:, others] + raised, spread[others])
        s = np.empty((len(x), len(component)))
        s[:, levels], s[:, others] = first, rest
        total += density + more + most
    eta = eta + V @ predictor.potential.T
    if np.ndim(s):
        eta = eta + s @ predictor.symmetric.T
    return total + problem.likelihood.log_likelihood(eta)


def two_components():
    """Nothing stays, and no edge joins the one part to the other."""
    matrix = np.zeros((7, 7), dtype=int)
    matrix[:4, :4] = [[0, 31, 7, 9], [12, 0, 22, 5], [4, 41, 0, 6], [25, 3, 2, 0]]
    matrix[4:, 4:] = [[0, 8, 19], [11, 0, 3], [2, 17, 0]]
    return eq.TransitionCounts.from_matrix(matrix, states=list("dgafbec"), stay=False)


@pytest.mark.parametrize(
    ("likelihood", "scales", "cycle_sd", "stay"),
    [
        ("multinomial", "learned", None, True),
        ("pairwise", "fixed", 0.4, True),
        ("multinomial", "learned", None, False),
    ],
)
def test_density_and_gradient_in_jax_equal_the_core(likelihood, scales, cycle_sd, stay):
    jax = pytest.importorskip("jax")
    pytest.importorskip("numpyro")
    problem = problem_of(
        counts_named("six") if stay else two_components(),
        priors=Priors(scales=scales, cycle_scale=TAU),
        likelihood=likelihood,
    )
    table = lay_out(problem.graph, problem.likelihood, problem.predictor.basis)
    rng = np.random.default_rng(3)
    n = table.graph.n_states + table.n_symmetric
    coordinates = rng.normal(size=(n, 2 + table.basis.shape[1]))
    coordinates[:, 1] = rng.uniform(0.01, 3.0, n)
    turn, levels = None, None
    if not stay:
        S, E = table.graph.n_states, table.graph.n_edges
        axes = np.linalg.qr(rng.normal(size=(S, S)))[0]
        turn = np.vstack([axes, rng.uniform(0.1, 2.0, (1, S)), rng.normal(size=(E, S))])
        levels = level_edges(table.graph) + 1  # not those that it would choose itself
    # Compiled with other data than it is asked about: these must be arguments, not constants.
    model = jaxified.jaxify(state_cyclic(table, Priors()), ["V"])
    data = model_data(
        table,
        problem.priors,
        cycle_sd=cycle_sd,
        coordinates=coordinates,
        turn=turn,
        levels=levels,
    )
    data = {name: jax.numpy.asarray(value) for name, value in data.items()}
    x = rng.normal(size=(5, model.size))

    def core(x):
        return core_log_density(x, model.layout, problem, coordinates, cycle_sd, turn, levels)

    both = jax.jit(jax.vmap(jax.value_and_grad(model.log_density), (0, None)))
    value, slope = (np.asarray(found) for found in both(x, data))
    assert value.dtype == np.float64
    np.testing.assert_allclose(value, core(x), rtol=1e-10)
    step = 1e-3 * np.eye(model.size)
    expected = np.column_stack(
        [(core(x - 2 * h) - 8 * core(x - h) + 8 * core(x + h) - core(x + 2 * h)) for h in step]
    ) / (12 * 1e-3)
    # the error of a difference of the fourth order: h⁴, and rounding of some 10³ nats over h
    np.testing.assert_allclose(slope, expected, atol=1e-7 * np.abs(expected).max(), rtol=1e-7)


def moments(draws, problem):
    """Return draws of everything learned, a column each, (chains, draws, n)."""
    theta = draws.theta(problem)
    return np.concatenate(
        [theta, *(draws.scales[name][..., None] for name in sorted(draws.scales))], axis=-1
    )


@pytest.mark.parametrize("backend", ["numpy", "numpyro"])
def test_backends_agree_moment_for_moment_on_an_asymmetric_driven_table(backend):
    if backend == "numpyro":
        pytest.importorskip("jax")
        pytest.importorskip("numpyro")
    from arviz_stats.base import array_stats

    problem = problem_of(counts_named("six"), likelihood="multinomial")
    other = sampler_for(problem, backend=backend)
    much = {"draws": 900} if backend == "numpy" else {"draws": 400, "tune": 300, "chains": 32}
    found = [
        compile_sampler(problem).draw(draws=2000, random_seed=1, target_accept=0.95),
        other.draw(**much, random_seed=1, target_accept=0.95),
    ]
    columns = [moments(draws, problem) for draws in found]
    centre = columns[0].mean((0, 1))
    for power in (1, 2):
        mean, error = [], []
        for x in columns:
            y = (x - centre) ** power
            ess = [float(array_stats.ess(k, method="mean")) for k in np.moveaxis(y, -1, 0)]
            assert min(ess) > LEAST_ESS
            mean.append(y.mean((0, 1)))
            error.append(y.std((0, 1)) / np.sqrt(ess))
        z = (mean[0] - mean[1]) / np.hypot(*error)
        assert np.abs(z).max() < MOST_Z
    # as one seed gives the same, and another something else
    few = much | {"draws": 30, "tune": 30}
    one, same, another = (other.draw(**few, random_seed=seed) for seed in (1, 1, 2))
    if backend == "numpy" or _on_a_cpu():  # on a GPU sums of many threads come in any order
        np.testing.assert_array_equal(same.V, one.V)
    assert not np.array_equal(another.V, one.V)
    if backend == "numpyro":
        assert set(found[0].stats) == set(found[1].stats)
        assert found[0].walked.shape[2:] == found[1].walked.shape[2:]
    assert set(found[0].scales) == set(found[1].scales)
    for name in ("V", "s", "z"):
        assert getattr(found[0], name).shape[2:] == getattr(found[1], name).shape[2:]


def test_one_compilation_serves_both_hypotheses_every_node_and_every_table(monkeypatch):
    table = counts_named("six")
    problem = problem_of(table, likelihood="multinomial")
    ready = compile_sampler(problem)._compiled.compiled
    compiled = []
    monkeypatch.setattr(compiled_module, "_COMPILED", {})
    monkeypatch.setattr(
        "nutpie.compile_pymc_model", lambda *_args, **_options: compiled.append(1) or ready
    )
    quick = {"random_seed": 1, "draws": 60, "tune": 60, "backend": "nutpie"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotConvergedWarning)
        for hypothesis in ("reversible", "cyclic"):
            eq.posterior(table, hypothesis, **quick)
    sampler = compile_sampler(problem.with_priors(Priors(scales="fixed")))
    sampler.draw(cycle_sd=0.4, draws=60, tune=60)
    swapped = eq.TransitionCounts.from_matrix(table.counts.toarray().T, states=list("uvwxyz"))
    path = walk_path(compile_sampler(problem_of(swapped)), random_seed=1, draws=40, tune=40)
    assert path.backend == path.log_bayes_factor().backend == "nutpie"  # what eq.cite goes by
    assert len(compiled) == 1


def _on_a_cpu() -> bool:
    import jax

    return jax.default_backend() == "cpu"


def test_chains_start_where_they_are_told_and_progress_is_shown():
    pytest.importorskip("jax")
    pytest.importorskip("numpyro")
    problem = problem_of(counts_named("six"), likelihood="multinomial")
    sampler = compile_sampler(problem, backend="numpyro")
    seen = []
    first = sampler.draw(draws=60, tune=100, chains=3, random_seed=2, progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    then = sampler.draw(
        draws=60, tune=100, chains=3, random_seed=3, cycle_sd=0.3, start=first.walked[:, -1]
    )
    assert np.isfinite(then.stats["lp"]).all()
    assert "sigma_c" not in then.scales


def test_a_backend_that_is_missing_or_unknown_is_refused_at_once(monkeypatch, tmp_path, capsys):
    alofi = datasets.alofi_rain()
    monkeypatch.setattr(jaxified, "find_spec", lambda _: None)
    for ask in (eq.test, eq.posterior, eq.path):
        with pytest.raises(MissingDependencyError, match="install jax numpyro"):
            ask(alofi, backend="numpyro")
        with pytest.raises(
            UsageError, match=r"backend must be one of 'auto', 'numpy', .*, not 'stan'"
        ):
            ask(alofi, backend="stan")
    alofi.to_csv(tmp_path / "rain.csv")
    assert main(["test", str(tmp_path / "rain.csv"), "--backend", "numpyro"]) == 2
    assert "pip install jax numpyro" in capsys.readouterr().err
    monkeypatch.setattr(jaxified, "find_spec", lambda _: True)
    with pytest.raises(UsageError, match="the fast path runs no chains"):
        eq.test(alofi, fast=True, backend="numpyro")
