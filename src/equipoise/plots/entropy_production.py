"""Entropy production: its posterior, and what its mean would be had balance held."""

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from equipoise.inference.violation import EntropyProduction, Violation
from equipoise.likelihoods import FloatArray
from equipoise.plots.style import BLUE, GREY, VERMILLION, drawn_on, legend_below, say

_HEIGHT, _WORDS = 2.5, 1.2
_BINS = 60
# Rates below this part of either distribution are not shown: on a logarithmic axis the tail of a
# distribution that reaches 0 has no end.
_TAIL = 0.005


def plot_entropy_production(violation: Violation, ax: Axes | None = None) -> Axes:
    """Draw the posterior of the entropy production rate, and the null of its mean.

    Densities are those of the logarithm of the rate, each with its own greatest value as unit. The
    vertical line, the posterior mean, is what the null is to be compared with: the posterior
    itself lies above 0 even where balance holds. Where the rate is not known, or withheld, the
    figure says so.

    Parameters
    ----------
    violation
        From :func:`equipoise.inference.violation.violation`.
    ax
        Axes to draw on; default: new ones, one journal column wide.

    Returns
    -------
    Axes
        Its ``figure`` can be saved.
    """
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
    found = [(rate.null, even), (rate.rate, rate.weights)]
    ends = np.array([_range(values, weights) for values, weights in found])
    edges = np.geomspace(ends[:, 0].min(), 1.2 * ends[:, 1].max(), _BINS + 1)
    axes.set_xscale("log")
    mean = rate.per_trial.mean
    names = ("null: posterior means, had balance held", "posterior, given that it does not hold")
    handles: list[Artist] = []
    for (values, weights), color, name in zip(found, (GREY, BLUE), names, strict=True):
        height, _ = np.histogram(values, edges, weights=weights)
        handles.append(
            axes.stairs(
                height / height.max(), edges, fill=True, color=color, alpha=0.55, label=name
            )
        )
    text = f"posterior mean, {rate.p_text} against the null"
    handles.append(axes.axvline(mean, color=VERMILLION, linewidth=1.2, label=text))
    axes.set_xlim(edges[0], edges[-1])
    axes.set_ylim(0.0, 1.08)
    axes.set_yticks([])
    axes.set_ylabel("density")
    axes.set_xlabel("entropy production (nats per trial)")
    return handles


def _range(values: FloatArray, weights: FloatArray) -> tuple[float, float]:
    """Return the rates between which all but the tails lie."""
    order = np.argsort(values)
    reached = np.cumsum(weights[order])
    low, high = np.searchsorted(reached, (_TAIL, 1.0 - _TAIL))
    tiny = 1e-300
    return max(float(values[order[low]]), tiny), max(
        float(values[order[min(high, len(order) - 1)]]), tiny
    )
