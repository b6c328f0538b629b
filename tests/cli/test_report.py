"""``equipoise report``."""

import json
import os
import re
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from sampled import KERNEL, OTHER_KERNEL, blocked

from equipoise.cli import main
from equipoise.counts import TransitionCounts

# Of "A > B > C" and its like, on a table of states A, B and C without blocks.
BESIDE = (
    (["--cycle", "A > B > D"], "there is no state 'D'"),
    (["--cycle", "A > B"], "at least three different states"),
    (["--cycle", "A > B > C > A"], "at least three different states"),
    (["--cycle", "ABC"], """takes states in order, "A > B > C", not 'ABC'"""),
    (["--cycle", "A > B > C", "--cycle", "A > > C"], "has an empty name"),
    (["--cycle", 'A > "B > C'], "has a quote that does not end a name"),
    (["--cycle", "a\rb > A > C"], "holds a control character"),
    (["--cycle", ""], "has an empty name"),
    (["--rope-affinity", "0"], "--rope-affinity must be a positive number of nats, not 0.0"),
    (["--rope-affinity", "nan"], "--rope-affinity must be a positive number of nats, not nan"),
    (["--block-order", "Mon > Tue"], "these counts have none"),
)


@pytest.fixture
def unlike(tmp_path):
    """Return the path of a table whose two blocks do not draw from one kernel."""
    path = tmp_path / "blocks.csv"
    blocked([KERNEL, OTHER_KERNEL], 3000, np.random.default_rng(5)).to_csv(path)
    return str(path)


def test_report_and_tables(table, tmp_path, capsys):
    page, folder = tmp_path / "report.html", tmp_path / "tables"
    arguments = ("report", table, "--fast", "--output", str(page), "--tables", str(folder))
    assert main([*arguments, "--seed", "3", "--title", "A & B"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    assert captured.out.startswith("Undecided")
    assert "Written  " in captured.out
    text = page.read_text(encoding="utf-8")
    assert "<h1>A &amp; B</h1>" in text
    assert "seed 3" in text
    head = " ".join(text.partition("<nav")[0].split())
    assert f"<dt>source</dt><dd>{Path(table).name}</dd>" in head
    command = f"equipoise report {Path(table).name} --output report.html --tables tables"
    assert f"<dd>{command} --title &#39;A &amp; B&#39; --fast --seed 3</dd>" in head
    assert re.search(r"<dt>made</dt><dd>\d{4}-\d\d-\d\d \d\d:\d\d UTC, by Equipoise", head)
    assert str(tmp_path) not in text  # folders are nobody's business
    names = ("baselines", "cycles", "edges", "least-action", "potential", "sensitivity")
    files = [f"{n}.{end}" for n in names for end in ("csv", "tex")]
    assert sorted(os.listdir(folder)) == sorted([*files, "counts.csv", "currents.tex"])
    again = TransitionCounts.from_file(folder / "counts.csv")
    assert again.counts.toarray().tolist() == [[362, 126, 60], [136, 90, 68], [50, 79, 124]]
    assert (folder / "edges.csv").read_text().splitlines()[1].startswith('"A","B",126,136,')
    assert r"\toprule" in (folder / "potential.tex").read_text()


def test_what_cannot_be_is_refused_before_anything_is_tested(table, tmp_path, monkeypatch, capsys):
    def fail(*arguments, **options):
        raise AssertionError

    monkeypatch.setattr(import_module("equipoise.cli.run"), "test_balance", fail)
    for arguments, words in (
        (["report"], "no COUNTS given"),
        (["report", table, "--output", str(tmp_path)], "is a directory"),
        (["report", table, "--output", str(tmp_path / "no" / "r.html")], "there is no directory"),
        (["report", table, "--tables", table], "is a file"),
        (["report", table, "--again", "run.nc"], "cannot take COUNTS"),
        (["report", "--again", "run.nc", "--fast"], "cannot take --fast"),
    ):
        assert main(arguments) == 2
        assert words in capsys.readouterr().err
    for arguments, words in BESIDE:
        for command in ("test", "report"):
            assert main([command, table, *arguments]) == 2
            shown = capsys.readouterr()
            assert words in shown.err
            assert shown.err.count("\n") == 1
            assert shown.out == ""
    assert os.listdir(tmp_path) == ["counts.csv"]


def test_a_kept_run_is_reported(saved_run, tmp_path, capsys):
    page = tmp_path / "report.html"
    assert main(["report", "--again", str(saved_run.path), "--output", str(page), "-q"]) == 0
    text = page.read_text(encoding="utf-8")
    assert "Hamiltonian Monte Carlo, 8 chains" in text
    assert "gelman1998" in text
    assert capsys.readouterr().out.count("\n") == 1


def test_quiet_does_not_hide_what_the_checks_of_the_sampling_doubt(unlike, tmp_path, capsys):
    page = str(tmp_path / "report.html")
    few = ["--fast", "--scales", "fixed"]
    assert main(["test", unlike, *few, "--draws", "200", "--quiet"]) == 0
    verdict, caveat = capsys.readouterr().out.splitlines()
    assert "log BF" in verdict
    assert caveat.startswith("The verdict takes the trials as independent draws from one")
    assert "blocks suspect" in caveat
    assert main(["report", unlike, "--output", page, *few]) == 0
    shown, _, written = capsys.readouterr().out.partition("\n\nWritten  ")
    assert " ".join(shown.split()).endswith(f". {caveat}")
    assert max(map(len, shown.splitlines())) <= 100
    assert written == f"{page}\n"


@pytest.mark.slow
def test_an_order_of_blocks_and_a_size_of_affinities_are_passed_on(
    tmp_path, saved_run, monkeypatch, capsys
):
    path = tmp_path / "blocks.csv"
    ramp = [KERNEL + (OTHER_KERNEL - KERNEL) * b / 5 for b in (3, 0, 5, 2, 1, 4)]
    blocked(ramp, 600, np.random.default_rng(12)).to_csv(path)
    arguments = ["test", str(path), "--fast", "--draws", "200", "--json", "-"]
    order = ["--block-order", '1 > 4 > 3 > 0 > "5"']
    assert main([*arguments, *order]) == 2
    assert "must name each of the 6 blocks once" in capsys.readouterr().err
    drifts, ropes = [], []
    for more in ([], ["--block-order", "1>4>3>0>5>2", "--rope-affinity", "0.7"]):
        assert main([*arguments, *more]) == 0
        found = json.loads(capsys.readouterr().out)
        checks = {row["check"]: row["status"] for row in found["sampling"]["checks"]}
        drifts.append(checks["drift"])
        ropes.append(found["violation"]["rope_affinity"])
    assert drifts == ["fine", "suspect"]
    assert ropes == [0.3, 0.7]
    kept = ["test", "--again", str(saved_run.path), "--json", "-"]
    assert main([*kept, "--rope-affinity", "0.7", "--cycle", "6+ > 0 > 1-5"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["violation"]["rope_affinity"] == 0.7
    assert main([*kept, "--block-order", "1 > 2"]) == 2
    assert "these counts have none" in capsys.readouterr().err
