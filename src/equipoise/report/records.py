"""The tables of a result as plain values: full numbers, every row, for files that programs read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from equipoise.inference.balance import BalanceTest
from equipoise.inference.cycles import ahead
from equipoise.inference.diagnosis import Diagnosis
from equipoise.inference.violation import Violation
from equipoise.report.contract import to_dict
from equipoise.report.numbers import finite

Value = str | float | int | bool | None
_BASELINES = ("baseline", "statistic", "value", "ndf", "p_value", "wrong", "invalid")
_CURRENT = ("mean", "lower", "upper", "mcse")
_JUDGED = ("p_beyond", "p_beyond_given_cyclic", "explains", "log_prior", "named")
_NUMBERS = ("mean", "sd", "lower", "upper", "mcse")
_SUMMARY = (*_NUMBERS, "testable")


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


def record_tables(found: Diagnosis) -> tuple[RecordTable, ...]:
    """Return the potential, the cycles, the edges, the sensitivity, the baselines of a result.

    Numbers that must not be reported are None, as in the JSON contract.

    Parameters
    ----------
    found
        From :func:`equipoise.diagnose`.

    Returns
    -------
    tuple of RecordTable
        Nats; named ``potential``, ``cycles`` (worst first), ``edges``, ``sensitivity``,
        ``baselines``, ``least-action`` and ``counts`` (as ``equipoise test`` reads them, but for
        names that a spreadsheet would take for formulas).
    """
    result = found.result
    values = to_dict(result, found)
    return (
        _table("potential", values["potential"], tuple(values["potential"][0])),
        _cycles(found.violation),
        _edges(result, values),
        _sensitivity(result),
        _table("baselines", values["baselines"] or [], _BASELINES),
        _table("least-action", values["least_action"] or [], ("state", "potential")),
        count_records(result),
    )


def count_records(result: BalanceTest) -> RecordTable:
    """Return the counts, a row for each pair that occurred; an empty target is no state."""
    states, table = result.counts.states, result.counts.counts.tocoo()
    rows: list[tuple[Value, ...]] = [
        (states[i], states[j], int(count))
        for i, j, count in sorted(zip(table.row, table.col, table.data, strict=True))
        if count
    ]
    rows += [(states[i], "", int(k)) for i, k in enumerate(result.counts.other.tolist()) if k]
    return RecordTable("counts", ("source", "target", "count"), tuple(rows))


def _table(name: str, rows: list[dict[str, Any]], columns: tuple[str, ...]) -> RecordTable:
    return RecordTable(name, columns, tuple(tuple(row[key] for key in columns) for row in rows))


def _cycles(found: Violation) -> RecordTable:
    shown = found.distrust is None
    rows = []
    for cycles in (found.cycles, found.asked):
        for rank, cycle in enumerate(cycles, start=1):
            # Those found, in the direction in which they run rather than back.
            affinity = cycle.affinity if cycle.origin == "asked" else ahead(cycle.affinity)
            row: dict[str, Value] = {
                "cycle": " → ".join([*affinity.states, affinity.states[0]]),
                "n": len(affinity.states),
                "origin": cycle.origin,
                "rank": rank,
                "testable": affinity.testable,
                **dict.fromkeys((*_NUMBERS, *_JUDGED)),
            }
            if shown:
                row |= {name: finite(getattr(affinity, name)) for name in _NUMBERS}
                row |= {
                    "p_beyond": finite(cycle.averaged),
                    "p_beyond_given_cyclic": finite(cycle.beyond),
                    "explains": finite(cycle.explains),
                    "log_prior": finite(cycle.log_prior),
                    "named": cycle.named,
                }
            rows.append(row)
    columns = ("cycle", "n", "origin", "rank", *_NUMBERS, *_JUDGED, "testable")
    return _table("cycles", rows, columns)


def _edges(result: BalanceTest, values: Mapping[str, Any]) -> RecordTable:
    table = result.counts.counts
    place = {state: k for k, state in enumerate(result.counts.states)}
    known = (values["violation"] or {}).get("currents", [])
    currents = {(row["source"], row["target"]): row for row in known}
    rows = []
    for row in values["edges"]:
        i, j = place[row["source"]], place[row["target"]]
        rows.append({**row, "forward": int(table[i, j]), "backward": int(table[j, i])})
        current = currents.get((row["source"], row["target"]), {})
        rows[-1] |= {f"current_{name}": current.get(name) for name in _CURRENT}
    columns = ("source", "target", "forward", "backward", *_SUMMARY)
    return _table("edges", rows, (*columns, *(f"current_{name}" for name in _CURRENT)))


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
