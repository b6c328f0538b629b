"""Entropy production against its null."""

import numpy as np
import pytest

from equipoise.inference.violation import violation
from equipoise.plots import plot_entropy_production


@pytest.mark.parametrize("name", ["alofi-rain", "smollm2-weekday"])
def test_posterior_null_and_mean_are_where_they_should_be(result, name):
    shown = violation(result(name), random_seed=1)
    rate = shown.entropy_production
    axes = plot_entropy_production(shown)
    axes.figure.draw_without_rendering()
    null, posterior = (patch.get_data() for patch in axes.patches)
    assert null.edges[0] == pytest.approx(np.quantile(rate.null, 0.02), rel=0.02)
    assert null.edges[0] < rate.null_upper < null.edges[-1]
    assert posterior.edges[0] < rate.per_trial.mean < posterior.edges[-1]
    # Nothing of the 95 % interval that is printed is out of sight.
    assert posterior.edges[0] <= rate.per_trial.lower < rate.per_trial.upper <= posterior.edges[-1]
    assert axes.lines[0].get_xdata()[0] == rate.per_trial.mean
    low, high = axes.get_xlim()
    assert low < min(null.edges[0], posterior.edges[0])
    assert high > max(null.edges[-1], posterior.edges[-1])
    labels = [text.get_text() for text in axes.figure.legends[0].get_texts()]
    assert "null" in labels[0]
    assert rate.p_text in labels[2]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("claude-4", "no cycle is testable"),
        ("tree", "no cycle is testable"),
        ("distrusted alofi-rain", "withheld"),
    ],
)
def test_what_is_not_there_is_said(result, name, words):
    axes = plot_entropy_production(violation(result(name)))
    assert not axes.lines
    assert words in "\n".join(text.get_text() for text in axes.texts)


def test_on_axes_of_your_own(result):
    axes = plot_entropy_production(violation(result("alofi-rain"), random_seed=1))
    again = plot_entropy_production(violation(result("alofi-rain"), random_seed=1), ax=axes)
    assert again is axes
    assert axes.get_legend() is not None
