"""The program ``equipoise``: its commands, and how every failure is told in a line."""

import sys
from collections.abc import Sequence
from importlib import import_module
from inspect import cleandoc
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from equipoise.cli import console
from equipoise.errors import DataError, EquipoiseError, NotTrustedError
from equipoise.text import quoted

_STATUS = """
    \b
    Exit status: 0 a result to be trusted (undecided and untestable are results), 2 bad
    input or usage, 3 it ran but is not to be trusted.
    """
# Name: the first sentence of its help, and what stands below it; None where its module says so.
# The rest of a command is in the module of its name.
_COMMANDS: dict[str, tuple[str, str | None]] = {
    "test": (
        "Test whether counted transitions obey detailed balance.",
        """
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
        """,
    ),
    "demo": (
        "Test the bundled data of three language models, and draw them.",
        """
        \b
        Examples
            equipoise demo
            equipoise demo --output somewhere --seed 1
        """,
    ),
    "evidence": (
        "Compute the log Bayes factor by several methods, and say whether they agree.",
        """
        \b
        Examples
            equipoise evidence counts.csv
            equipoise evidence counts.csv --methods laplace,bridge --scales fixed
            equipoise evidence path.txt --trajectory
        \b
        Exit status: 0 all answer and agree, 2 bad input or usage, 3 not all agree or answer.
        """,
    ),
    "plan": (
        "Say what these counts can tell, what more trials would tell, and which to make next.",
        None,
    ),
    "collect": (
        "Ask a language model again and again, and keep every draw.",
        """
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
        """,
    ),
    "report": (
        "Write a report that a referee reads top to bottom: one HTML file, no network, no script.",
        """
        \b
        Examples
            equipoise report counts.csv --output report.html
            equipoise report counts.csv --fast --tables tables
            equipoise report --again run.nc --output report.html
        """,
    ),
    "compare": (
        "Compare kernels (models, prompts, temperatures): have they one potential, or many.",
        """
        \b
        Examples
            equipoise compare claude.csv gemini.csv --json comparison.json
            equipoise compare all.csv --by model --figures figures
            equipoise compare run.db --by temperature --fast
        """,
    ),
    "features": ("Explain the potential by features of the states.", None),
    "large": (
        "Test detailed balance on thousands of states with few neighbours each.",
        """
        \b
        Examples
            equipoise large counts.parquet
            equipoise large counts.parquet --json - | jq .verdict
            equipoise large counts.parquet --fast
        """,
    ),
    "runs": (
        "List the runs of a store, show one, or write its counts and draws.",
        """
        \b
        Examples
            equipoise runs run.db
            equipoise runs run.db --run 1
            equipoise runs run.db --run 1 --counts counts.csv --draws draws.parquet
        \b
        Exit status: 0 done, 2 bad input or usage, or no such store.
        """,
    ),
    "fetch": (
        "Fetch a model for `equipoise collect --client local`, and check its SHA-256.",
        """
        \b
        Examples
            equipoise fetch
            equipoise fetch smollm2-135m
        \b
        Exit status: 0 it is there and right, 2 it cannot be fetched.
        """,
    ),
    "task": ("What agents are asked, and how their replies are read.", None),
    "doctor": (
        "Say what is installed, what is missing, and how to get it.",
        """
        \b
        Examples
            equipoise doctor
            equipoise doctor --load
        \b
        Exit status: 0 all that is needed is here, 3 something is missing.
        """,
    ),
    "calibrate": (
        "Is Equipoise calibrated? Simulate from its own priors, infer, compare with the truth.",
        None,
    ),
}


class _Commands(TyperGroup):
    """The commands, each loaded when it is asked for: all together import SciPy whole."""

    def __init__(self, **attrs: Any) -> None:
        super().__init__(**attrs)
        self.commands = {
            name: TyperCommand(name, help=said) for name, (said, _) in _COMMANDS.items()
        }

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Load a command."""
        del ctx
        return _load(cmd_name) if cmd_name in _COMMANDS else None

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the list of commands, none of them loaded."""
        del ctx
        rows = [(name, said) for name, (said, _) in _COMMANDS.items()]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def _load(name: str) -> Any:
    """Return a command, which may have commands of its own."""
    module = import_module(f"equipoise.cli.{name}")
    if hasattr(module, "app"):
        return get_command(module.app)
    one = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)
    epilog = _COMMANDS[name][1] or str(getattr(module, "EPILOG", ""))
    epilog = cleandoc(epilog)  # as typer does, but before anything is put below it
    epilog += "" if "Exit status" in epilog else "\n" + cleandoc(_STATUS)
    one.command(name=name, epilog=epilog)(getattr(module, name))
    return get_command(one)


app = typer.Typer(
    name="equipoise",
    cls=_Commands,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    no_args_is_help=True,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from equipoise import __version__

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

    Give it counts of transitions from state to state: of an agent driven by a language model, a
    simulation, a record. It says whether they obey detailed balance (in the long run every step
    is as frequent as its reverse, so that nothing drives the states round a cycle), how sure that
    is, which potential they follow, and where and by how much balance breaks; and says so when the
    data cannot tell.
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and return its exit status; no failure shows a traceback.

    A failure is one line on standard error, but for a file with several faults: a line for each.

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
        return _refuse(_of_usage(error))
    except (KeyboardInterrupt, typer.Abort):
        return console.INTERRUPTED
    except MemoryError:
        return _refuse("these counts need more memory than there is; test fewer states or draws")
    return status if isinstance(status, int) else 0


def _of_usage(error: typer.TyperException) -> str:
    """Return what is wrong with what was typed, and what that was, in words of our own."""
    message = error.format_message()
    message = message.replace(": Value error, ", ": ").replace(": Input should be", ": it must be")
    message = message.partition(", unable to parse")[0]
    checked = getattr(error.__context__, "errors", None)
    for fault in checked() if callable(checked) else ():
        given = quoted(str(fault.get("input")))
        message += "" if given in message else f", not {given}"
    return message


def _refuse(message: object) -> int:
    if isinstance(message, DataError) and message.faults:
        lines = [f"{message.heading}:", *message.faults]
    else:
        lines = [str(message)]
    head, *others = [console.one_line(line) for line in lines]
    console.note("\n  ".join([f"equipoise: error: {head}", *others]))
    return console.BAD_INPUT
