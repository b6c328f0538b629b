"""An explanation in words, in JSON, in figures; withheld where it must not be reported."""

import json
from dataclasses import replace

import numpy as np
import pytest
from explained import explained
from simulated import sparse_edges

from equipoise.inference.features import WithCycles, explain
from equipoise.inference.features.scores import ModelScores, Scores
from equipoise.plots import plot_coefficients, plot_explained
from equipoise.report.features import features_summary
from equipoise.report.features_contract import features_dict, features_json


@pytest.fixture(scope="module")
def found():
    edges = sparse_edges(np.random.default_rng(1), 7)
    counts, columns, _ = explained(1, 7, 500, beta=np.array([1.2, 0.1]), rest=0.6, edges=edges)
    named = {
        state: {"length": row[0], "<b>$x^{": row[1]}
        for state, row in zip(counts.states, columns.tolist(), strict=True)
    }
    return explain(counts, named, draws=400, random_seed=1, scores=False)


@pytest.fixture
def withheld(found):
    verdict = replace(
        found.verdict, distrust="importance sampling failed", text="Not to be trusted"
    )
    return replace(found, verdict=verdict)


def test_words_say_what_numbers_say(found):
    text = features_summary(found)
    assert text.splitlines()[0] == found.verdict.text
    assert "length" in text
    assert "reference" in text
    assert f"{found.share.mean:.2f}" in text
    assert found.cycles is not None
    assert "Balance does not hold" not in text
    broken = replace(found, cycles=WithCycles(1.0, 2.0, 0.1, -30.0, 0.1))
    assert "Balance does not hold" in features_summary(broken)


def test_json_has_no_nan_and_keeps_every_number(found):
    values = json.loads(features_json(found))
    assert values == json.loads(json.dumps(features_dict(found)))
    assert values["verdict"]["log_bayes_factor"] == found.verdict.log_bayes_factor
    assert values["cycles"]["cycle_sd"] == 1.0
    assert [row["name"] for row in values["coefficients"]] == ["length", "<b>$x^{"]
    assert values["scales"]["lengthscale"] is None


def test_nothing_is_reported_that_must_not_be(withheld):
    text = features_summary(withheld)
    assert text.startswith("Not to be trusted")
    assert "Coefficients" not in text
    values = features_dict(withheld)
    assert values["verdict"]["log_bayes_factor"] is None
    assert values["share"]["mean"] is None
    assert all(row["mean"] is None for row in values["potential"])
    assert withheld.exit_status == 3
    for draw in (plot_coefficients, plot_explained):
        assert "withheld" in draw(withheld).texts[0].get_text()


@pytest.mark.parametrize("failed", [2, 3])
def test_scores_are_withheld_where_every_refit_failed(found, failed):
    """One of either hypothesis is enough to spoil a state."""
    bad = np.array([0.8, 0.2, 0.9 if failed == 3 else 0.6])
    features = ModelScores(np.array([-4.0, -5.0, -7.5]), np.full(3, 0.1), bad, np.zeros(3))
    none = replace(
        features, elpd=np.array([-6.0, -6.5, -7.0]), pareto_k=np.array([0.1, np.inf, 0.2])
    )
    scored = replace(found, scores=Scores(("a", "b", "c"), features, none, 100))
    values, text = json.loads(features_json(scored))["scores"], features_summary(scored)
    assert [row["state"] for row in values["states"]] == ["a", "b", "c"]
    assert values["states"][0]["pareto_k"] == 0.8
    shown = [values["difference"], values["se"], values["states"][2]["features"]]
    if failed == 3:
        assert "failed at every state" in text
        assert shown == [None] * 3
        assert {row[of] for row in values["states"] for of in ("features", "none")} == {None}
    else:
        assert "+3.0, standard error" in text
        assert shown == [3.0, pytest.approx(scored.scores.se), -7.5]


def test_figures_show_the_numbers(found):
    axes = plot_coefficients(found)
    points = axes.lines[-1]
    assert points.get_xdata() == pytest.approx([c.mean for c in found.coefficients[::-1]])
    assert [label.get_text() for label in axes.get_yticklabels()] == ["<b>$x^{", "length"]
    axes = plot_explained(found)
    assert len(axes.texts) == 7
    axes.figure.canvas.draw()
    bare = plot_coefficients(replace(found, coefficients=()))
    assert "no coefficients" in bare.texts[0].get_text()
