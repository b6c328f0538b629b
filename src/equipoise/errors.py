"""The exceptions Equipoise raises on purpose.

::

    EquipoiseError
    ├── DataError               counts, tables or files that cannot be used     (also ValueError)
    ├── UsageError              an argument out of its range, an unknown option (also ValueError)
    ├── NotTrustedError         it ran, but the numbers must not be reported    (also RuntimeError)
    └── MissingDependencyError  an optional package is not installed            (also ImportError)

    NotConvergedWarning         draws were returned that must not be reported   (a UserWarning)

Every message is one line: what was wrong, what was received, what to do.
"""

from collections.abc import Sequence

__all__ = [
    "DataError",
    "EquipoiseError",
    "MissingDependencyError",
    "NotConvergedWarning",
    "NotTrustedError",
    "UsageError",
]


class EquipoiseError(Exception):
    """Base of every error that Equipoise raises on purpose."""


class DataError(EquipoiseError, ValueError):
    """Counts, tables or files that cannot be used.

    Parameters
    ----------
    message : str
        What was wrong, what was received, what to do.
    faults : sequence of str, optional
        Where several things are wrong: each of them, in the order of the file.

    Attributes
    ----------
    heading : str
        The message without the faults.
    faults : tuple of str
        Empty where the message says it all. ``str`` of the error has them too, in one line.
    """

    def __init__(self, message: str, faults: Sequence[str] = ()) -> None:
        super().__init__(f"{message}: {' / '.join(faults)}" if faults else message)
        self.heading = message
        self.faults = tuple(faults)


class UsageError(EquipoiseError, ValueError):
    """An argument out of its range, or an option that does not exist."""


class NotTrustedError(EquipoiseError, RuntimeError):
    """A computation ran, but its numbers must not be reported.

    Parameters
    ----------
    message : str
        Why the numbers are not to be trusted, and what to do.
    result : object, optional
        What was computed all the same.

    Attributes
    ----------
    result : object
        What was computed all the same, for a caller who knows better.
    """

    def __init__(self, message: str, result: object = None) -> None:
        super().__init__(message)
        self.result = result


class MissingDependencyError(EquipoiseError, ImportError):
    """An optional package is needed and is not installed."""


class NotConvergedWarning(UserWarning):
    """Draws were returned that must not be reported; the message says why and what to do."""
