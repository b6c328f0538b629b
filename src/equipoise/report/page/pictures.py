"""Figures as data inside the page: no file beside it, no text of a stranger in it."""

import base64
import io
from collections.abc import Callable
from typing import TYPE_CHECKING

from equipoise.inference.balance import BalanceTest
from equipoise.report.page.blocks import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Beyond this many bytes of SVG (some thousand lines) PNG is smaller and quicker to show.
_LARGEST_SVG = 150_000
_DPI = 250


def picture(
    draw: "Callable[[BalanceTest], Axes]", result: BalanceTest, alternative: str, caption: str
) -> Picture:
    """Draw a figure of a result and return it as data: SVG, or PNG where SVG would be large.

    In SVG all text is drawn as outlines and the image stands in an ``img`` element, so that a
    browser looks as we do and runs nothing in it. The same result gives the same bytes.

    Parameters
    ----------
    draw
        Of :mod:`equipoise.plots`.
    result
        From :func:`equipoise.test`.
    alternative, caption
        What it shows, for those who cannot see it, and below it.
    """
    import matplotlib as mpl

    from equipoise.plots.save import figure_of
    from equipoise.plots.style import any_script

    figure = figure_of(draw(result))
    out = io.BytesIO()
    with any_script(), mpl.rc_context({"svg.fonttype": "path", "svg.hashsalt": "equipoise"}):
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
        kind = "svg+xml"
        if out.tell() > _LARGEST_SVG:
            out, kind = io.BytesIO(), "png"
            figure.savefig(out, format="png", dpi=_DPI, metadata={"Software": None})
    data = base64.b64encode(out.getvalue()).decode("ascii")
    return Picture(
        f"data:image/{kind};base64,{data}",
        alternative,
        caption,
        float(figure.get_figwidth()),
    )
