"""The look of the figures: one journal column, small type, colours that everyone can tell apart."""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize, TwoSlopeNorm
from matplotlib.container import Container
from matplotlib.figure import Figure
from matplotlib.rcsetup import cycler
from numpy.typing import ArrayLike

from equipoise.errors import UsageError
from equipoise.text import printable

COLUMN = 3.4
DPI = 300
# Okabe & Ito (2008), "Color universal design".
BLUE, VERMILLION, GREEN, ORANGE = "#0072B2", "#D55E00", "#009E73", "#E69F00"
INK, GREY, FAINT = "#222222", "#8a8a8a", "#dcdcdc"
#: Blue below 0, vermillion above, and a middle that still shows on white.
DIVERGING = LinearSegmentedColormap.from_list("equipoise", [BLUE, "#c9c9c9", VERMILLION])
#: From little to much, darker; also without colours.
AMOUNT = LinearSegmentedColormap.from_list("equipoise amount", ["#f0b48c", VERMILLION, "#6b2500"])

#: Settings of matplotlib, for ``matplotlib.style.use`` where other figures stand beside these.
STYLE: dict[Any, Any] = {
    "axes.prop_cycle": cycler(color=[BLUE, VERMILLION, GREEN, ORANGE]),
    "font.size": 7.5,
    "axes.labelsize": 7.5,
    "axes.titlesize": 7.5,
    "axes.titlelocation": "left",
    "axes.linewidth": 0.6,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.color": INK,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.minor.width": 0.4,
    "ytick.minor.width": 0.4,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "lines.linewidth": 1.0,
    "savefig.dpi": DPI,
    "pdf.fonttype": 42,
    "svg.fonttype": "none",
}


@contextmanager
def drawn_on(ax: Axes | None, height: float) -> Iterator[Axes]:
    """Give the axes asked for; if None, new ones on a figure of its own, in the house style.

    Parameters
    ----------
    ax
        Axes to draw on; their style is left as it is.
    height
        Of the new figure, inches.

    Raises
    ------
    UsageError
        If what is given is no axes.
    """
    if ax is not None:
        if not isinstance(ax, Axes):
            raise UsageError(
                f"ax must be axes of matplotlib, not {type(ax).__name__}; leave it out for a "
                "figure of its own"
            )
        yield ax
        return
    with mpl.rc_context(STYLE):
        # Not pyplot: no global list of figures, no window, and a fast import.
        figure = Figure(figsize=(COLUMN, height), layout="constrained")
        FigureCanvasAgg(figure)
        yield figure.add_subplot()


def legend_below(ax: Axes, handles: Sequence[Artist | Container], ncols: int, own: bool) -> None:
    """Put the legend below a figure of our own; on axes of somebody else's, inside them."""
    spacing = {"handletextpad": 0.5, "columnspacing": 1.4, "borderaxespad": 0.2}
    if own and isinstance(ax.figure, Figure):
        ax.figure.legend(handles=handles, loc="outside lower center", ncols=ncols, **spacing)
    else:
        ax.legend(handles=handles, loc="best", **spacing)


def diverging(values: ArrayLike) -> ScalarMappable:
    """Return a colour map centred at 0 that reaches as far as the values do, either way alike.

    It reaches half a nat at least: noise around 0 must not look like a finding.
    """
    most = float(np.abs(values).max(initial=0.5))
    return ScalarMappable(TwoSlopeNorm(0.0, -most, most), DIVERGING)


def amount(values: ArrayLike) -> ScalarMappable:
    """Return a colour map from 0 to the largest of the values, half a nat at least."""
    most = float(np.max(np.asarray(values), initial=0.5))
    return ScalarMappable(Normalize(0.0, most), AMOUNT)


def colour_bar(ax: Axes, mappable: ScalarMappable, label: str) -> None:
    """Put a slim colour bar above the axes."""
    bar = ax.figure.colorbar(mappable, ax=ax, location="top", aspect=40, pad=0.02, shrink=0.9)
    bar.set_label(label)
    bar.ax.tick_params(length=2)
    bar.outline.set_visible(False)


@contextmanager
def any_script() -> Iterator[None]:
    """Let state names come in every script: a glyph that the font has not is drawn as a box."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        yield


def tick_label(label: str, width: int = 18) -> str:
    """Return an untrusted label short enough for an axis; draw it with ``parse_math=False``."""
    return printable(label, width)


def say(ax: Axes, *lines: str) -> None:
    """Write a few words in the middle of axes that have nothing to show."""
    ax.set_axis_off()
    ax.text(
        0.5,
        0.5,
        "\n".join(lines),
        transform=ax.transAxes,
        ha="center",
        va="center",
        linespacing=1.6,
        parse_math=False,
    )
