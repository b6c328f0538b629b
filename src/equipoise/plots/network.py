"""The states at their potential, joined by edges coloured by what no potential explains."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.container import Container
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch
from matplotlib.path import Path
from numpy.typing import NDArray

from equipoise.inference.balance import BalanceTest
from equipoise.inference.potential import StatePotential
from equipoise.likelihoods import FloatArray, IntArray
from equipoise.plots.bending import lines_apart, lines_sagging
from equipoise.plots.caution import caution
from equipoise.plots.given import check_drawable
from equipoise.plots.placing import beside_each_other, make_room, write_names
from equipoise.plots.style import (
    GREY,
    INK,
    VERMILLION,
    amount,
    any_script,
    colour_bar,
    drawn_on,
    legend_below,
    say,
    tick_label,
)

_HEIGHT, _TALL, _WORDS = 3.6, 4.6, 1.2
_NAMED, _OUTSTANDING = 26, 8
_DOTTED = (0, (1.0, 1.2))
_PALE = "#c2c2c2"
# Narrowest and widest arrow, points, in a picture of few states and in one of many; and the place
# of its head along the bent line.
_ARROW = {False: (0.7, 2.6), True: (0.4, 1.6)}
_HEAD = 10


@dataclass(frozen=True, eq=False)
class _Layout:
    """States that have an edge: which, where (data units); the lines; where components end."""

    states: IntArray
    points: FloatArray
    borders: tuple[float, ...]
    ceiling: float | None
    lines: FloatArray


def plot_network(result: BalanceTest, ax: Axes | None = None) -> Axes:
    """Draw the states at their potential, Φ upwards, and the edges with an arrow along c.

    Horizontal positions have no meaning: connected states stand close, and the same result gives
    the same picture. An arrow stands on every edge whose c is clear of 0 (95 % interval), in the
    direction in which c is positive: there transitions run more often, against those back, than any
    potential allows. It is wider and darker where the posterior mean of c is larger. Grey edges are
    not clear of 0, dotted ones on no testable cycle; these are wider where more transitions were
    counted. Lines bend where they would cover another or a state; a bend means nothing. States with
    a one-sided bound stand at it, those without any in a row on top; components stand side by side,
    each with its own zero. Up to 26 states are named; of more, the ends of the clearest violations,
    the lowest and the highest.

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
    check_drawable(result, BalanceTest, "plot_network", "equipoise.test(counts)")
    edges = np.asarray(result.graph.edges).reshape(-1, 2)
    n_joined = len(np.unique(edges))
    height = _WORDS if not len(edges) else _HEIGHT if n_joined <= _NAMED else _TALL
    with drawn_on(ax, height) as axes:
        if not len(edges):
            say(axes, "No edge joins two states:", "there is no network to draw.")
            return axes
        layout = _place(result, edges)
        handles = _draw(axes, result, layout, edges)
        caution(axes, result, modes=not result.potential_trusted, rejected=False)
        if len(handles) > 1:
            legend_below(axes, handles, 2, own=ax is None)
        _name(axes, result, layout, edges)
        return axes


def _loudest(result: BalanceTest, layout: _Layout, edges: IntArray) -> FloatArray:
    """Return the lines that names should leave in sight: arrows; of few states all, if none."""
    clear = np.flatnonzero(_clear(result, len(edges)))
    few = len(layout.states) <= _NAMED
    return layout.lines if few and not len(clear) else layout.lines[clear]


def _clear(result: BalanceTest, n_edges: int) -> NDArray[np.bool_]:
    """Return on which edges an arrow stands, shape (E,): c is clear of 0, and to be trusted."""
    if not result.converged or not len(result.edges):
        return np.zeros(n_edges, dtype=np.bool_)
    return np.array([e.testable and (e.lower > 0 or e.upper < 0) for e in result.edges])


def _bent(result: BalanceTest, points: FloatArray, edges: IntArray) -> FloatArray:
    """Return the line of each edge, arrows as straight as can be, the widest above all."""
    if len(points) > _NAMED:
        return lines_sagging(points, edges)
    clear = _clear(result, len(edges))
    wide = np.array(
        [abs(edge.mean) for edge in result.edges] if clear.any() else _share(result, edges)
    )
    order = np.lexsort((-wide, ~clear))
    return lines_apart(points, edges, order.tolist())


def _place(result: BalanceTest, edges: IntArray) -> _Layout:
    graph = result.graph
    joined = np.unique(edges)
    known = {int(k): _value(result.potential[k], result.potential_trusted) for k in joined}
    values = [value for value in known.values() if value is not None]
    low, high = min(values, default=0.0), max(values, default=0.0)
    span = max(high - low, 0.5)
    unknown = any(value is None for value in known.values())
    ceiling = high + 0.18 * span if unknown else None
    y = np.array([(ceiling or 0.0) if (v := known[int(k)]) is None else v for k in joined])
    components = np.unique(graph.component[joined])
    sizes = np.array([np.count_nonzero(graph.component[joined] == k) for k in components])
    widths = np.sqrt(sizes) / np.sqrt(sizes).sum()
    weight = _share(result, edges)
    x = np.empty(len(joined))
    starts = np.concatenate([[0.0], np.cumsum(widths)])
    for start, width, component in zip(starts, widths, components, strict=False):
        members = np.flatnonzero(graph.component[joined] == component)
        here = graph.component[edges[:, 0]] == component
        local = np.searchsorted(joined[members], edges[here])
        across = beside_each_other((y[members] - low) / span, local, weight[here])
        x[members] = start + width * (0.08 + 0.84 * across)
    points = np.column_stack([x, y])
    lines = _bent(result, points, np.searchsorted(joined, edges))
    return _Layout(joined, points, tuple(starts[1:-1].tolist()), ceiling, lines)


def _value(state: StatePotential, trusted: bool) -> float | None:
    """Return where a state stands: at its mean or mode, or its one-sided bound."""
    if state.bound == "two-sided":
        return state.mean if trusted else state.mode
    return {"lower": state.lower, "upper": state.upper, "none": None}[state.bound]


def _share(result: BalanceTest, edges: IntArray) -> FloatArray:
    """Return the logarithm of each edge's transitions, from 0 to 1, shape (E,)."""
    table = result.counts.counts
    i, j = edges.T
    total = np.asarray(table[i, j] + table[j, i], dtype=float).ravel()
    logs = np.log1p(total)
    return np.asarray(logs / max(logs.max(), 1e-9))


def _draw(
    axes: Axes, result: BalanceTest, layout: _Layout, edges: IntArray
) -> list[Artist | Container]:
    dense = len(layout.states) > _NAMED
    width = (0.3 + 1.2 * _share(result, edges)) * (0.5 if dense else 1.0)
    lines = layout.lines
    testable = np.array([edge.testable for edge in result.edges], dtype=np.bool_)
    if not result.converged or not len(testable):
        testable = np.zeros(len(edges), dtype=np.bool_)
    clear = _clear(result, len(edges))
    plain = testable & ~clear
    handles: list[Artist | Container] = []
    if clear.any():
        handles.append(_arrows(axes, result, lines, np.flatnonzero(clear), dense))
    if plain.any():
        _lines(axes, lines[plain], width[plain], "solid")
        handles.append(Line2D([], [], color=_PALE, linewidth=1.0, label="$c$ not clear of 0"))
    if not testable.all():
        _lines(axes, lines[~testable], 0.8 * width[~testable], _DOTTED)
        label = "on no testable cycle" if result.converged else "edge ($c$ withheld)"
        handles.append(Line2D([], [], color=_PALE, linewidth=1.0, linestyle=_DOTTED, label=label))
    handles += _states(axes, result, layout, 4.5 if not dense else 2.0)
    for border in layout.borders:
        axes.axvline(border, color=GREY, linewidth=0.4, dashes=(6, 3))
    low, high = lines[..., 1].min(), lines[..., 1].max()
    room = 0.07 * max(high - low, 1.0)
    axes.set_xlim(min(-0.02, lines[..., 0].min()), max(1.02, lines[..., 0].max()))
    axes.set_ylim(low - room, high + room)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    if layout.ceiling is not None:
        ticks = [t for t in axes.get_yticks() if low - room <= t < layout.ceiling - room]
        axes.set_yticks([*ticks, layout.ceiling], [*(f"{t:g}" for t in ticks), "?"])
    axes.set_ylabel("potential Φ = −log π (nats)")
    return handles


def _lines(axes: Axes, lines: FloatArray, widths: FloatArray, style: Any) -> None:
    """Draw edges that say nothing of c."""
    axes.add_collection(
        LineCollection(list(lines), colors=_PALE, linewidths=widths, linestyles=style, zorder=1)
    )


def _arrows(
    axes: Axes, result: BalanceTest, lines: FloatArray, chosen: IntArray, dense: bool
) -> Artist:
    """Draw the edges whose c is clear of 0 as arrows along it, and return what the legend says."""
    c = np.array([result.edges[k].mean for k in chosen])
    mappable = amount(np.abs(c))
    least, most = _ARROW[dense]
    widths = least + (most - least) * np.abs(c) / np.abs(c).max()
    order = np.argsort(np.abs(c), kind="stable")
    shafts = LineCollection(
        list(lines[chosen][order]),
        colors=mappable.to_rgba(np.abs(c[order])),
        linewidths=widths[order],
        zorder=2,
    )
    axes.add_collection(shafts)
    for k in order:
        line = lines[chosen[k]] if c[k] > 0 else lines[chosen[k]][::-1]
        axes.add_patch(
            FancyArrowPatch(
                path=Path(line[_HEAD - 1 : _HEAD + 1]),
                arrowstyle="-|>,head_length=2.6,head_width=1.3",
                mutation_scale=1.0 + widths[k] / (3.0 if dense else 2.0),
                color=mappable.to_rgba(abs(c[k])),
                linewidth=0.0,
                zorder=2.5,
            )
        )
    colour_bar(axes, mappable, "$|c|$ along the arrow, what no potential explains (nats)")
    return Line2D(
        [],
        [],
        color=VERMILLION,
        linewidth=1.4,
        marker=">",
        markersize=4,
        markevery=(1, 1),
        label="runs this way rather than back",
    )


def _states(
    axes: Axes, result: BalanceTest, layout: _Layout, size: float
) -> list[Artist | Container]:
    """Draw the states, and return what the legend says of them."""
    handles: list[Artist | Container] = []
    kinds = {
        "two-sided": ("o", INK, INK, "state"),
        "lower": ("^", VERMILLION, VERMILLION, "at least this"),
        "upper": ("v", VERMILLION, VERMILLION, "at most this"),
        "none": ("o", "white", GREY, "no bound"),
    }
    bounds = np.array([result.potential[k].bound for k in layout.states])
    for bound, (marker, face, edge, label) in kinds.items():
        here = bounds == bound
        if here.any():
            (drawn,) = axes.plot(
                *layout.points[here].T,
                marker,
                markersize=size,
                markerfacecolor=face,
                markeredgecolor=edge,
                markeredgewidth=0.7,
                zorder=4,
                label=label,
            )
            handles.append(drawn)
    return handles


def _name(axes: Axes, result: BalanceTest, layout: _Layout, edges: IntArray) -> None:
    """Name the states, or the outstanding ones, once the axes know their size."""
    position = {int(state): k for k, state in enumerate(layout.states)}
    if len(layout.states) <= _NAMED:
        chosen = [int(state) for state in layout.states]
        size = 7.0
    else:
        clear = sorted(
            (k for k, edge in enumerate(result.edges) if edge.testable and result.converged),
            key=lambda k: -abs(result.edges[k].mean) / max(result.edges[k].sd, 1e-12),
        )[:_OUTSTANDING]
        heights = layout.points[:, 1]
        ends = [int(state) for k in clear for state in edges[k]]
        ends += [int(layout.states[np.argmin(heights)]), int(layout.states[np.argmax(heights)])]
        chosen = list(dict.fromkeys(ends))
        size = 6.0
    with any_script():
        if (figure := axes.get_figure(root=True)) is not None:
            figure.draw_without_rendering()
        names = [tick_label(result.graph.states[state], 16) for state in chosen]
        if len(chosen) == len(layout.states):
            first = int(np.argmin(layout.points[:, 0]))
            make_room(axes, layout.points[first, 0], names[first], size)
        write_names(
            axes,
            layout.points,
            names,
            [position[state] for state in chosen],
            size,
            lines=_loudest(result, layout, edges),
        )
