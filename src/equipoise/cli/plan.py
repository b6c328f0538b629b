"""``equipoise plan``: what the counts so far can tell, and what more would."""

import os
from pathlib import Path
from typing import Annotated, Literal

import typer

from equipoise.cli import console, options
from equipoise.cli.counts import read_counts
from equipoise.errors import UsageError
from equipoise.inference.planning import plan as make_plan
from equipoise.inference.planning.assumptions import RHO, SIMULATIONS
from equipoise.models import Priors
from equipoise.report.plan import plan_summary
from equipoise.report.plan_answer import plan_answer
from equipoise.report.plan_contract import plan_json
from equipoise.text import listed, quoted

_ENDINGS = (".png", ".svg", ".pdf")
EPILOG = """
\b
Examples
    equipoise plan counts.csv
    equipoise plan counts.csv --rho 0.2 --trials 1000,10000,100000
    equipoise plan counts.csv --cycle "sunny > rainy > foggy" --affinity 1.5
    equipoise plan pilot.csv --spread informative --figure plan.png
    equipoise plan pilot.csv --simulations 2000 --workers 4
    equipoise plan pilot.csv --json - | jq .next
\b
COUNTS may be those of a small pilot: they are kept, and the tests planned for see
them too.
\b
Exit status: 0 a plan to rely on (that nothing is testable is one), 2 bad input or
usage, 3 it ran but is not to be relied on.
"""


def plan(
    counts: Annotated[
        str,
        typer.Argument(
            metavar="COUNTS",
            help="File of counts, as for `equipoise test`; - reads standard input.",
        ),
    ],
    rho: Annotated[
        float | None,
        typer.Option(
            help="Size ρ of the violation planned for, nats: the typical part of a log-ratio that "
            f"no potential explains. Its direction is unknown. Default: {RHO:g}.",
            metavar="NATS",
            show_default=False,
        ),
    ] = None,
    cycle: Annotated[
        str | None,
        typer.Option(
            help="In place of --rho: a cycle that alone breaks balance, its states in order, "
            'the first not repeated: "A > B > C", as for `equipoise test`.',
            metavar="STATES",
        ),
    ] = None,
    affinity: Annotated[
        float | None,
        typer.Option(help="With --cycle: the sum of log P_ij/P_ji round it, nats.", metavar="NATS"),
    ] = None,
    trials: Annotated[
        str | None,
        typer.Option(
            help="Numbers of further trials, over all sources, with commas. Default: five, from a "
            "third of those so far to thirty times as many.",
            metavar="N,N,...",
            show_default=False,
        ),
    ] = None,
    spread: Annotated[
        Literal["as-so-far", "even", "informative"],
        typer.Option(
            help="How sources share further trials: in the proportions so far, evenly, or so that "
            "the cycles are determined best."
        ),
    ] = "as-so-far",
    simulations: Annotated[
        int,
        typer.Option(help="Kernels drawn for either assumption.", metavar="N", min=39, max=10_000),
    ] = SIMULATIONS,
    trajectory: options.Trajectory = False,
    protocol: options.Protocol = None,
    scales: options.Scales = "learned",
    rejected: options.Rejected = "stay",
    cycle_scale: options.CycleScale = 1.0,
    no_stay: options.NoStay = False,
    seed: options.Seed = options.SEED,
    workers: options.WorkerCount = 1,
    scheduler: options.Scheduler = None,
    json: Annotated[
        str | None,
        typer.Option(
            help="Write the plan as JSON; - prints it instead of the tables.", metavar="PATH|-"
        ),
    ] = None,
    figure: Annotated[
        str | None,
        typer.Option(
            help=f"Draw the outlook; the ending says how: {listed(_ENDINGS)}.", metavar="PATH"
        ),
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print the answer only, no progress bar.")
    ] = False,
) -> None:
    """Say what these counts can tell, what more trials would tell, and which to make next.

    Prints in one sentence how many more trials decide, or why no number tried does; how well each
    cycle is determined, and what would have to be seen where none can be; the
    log Bayes factor to be expected with more trials, with the interval that holds it nine times in
    ten, if balance is violated as you say and if it is not; and how sources should share further
    trials. Kernels are drawn from the posterior of the counts so far, tables from these.
    """
    for path in (json, figure):
        console.check_output(path)
    if figure is not None:
        _check_ending(figure)
    if cycle is not None and rho is not None:
        raise UsageError("--rho and --cycle are two ways to say the same; leave one out")
    if (cycle is None) != (affinity is None):
        raise UsageError("--cycle and --affinity belong together: give both or neither")
    where = options.workers_of(workers, scheduler)
    table = read_counts(counts, trajectory=trajectory, protocol=protocol, no_stay=no_stay)
    with console.ProgressBar(shown=not quiet) as progress:
        found = make_plan(
            table,
            further=None if trials is None else _numbers(trials),
            rho=RHO if rho is None else rho,
            cycle=None if cycle is None else options.cycle_of(cycle, table.states),
            affinity=affinity,
            spread=spread,
            priors=Priors(scales=scales, cycle_scale=cycle_scale),
            rejected=rejected,
            simulations=simulations,
            random_seed=seed,
            workers=where,
            progress=progress,
        )
    if json == "-":
        if found.doubt is not None:
            console.note(f"equipoise: not to be relied on: {console.one_line(found.doubt)}")
        console.write(plan_json(found))
    else:
        console.write(plan_answer(found) if quiet else plan_summary(found))
        if json is not None:
            console.write_file(json, plan_json(found))
            if not quiet:
                console.tell_written([json])
    if figure is not None:
        from equipoise.plots.plan import plot_plan
        from equipoise.plots.save import write_figures

        target = Path(figure)
        written = write_figures(
            {target.stem: plot_plan(found)}, target.parent, (target.suffix[1:],)
        )
        if json != "-" and not quiet:
            console.write("\nFigure   " + console.one_line(os.fspath(written[0])))
    raise typer.Exit(found.exit_status)


def _check_ending(figure: str) -> None:
    """Refuse, before the simulations, a figure that could not be drawn after them.

    Raises
    ------
    UsageError
        If its name has no ending, or another than the help names.
    """
    ending = Path(figure).suffix
    if not ending:
        raise UsageError(f"--figure {quoted(figure, 200)} has no ending; write plan.png, say")
    if ending not in _ENDINGS:
        raise UsageError(
            f"--figure takes names that end in {listed(_ENDINGS)}, not in {quoted(ending)}"
        )


def _numbers(trials: str) -> list[int]:
    """Return whole numbers separated by commas.

    Raises
    ------
    UsageError
        If one is none.
    """
    try:
        return [int(part) for part in trials.split(",")]
    except ValueError:
        raise UsageError(
            f"--trials takes whole numbers with commas between, not {quoted(trials)}"
        ) from None
