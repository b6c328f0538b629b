"""The potential as a ladder of states, lowest first, with intervals and one-sided bounds."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from equipoise.inference.balance import BalanceTest
from equipoise.inference.potential import StatePotential
from equipoise.plots.caution import caution
from equipoise.plots.given import check_drawable
from equipoise.plots.style import (
    BLUE,
    FAINT,
    GREY,
    INK,
    VERMILLION,
    drawn_on,
    legend_below,
    tick_label,
)

_LABELLED = 45
_ROW, _MARGIN = 0.155, 0.75
_TALLEST = 6.0
# Empty rows between components.
_GAP = 1.0


@dataclass(frozen=True)
class _Row:
    state: StatePotential
    height: float
    value: float | None


def plot_potential(result: BalanceTest, ax: Axes | None = None) -> Axes:
    """Draw Φ of every state with its 95 % interval or one-sided bound.

    States are sorted within their component, lowest Φ (most preferred) at the bottom; components
    stand apart, since nothing compares them. Up to 45 states are
    named; of more, those without any bound are left out.

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
    check_drawable(result, BalanceTest, "plot_potential", "equipoise.test(counts)")
    dense = len(result.potential) > _LABELLED
    rows = _rows(result, with_unbounded=not dense)
    top = rows[-1].height
    with drawn_on(ax, min(max(_MARGIN + _ROW * (top + 1), 1.6), _TALLEST)) as axes:
        trusted = result.potential_trusted
        _draw(axes, rows, trusted, 1.5 if dense else 3.5)
        _separate(axes, rows)
        axes.set_ylim(-0.8, top + 0.8)
        if dense:
            axes.set_yticks([])
            axes.set_ylabel(_count(len(rows), len(result.potential)))
        else:
            axes.set_yticks(
                [row.height for row in rows],
                [tick_label(row.state.state) for row in rows],
                parse_math=False,
            )
            axes.tick_params(axis="y", length=0)
        axes.set_xlabel("potential Φ = −log π (nats)")
        caution(axes, result, modes=not trusted)
        handles = _handles(rows, trusted)
        legend_below(axes, handles, len(handles), own=ax is None)
        return axes


def _count(shown: int, states: int) -> str:
    if shown == states:
        return f"{states:,} states, sorted"
    return f"{shown:,} states, sorted; {states - shown:,} without bound"


def _rows(result: BalanceTest, with_unbounded: bool) -> list[_Row]:
    rows: list[_Row] = []
    height = 0.0
    trusted = result.potential_trusted
    for component in range(result.graph.n_components):
        members = [
            (_value(state, trusted), state)
            for state in result.potential
            if state.component == component and (with_unbounded or state.bound != "none")
        ]
        # Lowest Φ at the bottom, states without any bound on top.
        members.sort(key=lambda m: (m[0] is None, m[0] or 0.0, m[1].state))
        for value, state in members:
            rows.append(_Row(state, height, value))
            height += 1.0
        height += _GAP if members else 0.0
    return rows


def _value(state: StatePotential, trusted: bool) -> float | None:
    if state.bound == "lower":
        return state.lower
    if state.bound == "upper":
        return state.upper
    if state.bound == "none":
        return None
    return state.mean if trusted else state.mode


def _draw(axes: Axes, rows: list[_Row], trusted: bool, size: float) -> None:
    estimated = [r for r in rows if r.state.bound == "two-sided" and not r.state.reference]
    references = [r for r in rows if r.state.reference]
    values = [r.value for r in rows if r.value is not None]
    if trusted:
        values += [x for r in estimated for x in (r.state.lower, r.state.upper) if x is not None]
    low, high = min(values), max(values)
    span = max(high - low, 1e-3)
    axes.axvline(0.0, color=FAINT, linewidth=0.8, zorder=0)
    if trusted and estimated:
        axes.hlines(
            [r.height for r in estimated],
            [r.state.lower or 0.0 for r in estimated],
            [r.state.upper or 0.0 for r in estimated],
            color=BLUE,
            linewidth=1.2 if size > 3 else 0.6,
            zorder=2,
        )
    axes.plot(*_points(estimated), "o", color=BLUE, markersize=size, zorder=3)
    axes.plot(
        *_points(references), "D", color=INK, markerfacecolor="white", markersize=3.5, zorder=4
    )
    reach = (0.07 if size > 3 else 0.03) * span
    for bound, direction, arrow in (("lower", 1, ">"), ("upper", -1, "<")):
        bounded = [r for r in rows if r.state.bound == bound]
        if not bounded:
            continue
        x, y = _points(bounded)
        axes.plot(
            x, y, "|", color=VERMILLION, markersize=size + 2, markeredgewidth=0.3 * size, zorder=3
        )
        axes.hlines(y, x, x + direction * reach, color=VERMILLION, linewidth=0.9, zorder=2)
        axes.plot(
            x + direction * reach,
            y,
            arrow,
            color=VERMILLION,
            markersize=max(size - 0.5, 1.2),
            zorder=3,
        )
    for row in rows:
        if row.value is None and size > 3:
            axes.text(
                low,
                row.height,
                "no bound",
                color=GREY,
                va="center",
                size="small",
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
            )
    axes.set_xlim(low - 0.12 * span, high + 0.12 * span)


def _points(rows: list[_Row]) -> tuple[np.ndarray, np.ndarray]:
    return (
        np.array([row.value or 0.0 for row in rows]),
        np.array([row.height for row in rows]),
    )


def _separate(axes: Axes, rows: list[_Row]) -> None:
    """Draw a line between components."""
    for below, above in pairwise(rows):
        if below.state.component != above.state.component:
            axes.axhline(
                (below.height + above.height) / 2, color=GREY, linewidth=0.4, dashes=(6, 3)
            )


def _handles(rows: list[_Row], trusted: bool) -> list[Artist]:
    kinds = {row.state.bound for row in rows}
    handles: list[Artist] = []
    if any(row.state.bound == "two-sided" and not row.state.reference for row in rows):
        name = "mean, 95 % interval" if trusted else "mode"
        handles.append(
            Line2D([], [], color=BLUE, marker="o", markersize=3.5, linewidth=1.2, label=name)
        )
    if "lower" in kinds or "upper" in kinds:
        handles.append(
            Line2D([], [], color=VERMILLION, marker=">", markersize=3, linewidth=0.9, label="bound")
        )
    name = "reference" if sum(r.state.reference for r in rows) == 1 else "references"
    handles.append(
        Line2D(
            [],
            [],
            color=INK,
            marker="D",
            markerfacecolor="white",
            markersize=3.5,
            linewidth=0,
            label=name,
        )
    )
    return handles
