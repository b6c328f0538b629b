"""``equipoise compare``: from several kernels' counts to whether they have one potential."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from equipoise.cli import console, options
from equipoise.cli.counts import read_counts, split_counts
from equipoise.cli.typed import command_line
from equipoise.counts import TransitionCounts
from equipoise.errors import UsageError
from equipoise.inference.comparison import Comparison
from equipoise.inference.comparison import compare as compare_kernels
from equipoise.inference.comparison.compare import ROPE_SPREAD
from equipoise.models import Priors
from equipoise.report.comparison import comparison_summary
from equipoise.report.comparison_contract import comparison_json
from equipoise.report.comparison_tables import NAME, comparison_tables
from equipoise.report.comparison_words import comparison_headline
from equipoise.report.latex import latex_text
from equipoise.text import listed

_SQLITE = b"SQLite format 3\0"
# Of a LaTeX table.
_ROWS = 40


def compare(
    context: typer.Context,
    counts: Annotated[
        list[str],
        typer.Argument(
            metavar="COUNTS",
            help="Files of counts, one a kernel, as for `equipoise test`; with --by one table, or "
            "the store of `equipoise collect`.",
            show_default=False,
        ),
    ],
    by: Annotated[
        str | None,
        typer.Option(
            help="Column of a long CSV table that names the kernel of each row. Of a store: model, "
            "model_returned, provider, template, parameters, task, run, or a parameter such as "
            "temperature; several with commas between.",
            metavar="COLUMN",
            show_default=False,
        ),
    ] = None,
    name: Annotated[
        list[str] | None,
        typer.Option(
            help="Name of each kernel, in order; repeat it. Default: the files' own names.",
            metavar="NAME",
            show_default=False,
        ),
    ] = None,
    fast: Annotated[
        bool,
        typer.Option(
            "--fast",
            help="Laplace and importance sampling, no MCMC: for very many kernels. MCMC takes some "
            "minutes for eight kernels of seven states; up to 1,000 parameters together.",
        ),
    ] = False,
    rejected: options.Rejected = "stay",
    no_stay: options.NoStay = False,
    cycle_scale: options.CycleScale = 1.0,
    rope: Annotated[
        float,
        typer.Option(
            help="A spread of a state's potential up to this counts as practically nothing, nats.",
            metavar="NATS",
        ),
    ] = ROPE_SPREAD,
    draws: Annotated[
        int | None,
        typer.Option(
            help="Each posterior keeps four times as many draws, half as many in each of its eight "
            "chains: 1000, the default, are eight chains of 500. With --fast: draws at each pair "
            "of scales, default 1000.",
            metavar="N",
            min=100,
            max=100_000,
            show_default=False,
        ),
    ] = None,
    seed: options.Seed = options.SEED,
    workers: options.WorkerCount = 1,
    scheduler: options.Scheduler = None,
    json: Annotated[
        str | None,
        typer.Option(
            help="Write the comparison as JSON; - prints it instead of the summary.",
            metavar="PATH|-",
        ),
    ] = None,
    figures: Annotated[
        str | None,
        typer.Option(
            help="Write the figures there: potentials, distances, clustering, PNG.",
            metavar="DIR",
        ),
    ] = None,
    report: Annotated[
        str | None,
        typer.Option(
            help="Write a page to read: one self-contained HTML file.",
            metavar="FILE",
            show_default=False,
        ),
    ] = None,
    latex: Annotated[
        str | None,
        typer.Option(
            help="Write the tables as LaTeX (booktabs): kernels, evidence, distances, states.",
            metavar="DIR",
            show_default=False,
        ),
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print the verdict only, no progress bar.")
    ] = False,
) -> None:
    """Compare kernels (models, prompts, temperatures): have they one potential, or many.

    Prints the verdict; each kernel's own test of balance; the evidence of one shared potential, of
    deviations from it, and of separate potentials; how far apart the kernels are, with intervals;
    which states differ; and whether counts may be added up.
    """
    console.check_output(json)
    if report is not None:
        console.check_file(report)
    for folder in (figures, latex):
        if folder is not None:
            console.make_folder(folder)
    where = options.workers_of(workers, scheduler)
    tables = _tables(counts, by, name, no_stay)
    with console.ProgressBar(shown=not quiet) as progress:
        found = compare_kernels(
            tables,
            fast=fast,
            priors=Priors(cycle_scale=cycle_scale),
            rejected=rejected,
            rope=rope,
            draws=draws,
            random_seed=seed,
            workers=where,
            progress=progress,
        )
    console.write_result(
        json,
        lambda: comparison_json(found),
        lambda: comparison_headline(found) if quiet else comparison_summary(found),
        warning=found.verdict.text if found.exit_status else None,
        told=False,
    )
    told = json != "-" and not quiet
    if figures is not None:
        from equipoise.plots.comparison import COMPARISON_FIGURES

        drawn = {key: draw(found) for key, draw in COMPARISON_FIGURES.items()}
        console.write_pictures(drawn, figures, told=told, withheld=not found.converged)
    written = [] if json is None else [json]
    if latex is not None:
        written += _write_latex(found, latex)
    if report is not None:
        from equipoise.report.page import Made, comparison_html

        made = Made(counts, datetime.now(UTC), command_line(context))
        console.write_file(report, comparison_html(found, made=made))
        written.append(report)
    if written and told:
        console.tell_written(written)
    raise typer.Exit(found.exit_status)


def _write_latex(found: Comparison, folder: str) -> list[str]:
    written = []
    for table in comparison_tables(found, _ROWS, NAME):
        written.append(str(Path(folder) / f"{table.name}.tex"))
        console.write_file(written[-1], latex_text(table))
    return written


def _tables(
    files: list[str], by: str | None, names: list[str] | None, no_stay: bool
) -> dict[str, TransitionCounts]:
    stores = [file for file in files if _is_store(file)]
    if not stores:
        return _by_column(files, by, no_stay) if by is not None else _by_file(files, names, no_stay)
    if len(files) > 1 or names or no_stay:
        raise UsageError(
            f"{stores[0]!r} is a store of `equipoise collect`: give it alone, with --by and "
            "without --name and --no-stay"
        )
    return _by_store(stores[0], by)


def _is_store(file: str) -> bool:
    try:
        with Path(file).open("rb") as stream:
            return stream.read(len(_SQLITE)) == _SQLITE
    except OSError:
        return False  # what is wrong with it is said where it is read


def _by_store(file: str, by: str | None) -> dict[str, TransitionCounts]:
    """Group the draws of a store; say where groups pool what may differ."""
    from equipoise.sampling.store import grouped_counts, stored_kernels

    if by is None:
        return stored_kernels(file)
    found = stored_kernels(file, [field.strip() for field in by.split(",")])
    several = len(grouped_counts(file))
    if several > len(found):
        console.note(
            f"equipoise: {len(found)} groups by {console.one_line(by)} pool {several} kernels that "
            "may differ; pooling is assumed here, not tested (leave --by out to compare all)"
        )
    return found


def _by_file(
    files: list[str], names: list[str] | None, no_stay: bool
) -> dict[str, TransitionCounts]:
    given = names or [Path(file).stem for file in files]
    if len(given) != len(files):
        raise UsageError(
            f"there are {len(given)} --name and {len(files)} files; name each file, or none"
        )
    if len(set(given)) < len(given):
        twice = [one for one in dict.fromkeys(given) if given.count(one) > 1]
        raise UsageError(f"two kernels are called {listed(twice)}; give each a --name of its own")
    return {one: read_counts(file, no_stay=no_stay) for one, file in zip(given, files, strict=True)}


def _by_column(files: list[str], by: str, no_stay: bool) -> dict[str, TransitionCounts]:
    """Split one long table by the column that names the kernel."""
    if len(files) != 1:
        raise UsageError(f"--by takes one file, and was given {len(files)}")
    return split_counts(files[0], by, no_stay=no_stay)
