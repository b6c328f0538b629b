"""Tables that are not plain and connected: path against the fast path, saved and reloaded."""

from unittest import mock

import numpy as np
import pandas as pd
import pytest
from mcmc_tables import counts_named

import equipoise as eq
from equipoise.errors import UsageError
from equipoise.inference.evidence.path import PathNode
from equipoise.inference.evidence.path.walk import doubt_about
from equipoise.inference.posterior import compiled as compiled_module
from equipoise.inference.posterior.convergence import Convergence
from equipoise.inference.posterior.numpy_sampler import NumpySampler
from equipoise.inference.problem import problem_of
from equipoise.inference.weighted import WeightedDraws
from equipoise.models.rows import joined_labels


def two_components() -> eq.TransitionCounts:
    """A driven triangle with a state hung on that was never a source, and a pair apart; blocks."""
    rows = [
        ("a ~ b", "b", 31, "mon"),
        ("b", "a ~ b", 9, "mon"),
        ("b", "c → d", 27, "tue"),
        ("c → d", "b", 14, "mon"),
        ("c → d", "a ~ b", 22, "tue"),
        ("a ~ b", "c → d", 6, "tue"),
        ("b", "sink", 3, "mon"),
        ("a ~ b", "", 8, "mon"),
        ("a ~ b", "a ~ b", 12, "tue"),
        ("x", "é", 5, "mon"),
        ("é", "x", 11, "tue"),
    ]
    frame = pd.DataFrame(rows, columns=["source", "target", "count", "block"])
    return eq.TransitionCounts.from_dataframe(frame, metadata={"model": "m", "trials": "observed"})


def no_staying() -> eq.TransitionCounts:
    matrix = np.array([[0, 31, 7], [12, 0, 40], [25, 3, 0]])
    return eq.TransitionCounts.from_matrix(matrix, states=["r", "q", "p"], stay=False)


def no_staying_and_a_sink() -> eq.TransitionCounts:
    """Potentials are known from the prior alone, and one state was never a source."""
    matrix = np.array([[0, 37, 163], [3, 0, 197], [0, 0, 0]])
    return eq.TransitionCounts.from_matrix(matrix, states=["s0", "s1", "s2"], stay=False)


CASES = {
    "two components": (two_components, {}),
    "rejected trials dropped, narrow cycles": (
        two_components,
        {"rejected": "drop", "priors": eq.Priors(cycle_scale=0.4)},
    ),
    "left-out edge, pairwise": (two_components, {"likelihood": "pairwise"}),
    "no staying": (no_staying, {}),
    "no staying, and a sink": (no_staying_and_a_sink, {}),
}

SLOW = (
    "no staying",
    "two components",
    "no staying, and a sink",
    "left-out edge, pairwise",
    "rejected trials dropped, narrow cycles",
)


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, marks=pytest.mark.slow if case in SLOW else ())  # compiles for long
        for case in CASES
    ],
)
def test_path_agrees_and_the_run_is_saved_whole(case, tmp_path):
    make, options = CASES[case]
    counts = make()
    result = eq.test(counts, random_seed=4, **options)
    assert result.converged, result.distrust
    ours, theirs = result.log_bayes_factor, result.findings.cross_check
    assert theirs.distrust is None
    assert abs(ours.log_value - theirs.log_value) < 4.5 * np.hypot(ours.mcse, theirs.mcse)
    assert ours.cycle_scale == result.priors.cycle_scale
    eq.save(result, tmp_path / "run.nc")
    back = eq.load(tmp_path / "run.nc")
    assert eq.to_json(back) == eq.to_json(result)
    assert back.counts == counts
    tree = eq.posterior(counts, "cyclic", random_seed=4, **options)
    post = tree["posterior"]
    assert len(set(post["edge"].values)) == result.graph.n_edges
    if "pi" in post:
        for label in np.unique(result.graph.component):
            inside = [
                s for s, k in zip(counts.states, result.graph.component, strict=True) if k == label
            ]
            np.testing.assert_allclose(post["pi"].sel(state=inside).sum("state"), 1.0)


def test_labels_that_hold_the_separator_stay_apart():
    names = ["a", "b ~ c", "a ~ b", "c"]
    labels = joined_labels(names, [(0, 1), (2, 3)], " ~ ")
    assert len(set(labels)) == 2
    assert joined_labels(["x", "y"], [(0, 1)], " ~ ") == ("x ~ y",)


GOOD = PathNode(0.5, 1.0, 0.1, 1.0, 0.2, ess=800.0, r_hat=1.002, divergences=0)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"divergences": 3}, "3 divergent transitions at σ_c = 0.5"),
        ({"r_hat": 1.2}, "the chains disagree at σ_c = 0.5"),
        ({"r_hat": np.nan}, "the chains disagree"),
        ({"ess": 12.0}, "only 12 effective draws"),
        ({"slope": np.nan}, "the slope is not finite"),
        ({"mcse": np.inf}, "the slope is not finite"),
    ],
)
def test_a_bad_node_anywhere_withholds_the_path(change, words):
    from dataclasses import replace

    assert doubt_about([GOOD, GOOD]) is None
    bad = replace(GOOD, **change)
    assert words in doubt_about([GOOD, bad, GOOD])


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (Convergence(1.001, 900.0, 2), "2 divergent transitions"),
        (Convergence(1.02, 900.0, 0), "the chains disagree"),
        (Convergence(np.nan, 900.0, 0), "the chains disagree"),
        (Convergence(1.001, 399.0, 0), "only 399 effective draws"),
        (Convergence(1.001, np.nan, 0), "effective draws"),
    ],
)
def test_chains_that_did_not_converge_say_why(state, words):
    assert Convergence(1.001, 400.0, 0).distrust is None
    assert words in state.distrust


@pytest.mark.slow
def test_what_did_not_converge_is_run_once_more_and_harder(alofi):
    """The first run is made to look divergent; the second must come with smaller steps."""
    asked = []
    real = NumpySampler.draw

    def draw(self, **options):
        asked.append(options)
        found = real(self, **options)
        if len(asked) == 1:
            found.stats["diverging"][0, 0] = True
        return found

    with mock.patch.object(NumpySampler, "draw", draw):
        result = eq.test(alofi, random_seed=1, draws=800)
    assert "target_accept" not in asked[0]
    assert asked[1]["draws"] == 1600
    assert asked[1]["target_accept"] > 0.99
    assert asked[1]["cycle_sd"] == 0.0
    assert result.findings.diagnostics.divergences == 0
    said = " ".join(eq.summary(result).split())
    assert "1,600 draws given balance and of 800 with cycles" in said


def test_numbers_are_refused_before_anything_is_compiled(alofi, monkeypatch):
    monkeypatch.setattr(compiled_module, "_COMPILED", {})
    monkeypatch.setattr("nutpie.compile_pymc_model", None)
    with pytest.raises(UsageError, match="draws must be a whole number of at least 4, not 1"):
        eq.test(alofi, draws=1)
    with pytest.raises(UsageError, match=r"draws must be a whole number .* not 100\.5"):
        eq.posterior(alofi, draws=100.5)
    with pytest.raises(UsageError, match="target_accept must lie in"):
        eq.posterior(alofi, target_accept=1.0)
    with pytest.raises(UsageError, match="random_seed must be"):
        eq.posterior(alofi, random_seed=-1)
    with pytest.raises(UsageError, match="at least 2 chains"):
        eq.path(alofi, chains=1)


def test_too_few_draws_for_a_covariance_are_refused():
    draws = WeightedDraws(
        graph=(problem := problem_of(counts_named("six"), likelihood="pairwise")).graph,
        model=problem.reversible(),
        theta=np.zeros((4, 5)),
        weights=np.full(4, 0.25),
    )
    with pytest.raises(UsageError, match="4 draws cannot give the covariance of 6 potentials"):
        _ = draws.gradient_potential
