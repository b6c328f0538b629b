"""Real data sets, bundled: three small tables from print, and small LLMs with exact kernels.

>>> from equipoise import datasets
>>> datasets.names()
('claude-4', 'gemini-2.5-flash', 'alofi-rain', 'smollm2-weekday')
>>> datasets.load("alofi-rain").n_transitions
1095
"""

from collections.abc import Callable

from equipoise.counts import TransitionCounts
from equipoise.datasets.rain import alofi_rain
from equipoise.datasets.small_models import small_models, small_models_kernel
from equipoise.datasets.weekday import (
    WeekdayDraw,
    smollm2_weekday,
    smollm2_weekday_draws,
    smollm2_weekday_kernel,
)
from equipoise.datasets.words import claude_4, gemini_2_5_flash
from equipoise.errors import UsageError
from equipoise.text import quoted

__all__ = [
    "WeekdayDraw",
    "alofi_rain",
    "claude_4",
    "gemini_2_5_flash",
    "load",
    "names",
    "small_models",
    "small_models_kernel",
    "smollm2_weekday",
    "smollm2_weekday_draws",
    "smollm2_weekday_kernel",
]

_LOADERS: dict[str, Callable[[], TransitionCounts]] = {
    "claude-4": claude_4,
    "gemini-2.5-flash": gemini_2_5_flash,
    "alofi-rain": alofi_rain,
    "smollm2-weekday": smollm2_weekday,
}


def names() -> tuple[str, ...]:
    """Return the names of the bundled tables of counts, for `load`.

    Returns
    -------
    tuple of str
        Four names.
    """
    return tuple(_LOADERS)


def load(name: str) -> TransitionCounts:
    """Return a bundled table of counts by its name.

    Parameters
    ----------
    name : str
        One of `names`; its function says where the data come from.

    Returns
    -------
    TransitionCounts
        The counts; ``metadata["title"]`` describes them in a line.

    Raises
    ------
    UsageError
        If there is no such data set.
    """
    if name not in _LOADERS:
        raise UsageError(f"there is no data set {quoted(name)}; choose from {', '.join(_LOADERS)}")
    return _LOADERS[name]()
