"""``equipoise test``: from a file of counts to a verdict."""

import os
from dataclasses import replace
from typing import Annotated, Literal

import typer

from equipoise.cli import console
from equipoise.counts import TransitionCounts
from equipoise.errors import UsageError
from equipoise.inference.balance import test as test_balance
from equipoise.models import Priors
from equipoise.report import summary, to_json

SEED = 0
_STDIN = "/dev/stdin"


def test(
    counts: Annotated[
        str,
        typer.Argument(
            metavar="COUNTS", help="CSV file of counts, long or wide; - reads standard input."
        ),
    ],
    fast: Annotated[
        bool,
        typer.Option(
            "--fast",
            help="Laplace and importance sampling, no MCMC. The only method so far, so it is the "
            "default; MCMC will be.",
        ),
    ] = False,
    scales: Annotated[
        Literal["learned", "fixed"],
        typer.Option(help="Whether the prior scales of potential and rates are learned."),
    ] = "learned",
    rejected: Annotated[
        Literal["stay", "drop"],
        typer.Option(help="A trial that ended in no state stays where it was, or is dropped."),
    ] = "stay",
    likelihood: Annotated[
        Literal["auto", "multinomial", "pairwise"],
        typer.Option(
            help="multinomial: rows as counted, exact. pairwise: each edge given its two counts' "
            "sum, faster. auto: pairwise beyond 400 parameters, some 20 states all joined."
        ),
    ] = "auto",
    cycle_scale: Annotated[
        float,
        typer.Option(
            help="τ: prior scale of the cycles, nats.", metavar="NATS", min=0.01, max=100.0
        ),
    ] = 1.0,
    rope: Annotated[
        float,
        typer.Option(help="A violation ρ below this counts as negligible, nats.", metavar="NATS"),
    ] = 0.1,
    reference: Annotated[
        list[str] | None,
        typer.Option(
            help="State at Φ = 0; repeat it for other components. Default: the one with most "
            "incoming transitions.",
            metavar="STATE",
        ),
    ] = None,
    protocol: Annotated[
        Literal["draws", "trajectory"],
        typer.Option(help="Were sources chosen for each trial, or did each start where one ended?"),
    ] = "draws",
    trials: Annotated[
        Literal["observed", "imputed"] | None,
        typer.Option(help="How the number of trials was known; it goes into the report."),
    ] = None,
    no_stay: Annotated[
        bool,
        typer.Option("--no-stay", help="By protocol a trial cannot end where it began."),
    ] = False,
    draws: Annotated[
        int,
        typer.Option(
            help="Importance draws at each size of the cycles.", metavar="N", min=100, max=100_000
        ),
    ] = 2000,
    seed: Annotated[
        int, typer.Option(help="The same seed gives the same result.", metavar="N", min=0)
    ] = SEED,
    json: Annotated[
        str | None,
        typer.Option(
            help="Write the result as JSON; - prints it instead of the summary.", metavar="PATH|-"
        ),
    ] = None,
    figures: Annotated[
        str | None,
        typer.Option(help="Write potential.png and evidence.png there.", metavar="DIR"),
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print the verdict only, no progress bar.")
    ] = False,
) -> None:
    """Test whether counted transitions obey detailed balance.

    Prints a summary: the verdict, whether these counts can tell at all, the log Bayes factor with
    its error and its sensitivity to the prior, the size of the violation, the potential of every
    state, the cycles that break balance, and what was assumed.
    """
    del fast  # the only method so far, as its help says
    if json is not None and json != "-":
        console.check_file(json)
    if figures is not None:
        console.make_folder(figures)
    table = TransitionCounts.from_file(
        _STDIN if counts == "-" else counts,
        protocol=protocol,
        metadata={"trials": trials} if trials else None,
    )
    if no_stay:
        if table.self_transitions.any():
            raise UsageError(
                "--no-stay says that no trial can end where it began, but "
                f"{int(table.self_transitions.sum()):,} did; leave --no-stay out"
            )
        table = replace(table, stay=False)
    with console.ProgressBar(shown=not quiet) as progress:
        result = test_balance(
            table,
            priors=Priors(scales=scales, cycle_scale=cycle_scale),
            likelihood=likelihood,
            rejected=rejected,
            reference=reference or None,
            rope=rope,
            draws=draws,
            random_seed=seed,
            progress=progress,
        )
    if json == "-":
        if result.exit_status:
            console.note(f"equipoise: {console.one_line(result.verdict.text)}")
        console.write(to_json(result))
    else:
        console.write(result.verdict.text if quiet else summary(result))
        if json is not None:
            console.write_file(json, to_json(result))
    if figures is not None:
        from equipoise.plots import save_figures

        written = [os.fspath(path) for path in save_figures(result, figures)]
        if json != "-" and not quiet:
            console.write("\nFigures  " + console.one_line(", ".join(written)))
    raise typer.Exit(result.exit_status)
