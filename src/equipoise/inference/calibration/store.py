"""The journal of a calibration: a header and one line a data set, append-only, as JSON lines."""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from equipoise.errors import DataError, UsageError
from equipoise.text import printable, quoted

SCHEMA = "equipoise.calibration/1"
# A count or log Bayes factor beyond it is damage, and would overflow later.
_LARGEST = 10**15


@dataclass(frozen=True)
class Record:
    """One data set: what was true, and what inference made of it.

    Attributes
    ----------
    number
        k, from 0.
    truth
        ``"balance"`` or ``"cyclic"``.
    design
        Name of the declared graph.
    stay
        Whether staying was possible.
    trials, rejected
        Number of trials, and of those that ended in no state.
    log_bayes_factor, mcse
        Nats, positive favours balance; kept where withheld too, None where there is none at all.
    evidence_withheld, posterior_withheld
        Why the Bayes factor, or the posterior of the true hypothesis, was withheld by its own
        diagnostics; None where it was not.
    ranks
        Rank of the truth among 99 posterior draws, by quantity; empty where there are none.
    seconds
        How long inference took.
    """

    number: int
    truth: str
    design: str
    stay: bool
    trials: int
    rejected: int
    log_bayes_factor: float | None
    mcse: float | None
    evidence_withheld: str | None
    posterior_withheld: str | None
    ranks: Mapping[str, int]
    seconds: float


def read(path: str | os.PathLike[str]) -> tuple[dict[str, Any], list[Record]]:
    """Return the header and the records of a journal.

    A last line without its line feed was cut short, by a kill for instance, and is passed over.

    Raises
    ------
    UsageError
        If the file cannot be read.
    DataError
        If it is no journal of a calibration, or a line in it is broken.
    """
    try:
        raw = Path(path).read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise UsageError(
            f"{quoted(path, 200)} cannot be read ({reason}); give the file that "
            "`equipoise calibrate run` wrote"
        ) from None
    return _parsed(path, raw)


def _parsed(path: str | os.PathLike[str], raw: bytes) -> tuple[dict[str, Any], list[Record]]:
    """Return the header and the records that whole lines hold.

    Raises
    ------
    DataError
        If there is no header, or a line is broken.
    """
    header: dict[str, Any] = {}
    records: dict[int, Record] = {}
    for place, line in enumerate(raw.split(b"\n")[:-1]):
        try:
            content = json.loads(line.decode("utf-8"))
            if place == 0:
                header = _checked_header(content)
            else:
                record = _record(content, header["ranked"])
                records.setdefault(record.number, record)
        except (ValueError, RecursionError) as error:
            why = f" ({error})" if isinstance(error, _Wrong) else ""
            raise DataError(
                f"line {place + 1} of {quoted(path, 200)} is no "
                f"{'header' if place == 0 else 'record'} of a calibration{why}; give the file that "
                "`equipoise calibrate run` wrote, unchanged"
            ) from None
    if not header:
        raise DataError(
            f"{quoted(path, 200)} has no header of a calibration; give the file that "
            "`equipoise calibrate run` wrote"
        )
    return header, [records[number] for number in sorted(records)]


class Journal:
    """A journal open for appending; one process at a time.

    Parameters
    ----------
    path
        The file; begun with ``header`` if it does not exist or is empty.
    header
        What must be the same whenever the run continues.

    Raises
    ------
    UsageError
        If the file cannot be written, another process has it open, or it belongs to a run with
        other settings, another seed or other versions.
    DataError
        If it is no journal.
    """

    def __init__(self, path: str | os.PathLike[str], header: Mapping[str, Any]) -> None:
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        except OSError as error:
            raise UsageError(
                f"{quoted(path, 200)} cannot be written ({error.strerror}); choose another file"
            ) from None
        try:
            self.done = self._begin(path, header)
        except BaseException:
            os.close(self._file)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._file)

    def append(self, record: Record) -> None:
        """Write one record, whole and at once.

        Raises
        ------
        UsageError
            If that fails, e.g. because the disk is full; what was written before stays.
        """
        self._write(asdict(record))

    def _begin(self, path: str | os.PathLike[str], header: Mapping[str, Any]) -> frozenset[int]:
        """Lock the file, compare headers, drop a line cut short; return the numbers done.

        Nothing is written before the file has proved to be a journal of this run.
        """
        _lock(self._file, path)
        raw = Path(path).read_bytes()
        whole = raw.rfind(b"\n") + 1
        if not whole:
            if not _line(header).startswith(raw):
                raise DataError(
                    f"{quoted(path, 200)} holds something else than this calibration; choose "
                    "another file"
                )
            os.ftruncate(self._file, 0)
            self._write(dict(header))
            return frozenset()
        found, records = _parsed(path, raw)
        expected = json.loads(json.dumps(header))
        # What was asked for before what follows from it: another engine also draws otherwise.
        for key in sorted(set(found) | set(expected), key=lambda key: (key != "engine", key)):
            if found.get(key) != expected.get(key):
                raise UsageError(
                    f"{quoted(path, 200)} was begun with another {printable(key, 40)} "
                    f"({quoted(found.get(key))} instead of {quoted(expected.get(key))}); "
                    "continue with the same one, or choose another file"
                )
        os.ftruncate(self._file, whole)
        return frozenset(record.number for record in records)

    def _write(self, content: dict[str, Any]) -> None:
        data = _line(content)
        try:
            while data:
                data = data[os.write(self._file, data) :]
            os.fsync(self._file)
        except OSError as error:
            raise UsageError(
                f"the record cannot be written ({error.strerror}); make room and run again: what "
                "is done is kept"
            ) from None


def _line(content: Mapping[str, Any]) -> bytes:
    """Return one line of a journal, line feed included."""
    return (json.dumps(content, ensure_ascii=False, allow_nan=False) + "\n").encode("utf-8")


def _lock(file: int, path: str | os.PathLike[str]) -> None:
    try:
        from fcntl import LOCK_EX, LOCK_NB, flock
    except ImportError:  # Windows has none; there two runs must not share a file
        return
    try:
        flock(file, LOCK_EX | LOCK_NB)
    except OSError:
        raise UsageError(
            f"another run is writing {quoted(path, 200)}; wait for it, or choose another file"
        ) from None


class _Wrong(ValueError):
    """What is wrong in a line, in words."""


def _checked_header(content: Any) -> dict[str, Any]:
    """Return a header as it is read: schema, engine, seed, greatest rank, and graphs if any.

    Raises
    ------
    _Wrong
        If it is none.
    """
    if not isinstance(content, dict):
        raise _Wrong("it is no object")
    schema = content.get("schema")
    if schema != SCHEMA:
        raise _Wrong(f"its schema is {quoted(schema)}, and this version reads {SCHEMA}")
    designs = content.get("designs", [])
    for key, right in (
        ("ranked", _whole(content.get("ranked"), least=1)),
        ("engine", isinstance(content.get("engine", ""), str)),
        ("seed", isinstance(content.get("seed", 0), int)),
        (
            "designs",
            isinstance(designs, list)
            and all(
                isinstance(one, dict)
                and isinstance(one.get("name"), str)
                and _whole(one.get("states"), least=1)
                for one in designs
            ),
        ),
    ):
        if not right:
            raise _Wrong(f"wrong {key}: {quoted(content.get(key))}")
    return content


def _record(content: Any, ranked: int) -> Record:
    """Return a record, every field checked.

    Raises
    ------
    _Wrong
        If it is none.
    """
    if not isinstance(content, dict):
        raise _Wrong("it is no object")
    ranks = content.get("ranks")
    right = {
        "number": _whole(content.get("number")),
        "truth": content.get("truth") in ("balance", "cyclic"),
        "design": isinstance(content.get("design"), str),
        "stay": isinstance(content.get("stay"), bool),
        "trials": _whole(content.get("trials")),
        "rejected": _whole(content.get("rejected")),
        "log_bayes_factor": _number(content.get("log_bayes_factor"), -_LARGEST, _LARGEST),
        "mcse": _number(content.get("mcse"), 0.0),
        "evidence_withheld": isinstance(content.get("evidence_withheld"), str | None),
        "posterior_withheld": isinstance(content.get("posterior_withheld"), str | None),
        "ranks": isinstance(ranks, dict)
        and all(_whole(rank) and rank <= ranked for rank in ranks.values()),
        "seconds": _number(content.get("seconds"), 0.0) and content.get("seconds") is not None,
    }
    for key, holds in right.items():
        if key not in content:
            raise _Wrong(f"it has no {key}")
        if not holds:
            wanted = f"; they run from 0 to {ranked}" if key == "ranks" else ""
            raise _Wrong(f"wrong {key}: {quoted(content[key])}{wanted}")
    if content["log_bayes_factor"] is not None and content["mcse"] is None:
        raise _Wrong("its log_bayes_factor has no mcse")
    return Record(**{field.name: content[field.name] for field in fields(Record)})


def _whole(value: Any, least: int = 0) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= _LARGEST


def _number(value: Any, least: float, most: float = sys.float_info.max) -> bool:
    """Return whether a value is None or a finite number from ``least`` to ``most``."""
    if value is None:
        return True
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and bool(least <= value <= most)
