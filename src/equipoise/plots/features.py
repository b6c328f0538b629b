"""A potential explained by features: their coefficients, and what they explain of each state."""

from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes

from equipoise.inference.features import Explanation
from equipoise.plots.given import check_drawable
from equipoise.plots.placing import write_names
from equipoise.plots.style import (
    BLUE,
    FAINT,
    GREY,
    any_script,
    drawn_on,
    legend_below,
    say,
    tick_label,
)

_ROW, _MARGIN, _WORDS, _SQUARE = 0.19, 0.75, 1.2, 3.2
_MOST, _NAMED = 30, 16


def plot_coefficients(found: Explanation, ax: Axes | None = None) -> Axes:
    """Draw β of up to 30 features with 95 % intervals, in the order given.

    Parameters
    ----------
    found : Explanation
        From :func:`equipoise.explain`.
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
    check_drawable(found, Explanation, "plot_coefficients", "equipoise.explain(counts, features)")
    shown = found.coefficients[:_MOST][::-1]
    drawn = bool(shown) and found.converged
    with drawn_on(ax, _MARGIN + _ROW * len(shown) if drawn else _WORDS) as axes:
        if not found.converged:
            say(axes, "Coefficients are withheld:", f"{found.verdict.distrust}.")
            return axes
        if not shown:
            say(axes, "An embedding has no coefficients.")
            return axes
        rows = np.arange(len(shown))
        axes.axvline(0.0, color=FAINT, linewidth=0.8, zorder=0)
        axes.hlines(rows, [c.lower for c in shown], [c.upper for c in shown], color=BLUE, lw=1.2)
        axes.plot([c.mean for c in shown], rows, "o", color=BLUE, markersize=3.5)
        axes.set_yticks(rows, [tick_label(c.name) for c in shown], parse_math=False)
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(-0.7, len(shown) - 0.3)
        axes.set_xlabel("β, mean and 95 % interval (nats of Φ per standard deviation)")
        return axes


def plot_explained(found: Explanation, ax: Axes | None = None) -> Axes:
    """Draw the inferred potential of each state against the part that features explain.

    Both centred in each component; bars are 95 % intervals of either, the line is where features
    explain all. Up to 16 states are named.

    Parameters
    ----------
    found : Explanation
        From :func:`equipoise.explain`.
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
    check_drawable(found, Explanation, "plot_explained", "equipoise.explain(counts, features)")
    with drawn_on(ax, _SQUARE if found.converged else _WORDS) as axes:
        if not found.converged:
            say(axes, "Potentials are withheld:", f"{found.verdict.distrust}.")
            return axes
        x, x_bars = _centre_and_bars(found.draws.signal)
        y, y_bars = _centre_and_bars(found.draws.potential)
        reach = [min(x.min(), y.min()), max(x.max(), y.max())]
        (line,) = axes.plot(
            reach, reach, color=GREY, linewidth=0.8, zorder=0, label="all explained"
        )
        bars = axes.errorbar(
            x,
            y,
            xerr=x_bars,
            yerr=y_bars,
            fmt="o",
            color=BLUE,
            markersize=3,
            elinewidth=0.7,
            label="mean, 95 % interval",
        )
        axes.set_xlabel("explained by features (nats)")
        axes.set_ylabel("potential Φ (nats)")
        legend_below(axes, [bars, line], 2, own=ax is None)
        if len(x) <= _NAMED:
            with any_script():
                if (figure := axes.get_figure(root=True)) is not None:
                    figure.draw_without_rendering()
                names = [tick_label(state, 12) for state in found.problem.states]
                write_names(axes, np.column_stack([x, y]), names, range(len(x)), 6.5, gap=3.5)
        return axes


def _centre_and_bars(draws: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    mean = draws.mean(axis=0)
    lower, upper = np.quantile(draws, [0.025, 0.975], axis=0)
    return mean, np.maximum([mean - lower, upper - mean], 0.0)


#: The figures of an explanation, by the name of their file.
FEATURE_FIGURES: dict[str, Callable[[Explanation], Axes]] = {
    "coefficients": plot_coefficients,
    "explained": plot_explained,
}
