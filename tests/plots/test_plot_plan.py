"""The outlook, drawn."""

from dataclasses import replace

import numpy as np
import pytest
from planned import planned

from equipoise.plots import plot_plan


def test_lines_bands_and_ceiling_are_the_plans():
    found = planned("alofi-rain")
    axes = plot_plan(found)
    axes.figure.draw_without_rendering()
    violation, none, ceiling = axes.lines[:3]
    for line, truth in ((violation, "violation"), (none, "none")):
        rows = [row for row in found.outlook if row.truth == truth]
        np.testing.assert_array_equal(line.get_xdata(), [row.trials for row in rows])
        np.testing.assert_array_equal(line.get_ydata(), [row.mean for row in rows])
    np.testing.assert_array_equal(ceiling.get_ydata(), [row.ceiling for row in found.outlook[2:]])
    low, high = axes.get_ylim()
    for band, truth in zip(axes.collections, ("violation", "none"), strict=True):
        drawn = band.get_paths()[0].vertices[:, 1]
        rows = [row for row in found.outlook if row.truth == truth]
        assert drawn.min() == min(row.lower for row in rows) > low
        assert drawn.max() == max(row.upper for row in rows) < high


def test_untestable_counts_show_the_chance_of_a_cycle():
    found = planned("claude-4")
    axes = plot_plan(found)
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), [r.testable for r in found.outlook])
    assert "untestable" in axes.get_title(loc="left")


@pytest.mark.parametrize("name", ["tree", "doubted"])
def test_what_is_not_there_is_said(name):
    found = planned("tree")
    if name == "doubted":
        found = replace(planned("alofi-rain"), doubt="kernels could not be drawn " * 5)
    axes = plot_plan(found)
    axes.figure.draw_without_rendering()
    assert not axes.lines
    assert axes.texts
