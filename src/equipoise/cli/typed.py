"""What was typed, put together again from what the parser understood: for the head of a page."""

import shlex
from pathlib import PurePath

import typer

# Parameters that are paths: folders are nobody's business.
_PATHS = {"again", "counts", "figures", "json", "latex", "output", "report", "save", "tables"}


def command_line(context: typer.Context) -> str:
    """Return the command with its arguments and the options given, paths without their folders."""
    arguments: list[str] = []
    options: list[str] = []
    for parameter in context.command.params:
        name = parameter.name or ""
        source = context.get_parameter_source(name)
        if source is None or source.name != "COMMANDLINE":
            continue
        value = context.params[name]
        for one in value if isinstance(value, list | tuple) else [value]:
            shown = PurePath(one).name if name in _PATHS and one != "-" else str(one)
            if parameter.param_type_name == "argument":
                arguments.append(shown)
            elif isinstance(one, bool):
                options.append(_flag(parameter.opts, parameter.secondary_opts, one))
            else:
                options += [max(parameter.opts, key=len), shown]
    return shlex.join([*context.command_path.split(), *arguments, *options])


def _flag(opts: list[str], secondary: list[str], value: bool) -> str:
    return max(opts if value or not secondary else secondary, key=len)
