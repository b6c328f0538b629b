"""The worst cycles as rings."""

import numpy as np
import pytest
from matplotlib.patches import FancyArrowPatch
from test_plot_potential import fits

from equipoise.plots import plot_cycles


def rings(axes):
    """Return each ring's states clockwise from the top, and the words inside."""
    inside = [text for text in axes.texts if "[" in text.get_text()]
    names = [text for text in axes.texts if "[" not in text.get_text()]
    found = []
    for text in inside:
        centre = np.array(text.get_position())
        around = [n for n in names if np.hypot(*(np.array(n.xy) - centre)) < 0.6]
        clock = [
            np.arctan2(*(np.array(n.xy) - centre)) % (2 * np.pi) for n in around
        ]  # 0 at the top, clockwise
        order = np.argsort(np.round(clock, 6))
        found.append(([around[k].get_text() for k in order], text.get_text()))
    return found


@pytest.mark.parametrize("name", ["alofi-rain", "smollm2-weekday"])
def test_rings_run_in_the_direction_of_the_affinity(result, diagnosed, name):
    outcome = result(name)
    axes = plot_cycles(diagnosed(name).violation)
    shown = rings(axes)
    assert len(shown) == min(6, len(outcome.cycles))
    for states, words in shown:
        affinity = outcome.affinity(states)
        assert affinity.mean[0] >= 0
        assert words == (
            f"{affinity.mean[0]:.2f}\n[{affinity.lower[0]:.2f}, {affinity.upper[0]:.2f}]"
        ).replace("-", "−")
    grey = any("−" in words for _, words in shown)
    assert ("grey: the 95 % interval holds 0" in axes.get_title("left")) == grey
    arrows = [patch for patch in axes.patches if isinstance(patch, FancyArrowPatch)]
    assert len(arrows) == sum(len(states) for states, _ in shown)
    assert fits(axes)


def test_the_worst_come_first(diagnosed):
    found = diagnosed("smollm2-weekday").violation
    shown = [frozenset(states) for states, _ in rings(plot_cycles(found))]
    assert shown == [frozenset(cycle.states) for cycle in found.cycles[:6]]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("tree", "no cycle"),
        ("claude-4", "No cycle is testable"),
        ("distrusted alofi-rain", "withheld"),
    ],
)
def test_what_is_not_there_is_said(diagnosed, name, words):
    axes = plot_cycles(diagnosed(name).violation)
    assert words in axes.texts[0].get_text()
    assert not axes.patches


@pytest.mark.filterwarnings("ignore:Glyph .* missing")
def test_names_are_not_trusted(diagnosed):
    axes = plot_cycles(diagnosed("hostile").violation)
    assert max(len(text.get_text()) for text in axes.texts if "[" not in text.get_text()) <= 14
    assert all(line.isprintable() for t in axes.texts for line in t.get_text().split("\n"))
    assert not any(t.get_parse_math() for t in axes.texts if "[" not in t.get_text())
