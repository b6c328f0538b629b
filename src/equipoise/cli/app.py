"""The program ``equipoise``: its commands, and how every failure ends in one line."""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer
from typer.main import get_command

from equipoise import __version__
from equipoise.cli import console
from equipoise.cli.calibrate import app as calibrate
from equipoise.cli.collect import collect
from equipoise.cli.compare import compare
from equipoise.cli.demo import demo
from equipoise.cli.evidence import evidence
from equipoise.cli.features import EPILOG as FEATURES_EPILOG
from equipoise.cli.features import features
from equipoise.cli.fetch import fetch
from equipoise.cli.large import large
from equipoise.cli.plan import EPILOG as PLAN_EPILOG
from equipoise.cli.plan import plan
from equipoise.cli.report import report
from equipoise.cli.runs import runs
from equipoise.cli.task import app as task
from equipoise.cli.test import test
from equipoise.errors import EquipoiseError, NotTrustedError

app = typer.Typer(
    name="equipoise",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    no_args_is_help=True,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        console.write(f"equipoise {__version__}")
        raise typer.Exit


@app.callback(
    epilog="""
    \b
    Begin with
        equipoise demo
        equipoise test counts.csv
    Exit status: 0 a result to be trusted (undecided and untestable are results),
    2 bad input or usage, 3 it ran but is not to be trusted.
    """
)
def _program(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and stop."
        ),
    ] = False,
) -> None:
    """Test detailed balance on counted transitions.

    Equipoise says whether a kernel obeys detailed balance, how sure that is, which potential it
    follows, and where and by how much balance breaks; and says so when the data cannot tell.
    """


app.command(
    epilog="""
    \b
    Examples
        equipoise test counts.csv
        equipoise test counts.csv --json result.json --figures figures
        equipoise test counts.csv --json - | jq .verdict.favours
        equipoise test counts.csv --cycle "sunny > rainy > foggy" --rope-affinity 0.5
        equipoise test days.csv --block-order "Mon > Tue > Wed > Thu > Fri > Sat"
        equipoise test path.txt --trajectory --json - | jq .exact.log_bayes_factor
    \b
    A long table, one row per pair of states (repeated rows add up; an empty target
    is a trial that ended in no state; the column block is optional):
        source,target,count
        sunny,rainy,31
        rainy,sunny,27
        rainy,,4
    \b
    A matrix, labelled on both sides, rows from, columns to:
        ,sunny,rainy
        sunny,40,31
        rainy,27,12
    \b
    A path (--trajectory), a state a line, a blank line between two paths:
        sunny
        sunny
        rainy
        sunny
    """
)(test)

app.command(
    epilog="""
    \b
    Examples
        equipoise demo
        equipoise demo --output somewhere --seed 1
    """
)(demo)

app.command(
    epilog="""
    \b
    Examples
        equipoise evidence counts.csv
        equipoise evidence counts.csv --methods laplace,bridge --scales fixed
        equipoise evidence path.txt --trajectory
    \b
    Exit status: 0 all answer and agree, 2 bad input or usage, 3 not all agree or answer.
    """
)(evidence)

app.command(
    epilog="""
    \b
    Examples
        equipoise large counts.parquet
        equipoise large counts.parquet --json - | jq .verdict
        equipoise large counts.parquet --fast
    """
)(large)

app.command(epilog=PLAN_EPILOG)(plan)

app.command(
    epilog="""
    \b
    Examples
        equipoise collect --task weekday --client local --draws 500
        equipoise collect --task weekday --client simulated --draws 2000 --until decisive
        equipoise collect --task letters --policy growing --model claude-haiku-4-5 --draws 2000
    \b
    Then
        equipoise runs run.db --counts counts.csv
        equipoise test counts.csv
    Exit status: 0 done, or stopped by a limit; 2 bad input or usage; 3 stopped by what the
    server said, or draws without an answer; 130 stopped by Ctrl-C.
    """
)(collect)

app.command(
    epilog="""
    \b
    Examples
        equipoise report counts.csv --output report.html
        equipoise report counts.csv --fast --tables tables
        equipoise report --again run.nc --output report.html
    """
)(report)

app.command(
    epilog="""
    \b
    Examples
        equipoise compare claude.csv gemini.csv --json comparison.json
        equipoise compare all.csv --by model --figures figures
    """
)(compare)

app.command(epilog=FEATURES_EPILOG)(features)

app.command(
    epilog="""
    \b
    Examples
        equipoise runs run.db
        equipoise runs run.db --run 1
        equipoise runs run.db --run 1 --counts counts.csv --draws draws.parquet
    """
)(runs)

app.command(
    epilog="""
    \b
    Examples
        equipoise fetch
        equipoise fetch smollm2-135m
    """
)(fetch)

app.add_typer(task, name="task")

app.add_typer(calibrate, name="calibrate")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and return its exit status; no failure shows a traceback.

    Parameters
    ----------
    arguments
        What follows the name of the program; default: ``sys.argv[1:]``.

    Returns
    -------
    int
        See the docstring of :mod:`equipoise.cli`.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # A terminal without Unicode shows escapes instead of breaking the program.
            stream.reconfigure(errors="backslashreplace")
    given = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    try:
        status = get_command(app).main(args=given, prog_name="equipoise", standalone_mode=False)
    except NotTrustedError as error:
        console.note(f"equipoise: not to be trusted: {console.one_line(error)}")
        return console.UNTRUSTED
    except EquipoiseError as error:
        return _refuse(error)
    except typer.TyperException as error:
        return _refuse(error.format_message())
    except (KeyboardInterrupt, typer.Abort):
        return console.INTERRUPTED
    except MemoryError:
        return _refuse("these counts need more memory than there is; test fewer states or draws")
    return status if isinstance(status, int) else 0


def _refuse(message: object) -> int:
    console.note(f"equipoise: error: {console.one_line(message)}")
    return console.BAD_INPUT
