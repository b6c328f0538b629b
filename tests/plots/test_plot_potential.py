"""The ladder of states: what is drawn where, and that nothing runs out of the figure."""

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure

from equipoise.plots import plot_potential

NAMES = ["alofi-rain", "claude-4", "gemini-2.5-flash", "smollm2-weekday", "tree", "two components"]


def labels(axes):
    return [text.get_text() for text in axes.get_yticklabels()]


def fits(axes):
    """Say whether everything drawn lies within the figure, to a pixel."""
    figure = axes.figure
    figure.draw_without_rendering()
    drawn, page = figure.get_tightbbox(), figure.bbox_inches
    inside = [drawn.x0 - page.x0, drawn.y0 - page.y0, page.x1 - drawn.x1, page.y1 - drawn.y1]
    return min(inside) > -0.01


@pytest.mark.parametrize("name", NAMES)
def test_states_are_sorted_and_named(result, name):
    outcome = result(name)
    axes = plot_potential(outcome)
    assert sorted(labels(axes)) == sorted(outcome.counts.states)
    heights = axes.get_yticks()
    assert np.all(np.diff(heights) > 0)
    assert fits(axes)


def test_lowest_state_is_at_the_bottom(result):
    names = labels(plot_potential(result("smollm2-weekday")))
    assert names[0] == "Sunday"
    assert names[-1] == "Monday"


def test_points_stand_at_the_means_and_bounds_at_the_bounds(result):
    outcome = result("claude-4")
    axes = plot_potential(outcome)
    by_marker = {line.get_marker(): line for line in axes.lines}
    rows = {row.state: row for row in outcome.potential}
    assert set(by_marker["o"].get_xdata()) == {rows["PERSONAL"].mean, rows["PROBLEMS"].mean}
    assert set(by_marker["|"].get_xdata()) == {rows["TURKEY"].lower, rows["BUZZY"].lower}
    assert list(by_marker["D"].get_xdata()) == [0.0]
    assert ">" in by_marker
    assert "<" not in by_marker
    assert all(by_marker[">"].get_xdata() > by_marker["|"].get_xdata())


def test_components_stand_apart(result):
    axes = plot_potential(result("two components"))
    assert max(np.diff(axes.get_yticks())) == 2.0
    assert any(line.get_linestyle() != "-" for line in axes.lines)


def test_what_balance_does_not_describe_is_said(result):
    assert "rejected" in plot_potential(result("smollm2-weekday")).get_title("left")
    assert plot_potential(result("alofi-rain")).get_title("left") == ""
    assert "not to be trusted" in plot_potential(result("distrusted alofi-rain")).get_title("left")


@pytest.mark.parametrize("n_states", [3, 45, 46, 300, 500])
def test_many_states(large_result, n_states):
    axes = plot_potential(large_result(n_states))
    assert len(labels(axes)) == (n_states if n_states <= 45 else 0)
    assert axes.figure.get_size_inches()[1] <= 7.5
    assert fits(axes)
    if n_states > 45:
        assert f"{n_states // 6} without bound" in axes.get_ylabel()


@pytest.mark.filterwarnings("ignore:Glyph .* missing")  # scripts that the font has not
def test_names_are_not_trusted(result):
    axes = plot_potential(result("hostile"))
    shown = labels(axes)
    assert "$x^{" in shown
    assert "\\u202eevil" in shown
    assert max(map(len, shown)) <= 18
    assert fits(axes)
    assert not any(text.get_parse_math() for text in axes.get_yticklabels())


def test_own_axes_keep_their_style(result):
    before = dict(matplotlib.rcParams)
    figure = Figure(figsize=(5, 4))
    axes = figure.add_subplot()
    assert plot_potential(result("alofi-rain"), ax=axes) is axes
    assert figure.legends == []
    assert axes.get_legend() is not None
    assert dict(matplotlib.rcParams) == before


def test_size_of_the_figure(result):
    width, height = plot_potential(result("alofi-rain")).figure.get_size_inches()
    assert width == 3.4
    assert 1.5 < height < 3
