"""Options that several commands take, each described once, and how labels are written in them."""

import re
from collections.abc import Collection, Sequence
from typing import Annotated, Literal

import typer

from equipoise.errors import UsageError
from equipoise.inference.verdict import ROPE
from equipoise.parallel import Workers, check_workers, hired
from equipoise.text import quoted

SEED = 0

Scales = Annotated[
    Literal["learned", "fixed"],
    typer.Option(
        help="Whether the prior scales of potential and rates are learned from the counts; fixed "
        "is for comparison."
    ),
]
Rejected = Annotated[
    Literal["stay", "drop"],
    typer.Option(
        help="What a trial that ended in no state counts as: stay, staying where it was; drop, "
        "nothing."
    ),
]
CycleScale = Annotated[
    float,
    typer.Option(
        help="τ: how large violations of balance are taken to be beforehand (the prior scale of "
        "c, the part of a log-ratio that no potential explains), nats.",
        metavar="NATS",
        min=0.01,
        max=100.0,
    ),
]
Trajectory = Annotated[
    bool,
    typer.Option(
        "--trajectory",
        help="Read a path instead of counts: text, a state a line, the start first; a blank line "
        "begins another path. Of one path, or paths that join end to start, `equipoise test` "
        "prints exact evidence, too.",
    ),
]
NoStay = Annotated[
    bool,
    typer.Option(
        "--no-stay", help="Say that by protocol no trial can end where it began; else any may."
    ),
]
Cycle = Annotated[
    list[str] | None,
    typer.Option(
        help='A cycle to judge beside those found, states in order: "A > B > C"; one with > in '
        "its name in double quotes: '\"A>1\" > B > C'. Repeat it for others.",
        metavar="STATES",
        show_default=False,
    ),
]
Rope = Annotated[
    float | None,
    typer.Option(
        help=f"A violation ρ below this counts as negligible, nats. Default: {ROPE:g}.",
        metavar="NATS",
        show_default=False,
    ),
]
RopeAffinity = Annotated[
    float,
    typer.Option(
        help="The affinity of a cycle (the sum of log P_ij/P_ji round it) below this counts as "
        "practically nothing, nats.",
        metavar="NATS",
    ),
]
BackendName = Annotated[
    Literal["auto", "numpy", "nutpie", "numpyro"],
    typer.Option(
        help="What runs the chains. numpy: our own, nothing compiled. nutpie: NUTS on a PyMC "
        "model; numpyro: the same through JAX, on a GPU if there is one; needs jax and numpyro. "
        "auto: numpy up to 150 parameters, nutpie beyond."
    ),
]
BlockOrder = Annotated[
    str | None,
    typer.Option(
        help='Blocks in the order of time, to look for drift: "Mon > Tue > Wed". Default: that of '
        "their names, if all are whole numbers or all are dates.",
        metavar="BLOCKS",
        show_default=False,
    ),
]
Protocol = Annotated[
    Literal["draws", "trajectory"] | None,
    typer.Option(
        help="draws: the state in which each trial began was chosen. trajectory: each began where "
        "the one before it ended. Default: what the file says, else draws."
    ),
]
Reference = Annotated[
    list[str] | None,
    typer.Option(help="State at Φ = 0; repeat it for other components.", metavar="STATE"),
]
Json = Annotated[
    str | None,
    typer.Option(
        help="Write the result as JSON; - prints it instead of the summary.", metavar="PATH|-"
    ),
]
Seed = Annotated[int, typer.Option(help="The same seed gives the same result.", metavar="N", min=0)]
WorkerCount = Annotated[
    int,
    typer.Option(
        "--workers",
        help="Processes of this machine that share the work; the result is the same.",
        metavar="N",
        min=1,
        max=1024,
    ),
]
Scheduler = Annotated[
    str | None,
    typer.Option(
        help="A dask scheduler, tcp://HOST:PORT, whose workers share it instead; needs the package "
        "distributed.",
        metavar="ADDRESS",
        show_default=False,
    ),
]


def workers_of(workers: int, scheduler: str | None) -> Workers:
    """Return where the work is done, once a scheduler that is named has answered.

    Raises
    ------
    UsageError
        If both are given, or no scheduler answers, or it has no worker.
    MissingDependencyError
        If a scheduler is given and dask.distributed is not installed.
    """
    found = Workers(workers, scheduler)
    check_workers(found)
    if scheduler is not None:
        with hired(found):  # before any long work, and before a file is written
            pass
    return found


# Blanks round > first, so that a name may hold one without.
_SEPARATORS = (re.compile(r"\s+>\s+"), re.compile(r"\s*>\s*"))
_QUOTED = re.compile(r'"((?:[^"]|"")*)"(?!")')


def labels_of(text: str, known: Sequence[str], option: str) -> list[str]:
    """Return the labels of a text like "A > B > C".

    Blanks stand round each >. A label may be put in double quotes, a quote in it doubled, and must
    be if it holds " > " or begins with a quote. Where the labels so read are not all known, but
    those between any > are, these are meant: "A>B>C".

    Parameters
    ----------
    text
        As typed.
    known
        Labels there are.
    option
        For the message, with its dashes.

    Raises
    ------
    UsageError
        If a label is empty, or a quote does not end one.
    """
    labels = _split(text, _SEPARATORS[0], option)
    if set(labels) <= set(known):
        return labels
    loose = _split(text, _SEPARATORS[1], option)
    return loose if len(labels) == 1 or set(loose) <= set(known) else labels


def cycle_of(text: str, known: Sequence[str]) -> list[str]:
    """Return the states of a cycle given as "A > B > C"; whether there are such is not looked at.

    Raises
    ------
    UsageError
        If there are no states in order.
    """
    labels = labels_of(text, known, "--cycle")
    if len(labels) == 1:
        raise UsageError(f'--cycle takes states in order, "A > B > C", not {quoted(text)}')
    return labels


def _split(text: str, separator: re.Pattern[str], option: str) -> list[str]:
    labels, rest = [], text.strip()
    while True:
        if rest.startswith('"'):
            found = _QUOTED.match(rest)
            after = "" if found is None else rest[found.end() :].lstrip()
            if found is None or not (after == "" or after.startswith(">")):
                raise UsageError(
                    f'{option} {quoted(text)} has a quote that does not end a name: write "A" > '
                    "B > C, and a quote in a quoted name twice"
                )
            label, more, rest = found[1].replace('""', '"'), after != "", after[1:].lstrip()
        else:
            cut = separator.search(rest)
            label, more = rest[: cut.start()] if cut else rest, cut is not None
            rest = rest[cut.end() :] if cut else ""
        if not label.strip():
            raise UsageError(
                f'{option} {quoted(text)} has an empty name: write "A > B > C", and a name that '
                "holds > in double quotes"
            )
        labels.append(label.strip())
        if not more:
            return labels


def check_source(
    context: typer.Context, counts: str | None, again: str | None, allowed: Collection[str]
) -> None:
    """Refuse a command without data, and options that --again would have to ignore.

    Parameters
    ----------
    context
        Of the command.
    counts, again
        Its arguments of these names.
    allowed
        Parameters that --again takes beside it.

    Raises
    ------
    UsageError
    """
    if again is None:
        if counts is None:
            raise UsageError("no COUNTS given; name a file of counts, or a saved run with --again")
        return
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
