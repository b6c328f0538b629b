"""Calibration: stated probability against frequency, and ranks against the uniform distribution."""

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.container import Container
from matplotlib.patches import Patch

from equipoise.inference.calibration.check import CalibrationCheck
from equipoise.plots.given import check_drawable
from equipoise.plots.style import (
    BLUE,
    FAINT,
    GREEN,
    GREY,
    ORANGE,
    VERMILLION,
    drawn_on,
    legend_below,
)

_HEIGHT, _TALL = 2.7, 3.3
_MAKER = "equipoise.inference.calibration.check(path)"
_COLOURS = (BLUE, VERMILLION, GREEN, ORANGE, GREY)
_DASHES = ("-", "--", ":")


def plot_reliability(found: CalibrationCheck, ax: Axes | None = None) -> Axes:
    """Draw how often balance was true against the probability stated, in bins.

    Bars are the bands that the frequencies keep, all together, where probabilities are right.

    Parameters
    ----------
    found : CalibrationCheck
        From :func:`equipoise.inference.calibration.check`.
    ax : Axes, optional
        Axes to draw on; default: new ones, one journal column wide.

    Returns
    -------
    Axes

    Raises
    ------
    UsageError
        If this is no such result, or ``ax`` no axes.
    """
    check_drawable(found, CalibrationCheck, "plot_reliability", _MAKER)
    with drawn_on(ax, _HEIGHT) as axes:
        stated = np.array([part.stated for part in found.reliability])
        observed = np.array([part.observed for part in found.reliability])
        lower = np.array([part.lower for part in found.reliability])
        upper = np.array([part.upper for part in found.reliability])
        (line,) = axes.plot([0, 1], [0, 1], color=GREY, linewidth=0.6, label="as stated")
        band = axes.vlines(stated, lower, upper, color=BLUE, alpha=0.35, linewidth=4, label="band")
        held = np.array([part.holds for part in found.reliability], dtype=np.bool_)
        (points,) = axes.plot(
            stated[held], observed[held], "o", color=BLUE, markersize=3.2, label="observed"
        )
        axes.plot(stated[~held], observed[~held], "D", color=VERMILLION, markersize=4)
        axes.set_xlim(-0.03, 1.03)
        axes.set_ylim(-0.03, 1.03)
        axes.set_xlabel("p(balance) stated")
        axes.set_ylabel("frequency of balance")
        handles: list[Artist | Container] = [line, band, points]
        legend_below(axes, handles, 3, own=ax is None)
        return axes


def plot_ranks(found: CalibrationCheck, ax: Axes | None = None) -> Axes:
    """Draw the distribution of every quantity's ranks less the uniform one, with its band.

    Differences are in units of ``1/√n``, so that quantities of unequal numbers share one band, and
    the widest of their bands is shaded.

    Parameters
    ----------
    found : CalibrationCheck
        From :func:`equipoise.inference.calibration.check`.
    ax : Axes, optional
        Axes to draw on; default: new ones, one journal column wide.

    Returns
    -------
    Axes

    Raises
    ------
    UsageError
        If this is no such result, or ``ax`` no axes.
    """
    check_drawable(found, CalibrationCheck, "plot_ranks", _MAKER)
    with drawn_on(ax, _TALL) as axes:
        handles: list[Artist | Container] = [Patch(facecolor=FAINT, label="band")]
        if found.ranks:
            low = np.min([ranks.lower * np.sqrt(ranks.n) for ranks in found.ranks], axis=0)
            high = np.max([ranks.upper * np.sqrt(ranks.n) for ranks in found.ranks], axis=0)
            axes.fill_between(found.ranks[0].at, low, high, color=FAINT, linewidth=0, zorder=0)
        for k, ranks in enumerate(found.ranks):
            (line,) = axes.plot(
                ranks.at,
                ranks.difference * np.sqrt(ranks.n),
                color=_COLOURS[k % len(_COLOURS)],
                linestyle=_DASHES[k // len(_COLOURS) % len(_DASHES)],
                linewidth=0.8,
                label=f"{ranks.quantity}, {ranks.truth}",
            )
            handles.append(line)
        axes.set_xlabel("fraction of posterior draws below the truth")
        axes.set_ylabel(r"$\sqrt{n}\,\times$ (ranks − uniform)")
        legend_below(axes, handles, 2, own=ax is None)
        return axes
