"""Faults of one input, gathered, so that all of them are told at once and in its order."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from equipoise.errors import DataError

Place = Callable[[int], str]

MOST = 10
"""Faults that a message names; the others are counted."""


class Fault(NamedTuple):
    """One thing that is wrong.

    Attributes
    ----------
    position : int
        Where, in the order of the input: a row, or an entry.
    what : str
        What is wrong, and what was received.
    remedy : str
        What to do; said once where several faults share it.
    """

    position: int
    what: str
    remedy: str


def moved(faults: Iterable[Fault], position: Callable[[int], int]) -> list[Fault]:
    """Return faults at other positions: those of cells at the rows that hold them, say."""
    return [fault._replace(position=position(fault.position)) for fault in faults]


def refuse(faults: Iterable[Fault], place: Place) -> None:
    """Refuse an input with faults; do nothing where there are none.

    Parameters
    ----------
    faults : iterable of Fault
        In any order.
    place : callable
        ``place(position)`` says where a fault stands: "counts.csv, line 3: ".

    Raises
    ------
    DataError
        With one fault as a sentence, with several as a list (`DataError.faults`) of the first ten;
        the same fault at the same place is named once.
    """
    found = sorted(faults, key=lambda fault: fault.position)
    if not found:
        return
    if place(found[0].position) == place(found[-1].position):
        # Of entries that have no place of their own, each fault once.
        found = list({fault.what: fault for fault in reversed(found)}.values())[::-1]
    shown = found[:MOST]
    places = [place(fault.position) for fault in shown]
    if len(found) == 1:
        raise DataError(f"{places[0]}{found[0].what}; {found[0].remedy}")
    name = places[0].removesuffix(": ") if len(set(places)) == 1 else _common(places)
    told: set[str] = set()
    lines = []
    for fault, where in zip(shown, places, strict=True):
        remedy = "" if fault.remedy in told else f"; {fault.remedy}"
        told.add(fault.remedy)
        within = where[len(name) :].removeprefix(", ").removeprefix(": ")
        lines.append(f"{within}{fault.what}{remedy}")
    if len(found) > len(shown):
        lines.append(f"and {len(found) - len(shown):,} more")
    heading = f"{len(found):,} faults"
    raise DataError(f"{name}: {heading}" if name else heading, lines)


def _common(places: list[str]) -> str:
    """Return the part of places that all have in common, up to a comma: the file."""
    parts = [place.removesuffix(": ").split(", ") for place in places]
    same = []
    for pieces in zip(*parts, strict=False):
        if len(set(pieces)) > 1:
            break
        same.append(pieces[0])
    return ", ".join(same)
