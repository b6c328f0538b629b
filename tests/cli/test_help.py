"""The help of every command: what it does, examples that fit its options, its exit status."""

import re
import shlex

import pytest
from typer.main import get_command

from equipoise.cli import app, main


def leaves(command, path=()):
    """Return every command that does something, with the words that call it."""
    names = command.list_commands(None) if hasattr(command, "list_commands") else ()
    if not names:
        return [(path, command)]
    found = []
    for name in names:
        found += leaves(command.get_command(None, name), (*path, name))
    return found


COMMANDS = {" ".join(path): command for path, command in leaves(get_command(app))}


def options_of(command):
    return {word for one in command.params for word in [*one.opts, *one.secondary_opts]}


def test_all_commands_are_looked_at():
    assert {"test", "demo", "report", "compare", "collect", "task check", "calibrate run"} <= set(
        COMMANDS
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_help(name, capsys):
    assert main([*name.split(), "--help"]) == 0
    out = capsys.readouterr().out
    lines = [line.strip() for line in out.splitlines()]
    assert lines[0] == "" or lines[0].startswith("Usage: equipoise")
    summary = next(line for line in lines[1:] if line and not line.startswith("Usage"))
    assert re.match(r"[A-Z]", summary)
    assert max(map(len, out.splitlines())) <= 100
    assert "Examples" in lines
    assert "Exit status: 0 " in out
    options = options_of(COMMANDS[name])
    assert "--help" in out
    assert all(option in out for option in options if option.startswith("--"))


@pytest.mark.parametrize("name", COMMANDS)
def test_examples_fit_the_options(name, capsys):
    main([*name.split(), "--help"])
    out = capsys.readouterr().out
    examples = re.findall(rf"^ *(?:.*\| )?equipoise {name}\b(.*)$", out, flags=re.M)
    assert examples
    known = options_of(COMMANDS[name])
    for example in examples:
        words = shlex.split(example.partition(" | ")[0])
        assert {word for word in words if word.startswith("--")} <= known, example


@pytest.mark.parametrize("name", COMMANDS)
def test_wrong_usage_is_refused_in_one_line(name, capsys):
    assert main([*name.split(), "--no-such-option"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("equipoise: error: ")
    assert captured.err.count("\n") == 1
