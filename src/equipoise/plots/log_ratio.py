"""Observed log-ratios against differences of the potential: what balance says must be one line."""

from dataclasses import dataclass

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.container import Container
from matplotlib.lines import Line2D

from equipoise.inference.balance import BalanceTest
from equipoise.likelihoods import FloatArray, IntArray
from equipoise.plots.caution import caution
from equipoise.plots.given import check_drawable
from equipoise.plots.style import (
    BLUE,
    GREY,
    INK,
    colour_bar,
    diverging,
    drawn_on,
    legend_below,
    say,
)

_HEIGHT, _WORDS = 3.3, 1.2
_TWO_SIDED = 1.96
# Where the likelihood of an edge seen one way only has fallen to 1/20: the rule of three.
_FALL = 20.0
_DENSE = 60


@dataclass(frozen=True, eq=False)
class ObservedRatios:
    """Observed log-ratios of the edges whose two ends were both sources, downhill in Φ.

    Attributes
    ----------
    edge
        Position in the graph's list of edges, shape (M,).
    upper_state, lower_state
        State indices, the first with the higher mean potential, shape (M,).
    ratio
        ``log(n_ij N_j / (n_ji N_i))`` from upper to lower state, nats, shape (M,); for an edge seen
        one way only the bound, see ``side``.
    error
        Its standard error, ``1/n_ij − 1/N_i + 1/n_ji − 1/N_j`` under the root, as binomial
        frequencies have; 0 for bounds. Shape (M,).
    side
        0 for an edge seen both ways, 1 if ``ratio`` is a lower bound, −1 if it is an upper one.
    """

    edge: IntArray
    upper_state: IntArray
    lower_state: IntArray
    ratio: FloatArray
    error: FloatArray
    side: IntArray


def observed_ratios(result: BalanceTest) -> ObservedRatios:
    """Return the observed log-ratio of every edge that has one.

    An edge seen one way only gets the log-ratio at which its binomial likelihood has fallen to 1/20
    of its greatest value (the rule of three). With an end that was never a source there is nothing
    to compare; such edges are left out.

    Parameters
    ----------
    result
        From :func:`equipoise.test`.

    Returns
    -------
    ObservedRatios
        Nats.
    """
    problem, counts = result.findings.problem, result.counts
    trials = np.asarray(counts.trials - (counts.other if result.rejected == "drop" else 0))
    edges = np.asarray(problem.graph.edges).reshape(-1, 2)
    draws = result.findings.reversible
    height = draws.weights @ draws.gradient_potential
    kept = np.flatnonzero((trials[edges] > 0).all(axis=1))
    i, j = edges[kept].T
    downhill = height[i] >= height[j]
    upper, lower = np.where(downhill, i, j), np.where(downhill, j, i)
    table = counts.counts.toarray()
    down, up = table[upper, lower].astype(float), table[lower, upper].astype(float)
    seen = down + up > 0
    kept, upper, lower, down, up = (x[seen] for x in (kept, upper, lower, down, up))
    side = np.where(up == 0, 1, np.where(down == 0, -1, 0))
    offset = np.log(trials[lower] / trials[upper])
    with np.errstate(divide="ignore"):
        both = np.log(down) - np.log(up)
        variance = 1 / down - 1 / trials[upper] + 1 / up - 1 / trials[lower]
    share = -np.log(_FALL) / (down + up)
    bound = share - np.log(-np.expm1(share))  # logit of 20^(−1/m)
    return ObservedRatios(
        edge=kept,
        upper_state=upper,
        lower_state=lower,
        ratio=np.where(side == 0, both, side * bound) + offset,
        error=np.where(side == 0, np.sqrt(np.maximum(variance, 0.0)), 0.0),
        side=side,
    )


def plot_log_ratio(result: BalanceTest, ax: Axes | None = None) -> Axes:
    """Draw the observed log-ratio of every edge against its difference of potential under balance.

    Under detailed balance all points lie on the line, up to noise. Every edge is taken downhill,
    from the state of higher mean Φ. Bars are 95 %: upright of the binomial counts (with the right
    variance, ``1/n − 1/N``), across of the posterior of the difference. An arrow is a
    one-sided bound, where no transition back was seen; where also no other path leads back the
    difference itself is bounded only, and the mark is drawn open, on the line. Edges on testable
    cycles are coloured by the posterior mean of c, what no potential explains; the others, which
    some potential fits whatever their counts, are grey. Edges to states that were never a source
    are left out.

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
    check_drawable(result, BalanceTest, "plot_log_ratio", "equipoise.test(counts)")
    ratios = observed_ratios(result)
    shown = result.potential_trusted and len(ratios.edge) > 0
    with drawn_on(ax, _HEIGHT if shown else _WORDS) as axes:
        if not len(ratios.edge):
            say(axes, "No edge has trials at both ends:", "there is no log-ratio to compare.")
        elif not result.potential_trusted:
            say(
                axes,
                "The potential given balance is withheld:",
                f"{result.findings.diagnostics.reversible}.",
            )
        else:
            handles = _draw(axes, result, ratios)
            caution(axes, result, rejected=False)
            legend_below(axes, handles, 2, own=ax is None)
        return axes


def _draw(axes: Axes, result: BalanceTest, ratios: ObservedRatios) -> list[Artist | Container]:
    draws, graph = result.findings.reversible, result.graph
    phi = draws.gradient_potential
    between = draws.summarise(phi[:, ratios.upper_state] - phi[:, ratios.lower_state])
    joined = graph.strong[ratios.upper_state] == graph.strong[ratios.lower_state]
    # Without a way back only the prior speaks of the difference: draw its bound on the line.
    x = np.where(joined, between.mean, ratios.ratio)
    size = 3.2 if len(x) <= _DENSE else 1.8
    width = 0.7 if len(x) <= _DENSE else 0.35
    colours, handles = _colours(axes, result, ratios)
    both = ratios.side == 0
    bars = _TWO_SIDED * ratios.error
    axes.hlines(
        ratios.ratio[joined],
        between.lower[joined],
        between.upper[joined],
        colors=colours[joined],
        linewidth=width,
        alpha=0.6,
        zorder=2,
    )
    axes.vlines(
        x[both],
        (ratios.ratio - bars)[both],
        (ratios.ratio + bars)[both],
        colors=colours[both],
        linewidth=width,
        alpha=0.6,
        zorder=2,
    )
    axes.scatter(
        x[both], ratios.ratio[both], s=size**2, c=colours[both], edgecolors=INK, linewidths=0.25,
        zorder=4,
    )  # fmt: skip
    for side, marker in ((1, "^"), (-1, "v")):
        here = ratios.side == side
        for open_, kept in ((False, here & joined), (True, here & ~joined)):
            axes.scatter(
                x[kept],
                ratios.ratio[kept],
                s=1.6 * size**2,
                marker=marker,
                facecolors="none" if open_ else colours[kept],
                edgecolors=GREY if open_ else INK,
                linewidths=0.6 if open_ else 0.25,
                zorder=3,
            )
    values = np.concatenate([x, ratios.ratio - bars, ratios.ratio + bars, [0.0]])
    low, high = values.min(), values.max()
    room = 0.06 * max(high - low, 1.0)
    span = [low - room, high + room]
    across = np.concatenate([x, between.lower[joined], between.upper[joined], [0.0, 0.5]])
    sides = [across.min() - room, across.max() + room]
    line = [min(sides[0], span[0]), max(sides[1], span[1])]
    axes.plot(line, line, color=GREY, linewidth=0.6, zorder=1)
    axes.set_xlim(*sides)
    axes.set_ylim(*span)
    axes.set_xlabel("difference of potential, $\\Phi_i - \\Phi_j$ (nats)")
    axes.set_ylabel(r"observed $\log\,(n_{ij}N_j\,/\,n_{ji}N_i)$")
    if (joined & ~both).any():
        handles.append(_handle("^", GREY, "seen one way: bound"))
    if (~joined).any():
        handles.append(_handle("^", "none", "no way back: both bounded"))
    if joined.any() or both.any():
        handles.append(
            Line2D(
                [],
                [],
                color=GREY,
                linestyle="none",
                marker="+",
                markersize=7,
                markeredgewidth=width,
                label="95 % intervals",
            )
        )
    handles.append(Line2D([], [], color=GREY, linewidth=0.6, label="balance"))
    return handles


def _colours(
    axes: Axes, result: BalanceTest, ratios: ObservedRatios
) -> tuple[np.ndarray, list[Artist | Container]]:
    """Return a colour of each point, and what the legend says of them."""
    testable = np.array([edge.testable for edge in result.edges], dtype=np.bool_)
    testable = testable[ratios.edge] if len(testable) else np.zeros(len(ratios.edge), np.bool_)
    colours = np.tile(to_rgba(GREY), (len(ratios.edge), 1))
    handles: list[Artist | Container] = []
    if testable.any() and result.converged:
        forward = np.asarray(result.graph.edges)[ratios.edge, 0] == ratios.upper_state
        c = np.array([result.edges[k].mean for k in ratios.edge]) * np.where(forward, 1.0, -1.0)
        mappable = diverging(c[testable])
        colours[testable] = mappable.to_rgba(c[testable])
        colour_bar(axes, mappable, "$c$, what no potential explains (nats)")
        handles.append(_handle("o", BLUE, "on a testable cycle"))
    elif testable.any():
        colours[testable] = to_rgba(BLUE)
        handles.append(_handle("o", BLUE, "on a testable cycle"))
    if not testable.all():
        handles.append(_handle("o", GREY, "on no testable cycle"))
    return colours, handles


def _handle(marker: str, colour: str, label: str) -> Line2D:
    return Line2D(
        [],
        [],
        marker=marker,
        linestyle="none",
        markersize=3.5,
        markerfacecolor=colour,
        markeredgecolor=GREY if colour == "none" else INK,
        markeredgewidth=0.5,
        label=label,
    )
