"""Log BF under every setting."""

from dataclasses import replace

import pytest

from equipoise.plots import plot_sensitivity


@pytest.mark.parametrize("name", ["alofi-rain", "claude-4", "smollm2-weekday"])
def test_every_setting_is_a_row_at_its_value(result, name):
    outcome = result(name)
    axes = plot_sensitivity(outcome)
    axes.figure.draw_without_rendering()
    rows = [label.get_text() for label in axes.get_yticklabels()]
    assert len(rows) == len(outcome.alternatives)
    assert rows[0].startswith(r"$\tau = 1/4")
    points = {
        line.get_ydata()[0]: line.get_xdata()[0]
        for line in axes.lines
        if len(line.get_xdata()) == 1
    }
    low, high = axes.get_xlim()
    for row, other in enumerate(outcome.alternatives):
        assert points[row] == other.factor.log_value
        assert low < points[row] < high
    assert axes.get_ylim()[0] > axes.get_ylim()[1]  # τ = ¼ on top
    (legend,) = axes.figure.legends
    words = [text.get_text() for text in legend.get_texts()]
    assert words[:2] == ["headline", "another setting; bar: ±2 MC errors"]
    assert (words[2:] == ["±1, ±3, ±5 nats"]) == bool(outcome.graph.n_testable_cycles)
    assert bool(axes.get_title(loc="left")) == (not outcome.graph.n_testable_cycles)


@pytest.mark.parametrize("name", ["tree", "distrusted alofi-rain"])
def test_what_is_not_there_is_said(result, name):
    axes = plot_sensitivity(result(name))
    assert not axes.lines
    assert any("cycle" in t.get_text() or "withheld" in t.get_text() for t in axes.texts)


def test_a_withheld_setting_says_so_in_its_row(result):
    outcome = result("alofi-rain")
    last = outcome.alternatives[-1]
    failed = replace(last, factor=replace(last.factor, doubt="it did not converge"))
    axes = plot_sensitivity(replace(outcome, alternatives=(*outcome.alternatives[:-1], failed)))
    (word,) = [text for text in axes.texts if text.get_text() == "withheld"]
    assert word.xy[1] == len(outcome.alternatives) - 1
    points = [line for line in axes.lines if len(line.get_xdata()) == 1]
    assert len(points) == len(outcome.alternatives) - 1
