"""`--workers` and `--scheduler`: the same two options of every command that shares its work."""

from importlib import import_module

import pytest
from typer.main import get_command

from equipoise.cli import app, main
from equipoise.errors import UsageError
from equipoise.parallel import Workers

# `large` has three jobs for one table, which processes of this machine do: nothing to send.
HERE_ONLY = {"large"}
# What a command is given besides, and the function that is to hear where the work is done.
COMMANDS = {
    "calibrate run": (["--output", "a.jsonl"], "calibrate", "run_journal"),
    "compare": (["counts.csv", "counts.csv", "--name", "a", "--name", "b"], "compare", None),
    "plan": (["counts.csv"], "plan", "make_plan"),
    "report": (["counts.csv", "--fast"], "run", "diagnose"),
    "test": (["counts.csv", "--fast", "--baselines"], "run", "diagnose"),
}
NOWHERE = ["--scheduler", "tcp://127.0.0.1:1"]


def leaves(command, path=()):
    """Yield every command with its name."""
    names = command.list_commands(None) if hasattr(command, "list_commands") else ()
    if not names:
        yield " ".join(path), command
    for name in names:
        yield from leaves(command.get_command(None, name), (*path, name))


def test_no_command_has_one_without_the_other_and_all_say_the_same():
    said = {}
    for name, command in leaves(get_command(app)):
        if name in HERE_ONLY:
            continue
        for one in command.params:
            if one.name in ("workers", "scheduler"):
                said.setdefault(one.name, {})[name] = (one.opts[0], one.help, one.metavar)
    assert set(said["workers"]) == set(said["scheduler"]) == set(COMMANDS)
    assert all(len(set(words.values())) == 1 for words in said.values())


@pytest.mark.parametrize("name", COMMANDS)
def test_the_work_is_done_where_it_was_asked_for(name, table, tmp_path, monkeypatch, capsys):
    given, module, function = COMMANDS[name]
    heard = []

    def hear(*_, workers, **__):
        heard.append(workers)
        raise UsageError("heard")

    monkeypatch.chdir(tmp_path)
    command = import_module(f"equipoise.cli.{module}")
    monkeypatch.setattr(command, function or "compare_kernels", hear)
    if function == "diagnose":
        monkeypatch.setattr(command, "test_balance", lambda *_, **__: None)
    for options in ([], ["--workers", "3"]):
        assert main([*name.split(), *given, *options]) == 2
        assert "heard" in capsys.readouterr().err
    assert heard == [Workers(), Workers(3)]


@pytest.mark.parametrize("name", COMMANDS)
def test_workers_that_cannot_be_had_are_told_before_any_work(
    name, table, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    assert main([*name.split(), *COMMANDS[name][0], "--workers", "2", *NOWHERE]) == 2
    assert "leave one out" in capsys.readouterr().err
    pytest.importorskip("distributed")
    monkeypatch.setattr("equipoise.parallel.cluster._SECONDS_TO_ANSWER", 0.1)
    assert main([*name.split(), *COMMANDS[name][0], *NOWHERE]) == 2
    assert "no dask scheduler answers at 'tcp://127.0.0.1:1'" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["counts.csv"]


def test_workers_without_work_are_refused(table, capsys):
    for options in (["--workers", "2"], NOWHERE):
        assert main(["test", table, "--fast", *options]) == 2
        assert "share the work of --baselines" in capsys.readouterr().err
