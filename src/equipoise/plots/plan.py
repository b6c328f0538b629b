"""What further trials will say: the expected log Bayes factor and its 90 % band."""

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.container import Container
from matplotlib.patches import Patch
from matplotlib.ticker import NullLocator

from equipoise.inference.planning import Outlook, Plan
from equipoise.inference.verdict import STRENGTHS
from equipoise.plots.given import check_drawable
from equipoise.plots.style import BLUE, FAINT, GREEN, GREY, VERMILLION, drawn_on, legend_below, say

_HEIGHT, _WORDS = 2.9, 1.2
# Beyond this many nats the scale is linear near 0 only.
_LARGE = 30.0
_SPREADS = {
    "as-so-far": "spread as so far",
    "even": "spread evenly",
    "informative": "spread as recommended",
}


def plot_plan(plan: Plan, ax: Axes | None = None) -> Axes:
    """Draw the expected log BF and its 90 % band against further trials, for both assumptions.

    Dashed: the ceiling. Grey bands end at ±1, ±3 and ±5 nats (positive, strong, very strong: Kass &
    Raftery 1995). Where no cycle is testable, the probability
    that one will be is drawn instead; where there is no outlook, the figure says so.

    Parameters
    ----------
    plan : Plan
        From :func:`equipoise.inference.planning.plan`.
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
    check_drawable(plan, Plan, "plot_plan", "equipoise.plan(counts)")
    shown = bool(plan.outlook) and plan.doubt is None
    with drawn_on(ax, _HEIGHT if shown else _WORDS) as axes:
        if plan.doubt is not None:
            say(axes, "The plan is not to be relied on:", *_halves(plan.doubt))
        elif not plan.outlook:
            why = "no cycle" if not plan.graph.n_cycles else "too many parameters to simulate"
            say(axes, f"There is no outlook: {why}.")
        elif not plan.graph.n_testable_cycles:
            _draw_testable(axes, plan)
        else:
            legend_below(axes, _draw(axes, plan), 2, own=ax is None)
        return axes


def _halves(text: str) -> tuple[str, ...]:
    """Break a sentence in two about its middle."""
    cut = text.find(" ", len(text) // 2)
    return (text[:cut], text[cut + 1 :] + ".") if cut > 0 else (text + ".",)


def _draw(axes: Axes, plan: Plan) -> list[Artist | Container]:
    """Draw everything and return what the legend explains."""
    name = rf"violation, $\rho = {plan.rho:.3g}$"
    if plan.cycle is not None:
        name = f"affinity {plan.affinity:g} round a cycle"
    handles: list[Artist | Container] = []
    drawn = [0.0]
    for truth, colour, words in (("violation", VERMILLION, name), ("none", BLUE, "none")):
        rows = [row for row in plan.outlook if row.truth == truth]
        x, mean, lower, upper = _columns(rows)
        axes.fill_between(x, lower, upper, color=colour, alpha=0.2, linewidth=0, zorder=2)
        (line,) = axes.plot(
            x, mean, "o-", color=colour, markersize=2.5, zorder=3, label=f"{words}: mean, 90 %"
        )
        handles.append(line)
        drawn += [*lower, *upper]
    rows = [row for row in plan.outlook if row.truth == "none"]
    ceiling = [row.ceiling or 0.0 for row in rows]
    (dashes,) = axes.plot(
        [row.trials for row in rows],
        ceiling,
        color=GREEN,
        linestyle="--",
        linewidth=0.9,
        zorder=3,
        label="ceiling",
    )
    handles += [dashes, Patch(facecolor=FAINT, label="±1, ±3, ±5 nats")]
    drawn += ceiling
    axes.set_xscale("log")
    axes.set_xlabel(f"further trials, {_SPREADS[plan.spread]}")
    axes.set_ylabel("log BF for balance (nats)")
    _scale(axes, min(drawn), max(drawn))
    return handles


def _columns(rows: list[Outlook]) -> tuple[np.ndarray, ...]:
    values = [(row.trials, row.mean, row.lower, row.upper) for row in rows]
    return tuple(np.array(values, dtype=float).T)


def _draw_testable(axes: Axes, plan: Plan) -> None:
    axes.plot(
        [row.trials for row in plan.outlook],
        [row.testable for row in plan.outlook],
        "o-",
        color=BLUE,
        markersize=2.5,
    )
    axes.set_xscale("log")
    axes.set_ylim(-0.03, 1.03)
    axes.set_xlabel(f"further trials, {_SPREADS[plan.spread]}")
    axes.set_ylabel("P(some cycle becomes testable)")
    axes.set_title("untestable so far; if balance holds", color=VERMILLION)


def _scale(axes: Axes, low: float, high: float) -> None:
    """Set the vertical scale and shade the steps, darkest where nothing is decided."""
    low, high = min(low, -3.5), max(high, 3.5)
    if max(-low, high) > _LARGE:
        axes.set_yscale("asinh", linear_width=2.0)
        ticks = [sign * t * 10.0**k for k in range(9) for t in (1, 3) for sign in (-1, 1)]
        axes.set_yticks([0.0, *(t for t in ticks if 1.2 * low <= t <= 1.2 * high and abs(t) > 1)])
        axes.yaxis.set_major_formatter("{x:,g}")
        axes.yaxis.set_minor_locator(NullLocator())
        axes.set_ylim(1.3 * low, 1.3 * high)
    else:
        axes.set_ylim(low - 0.06 * (high - low), high + 0.06 * (high - low))
    for step, alpha in zip(STRENGTHS.values(), (0.55, 0.35, 0.2), strict=True):
        axes.axhspan(-step, step, color=FAINT, alpha=alpha, linewidth=0, zorder=0)
    axes.axhline(0.0, color=GREY, linewidth=0.6, zorder=1)
