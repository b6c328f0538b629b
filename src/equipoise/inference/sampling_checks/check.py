"""One check of the sampling: what it found, and whether it could look at all."""

from dataclasses import dataclass
from typing import Literal

Status = Literal["fine", "suspect", "not checkable"]
CheckName = Literal["blocks", "overdispersion", "drift", "order", "windows"]

#: A check with a p-value below this is suspect: one in a hundred of clean data sets is, per check.
SUSPECT = 0.01


@dataclass(frozen=True)
class Check:
    """The outcome of one check.

    Attributes
    ----------
    name
        Which check.
    status
        ``"not checkable"`` where the data do not hold what the check needs; nothing then speaks
        for them either.
    statistic, statistic_name
        What was measured, and its name; None where nothing was.
    p_value
        Probability of a statistic at least as large if nothing were wrong; None where there is
        none.
    invalid
        When the p-value must not be believed, in words; empty where there is none.
    text
        One sentence. State names in it are printable.
    """

    name: CheckName
    status: Status
    text: str
    statistic: float | None = None
    statistic_name: str = ""
    p_value: float | None = None
    invalid: str = ""


def not_checkable(name: CheckName, text: str) -> Check:
    """Return a check that could not be made."""
    return Check(name, "not checkable", f"Not checkable: {text}")


def several(number: int, noun: str) -> str:
    """Return "1 source", "2 sources"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
