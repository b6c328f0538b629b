"""Numbers given as arguments: what they must be, said in one line where they are not."""

import operator
from math import isfinite
from numbers import Real

from equipoise.errors import UsageError
from equipoise.text import printable


def whole_number(value: object, name: str, least: int, most: int | None = None) -> int:
    """Return an argument that must be a whole number as ``int``; 3.0 is one.

    Parameters
    ----------
    value
        What was given.
    name
        Of the argument, for the message.
    least, most
        Its range, ends included; None: no upper end.

    Raises
    ------
    UsageError
        If it is none, or out of its range.
    """
    found: int | None = None
    if isinstance(value, float) and value.is_integer():
        found = int(value)
    elif not isinstance(value, bool):
        try:
            found = operator.index(value)  # type: ignore[arg-type]  # refused below, if it fails
        except TypeError:
            found = None
    if found is None or found < least or (most is not None and found > most):
        allowed = f"at least {least:,}" if most is None else f"from {least:,} to {most:,}"
        shown = printable(repr(value))
        raise UsageError(f"{name} must be {allowed}, and a whole number, not {shown}")
    return found


def is_finite(value: object) -> bool:
    """Say whether something is a finite real number; text and None are not."""
    return isinstance(value, Real) and isfinite(value)
