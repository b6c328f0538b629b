"""``equipoise report``: from a file of counts to a page for a referee, and tables for a paper."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from equipoise.cli import console, options
from equipoise.cli.counts import read_counts
from equipoise.cli.run import Beside, loaded, short_text, tested
from equipoise.cli.typed import command_line
from equipoise.inference.diagnosis import Diagnosis
from equipoise.inference.posterior.backends import DEFAULT
from equipoise.inference.violation import ROPE_AFFINITY
from equipoise.models import Priors
from equipoise.report import Made, html
from equipoise.report.latex import latex_text
from equipoise.report.layout import wrap
from equipoise.report.printed import printed_tables
from equipoise.report.records import record_tables
from equipoise.report.spreadsheet import csv_text

# Of a LaTeX table: rows enough for every state, names that fit a column.
_ROWS, _NAME = 10_000, 40


def report(
    context: typer.Context,
    counts: Annotated[
        str | None,
        typer.Argument(
            metavar="COUNTS",
            help="File of counts, as for `equipoise test`; - reads standard input.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        str, typer.Option(help="The page, one self-contained HTML file.", metavar="FILE")
    ] = "report.html",
    tables: Annotated[
        str | None,
        typer.Option(
            help="Write potential, cycles, edges, sensitivity and baselines there, as CSV and "
            "LaTeX (with currents).",
            metavar="DIR",
        ),
    ] = None,
    title: Annotated[
        str | None,
        typer.Option(
            help="Title of the page. Default: what the data are called.", show_default=False
        ),
    ] = None,
    trajectory: Annotated[
        bool, typer.Option("--trajectory", help="Read a path, as for `equipoise test`.")
    ] = False,
    fast: Annotated[
        bool,
        typer.Option("--fast", help="Laplace and importance sampling in seconds, no MCMC."),
    ] = False,
    scales: options.Scales = "learned",
    rejected: options.Rejected = "stay",
    likelihood: Annotated[
        Literal["auto", "multinomial", "pairwise"],
        typer.Option(help="As for `equipoise test`."),
    ] = "auto",
    cycle_scale: options.CycleScale = 1.0,
    rope: options.Rope = None,
    reference: options.Reference = None,
    cycle: options.Cycle = None,
    rope_affinity: options.RopeAffinity = ROPE_AFFINITY,
    block_order: options.BlockOrder = None,
    protocol: options.Protocol = None,
    trials: Annotated[
        Literal["observed", "imputed"] | None,
        typer.Option(help="How the number of trials was known; it goes into the report."),
    ] = None,
    no_stay: options.NoStay = False,
    seed: options.Seed = options.SEED,
    workers: options.WorkerCount = 1,
    scheduler: options.Scheduler = None,
    backend: options.BackendName = DEFAULT,
    again: Annotated[
        str | None,
        typer.Option(
            help="Report a run kept with `equipoise test --save` instead of testing; samples "
            "nothing. Takes --output, --tables, --title, --rope, --reference, --cycle, "
            "--rope-affinity, --block-order, --workers, --scheduler and --quiet beside.",
            metavar="PATH",
        ),
    ] = None,
    quiet: Annotated[
        bool,
        typer.Option(
            "--quiet", "-q", help="Print the verdict only, no progress bar and no list of files."
        ),
    ] = False,
) -> None:
    """Write a report that a referee reads top to bottom: one HTML file, no network, no script.

    Verdict, data, checks of the sampling, model, evidence, potential, where balance breaks,
    currents and entropy production, baselines, diagnostics, sensitivity, a methods paragraph with
    its references in BibTeX, versions and seed; all figures inside.
    """
    options.check_source(context, counts, again, _WITH_AGAIN)
    console.check_file(output)
    where = options.workers_of(workers, scheduler)
    if tables is not None:
        console.make_folder(tables)
    asked = Beside(cycle, block_order, rope_affinity)
    if again is not None:
        run = loaded(again, asked, reference=reference, rope=rope)
    else:
        table = read_counts(
            "" if counts is None else counts,
            trajectory=trajectory,
            protocol=protocol,
            trials=trials,
            no_stay=no_stay,
        )
        run = tested(
            table,
            asked,
            fast=fast,
            priors=Priors(scales=scales, cycle_scale=cycle_scale),
            likelihood=likelihood,
            rejected=rejected,
            reference=reference,
            rope=rope,
            draws=None,
            seed=seed,
            backend=backend,
            quiet=quiet,
        )
    result = run.result
    found = run.diagnosed(simpler=True, workers=where)
    file = again if again is not None else counts
    made = Made(() if file is None else (file,), datetime.now(UTC), command_line(context))
    console.write_file(output, html(result, diagnosis=found, title=title, made=made))
    written = [output, *(_write_tables(found, tables) if tables is not None else [])]
    said = short_text(found)
    if quiet:
        console.write(said)
    else:
        console.write("\n".join(line for text in said.splitlines() for line in wrap(text)))
        console.tell_written(written)
    raise typer.Exit(result.exit_status)


_WITH_AGAIN = {"again", "output", "tables", "title", "rope", "reference", "cycle"}
_WITH_AGAIN |= {"rope_affinity", "block_order", "workers", "scheduler", "quiet"}


def _write_tables(found: Diagnosis, folder: str) -> list[str]:
    """Write every table as CSV, in full, and as LaTeX, as it is read."""
    texts = {f"{table.name}.csv": csv_text(table) for table in record_tables(found)}
    texts |= {
        f"{table.name}.tex": latex_text(table) for table in printed_tables(found, _ROWS, _NAME)
    }
    for name, text in texts.items():
        console.write_file(str(Path(folder) / name), text)
    return [str(Path(folder) / name) for name in texts]
