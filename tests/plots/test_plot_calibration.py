"""The figures of a calibration show its numbers."""

import numpy as np
import pytest
from calibration_records import HEADER, exact_records

from equipoise.inference.calibration.check import check_records
from equipoise.plots import plot_ranks, plot_reliability


@pytest.fixture(scope="module")
def found():
    return check_records(HEADER, exact_records(400, np.random.default_rng(41)))


def test_reliability_shows_every_bin(found):
    axes = plot_reliability(found)
    points = axes.lines[1].get_xydata()
    expected = [(part.stated, part.observed) for part in found.reliability if part.holds]
    assert points == pytest.approx(np.array(expected))
    bars = [segment[:, 1].tolist() for segment in axes.collections[0].get_segments()]
    assert bars == [pytest.approx([part.lower, part.upper]) for part in found.reliability]


def test_ranks_shows_every_quantity_within_the_band(found):
    axes = plot_ranks(found)
    assert [line.get_label() for line in axes.lines] == [
        f"{ranks.quantity}, {ranks.truth}" for ranks in found.ranks
    ]
    heights = np.array([line.get_ydata() for line in axes.lines])
    expected = [ranks.difference * np.sqrt(ranks.n) for ranks in found.ranks]
    assert heights == pytest.approx(np.array(expected))


def test_a_figure_can_stand_on_given_axes(found):
    axes = plot_reliability(found)
    assert plot_ranks(found, axes) is axes
