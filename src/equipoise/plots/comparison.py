"""Kernels compared: their potentials side by side, and how far apart they are."""

from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes
from scipy.cluster.hierarchy import dendrogram, leaves_list, linkage
from scipy.spatial.distance import squareform

from equipoise.inference.comparison import Comparison
from equipoise.inference.weighted import summarise
from equipoise.plots.given import check_drawable
from equipoise.plots.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    VERMILLION,
    drawn_on,
    legend_below,
    say,
    tick_label,
)
from equipoise.text import told_apart

_ROW, _MARGIN, _WORDS = 0.17, 0.9, 1.2
_MOST_STATES, _MOST_KERNELS = 40, 8
_COLOURS = (BLUE, VERMILLION, GREEN, ORANGE, "#56B4E9", "#CC79A7", "#8a6d00", INK)


def plot_potentials(found: Comparison, ax: Axes | None = None) -> Axes:
    """Draw the potentials of up to eight kernels side by side, states sorted by the shared one.

    Points and bars are posterior means and 95 % intervals given deviations from a shared potential
    (grey ticks), each kernel shifted so that it lies closest to that. At most 40 states: those in
    most kernels.

    Parameters
    ----------
    found : Comparison
        From :func:`equipoise.compare`.
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
    check_drawable(found, Comparison, "plot_potentials", "equipoise.compare(counts)")
    kernels, draws = found.kernels, found.potentials
    withheld = found.verdict.distrust
    shared = draws.weights @ draws.shared
    order = np.argsort(-kernels.occurrences, kind="stable")[:_MOST_STATES]
    order = order[np.argsort(shared[order], kind="stable")]
    height = _WORDS if withheld else _MARGIN + _ROW * len(order)
    with drawn_on(ax, height) as axes:
        if withheld is not None:
            say(axes, "Potentials are withheld:", f"{withheld}.")
            return axes
        low = shared[order].min()
        row_of = {int(u): k for k, u in enumerate(order)}
        (ticks,) = axes.plot(
            shared[order] - low,
            np.arange(len(order)),
            "|",
            color=GREY,
            markersize=7,
            zorder=1,
            label="shared potential",
        )
        shown = kernels.names[:_MOST_KERNELS]
        names = told_apart(shown, 24)
        handles = []
        for m in range(len(shown)):
            place = kernels.places[m]
            at = [k for k, u in enumerate(place.tolist()) if u in row_of]
            values = draws.shared[:, place[at]] + draws.deviations[m][:, at] - low
            summary = summarise(values, draws.weights)
            rows = np.array([row_of[int(place[k])] for k in at]) + 0.5 * (
                (m + 0.5) / len(shown) - 0.5
            )
            handles.append(
                axes.errorbar(
                    summary.mean,
                    rows,
                    xerr=np.maximum(
                        [summary.mean - summary.lower, summary.upper - summary.mean], 0.0
                    ),
                    fmt="o",
                    markersize=2.4,
                    linewidth=0.7,
                    color=_COLOURS[m],
                    label=names[m],
                    zorder=2,
                )
            )
        labels = [tick_label(kernels.states[int(u)]) for u in order]
        axes.set_yticks(np.arange(len(order)), labels, parse_math=False)
        axes.set_ylim(-0.7, len(order) - 0.3)
        axes.set_xlabel("potential Φ, mean and 95 % interval (nats)")
        legend_below(axes, [*handles, ticks], 2, own=ax is None)
        return axes


def plot_distances(found: Comparison, ax: Axes | None = None) -> Axes:
    """Draw the distances of all pairs as a matrix, kernels that are alike beside each other.

    Root-mean-square difference of potentials, nats; the order is that of a hierarchical clustering
    by average linkage. Pairs that have no two joined states in common are left blank.

    Parameters
    ----------
    found : Comparison
        From :func:`equipoise.compare`.
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
    check_drawable(found, Comparison, "plot_distances", "equipoise.compare(counts)")
    names = found.kernels.names
    shown = found.verdict.distrust is None and bool(found.distances)
    with drawn_on(ax, max(2.4, 0.9 + 0.28 * len(names)) if shown else _WORDS) as axes:
        if found.verdict.distrust is not None:
            say(axes, "Distances are withheld:", f"{found.verdict.distrust}.")
            return axes
        if not found.distances:
            say(axes, "Too many kernels", "for the distances of all pairs.")
            return axes
        matrix = distance_matrix(found)
        order = clustered(matrix)
        image = np.ma.masked_invalid(matrix[np.ix_(order, order)])
        axes.spines[:].set_visible(False)
        picture = axes.imshow(image, cmap="cividis_r", vmin=0.0)
        short = told_apart(names, 24)
        labels = [short[k] for k in order]
        axes.set_xticks(range(len(names)), labels, rotation=60, ha="right", parse_math=False)
        axes.set_yticks(range(len(names)), labels, parse_math=False)
        axes.tick_params(length=0)
        top = float(image.max() or 1.0)
        if len(names) <= 10:
            for i in range(len(names)):
                for j in range(len(names)):
                    if i != j and not np.ma.is_masked(image[i, j]):
                        dark = image[i, j] > 0.5 * top
                        axes.text(
                            j,
                            i,
                            f"{image[i, j]:.2f}",
                            ha="center",
                            va="center",
                            size=6.5,
                            color="white" if dark else INK,
                        )
        bar = axes.figure.colorbar(picture, ax=axes, aspect=30, pad=0.02)
        bar.set_label("rms (nats)")
        bar.outline.set_visible(False)
        return axes


def plot_clustering(found: Comparison, ax: Axes | None = None) -> Axes:
    """Draw the tree of the kernels by average linkage of their distances.

    Root-mean-square difference of potentials, nats, posterior means. Pairs that have no two joined
    states in common count as farther than all others, and their joins are drawn dotted.

    Parameters
    ----------
    found : Comparison
        From :func:`equipoise.compare`.
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
    check_drawable(found, Comparison, "plot_clustering", "equipoise.compare(counts)")
    names = found.kernels.names
    distrust = found.verdict.distrust
    shown = distrust is None and bool(found.distances)
    with drawn_on(ax, max(1.2, 0.7 + 0.2 * len(names)) if shown else _WORDS) as axes:
        if distrust is not None:
            say(axes, "Clusters are withheld:", f"{distrust}.")
            return axes
        if not shown:
            say(axes, "Too many kernels", "for the distances of all pairs.")
            return axes
        matrix = distance_matrix(found)
        known = float(np.nanmax(matrix))
        tree = linkage(squareform(_filled(matrix), checks=False), "average", optimal_ordering=True)
        drawn = dendrogram(tree, no_plot=True)
        for height, row in zip(drawn["dcoord"], drawn["icoord"], strict=True):
            far = height[1] > known + 1e-9
            axes.plot(
                np.minimum(height, 1.1 * known),
                (np.array(row) - 5.0) / 10.0,
                color=GREY if far else BLUE,
                linestyle=":" if far else "-",
                linewidth=1.1,
            )
        short = told_apart(names, 24)
        labels = [short[k] for k in drawn["leaves"]]
        axes.set_yticks(range(len(names)), labels, parse_math=False)
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.set_xlim(left=0.0)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.set_xlabel("joined at rms difference of Φ (nats)")
        return axes


def distance_matrix(found: Comparison) -> np.ndarray:
    """Return root-mean-square differences, (M, M), nats; NaN where two cannot be compared."""
    place = {name: k for k, name in enumerate(found.kernels.names)}
    matrix = np.full((len(place), len(place)), np.nan)
    np.fill_diagonal(matrix, 0.0)
    for pair in found.distances:
        i, j = place[pair.first], place[pair.second]
        matrix[i, j] = matrix[j, i] = np.nan if pair.rms is None else pair.rms
    return matrix


def clustered(matrix: np.ndarray) -> list[int]:
    """Return an order in which what is alike stands together; unknown distances are the largest."""
    if len(matrix) < 3:
        return list(range(len(matrix)))
    tree = linkage(squareform(_filled(matrix), checks=False), "average", optimal_ordering=True)
    return [int(k) for k in leaves_list(tree)]


def _filled(matrix: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(matrix), matrix, np.nanmax(matrix) + 1.0)


#: The figures of a comparison, by the name of their file.
COMPARISON_FIGURES: dict[str, Callable[[Comparison], Axes]] = {
    "potentials": plot_potentials,
    "distances": plot_distances,
    "clustering": plot_clustering,
}
