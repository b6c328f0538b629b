"""``equipoise large``: tables too large for dense algebra."""

import time
from typing import Annotated

import typer

from equipoise.cli import console, options
from equipoise.cli.counts import read_counts
from equipoise.errors import UsageError
from equipoise.inference.sparse import map_large, test_large
from equipoise.inference.verdict import ROPE
from equipoise.models import Priors
from equipoise.report.large import large_json, large_short, large_summary


def large(
    counts: Annotated[
        str,
        typer.Argument(
            metavar="COUNTS",
            help="File of counts, as for `equipoise test`; - reads standard input.",
            show_default=False,
        ),
    ],
    fast: Annotated[
        bool,
        typer.Option(
            "--fast",
            help="Mode, errors and violations only, no verdict: 100,000 states in half a minute.",
        ),
    ] = False,
    scales: options.Scales = "learned",
    rejected: options.Rejected = "stay",
    cycle_scale: options.CycleScale = 1.0,
    rope: options.Rope = None,
    reference: options.Reference = None,
    no_stay: options.NoStay = False,
    workers: Annotated[
        int | None,
        typer.Option(
            help="Processes of this machine; the result is the same with any number. Default: one "
            "a core, three at most.",
            metavar="W",
            min=1,
            max=1024,
            show_default=False,
        ),
    ] = None,
    seed: options.Seed = options.SEED,
    json: Annotated[
        str | None,
        typer.Option(
            help="Write the result as JSON; - prints it instead of the summary.", metavar="PATH|-"
        ),
    ] = None,
    quiet: Annotated[
        bool,
        typer.Option(
            "--quiet", "-q", help="Print the verdict only, with --fast the clearest edge; no bar."
        ),
    ] = False,
) -> None:
    """Test detailed balance on thousands of states with few neighbours each.

    By the pairwise likelihood and sparse factors: nothing dense, nothing to compile. Evidence by
    path sampling, the size of the violation, the potential of every state that the data hold, and
    the edges that stand off it.
    """
    if fast and rope is not None:
        raise UsageError("--rope belongs to the verdict, and --fast gives none; leave one out")
    if fast and workers is not None:
        raise UsageError("--workers belong to the verdict, and --fast gives none; leave one out")
    console.check_output(json)
    table = read_counts(counts, no_stay=no_stay)
    priors = Priors(scales=scales, cycle_scale=cycle_scale)
    begun = time.perf_counter()
    tested = None
    if fast:
        mapped = map_large(
            table,
            priors=priors,
            rejected=rejected,
            reference=reference or None,
            random_seed=seed,
        )
    else:
        with console.ProgressBar(shown=not quiet) as progress:
            tested = test_large(
                table,
                priors=priors,
                rejected=rejected,
                reference=reference or None,
                rope=ROPE if rope is None else rope,
                workers=workers,
                random_seed=seed,
                progress=progress,
            )
        mapped = tested.map
    seconds = time.perf_counter() - begun
    console.write_result(
        json,
        lambda: large_json(mapped, tested, seconds),
        lambda: large_short(mapped, tested) if quiet else large_summary(mapped, tested),
        told=not quiet,
    )
    raise typer.Exit(0 if tested is None else tested.exit_status)
