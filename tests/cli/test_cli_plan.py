"""``equipoise plan``: what is typed, and what comes of it."""

import json

import pytest

from equipoise.cli import main


def test_text_json_and_figure(table, tmp_path, capsys):
    figure, value = tmp_path / "outlook.svg", tmp_path / "plan.json"
    arguments = ["plan", table, "--trials", "900", "--simulations", "39", "--spread", "informative"]
    arguments += ["--cycle", 'A,"B",C', "--affinity", "-1", "--json", str(value)]
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
        (["--cycle", "A,B,C"], "affinity"),
        (["--cycle", "A,B,C", "--violation", "1"], "leave one out"),
        (["--cycle", "A,B,D", "--affinity", "1"], "there is no state 'D'"),
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


def test_help_teaches(capsys):
    assert main(["plan", "--help"]) == 0
    shown = capsys.readouterr().out
    for words in ("--violation", "--cycle", "--spread", "Examples", "Exit status"):
        assert words in shown
