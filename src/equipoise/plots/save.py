"""Figures written to files."""

from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from equipoise.errors import UsageError
from equipoise.inference.balance import BalanceTest
from equipoise.inference.violation import Violation
from equipoise.inference.violation import violation as violation_of
from equipoise.plots.cycles import plot_cycles
from equipoise.plots.entropy_production import plot_entropy_production
from equipoise.plots.evidence import plot_evidence
from equipoise.plots.given import check_drawable
from equipoise.plots.log_ratio import plot_log_ratio
from equipoise.plots.network import plot_network
from equipoise.plots.potential import plot_potential
from equipoise.plots.sensitivity import plot_sensitivity
from equipoise.plots.style import DPI, any_script
from equipoise.text import listed, quoted

#: The figures of a result, by the name of their file.
FIGURES: dict[str, Callable[[BalanceTest, Violation], Axes]] = {
    "potential": lambda result, _: plot_potential(result),
    "evidence": lambda result, _: plot_evidence(result),
    "sensitivity": lambda result, _: plot_sensitivity(result),
    "log-ratio": lambda result, _: plot_log_ratio(result),
    "network": lambda result, _: plot_network(result),
    "cycles": lambda _, broken: plot_cycles(broken),
    "entropy-production": lambda _, broken: plot_entropy_production(broken),
}


def save_figures(
    result: BalanceTest,
    folder: str | PathLike[str],
    formats: Sequence[str] = ("png",),
    *,
    violation: Violation | None = None,
) -> list[Path]:
    """Write the figures of a result, one file each: the names of ``FIGURES``.

    Parameters
    ----------
    result : BalanceTest
        From :func:`equipoise.test`.
    folder : str or PathLike[str]
        Where to; it is made if need be, in a folder that is there. Files of the same names are
        replaced.
    formats : sequence of str
        Endings that matplotlib knows: "png", "pdf", "svg", ...
    violation : Violation, optional
        From :func:`equipoise.violation`; default: computed here.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    UsageError
        If this is no such result, the folder or a file cannot be written, or a format is unknown.
    """
    check_drawable(result, BalanceTest, "save_figures", "equipoise.test(counts)")
    broken = violation_of(result, random_seed=0) if violation is None else violation
    figures = {name: draw(result, broken) for name, draw in FIGURES.items()}
    return write_figures(figures, folder, formats)


def write_figures(
    figures: Mapping[str, Axes], folder: str | PathLike[str], formats: Sequence[str] = ("png",)
) -> list[Path]:
    """Write figures to a folder.

    Parameters
    ----------
    figures
        At least one, by the name of its file.
    folder, formats
        As of :func:`save_figures`.

    Raises
    ------
    UsageError
        If the folder or a file cannot be written, or a format is unknown.
    """
    known = figure_of(next(iter(figures.values()))).canvas.get_supported_filetypes()
    if unknown := [name for name in formats if name not in known]:
        raise UsageError(
            f"no figure can be saved as {listed(unknown)}; choose from {listed(known, 20)}"
        )
    written = []
    try:
        directory = Path(folder)
        directory.mkdir(exist_ok=True)
        for name, axes in figures.items():
            for ending in formats:
                path = directory / f"{name}.{ending}"
                with any_script():
                    figure_of(axes).savefig(path, dpi=DPI)
                written.append(path)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise UsageError(
            f"figures cannot be written to {quoted(folder, 200)} ({reason}); choose another folder"
        ) from None
    return written


def figure_of(axes: Axes) -> Figure:
    """Return the figure that axes stand in.

    Raises
    ------
    UsageError
        If that is a subfigure.
    """
    figure = axes.figure
    if not isinstance(figure, Figure):
        raise UsageError("these axes stand in a subfigure; save its figure instead")
    return figure
