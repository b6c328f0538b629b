"""Log Bayes factor under every setting tried, which shows what the answer hangs on."""

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.container import Container
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from equipoise.inference.balance import BalanceTest
from equipoise.inference.sensitivity import Alternative
from equipoise.inference.verdict import STRENGTHS
from equipoise.plots.given import check_drawable
from equipoise.plots.style import BLUE, FAINT, GREY, VERMILLION, drawn_on, legend_below, say

_ROW, _MARGIN, _WORDS = 0.17, 1.05, 1.2
_SETTINGS = {
    "cycle_scale": r"$\tau = {}$",
    "fixed_scales": r"fixed scales, $\sigma_V = {}$",
    "potential_scale": r"$\sigma_V \sim \mathrm{{HalfNormal}}({})$",
    "symmetric_scale": r"$\sigma_s \sim \mathrm{{HalfNormal}}({})$",
    "imputed_trials": r"imputed trials $\times\,{}$",
}


def plot_sensitivity(result: BalanceTest, ax: Axes | None = None) -> Axes:
    """Draw the log BF under each setting tried, one a row; the headline's in another colour.

    Bars are two Monte Carlo errors long on either side. Where balance can be tested, grey bands end
    at ±1, ±3 and ±5 nats (positive, strong, very strong: Kass & Raftery 1995). Settings whose
    number is withheld say so instead of a point. Where the evidence is withheld altogether, or the
    support has no cycle, the figure says so.

    Parameters
    ----------
    result : BalanceTest
        From :func:`equipoise.test`.
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
    check_drawable(result, BalanceTest, "plot_sensitivity", "equipoise.test(counts)")
    shown = bool(result.graph.n_cycles) and result.converged
    height = _MARGIN + _ROW * len(result.alternatives) if shown else _WORDS
    with drawn_on(ax, height) as axes:
        if not result.graph.n_cycles:
            say(axes, "The support has no cycle:", "both hypotheses are one, log BF = 0.")
        elif not result.converged:
            say(axes, "The log Bayes factor is withheld:", f"{result.distrust}.")
        else:
            _draw(axes, result)
            legend_below(axes, _legend(bool(result.graph.n_testable_cycles)), 2, own=ax is None)
        return axes


def _draw(axes: Axes, result: BalanceTest) -> None:
    tau, span = result.priors.cycle_scale, [0.0]
    for row, other in enumerate(result.alternatives):
        if other.factor.distrust is not None:
            axes.annotate(
                "withheld",
                (0.5, row),
                xycoords=axes.get_yaxis_transform(),
                ha="center",
                va="center",
                color=GREY,
            )
            continue
        head = other.setting == "cycle_scale" and other.value == tau
        value, bar = other.factor.log_value, 2 * other.factor.mcse
        axes.errorbar(
            [value],
            [row],
            xerr=[bar],
            fmt="D" if head else "o",
            color=VERMILLION if head else BLUE,
            markersize=3.2,
            elinewidth=0.8,
            zorder=3,
        )
        span += [value - bar, value + bar]
    low, high = min(span), max(span)
    room = 0.06 * max(high - low, 2.0)
    if result.graph.n_testable_cycles:
        for step, alpha in zip(STRENGTHS.values(), (0.55, 0.35, 0.2), strict=True):
            axes.axvspan(-step, step, color=FAINT, alpha=alpha, linewidth=0, zorder=0)
    axes.axvline(0.0, color=GREY, linewidth=0.6, zorder=1)
    axes.set_xlim(low - room, high + room)
    axes.set_yticks(np.arange(len(result.alternatives)), [_name(o) for o in result.alternatives])
    axes.set_ylim(len(result.alternatives) - 0.4, -0.6)
    axes.set_xlabel("log BF for balance (nats)")
    if not result.graph.n_testable_cycles:
        axes.set_title("untestable: tells how the priors fit", color=VERMILLION)


def _legend(bands: bool) -> list[Artist | Container]:
    """Return what the marks mean: the diamond, points with bars, and the bands if drawn."""
    handles: list[Artist | Container] = [
        Line2D(
            [], [], marker="D", color=VERMILLION, linestyle="", markersize=3.2, label="headline"
        ),
        Line2D(
            [],
            [],
            marker="o",
            color=BLUE,
            linewidth=0.8,
            markersize=3.2,
            label="another setting; bar: ±2 MC errors",
        ),
    ]
    if bands:
        handles.append(Patch(facecolor=FAINT, label="±1, ±3, ±5 nats"))
    return handles


def _name(other: Alternative) -> str:
    value = {0.125: "1/8", 0.25: "1/4", 0.5: "1/2"}.get(other.value, f"{other.value:g}")
    return _SETTINGS[other.setting].format(value)
