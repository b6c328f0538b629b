"""``equipoise compare``: from several kernels' counts to whether they have one potential."""

import csv
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from equipoise.cli import console, options
from equipoise.cli.counts import read_counts
from equipoise.counts import TransitionCounts
from equipoise.errors import DataError, UsageError
from equipoise.inference.comparison import compare as compare_kernels
from equipoise.inference.comparison.compare import ROPE_SPREAD
from equipoise.io.textfile import read_table
from equipoise.models import Priors
from equipoise.report.comparison import comparison_summary
from equipoise.report.comparison_contract import comparison_json
from equipoise.text import listed, quoted


def compare(
    counts: Annotated[
        list[str],
        typer.Argument(
            metavar="COUNTS",
            help="Files of counts, one a kernel, as for `equipoise test`; with --by one file.",
            show_default=False,
        ),
    ],
    by: Annotated[
        str | None,
        typer.Option(
            help="Column of a long CSV table that names the kernel of each row.",
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
            help="Laplace and importance sampling, no MCMC. MCMC takes minutes for a few kernels "
            "of ten states, and grows with their number: up to 1,000 parameters together.",
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
            help="Draws of each of four chains, default 1000; with --fast at each pair of scales, "
            "default 1000.",
            metavar="N",
            min=100,
            max=100_000,
            show_default=False,
        ),
    ] = None,
    seed: options.Seed = options.SEED,
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
            help="Write the figures there: potentials of all kernels, distances, PNG.",
            metavar="DIR",
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
    if json is not None and json != "-":
        console.check_file(json)
    if figures is not None:
        console.make_folder(figures)
    tables = _by_column(counts, by, no_stay) if by is not None else _by_file(counts, name, no_stay)
    with console.ProgressBar(shown=not quiet) as progress:
        found = compare_kernels(
            tables,
            fast=fast,
            priors=Priors(cycle_scale=cycle_scale),
            rejected=rejected,
            rope=rope,
            draws=draws,
            random_seed=seed,
            progress=progress,
        )
    if json == "-":
        if found.exit_status:
            console.note(f"equipoise: {console.one_line(found.verdict.text)}")
        console.write(comparison_json(found))
    else:
        console.write(found.verdict.text if quiet else comparison_summary(found))
        if json is not None:
            console.write_file(json, comparison_json(found))
    if figures is not None:
        from equipoise.plots.comparison import COMPARISON_FIGURES
        from equipoise.plots.save import write_figures

        drawn = {key: draw(found) for key, draw in COMPARISON_FIGURES.items()}
        written = [os.fspath(path) for path in write_figures(drawn, figures)]
        if json != "-" and not quiet:
            console.write("\nFigures  " + console.one_line(", ".join(written)))
    raise typer.Exit(found.exit_status)


def _by_file(
    files: list[str], names: list[str] | None, no_stay: bool
) -> dict[str, TransitionCounts]:
    given = names or [Path(file).stem for file in files]
    if len(given) != len(files):
        raise UsageError(
            f"--name is given {len(given)} times for {len(files)} files; name each, or none"
        )
    if len(set(given)) < len(given):
        twice = [one for one in dict.fromkeys(given) if given.count(one) > 1]
        raise UsageError(f"two kernels are called {listed(twice)}; give each a --name of its own")
    return {one: read_counts(file, no_stay=no_stay) for one, file in zip(given, files, strict=True)}


def _by_column(files: list[str], by: str, no_stay: bool) -> dict[str, TransitionCounts]:
    """Split one long table by the column that names the kernel."""
    if len(files) != 1:
        raise UsageError(f"--by takes one file, and was given {len(files)}")
    table = read_table(files[0])
    if by not in table.header:
        raise DataError(
            f"{table.name}: there is no column {quoted(by)}; the header is {listed(table.header)}"
        )
    place = table.header.index(by)
    parts: dict[str, list[list[str]]] = {}
    for row in table.rows:
        parts.setdefault(row[place], []).append(row)
    return {
        kernel: _part([list(table.header), *own], place, no_stay, f"{files[0]}, {by} = {kernel}")
        for kernel, own in parts.items()
    }


def _part(rows: list[list[str]], place: int, no_stay: bool, what: str) -> TransitionCounts:
    kept = [[cell for k, cell in enumerate(row) if k != place] for row in rows]
    with TemporaryDirectory() as folder:
        # Through a file, so that a part is read, and refused, as any other table.
        part = Path(folder) / "part.csv"
        with part.open("w", encoding="utf-8", newline="") as out:
            csv.writer(out).writerows(kept)
        try:
            return read_counts(str(part), no_stay=no_stay)
        except DataError as error:
            raise DataError(f"{quoted(what, 100)}: {error}") from None
