"""``equipoise calibrate``, as it is typed."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from calibration_records import HEADER, exact_records

from equipoise.cli import calibrate as cli
from equipoise.cli import main
from equipoise.inference.calibration.controls import shifted
from equipoise.inference.calibration.store import SCHEMA, Journal


@pytest.fixture(scope="module")
def journals(tmp_path_factory):
    folder = tmp_path_factory.mktemp("journals")
    right = exact_records(1200, np.random.default_rng(31))
    for name, records in (("right", right), ("wrong", shifted(right, 0.6))):
        with Journal(folder / f"{name}.jsonl", {"schema": SCHEMA, **HEADER}):
            pass
        with (folder / f"{name}.jsonl").open("a") as file:
            for record in records:
                file.write(json.dumps(vars(record)) + "\n")
    return folder


@pytest.fixture
def run(capsys):
    """Run a command in this process; return its exit status and what it wrote."""

    def run(*arguments):
        status = main(["calibrate", *arguments])
        captured = capsys.readouterr()
        return SimpleNamespace(returncode=status, stdout=captured.out, stderr=captured.err)

    return run


def test_a_right_one_exits_0_and_says_what_it_could_have_seen(program, journals):
    done = program("calibrate", "check", str(journals / "right.jsonl"))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Calibrated as far as 1,200 data sets can tell")
    assert "Reliability" in done.stdout
    assert " NO" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 100


def test_a_wrong_one_exits_3_and_names_the_statement(run, journals):
    done = run("check", str(journals / "wrong.jsonl"))
    assert done.returncode == 3
    assert done.stdout.startswith("Not calibrated")
    failed = [line for line in done.stdout.splitlines() if line.endswith("NO")]
    assert any(line.strip().startswith("crossed p") for line in failed)


def test_json_and_figures(run, journals, tmp_path):
    done = run(
        *("check", str(journals / "right.jsonl"), "--json", "-"),
        *("--figures", str(tmp_path / "figures")),
    )
    content = json.loads(done.stdout)
    assert content["schema"] == "equipoise.calibration-check/1"
    assert content["holds"] is True
    assert content["datasets"]["balance"] == content["datasets"]["cyclic"] == 600
    assert sum(content["datasets"]["graphs"].values()) == 1200
    assert len(content["claims"]) == 4 + 7 + 2
    assert content["not_judged"] == []
    assert sorted(file.name for file in (tmp_path / "figures").iterdir()) == [
        "ranks.png",
        "reliability.png",
    ]


def test_a_run_and_its_check(run, tmp_path):
    journal = tmp_path / "few.jsonl"
    done = run("run", "--datasets", "2", "--output", str(journal))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"2 data sets computed; {journal} holds 2.\n")
    assert "lacks 19 more from balance and 19 more cyclic." in done.stdout
    assert "--datasets 40" in done.stdout
    assert "calibrate check" not in done.stdout
    assert run("run", "--datasets", "2", "--output", str(journal)).stdout.startswith(
        "0 data sets computed"
    )
    short = run("check", str(journal))
    assert short.returncode == 2
    assert "run more" in short.stderr


def test_a_run_that_holds_enough_leads_to_its_check(journals, capsys, monkeypatch):
    """The journal holds 1,200, whatever --datasets asks for."""
    monkeypatch.setattr(cli, "run_journal", lambda *_, **__: 0)
    path = journals / "right.jsonl"
    assert main(["calibrate", "run", "--datasets", "2", "--output", str(path)]) == 0
    assert capsys.readouterr().out == (
        f"0 data sets computed; {path} holds 1,200.\nNext: equipoise calibrate check {path}\n"
    )


@pytest.mark.parametrize("name", ["right.jsonl", "not begun.jsonl"])
def test_an_interrupted_run_says_how_far_it_came(journals, capsys, monkeypatch, name):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "run_journal", interrupt)
    path = str(journals / name)
    assert main(["calibrate", "run", "--datasets", "1300", "--output", path]) == 130
    captured = capsys.readouterr()
    done = "1,200" if name == "right.jsonl" else "0"
    assert captured.err == (
        f"equipoise: stopped: {done} of 1,300 done; the same command continues\n"
    )
    assert captured.out == ""


@pytest.mark.parametrize("command", [[], ["run"], ["check"]])
def test_help_teaches_by_examples(run, command):
    done = run(*command, "--help")
    assert done.returncode == 0
    assert "Examples" in done.stdout


def test_no_such_journal(run, tmp_path):
    done = run("check", str(tmp_path / "none.jsonl"))
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
