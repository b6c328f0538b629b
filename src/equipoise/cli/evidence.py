"""``equipoise evidence``: one log Bayes factor by several methods."""

from typing import Annotated, Literal, get_args

import typer

from equipoise.cli import console, options
from equipoise.cli.counts import read_counts
from equipoise.errors import UsageError
from equipoise.inference.evidence import cross_check
from equipoise.inference.evidence.cross_check import QUICK, Method
from equipoise.models import Priors
from equipoise.report.cross_check import (
    cross_check_json,
    cross_check_short,
    cross_check_summary,
)


def evidence(
    counts: Annotated[
        str,
        typer.Argument(
            metavar="COUNTS",
            help="File of counts, or with --trajectory a path, as for `equipoise test`; - reads "
            "standard input.",
        ),
    ],
    methods: Annotated[
        str,
        typer.Option(
            help="Names separated by commas; the first, path or laplace, is the reference.",
            metavar="NAMES",
        ),
    ] = ",".join(QUICK),
    trajectory: options.Trajectory = False,
    scales: options.Scales = "learned",
    rejected: options.Rejected = "stay",
    likelihood: Annotated[
        Literal["auto", "multinomial", "pairwise"],
        typer.Option(help="As for `equipoise test`."),
    ] = "auto",
    cycle_scale: options.CycleScale = 1.0,
    no_stay: options.NoStay = False,
    seed: options.Seed = options.SEED,
    json: Annotated[
        str | None,
        typer.Option(
            help="Write the result as JSON; - prints it instead of the table.", metavar="PATH|-"
        ),
    ] = None,
    quiet: Annotated[
        bool,
        typer.Option(
            "--quiet",
            "-q",
            help="Print one line, the reference and whether the others agree; no progress bar.",
        ),
    ] = False,
) -> None:
    """Compute the log Bayes factor by several methods, and say whether they agree.

    path: MCMC at some twenty sizes of the cycles. laplace: no MCMC. savage_dickey: one joint run.
    bridge: at one fixed size, against path's curve there. smc: PyMC's sequential Monte Carlo, which
    takes minutes and suits some twenty parameters at most.
    """
    console.check_output(json)
    names = _named(methods)
    table = read_counts(counts, trajectory=trajectory, no_stay=no_stay)
    with console.ProgressBar(shown=not quiet) as progress:
        found = cross_check(
            table,
            names,
            priors=Priors(scales=scales, cycle_scale=cycle_scale),
            likelihood=likelihood,
            rejected=rejected,
            random_seed=seed,
            progress=progress,
        )
    console.write_result(
        json,
        lambda: cross_check_json(found),
        lambda: cross_check_short(found) if quiet else cross_check_summary(found),
        told=not quiet,
    )
    raise typer.Exit(found.exit_status)


def _named(methods: str) -> list[Method]:
    """Return the methods of a list with commas.

    Raises
    ------
    UsageError
        If there is none, or one is unknown.
    """
    known = {name: name for name in get_args(Method)}
    if not methods.strip(" ,"):
        raise UsageError(
            f"--methods names no method; give some of {', '.join(known)}, separated by commas"
        )
    given = [name.strip().replace("-", "_") for name in methods.split(",")]
    unknown = [name for name in given if name not in known]
    if unknown:
        raise UsageError(
            f"--methods knows {', '.join(known)}, not {console.one_line(', '.join(unknown))}"
        )
    return [known[name] for name in given]
