"""Log Bayes factor against the size of the cycles: at fixed σ_c, and integrated for every τ."""

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.container import Container
from matplotlib.patches import Patch

from equipoise.inference.balance import BalanceTest
from equipoise.inference.evidence.cycle_scale import CycleScaleCurve
from equipoise.inference.verdict import STRENGTHS
from equipoise.plots.given import check_drawable
from equipoise.plots.style import BLUE, FAINT, GREEN, GREY, VERMILLION, drawn_on, legend_below, say

_HEIGHT, _WORDS = 2.7, 1.2
# Beyond this many nats the scale is linear near 0 only.
_LARGE = 30.0
_WIDEST = 2.0


def plot_evidence(result: BalanceTest, ax: Axes | None = None) -> Axes:
    """Draw log BF at fixed σ_c as a curve, and for every τ, ``σ_c ~ HalfNormal(τ)``, as points.

    The band and the bars are two Monte Carlo errors wide on either side. Grey bands end at ±1, ±3
    and ±5 nats (positive, strong, very strong: Kass & Raftery 1995). The dashed line is the
    ceiling. Where the evidence is withheld, or the support has no cycle, the figure says so.

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
    check_drawable(result, BalanceTest, "plot_evidence", "equipoise.test(counts)")
    height = _HEIGHT if result.graph.n_cycles and result.converged else _WORDS
    with drawn_on(ax, height) as axes:
        if result.findings.curve is None:
            none = (
                "The support has no cycle" if not result.graph.n_cycles else "No cycle is compared"
            )
            say(axes, f"{none}:", "both hypotheses are one, log BF = 0.")
        elif not result.converged:
            say(
                axes,
                "The log Bayes factor is withheld:",
                f"{result.distrust}.",
            )
        else:
            legend_below(axes, _draw(axes, result, result.findings.curve), 2, own=ax is None)
        return axes


def _draw(axes: Axes, result: BalanceTest, curve: CycleScaleCurve) -> list[Artist | Container]:
    """Draw everything and return what the legend explains."""
    ceiling = result.verdict.ceiling
    taus = np.array([factor.cycle_scale for factor in result.sensitivity])
    factors = np.array([factor.log_value for factor in result.sensitivity])
    bars = 2 * np.array([factor.mcse for factor in result.sensitivity])
    # HalfNormal(4τ) has 95 % of its mass below 8τ; the nodes beyond carry next to nothing.
    nodes = curve.nodes[curve.nodes <= _WIDEST * taus.max()]
    fine = np.geomspace(nodes[0], nodes[-1], 300)
    values, error = curve.log_bayes_factor_at(fine)
    error *= 2
    axes.set_xscale("log")
    axes.fill_between(
        fine, values - error, values + error, color=BLUE, alpha=0.2, linewidth=0, zorder=2
    )
    (line,) = axes.plot(fine, values, color=BLUE, zorder=3, label=r"$\sigma_c$ fixed")
    at_nodes, _ = curve.log_bayes_factor_at(nodes)
    axes.plot(nodes, at_nodes, "o", color=BLUE, markersize=2, zorder=3)
    points = axes.errorbar(
        taus,
        factors,
        yerr=bars,
        fmt="D",
        color=VERMILLION,
        markersize=3.2,
        elinewidth=0.8,
        zorder=4,
        label=r"mean over $\sigma_c\sim\mathrm{HalfNormal}(\tau)$",
    )
    handles: list[Artist | Container] = [line, points]
    drawn = [0.0, *(values - error), *(values + error), *(factors - bars), *(factors + bars)]
    testable = bool(result.graph.n_testable_cycles)
    if testable and ceiling is not None and ceiling.distrust is None:
        # One mark, not a line: had balance held exactly, and at this τ alone.
        (mark,) = axes.plot(
            [result.priors.cycle_scale],
            [ceiling.log_value],
            "_",
            color=GREEN,
            markersize=9,
            markeredgewidth=1.6,
            zorder=4,
            label=r"had balance held exactly",
        )
        handles.append(mark)
        drawn.append(ceiling.log_value)
    if testable:
        handles.append(Patch(facecolor=FAINT, label="±1, ±3, ±5 nats"))
    _scale(axes, min(drawn), max(drawn), steps=testable)
    axes.set_xlabel(r"size of the cycles, $\sigma_c$ or $\tau$ (nats)")
    axes.set_ylabel("log BF for balance (nats)")
    if not testable:
        axes.set_title("untestable: tells how the priors fit", color=VERMILLION)
    return handles


def _scale(axes: Axes, low: float, high: float, steps: bool) -> None:
    """Set the vertical scale and shade the steps, darkest where nothing is decided."""
    low, high = min(low, -1.5), max(high, 1.5)
    if max(-low, high) > _LARGE:
        axes.set_yscale("asinh", linear_width=2.0)
        bottom = 1.6 * low if low < -2 else low - 2
        top = 1.6 * high if high > 2 else high + 2
        ticks = [sign * t * 10.0**k for k in range(9) for t in (1, 3) for sign in (-1, 1)]
        axes.set_yticks([0.0, *(t for t in ticks if bottom <= t <= top and abs(t) > 1)])
        axes.yaxis.set_major_formatter("{x:,g}")
        axes.minorticks_off()
        axes.set_ylim(bottom, top)
    else:
        axes.set_ylim(low - 0.06 * (high - low), high + 0.06 * (high - low))
    if steps:
        for step, alpha in zip(STRENGTHS.values(), (0.55, 0.35, 0.2), strict=True):
            axes.axhspan(-step, step, color=FAINT, alpha=alpha, linewidth=0, zorder=0)
    axes.axhline(0.0, color=GREY, linewidth=0.6, zorder=1)
