"""``equipoise plan``, as it is typed."""

import json


def test_text_json_and_figure(program, table, tmp_path):
    figure = tmp_path / "outlook.svg"
    done = program(
        *("plan", table, "--trials", "500,5000", "--simulations", "39"),
        *("--json", str(tmp_path / "plan.json"), "--figure", str(figure)),
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "Outlook  log BF of all trials" in done.stdout
    assert figure.read_text(encoding="utf-8").startswith("<?xml")
    value = json.loads((tmp_path / "plan.json").read_text(encoding="utf-8"))
    assert value["schema"] == "equipoise.plan/1"
    assert [row["trials"] for row in value["outlook"]] == [500, 5000] * 2


def test_a_cycle_is_named_with_commas(program, table):
    done = program(
        *("plan", table, "--cycle", 'A,"B",C', "--affinity", "1", "--trials", "900"),
        *("--simulations", "39", "--spread", "informative", "--json", "-"),
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["assumed"]["cycle"] == ["A", "B", "C"]


def test_bad_usage_is_one_line(program, table):
    for arguments, words in (
        (("--trials", "many"), "whole numbers"),
        (("--cycle", "A,B,C"), "affinity"),
        (("--cycle", "A,B,C", "--violation", "1"), "leave one out"),
        (("--figure", "plan"), "ending"),
    ):
        done = program("plan", table, *arguments)
        assert done.returncode == 2
        assert words in done.stderr
        assert done.stderr.count("\n") == 1
