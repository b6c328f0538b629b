"""Entropy production: its posterior, and what its mean would be had balance held."""

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from equipoise.inference.violation import EntropyProduction, Violation
from equipoise.inference.weighted import weighted_quantiles
from equipoise.likelihoods import FloatArray
from equipoise.plots.given import check_drawable
from equipoise.plots.style import BLUE, GREY, VERMILLION, drawn_on, legend_below, say

_HEIGHT, _WORDS = 2.5, 1.2
_BINS = 36
# The parts of either distribution that are not shown: on a logarithmic axis the lower tail of one
# that reaches 0 has no end. The 95 % interval must be in sight.
_TAILS = (0.02, 0.002)
_ROOM = 1.25


def plot_entropy_production(violation: Violation, ax: Axes | None = None) -> Axes:
    """Draw the posterior of the entropy production rate, and the null of its mean.

    Densities are those of the logarithm of the rate, each with its own greatest value as unit. The
    dashed line, the posterior mean, is what the null is to be compared with: the posterior itself
    lies above 0 even where balance holds. The lowest fiftieth and the highest 0.2 % of either are
    not shown. Where the rate is not known, or withheld, the figure says so.

    Parameters
    ----------
    violation : Violation
        From :func:`equipoise.inference.violation.violation`.
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
    check_drawable(violation, Violation, "plot_entropy_production", "equipoise.violation(result)")
    rate = violation.entropy_production
    shown = rate is not None and violation.distrust is None
    with drawn_on(ax, _HEIGHT if shown else _WORDS) as axes:
        if violation.distrust is not None:
            say(axes, "The entropy production is withheld:", f"{violation.distrust}.")
        elif rate is None:
            say(axes, "The entropy production is not known:", *_short(violation))
        else:
            legend_below(axes, _draw(axes, rate), 1, own=ax is None)
        return axes


def _short(violation: Violation) -> tuple[str, ...]:
    if violation.size is None:
        return ("no cycle is testable.",)
    return ("the pairwise likelihood has no flows.",)


def _draw(axes: Axes, rate: EntropyProduction) -> list[Artist]:
    even = np.full(len(rate.null), 1.0 / len(rate.null))
    parts = (
        (rate.null, even, GREY, "null: posterior means, had balance held"),
        (rate.rate, rate.weights, BLUE, "posterior, given that it does not hold"),
    )
    axes.set_xscale("log")
    handles: list[Artist] = []
    ends: list[float] = [rate.per_trial.mean]
    for values, weights, color, name in parts:
        low, high = _range(values, weights)
        edges = np.geomspace(low, high, _BINS + 1)
        height, _ = np.histogram(values, edges, weights=weights)
        handles.append(
            axes.stairs(
                height / height.max(), edges, fill=True, color=color, alpha=0.55, label=name
            )
        )
        ends += [low, high]
    handles.append(
        axes.axvline(
            rate.per_trial.mean,
            color=VERMILLION,
            linewidth=0.9,
            linestyle="--",
            label=f"posterior mean, {rate.p_text} against the null",
        )
    )
    axes.set_xlim(min(ends) / _ROOM, max(ends) * _ROOM)
    axes.set_ylim(0.0, 1.08)
    axes.set_yticks([])
    axes.set_ylabel("density")
    axes.set_xlabel("entropy production (nats per trial)")
    return handles


def _range(values: FloatArray, weights: FloatArray) -> tuple[float, float]:
    """Return the rates between which all but the tails lie."""
    low, high = weighted_quantiles(values[:, None], weights, (_TAILS[0], 1.0 - _TAILS[1]))[:, 0]
    low = max(low, 1e-300)
    return float(low), float(max(high, 1.01 * low))
