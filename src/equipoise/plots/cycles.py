"""The cycles that break balance worst, each as a ring."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch

from equipoise.inference.cycles import CycleAffinity, ahead
from equipoise.inference.violation import Violation
from equipoise.plots.given import check_drawable
from equipoise.plots.style import GREY, INK, VERMILLION, drawn_on, say, tick_label

_CELL, _MARGIN, _WORDS = 1.2, 0.35, 1.2
_MOST, _ACROSS = 6, 2
# States of a longer ring are dots; its start alone is named.
_NAMED = 8
_RADIUS, _HALF_WIDTH, _HALF_HEIGHT = 0.44, 1.0, 0.68


def plot_cycles(violation: Violation, ax: Axes | None = None) -> Axes:
    """Draw up to six testable cycles as rings, the worst first.

    States stand in order round each ring, clockwise in the direction in which the cycle runs rather
    than back (positive mean affinity); the affinity and its 95 % interval, nats, stand inside.
    Rings whose interval holds 0 are grey.

    Parameters
    ----------
    violation : Violation
        From :func:`equipoise.violation`.
    ax : Axes, optional
        Axes to draw on; default: new ones, one journal column wide.

    Returns
    -------
    Axes
        Its ``figure`` can be saved.

    Raises
    ------
    UsageError
        If this is no such result, or ``ax`` no axes.
    """
    check_drawable(violation, Violation, "plot_cycles", "equipoise.violation(result)")
    testable = [c.affinity for c in violation.cycles if c.affinity.testable]
    shown = [] if violation.distrust else [ahead(affinity) for affinity in testable[:_MOST]]
    rows = -(-len(shown) // _ACROSS)
    with drawn_on(ax, _MARGIN + _CELL * rows if shown else _WORDS) as axes:
        if not violation.cycles:
            say(axes, "The support has no cycle.")
        elif violation.distrust:
            say(axes, "Affinities are withheld:", f"{violation.distrust}.")
        elif not shown:
            say(axes, "No cycle is testable:", "affinities are set by the priors.")
        else:
            _draw(axes, shown, rows)
            total = len(testable)
            which = f"the worst {len(shown)} of {total:,}" if total > len(shown) else "all"
            grey = "\ngrey: the 95 % interval holds 0" if any(a.lower <= 0 for a in shown) else ""
            axes.set_title(f"affinity, nats; {which} testable cycles{grey}")
        return axes


def _draw(axes: Axes, cycles: Sequence[CycleAffinity], rows: int) -> None:
    axes.set_axis_off()
    axes.set_aspect("equal")
    across = min(len(cycles), _ACROSS)
    axes.set_xlim(-_HALF_WIDTH, (2 * across - 1) * _HALF_WIDTH)
    axes.set_ylim(-(2 * rows - 1) * _HALF_HEIGHT, _HALF_HEIGHT)
    for k, cycle in enumerate(cycles):
        row, column = divmod(k, _ACROSS)
        _ring(axes, cycle, np.array([2 * column * _HALF_WIDTH, -2 * row * _HALF_HEIGHT]))


def _ring(axes: Axes, cycle: CycleAffinity, centre: np.ndarray) -> None:
    states, n = cycle.states, len(cycle.states)
    # Clockwise from the top.
    angle = np.pi / 2 - 2 * np.pi * np.arange(n) / n
    circle = np.column_stack([np.cos(angle), np.sin(angle)])
    colour = VERMILLION if cycle.lower > 0 else GREY
    points = centre + _RADIUS * circle
    for a, b in zip(points, np.roll(points, -1, axis=0), strict=True):
        axes.add_patch(
            FancyArrowPatch(
                tuple(a),
                tuple(b),
                connectionstyle=f"arc3,rad={-np.tan(np.pi / (2 * n)):.4f}",
                arrowstyle="-|>,head_length=3,head_width=1.6",
                shrinkA=3.5,
                shrinkB=3.5,
                color=colour,
                linewidth=1.2,
                zorder=2,
            )
        )
    axes.plot(*points.T, "o", color=INK, markersize=3.2 if n <= _NAMED else 2.0, zorder=3)
    for k in range(n) if n <= _NAMED else (0,):
        cos, sin = circle[k]
        # Beside a ring there is less room than above and below it.
        axes.annotate(
            tick_label(states[k], 9 if abs(cos) > 0.3 else 14),
            points[k],
            xytext=(4.5 * cos, 4.5 * sin),
            textcoords="offset points",
            ha="center" if abs(cos) < 0.3 else "left" if cos > 0 else "right",
            va="center" if abs(sin) < 0.3 else "bottom" if sin > 0 else "top",
            size=6.5,
            parse_math=False,
        )
    size = f"\n{n} states" if n > _NAMED else ""
    axes.text(
        float(centre[0]),
        float(centre[1]),
        f"{cycle.mean:.2f}\n[{cycle.lower:.2f}, {cycle.upper:.2f}]{size}".replace("-", "−"),
        ha="center",
        va="center",
        size=6.5,
        linespacing=1.25,
    )
