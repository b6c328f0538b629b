"""Log BF against the size of the cycles."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from equipoise.plots import plot_evidence

NAMES = ["alofi-rain", "claude-4", "gemini-2.5-flash", "smollm2-weekday"]


@pytest.mark.parametrize("name", NAMES)
def test_curve_points_and_ceiling(result, name):
    outcome = result(name)
    axes = plot_evidence(outcome)
    figure = axes.figure
    figure.draw_without_rendering()
    curve, nodes, points, *_ = axes.lines
    found = outcome.findings.curve
    assert set(nodes.get_xdata()) <= set(found.nodes)
    assert nodes.get_ydata()[0] == -found.rise[0]
    assert list(points.get_xdata()) == [0.25, 0.5, 1.0, 2.0, 4.0]
    assert list(points.get_ydata()) == [f.log_value for f in outcome.sensitivity]
    low, high = axes.get_ylim()
    for line in (curve, nodes, points):
        assert low < min(line.get_ydata())
        assert max(line.get_ydata()) < high
    assert low < -1
    assert high > 1
    # The ceiling is a mark at its own τ; neither it nor the steps stand where nothing is testable.
    marks = [line for line in axes.lines if line.get_marker() == "_"]
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    if not outcome.graph.n_testable_cycles:
        assert not marks
        assert len(texts) == 2
        return
    (mark,) = marks
    assert (list(mark.get_xdata()), list(mark.get_ydata())) == (
        [1.0],
        [outcome.verdict.ceiling.log_value],
    )
    assert low < outcome.verdict.ceiling.log_value < high
    assert len(texts) == 4


def test_scale_follows_the_range(result):
    assert plot_evidence(result("alofi-rain")).get_yscale() == "linear"
    axes = plot_evidence(result("smollm2-weekday"))
    assert axes.get_yscale() == "asinh"
    axes.figure.draw_without_rendering()
    ticks = [text.get_text() for text in axes.get_yticklabels()]
    assert "0" in ticks
    assert "−300" in ticks or "-300" in ticks
    assert np.all(np.diff(sorted(axes.get_yticks())) > 0)
    # All marks of the scale that are in sight, so that none is missing beside the ceiling.
    low, high = axes.get_ylim()
    assert {t for t in (-300, -100, -30, -10, -3, 3, 10) if low < t < high} < set(axes.get_yticks())


def test_untestable_is_said(result):
    assert "untestable" in plot_evidence(result("claude-4")).get_title("left")
    assert plot_evidence(result("alofi-rain")).get_title("left") == ""


@pytest.mark.parametrize(
    ("name", "words"),
    [("tree", "The support has no cycle"), ("distrusted alofi-rain", "withheld")],
)
def test_words_where_there_is_nothing_to_draw(result, name, words):
    axes = plot_evidence(result(name))
    assert words in axes.texts[0].get_text()
    assert len(axes.lines) == 0
    assert not axes.axison


def test_own_axes(result):
    figure = Figure()
    axes = figure.add_subplot()
    assert plot_evidence(result("alofi-rain"), ax=axes) is axes
    assert axes.get_legend() is not None
