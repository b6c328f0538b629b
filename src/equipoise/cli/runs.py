"""``equipoise runs``: what a store holds, and the way out of it."""

from typing import Annotated

import typer

from equipoise.cli import console
from equipoise.errors import UsageError
from equipoise.report.layout import entry, table
from equipoise.sampling.store import Store, stored_counts
from equipoise.sampling.store.export import export_draws
from equipoise.sampling.store.listing import RunSummary, inspect_run, list_runs
from equipoise.sampling.store.rows import Run
from equipoise.sampling.tasks import load_task
from equipoise.text import printable

_WIDTH = 24


def runs(
    store: Annotated[
        str, typer.Argument(help="What `equipoise collect` wrote.", metavar="STORE")
    ] = "run.db",
    run: Annotated[
        int | None, typer.Option(help="Show one run; its number.", metavar="N", min=1)
    ] = None,
    counts: Annotated[
        str | None,
        typer.Option(
            help="Write its counts: .csv, or .parquet with everything known of them.",
            metavar="FILE",
        ),
    ] = None,
    draws: Annotated[
        str | None,
        typer.Option(help="Write every draw with its reply: .csv or .parquet.", metavar="FILE"),
    ] = None,
    parse_again: Annotated[
        str | None,
        typer.Option(
            help="Read the stored replies of a run anew with this task; nothing is asked.",
            metavar="TASK",
        ),
    ] = None,
) -> None:
    """List the runs of a store, show one, or write its counts and draws.

    Another process may be collecting into the store meanwhile; only --parse-again needs it alone.
    """
    found = list_runs(store)
    if run is not None and run not in [item.run_id for item in found]:
        raise UsageError(f"there is no run {run} in the store; it holds {len(found)}")
    if parse_again is not None:
        if run is None:
            raise UsageError("--parse-again needs --run; name the run")
        with Store(store) as opened:
            number = opened.parse(Run(run, resumed=True), load_task(parse_again), again=True)
        console.write(f"{number:,} replies were read anew.")
        found = list_runs(store)
    for path in (counts, draws):
        if path is not None:
            console.check_file(path)
    if counts is not None:
        made = stored_counts(store, run=run)
        whole = counts.lower().endswith(".parquet")
        (made.to_parquet if whole else made.to_csv)(counts)
        console.write(f"{made.n_trials:,} trials of {made.n_states:,} states: {printable(counts)}")
        if not whole:
            path = " and --protocol trajectory" if made.protocol == "trajectory" else ""
            console.write(
                "CSV keeps the counts and blocks only: test them with --trials observed"
                f"{path}, or write .parquet, which keeps all"
            )
    if draws is not None:
        number = export_draws(store, draws, run=run)
        console.write(f"{number:,} draws: {printable(draws)}")
    if counts is None and draws is None and parse_again is None:
        shown = _list(found) if run is None else _one(store, found, run)
        console.write("\n".join(shown))


def _list(found: tuple[RunSummary, ...]) -> list[str]:
    if not found:
        return ["The store holds no run."]
    rows = [["run", "task", "model", "policy", "draws", "valid", "faults", "ended", "begun"]]
    for item in found:
        rows.append(
            [
                str(item.run_id),
                printable(item.task, _WIDTH),
                printable(item.model, _WIDTH),
                printable(item.policy, 12),
                f"{item.done:,} of {item.laid:,}",
                f"{item.valid / item.done:.0%}" if item.done else "-",
                f"{item.faults:,}",
                printable(item.last_end or "no", 12),
                printable(item.created_at[:16], 16),
            ]
        )
    return table(rows, right=[True, False, False, False, True, True, True, False, False], gap=2)


def _one(store: str, found: tuple[RunSummary, ...], run: int) -> list[str]:
    item = next(item for item in found if item.run_id == run)
    detail = inspect_run(store, run)
    lines = entry("run", f"{run}, begun {printable(item.created_at)}, {item.mode}")
    lines += entry("agent", f"{printable(item.provider)}, {printable(item.model)}")
    returned = ", ".join(f"{printable(name)} ({n:,})" for name, n in detail.models_returned)
    lines += entry("answered by", returned or "nobody yet")
    lines += entry("task", f"{printable(item.task)}, template {item.template_sha256[:16]}")
    lines += entry("parameters", printable(item.parameters, None))
    lines += entry("policy", f"{printable(item.policy)}, seed {item.seed}")
    lines += entry("draws", f"{item.done:,} answered of {item.laid:,} laid down")
    lines += entry("tokens", f"{item.input_tokens:,} in, {item.output_tokens:,} out")
    for kind, reason, number in detail.outcomes:
        lines += entry(printable(kind, 14), f"{number:,} {printable(reason)}".rstrip())
    for kind, number in detail.faults:
        lines += entry("fault", f"{printable(kind)}: {number:,}")
    for begun, ended, because in detail.sessions:
        lines += entry(
            "session",
            f"{printable(begun)} to {printable(ended or '?')}: "
            f"{printable(because or 'under way, or killed')}",
        )
    rows = [["source", "draws", "valid", "attempts lost"]]
    rows += [
        [printable(name, _WIDTH), f"{n:,}", f"{valid:,}", f"{lost:,}"]
        for name, n, valid, lost in detail.sources[:50]
    ]
    return [*lines, "", *table(rows, right=[False, True, True, True])]
