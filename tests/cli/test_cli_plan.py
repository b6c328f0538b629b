"""``equipoise plan``: what is typed, and what comes of it."""

import json
from importlib import import_module

import pytest

from equipoise.cli import main


def test_text_json_and_figure(table, tmp_path, capsys):
    figure, value = tmp_path / "outlook.svg", tmp_path / "plan.json"
    arguments = ["plan", table, "--trials", "900", "--simulations", "39", "--spread", "informative"]
    arguments += ["--cycle", 'A > "B" > C', "--affinity", "-1", "--json", str(value)]
    assert main([*arguments, "--figure", str(figure)]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    assert "Outlook  log BF of all trials, further ones over sources as recommended" in shown.out
    assert "affinity -1 round A → B → C → A" in shown.out
    assert shown.out.endswith(f"Figure   {figure}\n")
    assert figure.read_text(encoding="utf-8").startswith("<?xml")
    found = json.loads(value.read_text(encoding="utf-8"))
    assert found["schema"] == "equipoise.plan/1"
    assert [row["trials"] for row in found["outlook"]] == [900] * 2
    assert found["assumed"]["cycle"] == ["A", "B", "C"]
    assert found["assumed"]["affinity"] == -1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--trials", "many"], "whole numbers"),
        (["--trials", "0"], "further"),
        (["--cycle", "A > B > C"], "--cycle and --affinity belong together: give both or neither"),
        (["--affinity", "1"], "--cycle and --affinity belong together: give both or neither"),
        (["--cycle", "A > B > C", "--rho", "1"], "--rho and --cycle are two ways"),
        (["--cycle", "A > B > D", "--affinity", "1"], "there is no state 'D'"),
        (["--cycle", "A,B,C", "--affinity", "1"], """takes states in order, "A > B > C", not"""),
        (["--cycle", "a\rb,c > A > B", "--affinity", "1"], "holds a control character"),
        (["--violation", "1"], "No such option: --violation"),
        (["--protocol", "draws", "--trajectory"], "says that there is none"),
        (["--figure", "plan"], "ending"),
        (["--simulations", "10"], "39"),
    ],
)
def test_bad_usage_is_one_line(arguments, words, table, capsys):
    assert main(["plan", table, *arguments]) == 2
    shown = capsys.readouterr()
    assert words in shown.err
    assert shown.err.count("\n") == 1
    assert shown.out == ""


@pytest.mark.parametrize("ending", ["xyz", "gif", "PNG", "csv", "\x1b[2J"])
def test_an_unknown_ending_is_refused_before_anything_is_simulated(
    ending, table, tmp_path, monkeypatch, capsys
):
    def fail(*arguments, **options):
        raise AssertionError

    monkeypatch.setattr(import_module("equipoise.cli.plan"), "make_plan", fail)
    assert main(["plan", table, "--figure", str(tmp_path / f"plan.{ending}")]) == 2
    shown = capsys.readouterr()
    assert "--figure takes names that end in .png, .svg, .pdf, not in" in shown.err
    assert shown.err.count("\n") == 1
    assert shown.err[:-1].isprintable()


def test_a_path_is_planned_for(tmp_path, capsys):
    path = tmp_path / "path.txt"
    path.write_text("\n".join("aabcabbcacbaabcaacbb" * 4) + "\n")
    more = ["--trials", "900", "--simulations", "39"]
    assert main(["plan", str(path), "--trajectory", *more]) == 0
    shown = capsys.readouterr().out
    assert "a longer path spreads its trials as so far" in " ".join(shown.split())
    table = tmp_path / "counts.csv"
    table.write_text(",a,b,c\na,9,8,7\nb,6,9,9\nc,9,7,9\n")
    assert main(["plan", str(table), "--protocol", "trajectory", *more]) == 0
    again = capsys.readouterr().out
    assert "a longer path spreads its trials as so far" in " ".join(again.split())


def test_help_teaches(capsys):
    assert main(["plan", "--help"]) == 0
    shown = capsys.readouterr().out
    for words in (
        "--rho",
        "--cycle",
        "--trajectory",
        "--protocol",
        "--spread",
        "Examples",
        "Exit status",
    ):
        assert words in shown
