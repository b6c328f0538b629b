"""Several kernels by NUTS: against the fast path, on simulated and bundled data. Compiles long."""

from collections import Counter
from math import hypot

import numpy as np
import pytest
from compared import drawn

import equipoise as eq
from equipoise import datasets
from equipoise.counts import TransitionCounts
from equipoise.errors import UsageError
from equipoise.inference.comparison import kernels_of, sample_potentials
from equipoise.report.comparison import comparison_summary
from equipoise.report.comparison_contract import comparison_dict

BETWEEN_NODES = 0.02
TRIANGLE = np.array([[0, 1], [0, 2], [1, 2]])


def triangles():
    rng = np.random.default_rng(11)
    phi = rng.normal(size=3)
    return {name: drawn(phi + 0.4 * rng.normal(size=3), TRIANGLE, 400, rng) for name in "xy"}


def halves():
    """Even and odd draws of the weekday agent: one kernel, twice."""
    parts = {"even": Counter(), "odd": Counter()}
    days = datasets.smollm2_weekday().states
    for draw in datasets.smollm2_weekday_draws():
        parts["odd" if draw.number % 2 else "even"][draw.source, draw.target] += 1
    found = {}
    for name, counted in parts.items():
        table = [[counted[a, b] for b in days] for a in days]
        other = [counted[a, ""] for a in days]
        found[name] = TransitionCounts.from_matrix(table, states=days, other=other)
    return found


@pytest.fixture(scope="module")
def small():
    return eq.compare(triangles(), random_seed=1)


@pytest.mark.slow
def test_nuts_and_the_fast_path_agree(small):
    fast = eq.compare(triangles(), fast=True, draws=2000, random_seed=2)
    assert small.converged
    assert small.diagnostics.divergences == 0
    for ours, theirs in zip(small.hypotheses, fast.hypotheses, strict=True):
        assert ours.mcse < 0.05
        allowed = 4 * hypot(ours.mcse, theirs.mcse) + BETWEEN_NODES
        assert ours.log_evidence == pytest.approx(theirs.log_evidence, abs=allowed)
    assert small.deviation == pytest.approx(fast.deviation, abs=0.06)
    assert small.deviation_upper == pytest.approx(fast.deviation_upper, rel=0.15)
    (ours,), (theirs,) = small.distances, fast.distances
    assert ours.rms == pytest.approx(theirs.rms, abs=0.03)
    assert small.cross_check.log_bayes_factor == pytest.approx(
        fast.verdict.log_bayes_factor, abs=4 * hypot(small.cross_check.mcse, fast.verdict.mcse)
    )


@pytest.mark.slow
def test_the_method_is_named_everywhere(small):
    assert small.method == "path"
    text = " ".join(comparison_summary(small).split())
    assert "Hamiltonian Monte Carlo, 8 chains of 500 draws" in text
    assert "fast path log BF" in text
    assert "0 divergences" in text
    value = comparison_dict(small)
    assert value["method"] == "path"
    assert value["evidence"][0]["pareto_k"] is None
    assert value["cross_check"]["method"] == "laplace"
    assert value["diagnostics"]["divergences"] == 0


@pytest.mark.slow
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("potentials", ["shared", "pooled", "separate"])
def test_no_divergences_at_defaults_on_two_halves_of_the_weekday_draws(potentials):
    """A warning, of divergences, R-hat or few effective draws, is an error here."""
    tree = sample_potentials(halves(), potentials, random_seed=1)
    assert int(tree["sample_stats"]["diverging"].sum()) == 0
    post = tree["posterior"]
    own = post["Phi_kernel"]
    assert own.sizes == {"chain": 4, "draw": 1000, "kernel_state": 14}
    by_kernel = own.groupby("of_kernel").sum("kernel_state")
    assert float(abs(by_kernel).max()) < 1e-9
    assert tree["log_likelihood"]["transitions"].sizes["pair"] == 42
    if potentials == "pooled":
        assert float(post["sigma_delta"].mean()) < 0.3
        moved = post["Phi"].sel(state="Monday") + post["delta"].sel(kernel_state="odd: Monday")
        np.testing.assert_allclose(own.sel(kernel_state="odd: Monday"), moved, atol=1e-9)


@pytest.mark.slow
@pytest.mark.filterwarnings("error")
def test_no_divergences_at_defaults_on_claude_and_gemini():
    """They share three states, and most of their edges were walked one way only."""
    counts = {name: datasets.load(name) for name in ("claude-4", "gemini-2.5-flash")}
    tree = sample_potentials(counts, random_seed=1)
    assert int(tree["sample_stats"]["diverging"].sum()) == 0
    assert set(tree["posterior"].data_vars) == {
        "Phi",
        "Phi_kernel",
        "delta",
        "c",
        "sigma_V",
        "sigma_delta",
        "sigma_c",
    }
    assert tree["prior"]["sigma_delta"].sizes == {"chain": 1, "draw": 500}


@pytest.mark.slow
def test_two_halves_of_one_kernel_have_one_potential():
    found = eq.compare(halves(), random_seed=1)
    assert found.converged
    assert found.verdict.favours == "one potential"
    assert (
        abs(found.verdict.log_bayes_factor - found.cross_check.log_bayes_factor)
        < 4 * hypot(found.verdict.mcse, found.cross_check.mcse) + BETWEEN_NODES
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"draws": 2}, "draws must be"),
        ({"target_accept": 2.0}, "target_accept"),
        ({"potentials": "some"}, "potentials must be"),
        ({"curvature": "none"}, "curvature must be"),
    ],
)
def test_odd_arguments_of_the_sampler_are_refused(options, words):
    with pytest.raises(UsageError, match=words):
        sample_potentials(triangles(), **options)


def test_the_halves_share_every_state():
    assert kernels_of(halves()).shared == datasets.smollm2_weekday().states
