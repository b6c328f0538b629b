"""The tables of a result as plain values: full numbers, every row, for files that programs read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from equipoise.inference.balance import BalanceTest
from equipoise.report.contract import to_dict

Value = str | float | int | bool | None
_SUMMARY = ("mean", "sd", "lower", "upper", "mcse", "testable")


@dataclass(frozen=True)
class RecordTable:
    """A table of values.

    Attributes
    ----------
    name
        Of its file.
    columns
        Names of the columns.
    rows
        Values, None where a number is withheld or does not exist. Text is not trusted.
    """

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]


def record_tables(result: BalanceTest) -> tuple[RecordTable, ...]:
    """Return the potential, the cycles, the edges and the sensitivity of a result.

    Numbers that must not be reported are None, as in the JSON contract.

    Parameters
    ----------
    result
        From :func:`equipoise.test`.

    Returns
    -------
    tuple of RecordTable
        Nats; named ``potential``, ``cycles``, ``edges`` and ``sensitivity``.
    """
    values = to_dict(result)
    return (
        _table("potential", values["potential"], tuple(values["potential"][0])),
        _cycles(values),
        _edges(result, values),
        _sensitivity(result),
    )


def _table(name: str, rows: list[dict[str, Any]], columns: tuple[str, ...]) -> RecordTable:
    return RecordTable(name, columns, tuple(tuple(row[key] for key in columns) for row in rows))


def _cycles(values: Mapping[str, Any]) -> RecordTable:
    rows = [
        {"cycle": " → ".join([*row["states"], row["states"][0]]), "n": len(row["states"]), **row}
        for row in values["cycles"]
    ]
    return _table("cycles", rows, ("cycle", "n", *_SUMMARY))


def _edges(result: BalanceTest, values: Mapping[str, Any]) -> RecordTable:
    table = result.counts.counts
    place = {state: k for k, state in enumerate(result.counts.states)}
    rows = []
    for row in values["edges"]:
        i, j = place[row["source"]], place[row["target"]]
        rows.append({**row, "forward": int(table[i, j]), "backward": int(table[j, i])})
    return _table("edges", rows, ("source", "target", "forward", "backward", *_SUMMARY))


def _sensitivity(result: BalanceTest) -> RecordTable:
    rows = []
    for other in result.alternatives:
        shown = result.converged and other.factor.distrust is None
        rows.append(
            {
                "setting": other.setting,
                "value": other.value,
                "log_bayes_factor": other.factor.log_value if shown else None,
                "mcse": other.factor.mcse if shown else None,
                "method": other.factor.method,
            }
        )
    return _table("sensitivity", rows, ("setting", "value", "log_bayes_factor", "mcse", "method"))
