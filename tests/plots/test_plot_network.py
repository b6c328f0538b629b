"""The states at their potential."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.patches import FancyArrowPatch
from test_plot_potential import fits

from equipoise.inference.cycles import EdgeCirculation
from equipoise.plots import plot_network
from equipoise.plots.placing import beside_each_other

NAMES = ["alofi-rain", "claude-4", "gemini-2.5-flash", "smollm2-weekday", "tree", "two components"]


def drawn(axes):
    return np.concatenate([line.get_xydata() for line in axes.lines if line.get_marker() in "o^v"])


@pytest.mark.parametrize("name", NAMES)
def test_states_stand_at_their_potential(result, name):
    outcome = result(name)
    axes = plot_network(outcome)
    values = [
        {"two-sided": row.mean, "lower": row.lower, "upper": row.upper, "none": None}[row.bound]
        for row in outcome.potential
    ]
    known = sorted(value for value in values if value is not None)
    heights = sorted(drawn(axes)[:, 1])
    assert heights[: len(known)] == pytest.approx(known)
    assert all(height > max(known) for height in heights[len(known) :])
    assert {text.get_text() for text in axes.texts} == set(outcome.counts.states)
    assert fits(axes)


def test_arrows_run_along_c(result):
    """On every edge whose c is clear of 0, from the end it leaves, wider where c is larger."""
    outcome = result("smollm2-weekday")
    axes = plot_network(outcome)
    clear = [edge for edge in outcome.edges if edge.lower > 0 or edge.upper < 0]
    assert 5 < len(clear) < len(outcome.edges)
    clear.sort(key=lambda edge: abs(edge.mean))
    arrows = [patch for patch in axes.patches if isinstance(patch, FancyArrowPatch)]
    shafts = axes.collections[0]
    assert len(arrows) == len(shafts.get_paths()) == len(clear)
    points = {label: np.array([x, y]) for label, x, y in _places(axes)}
    for edge, arrow, shaft in zip(clear, arrows, shafts.get_paths(), strict=True):
        ends = (edge.source, edge.target) if edge.mean > 0 else (edge.target, edge.source)
        run = points[ends[1]] - points[ends[0]]
        tail, head = arrow._path_original.vertices[[0, -1]]
        assert (head - tail) @ run > 0.5 * np.hypot(*(head - tail)) * np.hypot(*run)
        # Each line runs from one end of its edge to the other.
        drawn_ends = {tuple(np.round(shaft.vertices[m], 9)) for m in (0, -1)}
        assert drawn_ends == {tuple(np.round(points[name], 9)) for name in ends}
    assert np.all(np.diff(shafts.get_linewidths()) >= 0)
    assert shafts.get_linewidths()[-1] > 2 * shafts.get_linewidths()[0]
    # The others are grey lines without a head, and the legend says which is which.
    assert len(axes.collections[1].get_paths()) == len(outcome.edges) - len(clear)
    said = [text.get_text() for text in axes.figure.legends[0].get_texts()]
    assert said[:2] == ["runs this way rather than back", "$c$ not clear of 0"]


@pytest.mark.parametrize("name", ["smollm2-weekday", "gemini-2.5-flash"])
def test_the_leftmost_name_stands_off_the_lines_that_leave_its_state(result, name):
    axes = plot_network(result(name))
    first = min(axes.texts, key=lambda text: text.xy[0])
    extent = first.get_window_extent()
    assert extent.x1 < axes.transData.transform(first.xy)[0]
    assert extent.x0 >= axes.bbox.x0


def test_where_no_c_is_clear_there_is_no_arrow(result):
    axes = plot_network(result("alofi-rain"))
    assert not axes.patches
    assert len(axes.figure.axes) == 1  # no colour bar
    assert axes.figure.legends[0].get_texts()[0].get_text() == "$c$ not clear of 0"


def _places(axes):
    for text in axes.texts:
        yield text.get_text(), *text.xy


def test_c_is_not_shown_where_it_is_not_to_be_trusted(result):
    axes = plot_network(result("distrusted alofi-rain"))
    assert len(axes.figure.axes) == 1
    assert any("withheld" in text.get_text() for text in axes.figure.legends[0].get_texts())
    assert axes.get_title(loc="left") == "the test is not to be trusted"
    assert not axes.patches


def test_the_same_result_gives_the_same_picture(result):
    first, second = (drawn(plot_network(result("gemini-2.5-flash"))) for _ in range(2))
    assert np.array_equal(first, second)


@pytest.mark.parametrize("n", [5, 13, 300, 500])
def test_states_keep_apart(n):
    rng = np.random.default_rng(n)
    edges = np.array([(k, rng.integers(max(0, k - 9), k)) for k in range(1, n)])
    height = rng.random(n)
    place = beside_each_other(height, edges, np.ones(n - 1))
    assert place.min() >= 0
    assert place.max() <= 1
    gaps = np.diff(np.sort(place))
    assert gaps.min() > 0.2 / n
    assert gaps.max() < 5 / n


def test_neighbours_stand_closer_than_strangers():
    rng = np.random.default_rng(7)
    n = 60  # a ladder of thirty rungs, heights at random
    edges = np.array([(k, k + 2) for k in range(n - 2)] + [(k, k + 1) for k in range(0, n, 2)])
    place = beside_each_other(rng.random(n), edges, np.ones(len(edges)))
    joined = np.abs(np.diff(place[edges], axis=1)).mean()
    assert joined < 0.6 * np.abs(place[:, None] - place[None, :]).mean()


@pytest.mark.filterwarnings("ignore:Glyph .* missing")
def test_names_are_not_trusted(result):
    axes = plot_network(result("hostile"))
    names = [text.get_text() for text in axes.texts]
    assert max(map(len, names)) <= 16
    assert not any(text.get_parse_math() for text in axes.texts)
    assert all(name.isprintable() for name in names)


def test_many_states_are_legible(large_result):
    outcome = large_result(300)
    i, j = outcome.graph.edges.T
    edges = tuple(
        EdgeCirculation(f"state {a:03d}", f"state {b:03d}", 0.1 * (a % 7), 0.3, 0, 1, 0.01, True)
        for a, b in zip(i, j, strict=True)
    )
    axes = plot_network(replace(outcome, edges=edges))
    assert 8 < len(axes.texts) <= 18
    assert fits(axes)
