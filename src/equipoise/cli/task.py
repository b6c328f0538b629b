"""``equipoise task``: look at a task, and at what it makes of replies, before anything is paid."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from equipoise.cli import console
from equipoise.errors import UsageError
from equipoise.report.layout import entry, table
from equipoise.sampling.tasks import BUILT_IN, Task, check_replies, load_task
from equipoise.text import listed, printable, quoted

app = typer.Typer(
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    no_args_is_help=True,
    help="What agents are asked, and how their replies are read.",
)

_SHOWN = 40
Name = Annotated[
    str,
    typer.Argument(help=f"{', '.join(BUILT_IN)}, a TOML file, or module:name.", metavar="TASK"),
]


@app.command(
    epilog="""
    \b
    Examples
        equipoise task check weekday replies.txt
        printf 'Friday.\\nI think it is Monday\\n' | equipoise task check weekday
    \b
    Exit status: 0 some reply is a state, 2 bad input or usage, 3 none is.
    """
)
def check(
    task: Name,
    replies: Annotated[
        str, typer.Argument(help="File, one reply a line; - reads standard input.", metavar="FILE")
    ] = "-",
) -> None:
    """Say what a task makes of a handful of pasted replies."""
    found = load_task(task)
    checked = check_replies(found, [line for line in _lines(replies) if line.strip()])
    rows = [["reply", "outcome", "state", "reason"]]
    for item in checked:
        outcome = item.outcome
        state, reason = printable(outcome.state or ""), printable(outcome.reason or "")
        rows.append([printable(item.reply, _SHOWN), outcome.kind, state, reason])
    valid = sum(item.outcome.kind == "state" for item in checked)
    lines = [*_description(found), "", *table(rows, right=[False] * 4), ""]
    lines.append(f"{valid} of {len(checked)} replies are states.")
    console.write("\n".join(lines))
    raise typer.Exit(0 if valid else console.UNTRUSTED)


@app.command(
    epilog="""
    \b
    Examples
        equipoise task show weekday
        equipoise task show mine.toml
    \b
    Exit status: 0 shown, 2 bad input or usage.
    """
)
def show(task: Name) -> None:
    """Show what an agent would be asked."""
    found = load_task(task)
    prompt = found.prompt(found.states[0])
    lines = [*_description(found), ""]
    if prompt.system is not None:
        lines += entry("system", printable(prompt.system, None))
    for turn in prompt.messages:
        lines += entry(turn.role, printable(turn.text, None))
    console.write("\n".join(lines))


def _description(task: Task) -> list[str]:
    kind = "states" if task.closed else "seeds"
    lines = entry("task", f"{printable(task.name)}, {'closed' if task.closed else 'open'}")
    lines += entry(kind, f"{len(task.states)}: {listed(task.states, 12)}")
    lines += entry("parser", printable(task.parser, None))
    return [*lines, *entry("template", f"SHA-256 {task.template_sha256[:16]}")]


def _lines(path: str) -> list[str]:
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or printable(error)
        raise UsageError(f"{quoted(path, 200)} cannot be read ({reason}); check the path") from None
    return text.split("\n")
