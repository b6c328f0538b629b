"""Posteriors by MCMC: they converge by default, equal the fast path's, and suit ArviZ."""

import itertools
import warnings
from functools import cache

import arviz as az
import numpy as np
import pytest
import xarray as xr
from mcmc_tables import counts_named
from scipy.stats import kstest

import equipoise as eq
from equipoise.errors import NotConvergedWarning, UsageError
from equipoise.simulate import Kernel, stationary_distribution

STANDARD_ERRORS = 4.0  # some 60 moments each: false alarm 60 × 6e-5


@cache
def posterior_of(hypothesis):
    return eq.posterior(counts_named("six"), hypothesis, random_seed=3, draws=500)


@pytest.fixture(scope="module", params=["reversible", "cyclic"])
def tree(request):
    return posterior_of(request.param)


def test_groups_names_and_attributes(tree):
    assert set(tree.children) == {
        "posterior",
        "sample_stats",
        "log_likelihood",
        "observed_data",
        "constant_data",
        "prior",
    }
    post = tree["posterior"]
    states = list(counts_named("six").states)
    assert list(post["state"].values) == states
    name = "Phi" if tree.attrs["hypothesis"] == "reversible" else "gradient"
    reference = tree.attrs["references"]
    assert (post[name].sel(state=reference) == 0).all()
    assert post[name].attrs["units"] == "nats"
    assert tree.attrs["backend"] == "numpy"
    assert "numpy" in tree.attrs["versions"]
    assert "pymc" not in tree.attrs["versions"]  # which took no part
    assert "units" not in post["pi"].attrs
    np.testing.assert_allclose(post["pi"].sum("state"), 1.0)
    by_source = post["P"].groupby("from_state").sum("transition")
    np.testing.assert_allclose(by_source, 1.0)
    assert tree["log_likelihood"]["transitions"].dims == ("chain", "draw", "source")
    assert tree["prior"].sizes["draw"] == 500


def test_derived_quantities_are_those_of_the_kernel(tree):
    """π by GTH and Φ, c, affinities from the log-ratios of P itself, draw by draw."""
    post = tree["posterior"].to_dataset().isel(chain=1)
    states = list(post["state"].values)
    cyclic = tree.attrs["hypothesis"] == "cyclic"
    for draw in (0, 250, 499):
        at = post.isel(draw=draw)
        P = np.zeros((len(states), len(states)))
        for value, a, b in zip(
            at["P"].values, at["from_state"].values, at["to_state"].values, strict=True
        ):
            P[states.index(a), states.index(b)] = value
        kernel = Kernel(states=tuple(states), matrix=P, other=np.zeros(6), stay=True)
        pi = stationary_distribution(kernel)
        np.testing.assert_allclose(at["pi"], pi, rtol=1e-9)
        potential = at["gradient" if cyclic else "Phi"]
        for edge in at["edge"].values:
            a, b = str(edge).split(" ~ ")
            i, j = states.index(a), states.index(b)
            ratio = np.log(P[i, j] / P[j, i])
            rest = float(at["c"].sel(edge=edge)) if cyclic else 0.0
            drop = float(potential.sel(state=a) - potential.sel(state=b))
            assert ratio == pytest.approx(drop + rest, abs=1e-9)
        if not cyclic:
            reference = tree.attrs["references"]
            expected = -np.log(pi / pi[states.index(reference)])
            np.testing.assert_allclose(potential, expected, atol=1e-9)
            continue
        for cycle in at["cycle"].values:
            path = [states.index(x) for x in str(cycle).split(" → ")]
            affinity = sum(np.log(P[a, b] / P[b, a]) for a, b in itertools.pairwise(path))
            assert float(at["affinity"].sel(cycle=cycle)) == pytest.approx(affinity, abs=1e-9)
        rho = np.sqrt((at["c"].values ** 2).mean())
        assert float(at["rho"]) == pytest.approx(rho, rel=1e-9)


def test_log_likelihood_is_the_sum_of_log_probabilities(tree):
    counts = counts_named("six")
    at = tree["posterior"].to_dataset().isel(chain=0, draw=17)
    stays = {s: counts.other[k] for k, s in enumerate(counts.states)}
    for source in counts.states:
        total = 0.0
        for target in counts.states:
            k = counts.counts[counts.index(source), counts.index(target)]
            k = k + stays[source] if source == target else k
            if k:
                total += k * np.log(float(at["P"].sel(transition=f"{source} → {target}")))
        found = tree["log_likelihood"]["transitions"].sel(source=source).isel(chain=0, draw=17)
        assert float(found) == pytest.approx(total, rel=1e-9)


def test_arviz_works_on_it(tree):
    import matplotlib

    matplotlib.use("agg")
    with warnings.catch_warnings():
        # the reference state is constant, and a row that is left out is influential: as it should
        warnings.filterwarnings("ignore", message="invalid value encountered")
        warnings.filterwarnings("ignore", message="Estimated shape parameter")
        table = az.summary(tree, var_names=["V", "pi"])
        assert len(table) == 12
        result = az.loo(tree)
        assert np.isfinite(result.elpd)
        az.compare({"one": tree, "two": tree})
    az.plot_trace(tree, var_names=["sigma_V"])
    az.plot_forest(tree, var_names=["pi"])


def test_a_tree_is_saved_and_reloaded_without_loss(tree, tmp_path):
    tree.to_netcdf(tmp_path / "run.nc", engine="h5netcdf")
    with xr.open_datatree(tmp_path / "run.nc", engine="h5netcdf") as back:
        assert back.load().identical(tree)


def test_the_same_seed_gives_the_same_draws():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotConvergedWarning)
        one, two = (
            eq.posterior(counts_named("six"), random_seed=5, draws=20, tune=100, chains=2)
            for _ in range(2)
        )
    assert one["posterior"].to_dataset().identical(two["posterior"].to_dataset())


def test_too_few_draws_are_said_not_to_be_trusted():
    with pytest.warns(NotConvergedWarning, match="effective draws|disagree|divergent"):
        eq.posterior(counts_named("six"), random_seed=5, draws=20, tune=100)


def test_prior_group_is_the_prior():
    tree = posterior_of("cyclic")
    prior = tree["prior"].to_dataset()
    n = prior.sizes["draw"]
    half_normal = {"sigma_c": 1.0, "sigma_V": 5.0, "sigma_s": 3.0}
    for name, scale in half_normal.items():
        error = scale * np.sqrt(1 - 2 / np.pi) / np.sqrt(n)
        assert abs(prior[name].values.mean() - scale * np.sqrt(2 / np.pi)) < 3.9 * error
    units = {
        "V": prior["V"] / prior["sigma_V"],
        "s": (prior["s"] - prior["mu_s"]) / prior["sigma_s"],
        "z": prior["z"],
        "mu_s": (prior["mu_s"] + 3.0) / 3.0,
    }
    for values in units.values():
        assert kstest(values.values.ravel(), "norm").pvalue > 1e-5


def test_pymc_draws_from_the_posterior_predictive():
    import pymc as pm

    counts = counts_named("six")
    tree = posterior_of("cyclic")
    with eq.models.cyclic(counts):
        drawn = pm.sample_posterior_predictive(tree, random_seed=1, progressbar=False)
    drawn = drawn["posterior_predictive"]["transitions"].values.reshape(
        -1, *tree["observed_data"]["transitions"].shape
    )
    observed = tree["observed_data"]["transitions"].values
    trials = np.asarray(counts.trials)
    np.testing.assert_array_equal(drawn.sum(axis=-1), np.broadcast_to(trials, drawn.shape[:2]))
    spread = np.maximum(drawn.std(axis=0), 0.5)
    assert (np.abs(drawn.mean(axis=0) - observed) < 4.0 * spread).all()


@pytest.mark.slow
def test_pairwise_potential_agrees_with_the_multinomial_one():
    """Same likelihood for what they share, 5,000 trials: means and widths are nearly the same."""
    pairs = eq.posterior(counts_named("smollm2-weekday"), likelihood="pairwise", random_seed=2)
    rows = eq.posterior(counts_named("smollm2-weekday"), random_seed=2)
    one, two = (x["posterior"]["Phi"] for x in (pairs, rows))
    sd, other = (x.std(("chain", "draw")).values for x in (one, two))
    gap = (one.mean(("chain", "draw")) - two.mean(("chain", "draw"))).values
    moving = sd > 0
    assert moving.sum() == 6
    np.testing.assert_allclose(sd[moving], other[moving], rtol=0.15)
    assert (np.abs(gap[moving]) < 0.5 * other[moving]).all()
    assert np.abs(two.mean(("chain", "draw"))).max() > 5 * other.max()  # a sign would show
    assert "P" not in pairs["posterior"]
    assert pairs["log_likelihood"]["transitions"].dims == ("chain", "draw", "pair")


def test_bad_arguments_are_refused():
    alofi = counts_named("alofi-rain")
    with pytest.raises(UsageError, match="hypothesis must be 'reversible' or 'cyclic'"):
        eq.posterior(alofi, "balanced")
    with pytest.raises(UsageError, match="belongs to the cyclic hypothesis"):
        eq.posterior(alofi, "reversible", cycle_sd=0.3)
    with pytest.raises(UsageError, match="draws must be a whole number of at least 4"):
        eq.posterior(alofi, draws=1)
    tree = eq.TransitionCounts.from_matrix(np.array([[3, 5], [4, 1]]), states=["x", "y"])
    with pytest.raises(UsageError, match="no cycle"):
        eq.posterior(tree, "cyclic")
