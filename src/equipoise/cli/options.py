"""Options that several commands take, each described once."""

from typing import Annotated, Literal

import typer

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
