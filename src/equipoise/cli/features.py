"""``equipoise features``: is a potential explained by features of its states."""

from typing import Annotated

import typer

from equipoise.cli import console, options
from equipoise.cli.counts import read_counts
from equipoise.errors import DataError
from equipoise.inference.features import FeatureTable, explain, read_features
from equipoise.inference.features.explain import DRAWS
from equipoise.report.features import features_summary
from equipoise.report.features_contract import features_json
from equipoise.text import listed

EPILOG = """
    \b
    Examples
        equipoise features counts.csv features.csv
        equipoise features counts.csv features.csv --json - | jq .share.mean
        equipoise features counts.csv vectors.csv --embedding --figures figures
        equipoise features counts.csv features.csv --predict "new state"
    \b
    Features, a row a state, its label first, a column a feature (categories as 0 and 1):
        state,length,is_weekend
        monday,6,0
        sunday,6,1
    \b
    States in this table that the counts do not tell of are predicted.
    """


def features(
    counts: Annotated[
        str, typer.Argument(metavar="COUNTS", help="Counts, as for `equipoise test`.")
    ],
    table: Annotated[
        str,
        typer.Argument(
            metavar="FEATURES", help="CSV: a row a state, its label first, a column a feature."
        ),
    ],
    embedding: Annotated[
        bool,
        typer.Option(
            "--embedding",
            help="Columns are coordinates in which alike states have alike potentials (a Gaussian "
            "process); any number of them. Default: each column has a coefficient.",
        ),
    ] = False,
    predict: Annotated[
        list[str] | None,
        typer.Option(
            help="Predict this state only, of those the counts do not tell of; repeat it. Default: "
            "all of them.",
            metavar="STATE",
            show_default=False,
        ),
    ] = None,
    scale: Annotated[
        float | None,
        typer.Option(
            help="Prior scale of what features explain, nats. Default: that of the potential, 5.",
            metavar="NATS",
            min=0.01,
            max=100.0,
            show_default=False,
        ),
    ] = None,
    cycle_sd: Annotated[
        float | None,
        typer.Option(
            help="Let balance be broken by cycles of this σ_c, nats. Default: balance.",
            metavar="NATS",
            min=0.01,
            max=100.0,
            show_default=False,
        ),
    ] = None,
    fast: Annotated[
        bool,
        typer.Option(
            "--fast",
            help="Taken as by other commands, and changes nothing: features are always computed "
            "by Laplace and importance sampling, without MCMC.",
        ),
    ] = False,
    no_scores: Annotated[
        bool,
        typer.Option(
            "--no-scores", help="Leave out how well each state is told by the others: faster."
        ),
    ] = False,
    rejected: options.Rejected = "stay",
    no_stay: options.NoStay = False,
    draws: Annotated[
        int,
        typer.Option(help="Importance draws at each scale.", metavar="N", min=100, max=100_000),
    ] = DRAWS,
    seed: options.Seed = options.SEED,
    json: options.Json = None,
    figures: Annotated[
        str | None,
        typer.Option(
            help="Write the figures there: coefficients, inferred against explained, PNG.",
            metavar="DIR",
        ),
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print the verdict only, no progress bar.")
    ] = False,
) -> None:
    """Explain the potential by features of the states.

    Prints whether features explain it (log Bayes factor against none), how much of its spread,
    each feature's coefficient, the potential predicted for states without counts, and how well
    each state is told by the others. All given balance: run `equipoise test` first.
    """
    del fast  # there is no other way
    console.check_output(json)
    if figures is not None:
        console.make_folder(figures)
    given = read_features(table)
    transitions = read_counts(counts, no_stay=no_stay)
    if predict:
        given = _chosen(given, transitions.states, predict)
    with console.ProgressBar(shown=not quiet) as progress:
        found = explain(
            transitions,
            given,
            embedding=embedding,
            scale=scale,
            cycle_sd=cycle_sd,
            rejected=rejected,
            scores=not no_scores,
            draws=draws,
            random_seed=seed,
            progress=progress,
        )
    console.write_result(
        json,
        lambda: features_json(found),
        lambda: found.verdict.text if quiet else features_summary(found),
        warning=found.verdict.text if found.exit_status else None,
        told=not quiet,
    )
    if figures is not None:
        from equipoise.plots.features import FEATURE_FIGURES

        drawn = {key: draw(found) for key, draw in FEATURE_FIGURES.items()}
        console.write_pictures(
            drawn, figures, told=json != "-" and not quiet, withheld=not found.converged
        )
    raise typer.Exit(found.exit_status)


def _chosen(given: FeatureTable, known: tuple[str, ...], predict: list[str]) -> FeatureTable:
    """Keep the states of the counts, and those to be predicted."""
    missing = [state for state in predict if state not in given.states]
    if missing:
        raise DataError(
            f"--predict {listed(missing)}: no such state is in the table of features; add a row"
        )
    kept = [state for state in given.states if state in known or state in predict]
    return FeatureTable(tuple(kept), given.names, given.rows(kept))
