"""``equipoise test``: from a file of counts to a verdict."""

import os
from typing import Annotated, Literal

import typer

from equipoise.cli import console, options
from equipoise.cli.counts import read_counts
from equipoise.cli.run import Beside, loaded, short_text, tested
from equipoise.errors import UsageError
from equipoise.inference.archive import check_target
from equipoise.inference.archive import save as keep_run
from equipoise.inference.balance import BalanceTest
from equipoise.inference.diagnosis import Diagnosis
from equipoise.inference.posterior.backends import DEFAULT
from equipoise.inference.violation import ROPE_AFFINITY
from equipoise.models import Priors
from equipoise.report import cite, summary, to_json
from equipoise.report.baselines import baseline_lines
from equipoise.report.layout import wrap

_WITH_AGAIN = {"again", "rope", "reference", "cycle", "rope_affinity", "block_order"}
_WITH_AGAIN |= {"baselines", "workers", "scheduler", "json", "figures", "bibtex", "quiet"}


def test(
    context: typer.Context,
    counts: Annotated[
        str | None,
        typer.Argument(
            metavar="COUNTS",
            help="File of counts: CSV, long or wide, or Parquet; with --trajectory a path, a state "
            "a line; - reads standard input.",
            show_default=False,
        ),
    ] = None,
    trajectory: options.Trajectory = False,
    fast: Annotated[
        bool,
        typer.Option(
            "--fast",
            help="No Markov chains: Laplace and importance sampling, in seconds. Where that cannot "
            "be trusted it says so, with exit status 3.",
        ),
    ] = False,
    scales: options.Scales = "learned",
    rejected: options.Rejected = "stay",
    likelihood: Annotated[
        Literal["auto", "multinomial", "pairwise"],
        typer.Option(
            help="multinomial: all that was counted from each state, exact. pairwise: of each "
            "pair of states only how its transitions split between the two directions, faster. "
            "auto: pairwise beyond 400 parameters, some 20 states all joined."
        ),
    ] = "auto",
    cycle_scale: options.CycleScale = 1.0,
    rope: options.Rope = None,
    reference: Annotated[
        list[str] | None,
        typer.Option(
            help="State at which the potential Φ is 0; repeat it for states that are joined to it "
            "by no transitions. Default: the one with most incoming transitions.",
            metavar="STATE",
        ),
    ] = None,
    cycle: options.Cycle = None,
    rope_affinity: options.RopeAffinity = ROPE_AFFINITY,
    block_order: options.BlockOrder = None,
    baselines: Annotated[
        bool,
        typer.Option(
            "--baselines",
            help="Print what simpler methods say, and what each gets wrong: least action, "
            "chi-square, likelihood ratio, bootstrap; --workers shares their work.",
        ),
    ] = False,
    protocol: options.Protocol = None,
    trials: Annotated[
        Literal["observed", "imputed"] | None,
        typer.Option(
            help="How the number of trials was known: counted, or made up from rates, say. It is "
            "told with the result; of imputed trials, what other numbers would say, too."
        ),
    ] = None,
    no_stay: options.NoStay = False,
    draws: Annotated[
        int | None,
        typer.Option(
            help="Draws of each chain: by default 700 in each of eight chains (by NUTS 1000 in "
            "each of four). With --fast: at each size of the cycles, default 2000.",
            metavar="N",
            min=100,
            max=100_000,
            show_default=False,
        ),
    ] = None,
    seed: options.Seed = options.SEED,
    workers: options.WorkerCount = 1,
    scheduler: options.Scheduler = None,
    backend: options.BackendName = DEFAULT,
    json: options.Json = None,
    save: Annotated[
        str | None,
        typer.Option(help="Keep the run, chains and all (NetCDF, for ArviZ too).", metavar="PATH"),
    ] = None,
    again: Annotated[
        str | None,
        typer.Option(
            help="Report a run kept with --save instead of testing; samples nothing. Takes "
            "--rope, --reference, --cycle, --rope-affinity, --block-order, --baselines, --workers, "
            "--scheduler, --json, --figures, --bibtex and --quiet beside it.",
            metavar="PATH",
        ),
    ] = None,
    figures: Annotated[
        str | None,
        typer.Option(
            help="Write the figures there: potential, evidence, sensitivity, log-ratio, network, "
            "cycles and entropy production, PNG.",
            metavar="DIR",
        ),
    ] = None,
    bibtex: Annotated[
        str | None,
        typer.Option(
            help="Write what to cite: BibTeX of exactly the methods and software used.",
            metavar="FILE",
        ),
    ] = None,
    quiet: Annotated[
        bool,
        typer.Option(
            "--quiet",
            "-q",
            help="Print the verdict and doubts about the data only; no progress bar.",
        ),
    ] = False,
) -> None:
    """Test whether counted transitions obey detailed balance.

    By Markov chains (MCMC), some 20 seconds on a dozen states; --fast does without, in seconds.
    Tables of more than 150 parameters (some 12 states all joined) are left to NUTS on a PyMC
    model, which takes up to a minute to compile first.

    Prints a summary: the verdict, checks of the sampling, whether these counts can tell at all,
    the log Bayes factor with its error and its sensitivity to the prior, the size of the violation,
    the potential of every state, the cycles that break balance, currents and entropy production,
    and what was assumed. For one path also the exact evidence of a reinforced walk against
    unrestricted rows, in closed form.
    """
    options.check_source(context, counts, again, _WITH_AGAIN)
    for path in (json, save, bibtex):
        console.check_output(path)
    if bibtex == "-":
        raise UsageError("--bibtex writes a file; give one instead of -")
    if save == "-":
        raise UsageError("--save writes NetCDF, which needs a file; give one instead of -")
    if save is not None:
        check_target(save)
    if save is not None and fast:
        raise UsageError("--save keeps the chains of MCMC, and --fast has none; leave one out")
    if not baselines and (workers != 1 or scheduler is not None):
        raise UsageError("--workers and --scheduler share the work of --baselines; add it")
    where = options.workers_of(workers, scheduler)
    if figures is not None:
        console.make_folder(figures)
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
            draws=draws,
            seed=seed,
            backend=backend,
            quiet=quiet,
        )
    result = run.result
    written = [path for path in (json, bibtex) if path is not None and path != "-"]
    unkept = None if save is None else _keep(result, save)
    beside = run.diagnosed(simpler=baselines, workers=where)
    if json == "-":
        if result.exit_status:
            console.note(f"equipoise: {console.one_line(result.verdict.text)}")
        console.write(to_json(result, beside))
    else:
        console.write(short_text(beside) if quiet else summary(result, beside))
        if baselines:
            console.write("\n" + "\n".join(_baselines(beside)))
        if json is not None:
            console.write_file(json, to_json(result, beside))
    if bibtex is not None:
        console.write_file(bibtex, cite(beside))
    if figures is not None:
        from equipoise.plots import save_figures

        pictures = [
            os.fspath(path) for path in save_figures(result, figures, violation=beside.violation)
        ]
        if json != "-" and not quiet:
            console.write("\nFigures  " + console.one_line(", ".join(pictures)))
    if written and json != "-" and not quiet:
        console.tell_written(written)
    if unkept is not None:
        raise unkept
    if save is not None and json != "-" and not quiet:
        console.write(
            f"\nSaved    {console.one_line(save)}; `equipoise test --again` reports it anew"
        )
    raise typer.Exit(result.exit_status)


def _baselines(found: Diagnosis) -> list[str]:
    if found.baselines is None:
        return wrap(f"Baselines were not computed: {found.no_baselines}")
    return baseline_lines(found.baselines)


def _keep(result: BalanceTest, path: str) -> UsageError | None:
    """Save a run before anything is printed, for a reader may hang up; return what went wrong."""
    try:
        keep_run(result, path)
    except UsageError as error:
        return error
    return None
