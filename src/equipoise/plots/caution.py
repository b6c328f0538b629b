"""What must stand in a figure itself, for figures travel without their captions."""

from matplotlib.axes import Axes

from equipoise.inference.balance import BalanceTest
from equipoise.plots.style import VERMILLION


def caution(axes: Axes, result: BalanceTest, *, modes: bool = False, rejected: bool = True) -> None:
    """Write above a figure of the potential what speaks against it; nothing where nothing does.

    Parameters
    ----------
    axes
        Of the figure.
    result
        What it shows.
    modes
        Whether modes are drawn, for want of draws that can be trusted.
    rejected
        Whether to say so where balance is rejected.
    """
    title = ""
    if modes:
        title = "not to be trusted: modes only"
    elif not result.verdict.trusted:
        title = "the test is not to be trusted"
    elif rejected and result.verdict.favours == "non-reversible":
        title = "given balance, which is rejected"
    if title:
        axes.set_title(title, color=VERMILLION)
