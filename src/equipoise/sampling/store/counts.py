"""From a store to `TransitionCounts`, one kernel at a time, without reading replies."""

import json
import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np

from equipoise.counts import TransitionCounts
from equipoise.counts.build import build
from equipoise.errors import DataError, UsageError
from equipoise.io.context import Context
from equipoise.io.records import OTHER, Records
from equipoise.sampling.store.connection import open_reader
from equipoise.text import listed

#: What counts can be grouped by.
GROUPS = ("provider", "model", "model_returned", "template", "parameters", "task", "run")
#: What makes one kernel: another value, another kernel.
KERNEL = ("provider", "model", "template", "parameters", "task")
#: Parts that a run is split into, to check that the kernel stayed the same.
BLOCKS = 10


@dataclass(frozen=True)
class Group:
    """Counts of one group of draws.

    Attributes
    ----------
    key : tuple
        Its values of what was grouped by, in that order.
    counts : TransitionCounts
        With blocks: the batches of a run, else parts of it in the order of the draws.
    """

    key: tuple[str | int, ...]
    counts: TransitionCounts


def stored_counts(
    path: str | os.PathLike[str], *, run: int | None = None, blocks: int = BLOCKS
) -> TransitionCounts:
    """Return the counts of a run, or of a store that holds one kernel.

    Parameters
    ----------
    path : str or path
        The store; another process may be writing to it.
    run : int, optional
        Number of the run; default: all runs, which must have asked one kernel.
    blocks : int
        Parts that a run is split into, in the order of its draws; a batch is a block of its own.

    Returns
    -------
    TransitionCounts
        "draws", or "trajectory" with sequences for the policy `follow`.

    Raises
    ------
    UsageError
        If there is no such store or run, or there are several kernels: pooling is to be tested
        (`equipoise compare`), not assumed.
    DataError
        If no draw reached a state.
    """
    with closing(open_reader(path)) as connection:
        found = _groups(connection, KERNEL, run, blocks)
    if len(found) > 1:
        raise UsageError(
            f"the store holds {len(found)} kernels ({listed([group.key[1] for group in found])}, "
            "...), which may differ; give a run, or group them"
        )
    return found[0].counts


def grouped_counts(
    path: str | os.PathLike[str], by: Sequence[str] = KERNEL, *, blocks: int = BLOCKS
) -> tuple[Group, ...]:
    """Return the counts of each group of draws.

    Parameters
    ----------
    path : str or path
    by : sequence of str
        Of `GROUPS`, or a parameter of the model, such as "temperature".
    blocks : int
        As in `stored_counts`.

    Returns
    -------
    tuple of Group
        Sorted by key; groups without a transition are left out.

    Raises
    ------
    UsageError, DataError
        As in `stored_counts`, or if `by` names something else.
    """
    with closing(open_reader(path)) as connection:
        return _groups(connection, by, None, blocks)


def run_counts(connection: sqlite3.Connection, run_id: int) -> TransitionCounts | None:
    """Return the counts of a run that is under way, None where nothing has been reached yet."""
    try:
        return _groups(connection, ("run",), run_id, BLOCKS)[0].counts
    except DataError:
        return None


@dataclass(frozen=True)
class _Cell:
    """How often a source led to a target, in one block of one run."""

    run: int
    model: str
    batch: int
    part: int
    source: str
    target: str | None
    count: int

    @property
    def block(self) -> str:
        # Whole numbers with a dash between: their order in time can be read off (drift).
        return f"{self.run:03d}-{self.batch or self.part + 1:03d}"


def _groups(
    connection: sqlite3.Connection, by: Sequence[str], run: int | None, blocks: int
) -> tuple[Group, ...]:
    if blocks < 1:
        raise UsageError(f"blocks is {blocks}; give 1 or more")
    runs = _runs(connection, run)
    asked = {number: json.loads(one["parameters"]) for number, one in runs.items()}
    parameters = sorted({name for one in asked.values() for name in one} - set(GROUPS))
    unknown = [name for name in by if name not in (*GROUPS, *parameters)]
    if unknown or not by:
        raise UsageError(
            f"cannot group by {listed(unknown)}: no run sets such a parameter; give some of "
            f"{listed([*GROUPS, *parameters], 20)}"
            if by
            else f"there is nothing to group by; give some of {listed([*GROUPS, *parameters], 20)}"
        )
    model = "coalesce(response.model_returned, '')" if "model_returned" in by else "''"
    rows = connection.execute(
        f"SELECT job.run_id, {model} AS returned, coalesce(job.batch_id, 0) AS batch, "
        "CASE WHEN job.batch_id IS NULL THEN (job.draw - 1) * ?1 / size.n ELSE 0 END AS part, "
        "job.from_state, outcome.to_state, count(*) "
        "FROM job JOIN response USING (job_id) JOIN outcome USING (response_id) JOIN "
        "(SELECT run_id, max(draw) AS n FROM job GROUP BY run_id) AS size USING (run_id) "
        "WHERE ?2 IS NULL OR job.run_id = ?2 "
        "GROUP BY job.run_id, returned, batch, part, job.from_state, outcome.to_state",
        (blocks, run),
    )
    found: dict[tuple[str | int, ...], list[_Cell]] = {}
    for cell in (_Cell(*row) for row in rows):
        own = {name: json.dumps(asked[cell.run].get(name)) for name in parameters}
        values = {**own, **runs[cell.run], "model_returned": cell.model, "run": cell.run}
        found.setdefault(tuple(values[name] for name in by), []).append(cell)
    groups = [
        Group(key, _counts(connection, cells, [runs[k] for k in sorted({c.run for c in cells})]))
        for key, cells in sorted(found.items())
        if any(cell.target is not None for cell in cells)
    ]
    if not groups:
        raise DataError("no draw has reached a state yet; collect some")
    return tuple(groups)


def _runs(connection: sqlite3.Connection, run: int | None) -> dict[int, dict[str, Any]]:
    """Return what is known of each run, by its number."""
    names = (
        *("run", "provider", "model", "base_url", "template", "prompt", "parameters", "task"),
        *("states", "closed", "policy", "seed", "mode", "created"),
    )
    rows = connection.execute(
        "SELECT run_id, provider, model, base_url, template_sha256, template, parameters, task, "
        "states, closed, policy, seed, mode, created_at FROM run JOIN agent USING (agent_id) "
        "WHERE ?1 IS NULL OR run_id = ?1",
        (run,),
    )
    found = {row[0]: dict(zip(names, row, strict=True)) for row in rows}
    if run is not None and not found:
        raise UsageError(f"there is no run {run} in the store; `equipoise runs` lists them")
    return found


def _counts(
    connection: sqlite3.Connection, cells: list[_Cell], runs: list[dict[str, Any]]
) -> TransitionCounts:
    first = runs[0]
    follow = [run["policy"] == "follow" for run in runs]
    if any(follow) and not all(follow):
        raise UsageError(
            "independent draws and trajectories (policy follow) are counted apart, and these runs "
            f"are both: {listed([str(run['run']) for run in runs], 10)}; give one (--run N)"
        )
    closed = bool(first["closed"]) and all(run["states"] == first["states"] for run in runs)
    states = tuple(json.loads(first["states"])) if closed else None
    metadata = _metadata(connection, runs)
    if all(follow):
        paths = [_path(connection, run["run"]) for run in runs]
        return TransitionCounts.from_sequences(
            [path for path in paths if len(path) > 1], states=states, metadata=metadata
        )
    seen = {cell.source for cell in cells} | {cell.target for cell in cells if cell.target}
    labels = tuple(sorted(seen))
    index: dict[str | None, int] = {label: k for k, label in enumerate(labels)}
    index[None] = OTHER
    blocks = tuple(sorted({cell.block for cell in cells}))
    place = {label: k for k, label in enumerate(blocks)}
    records = Records(
        labels=labels,
        source=np.array([index[cell.source] for cell in cells], dtype=np.int64),
        target=np.array([index[cell.target] for cell in cells], dtype=np.int64),
        count=np.array([cell.count for cell in cells], dtype=np.int64),
        block_labels=blocks,
        block=np.array([place[cell.block] for cell in cells], dtype=np.int64),
    )
    return build(TransitionCounts, records, Context(states=states, metadata=metadata))


def _path(connection: sqlite3.Connection, run_id: int) -> list[str | None]:
    """Return a trajectory: its start, then the state after each draw, None for a failed trial."""
    rows = connection.execute(
        "SELECT from_state, to_state FROM draw WHERE run_id=? AND kind IS NOT NULL ORDER BY draw",
        (run_id,),
    ).fetchall()
    return [rows[0][0], *(row[1] for row in rows)] if rows else []


def _metadata(connection: sqlite3.Connection, runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what a reader of the counts must know of where they come from."""
    marks = ", ".join("?" * len(runs))
    numbers = [run["run"] for run in runs]

    def column(query: str) -> list[Any]:
        return connection.execute(query.format(marks), numbers).fetchall()

    returned = column(
        "SELECT DISTINCT model_returned FROM response JOIN job USING (job_id) "
        "WHERE run_id IN ({}) AND model_returned IS NOT NULL ORDER BY 1"
    )
    reasons = column(
        "SELECT kind || ': ' || coalesce(reason, ''), count(*) FROM outcome "
        "JOIN response USING (response_id) JOIN job USING (job_id) "
        "WHERE run_id IN ({}) AND kind <> 'state' GROUP BY 1 ORDER BY 1"
    )
    lost = column(
        "SELECT from_state, count(*) FROM attempt JOIN job USING (job_id) "
        "WHERE fault IS NOT NULL AND run_id IN ({}) GROUP BY 1 ORDER BY 1"
    )
    dates = column(
        "SELECT min(at), max(at) FROM attempt JOIN response USING (attempt_id) "
        "JOIN job ON job.job_id = response.job_id WHERE run_id IN ({})"
    )[0]
    first = runs[0]
    return {
        "trials": "observed",
        "provider": first["provider"],
        "model": first["model"],
        "models_returned": [row[0] for row in returned],
        "task": first["task"],
        "prompt": json.loads(first["prompt"]),
        "parameters": json.loads(first["parameters"]),
        "policies": sorted({f"{run['policy']}, seed {run['seed']}" for run in runs}),
        "runs": numbers,
        "date": {"first": dates[0], "last": dates[1]},
        "not_states": dict(reasons),
        "attempts_without_answer": dict(lost),
    }
