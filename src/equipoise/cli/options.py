"""Options that several commands take, each described once."""

from collections.abc import Collection
from typing import Annotated, Literal

import typer

from equipoise.errors import UsageError

SEED = 0

Scales = Annotated[
    Literal["learned", "fixed"],
    typer.Option(help="Whether the prior scales of potential and rates are learned."),
]
Rejected = Annotated[
    Literal["stay", "drop"],
    typer.Option(help="A trial that ended in no state stays where it was, or is dropped."),
]
CycleScale = Annotated[
    float,
    typer.Option(help="τ: prior scale of the cycles, nats.", metavar="NATS", min=0.01, max=100.0),
]
Trajectory = Annotated[
    bool,
    typer.Option(
        "--trajectory",
        help="Read a path: text, a state a line, the start first; a blank line begins another "
        "path. `equipoise test` prints exact evidence beside, if it is one path, or paths that "
        "join end to start.",
    ),
]
NoStay = Annotated[
    bool, typer.Option("--no-stay", help="By protocol a trial cannot end where it began.")
]
Seed = Annotated[int, typer.Option(help="The same seed gives the same result.", metavar="N", min=0)]


def only_reporting(context: typer.Context, allowed: Collection[str]) -> None:
    """Refuse options that --again would have to ignore: all given but those allowed.

    Raises
    ------
    UsageError
        If there are any.
    """
    given = [
        name
        for name in context.params
        if (source := context.get_parameter_source(name)) is not None
        and source.name == "COMMANDLINE"
        and name not in allowed
    ]
    if given:
        names = ", ".join("COUNTS" if n == "counts" else f"--{n.replace('_', '-')}" for n in given)
        raise UsageError(
            f"--again reports a run that is done, and cannot take {names}; test anew without "
            "--again, or leave it out"
        )
