"""``equipoise calibrate``: does the program keep what it states? Run, then check."""

from collections.abc import Sequence
from typing import Annotated, Literal

import typer

from equipoise.cli import console, options
from equipoise.errors import EquipoiseError
from equipoise.inference.calibration import check as check_journal
from equipoise.inference.calibration import run as run_journal
from equipoise.inference.calibration.check import FEWEST
from equipoise.inference.calibration.store import Record, read
from equipoise.report.calibration import calibration_json, calibration_summary

app = typer.Typer(
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    no_args_is_help=True,
    help="""Is Equipoise calibrated? Simulate from its own priors, infer, compare with the truth.

    Half of the data sets obey balance, half do not; their parameters come from the priors. Then
    p(balance) = 0.8 must be right eight times in ten, and the truth must fall anywhere among the
    posterior draws equally often. `run` infers the data sets, `check` compares.
    """,
    epilog="""
    \b
    Examples
        equipoise calibrate run --engine fast --datasets 1000 --output fast.jsonl
        equipoise calibrate check fast.jsonl
    """,
)


@app.command(
    epilog="""
    \b
    Examples
        equipoise calibrate run --engine fast --datasets 1000 --output fast.jsonl
        equipoise calibrate run --engine path --datasets 600 --workers 2 --output path.jsonl
        equipoise calibrate run --scheduler tcp://10.0.0.5:8786 --output fast.jsonl
    \b
    A data set takes about a second on the fast path and some ten by MCMC. Stop it when
    you like: the same command continues, and more --datasets add to those done.
    \b
    Exit status: 0 done, 2 bad input or usage, 130 stopped by Ctrl-C.
    """
)
def run(
    output: Annotated[
        str,
        typer.Option(
            help="Journal, one JSON line a data set; continued if it exists.", metavar="FILE"
        ),
    ],
    engine: Annotated[
        Literal["fast", "path"],
        typer.Option(
            help="fast: Laplace and importance sampling. path: Markov chains and path sampling."
        ),
    ] = "fast",
    datasets: Annotated[
        int,
        typer.Option(
            help="How many, half from either hypothesis. 1,000 find an offset of some 0.3 nats.",
            metavar="N",
            min=2,
            max=1_000_000,
        ),
    ] = 1000,
    seed: Annotated[
        int,
        typer.Option(help="Data set k depends on it and on k alone.", metavar="S", min=0),
    ] = 1,
    workers: options.WorkerCount = 1,
    scheduler: options.Scheduler = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar.")] = False,
) -> None:
    """Infer simulated data sets and write down what came of each."""
    console.check_file(output)
    where = options.workers_of(workers, scheduler)
    try:
        with console.ProgressBar(shown=not quiet) as progress:
            done = run_journal(
                output,
                engine=engine,
                datasets=datasets,
                random_seed=seed,
                workers=where,
                progress=progress,
            )
    except KeyboardInterrupt:
        console.note(_stopped(output, datasets))
        raise typer.Exit(console.INTERRUPTED) from None
    _, held = read(output)
    name = console.one_line(output)
    console.write(f"{done:,} data sets computed; {name} holds {len(held):,}.\n{_next(name, held)}")


def _stopped(output: str, datasets: int) -> str:
    """Say how far an interrupted run came."""
    try:
        done = sum(record.number < datasets for record in read(output)[1])
    except EquipoiseError:  # stopped before it had begun
        done = 0
    return f"equipoise: stopped: {done:,} of {datasets:,} done; the same command continues"


def _next(name: str, held: Sequence[Record]) -> str:
    """Say what to do with a journal: check it, or first make it long enough for that."""
    cyclic = sum(record.truth == "cyclic" for record in held)
    lacking = {"from balance": FEWEST - (len(held) - cyclic), "cyclic": FEWEST - cyclic}
    lacks = [f"{n:,} more {kind}" for kind, n in lacking.items() if n > 0]
    if not lacks:
        return f"Next: equipoise calibrate check {name}"
    return (
        f"A check needs {FEWEST} data sets from either hypothesis, and lacks {' and '.join(lacks)}."
        f"\nNext: the same command with --datasets {2 * FEWEST} or more"
    )


@app.command(
    epilog="""
    \b
    Examples
        equipoise calibrate check fast.jsonl
        equipoise calibrate check fast.jsonl --json - | jq .holds
        equipoise calibrate check fast.jsonl --figures figures
    \b
    Exit status: 0 every statement holds, 2 bad input or usage, 3 one does not. A correct
    program fails in one calibration of a thousand.
    """
)
def check(
    journal: Annotated[
        str, typer.Argument(help="What `equipoise calibrate run` wrote.", metavar="FILE")
    ],
    json: Annotated[
        str | None,
        typer.Option(
            help="Write the outcome as JSON; - prints it instead of the tables.", metavar="PATH|-"
        ),
    ] = None,
    figures: Annotated[
        str | None,
        typer.Option(help="Write reliability.png and ranks.png there.", metavar="DIR"),
    ] = None,
) -> None:
    """Compare what was stated with what was true; the run may still be under way.

    Prints statements with their figures and the bands they must keep, then p(balance) as stated
    against the frequency of balance.
    """
    console.check_output(json)
    if figures is not None:
        console.make_folder(figures)
    found = check_journal(journal)
    if json == "-":
        console.write(calibration_json(found))
    else:
        console.write(calibration_summary(found))
        if json is not None:
            console.write_file(json, calibration_json(found) + "\n")
    if figures is not None:
        from equipoise.plots.calibration import plot_ranks, plot_reliability

        drawn = {"reliability": plot_reliability(found), "ranks": plot_ranks(found)}
        console.write_pictures(drawn, figures, told=json != "-")
    raise typer.Exit(0 if found.holds else console.UNTRUSTED)
