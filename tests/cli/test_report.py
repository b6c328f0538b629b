"""``equipoise report``."""

import os

from equipoise.cli import main


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
    names = ("cycles", "edges", "potential", "sensitivity")
    assert sorted(os.listdir(folder)) == [f"{n}.{end}" for n in names for end in ("csv", "tex")]
    assert (folder / "edges.csv").read_text().splitlines()[1].startswith('"A","B",126,136,')
    assert r"\toprule" in (folder / "potential.tex").read_text()


def test_what_cannot_be_is_refused_before_anything_is_tested(table, tmp_path, capsys):
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
    assert os.listdir(tmp_path) == ["counts.csv"]


def test_a_kept_run_is_reported(saved_run, tmp_path, capsys):
    page = tmp_path / "report.html"
    assert main(["report", "--again", str(saved_run.path), "--output", str(page), "-q"]) == 0
    text = page.read_text(encoding="utf-8")
    assert "NUTS, 4 chains" in text
    assert "gelman1998" in text
    assert capsys.readouterr().out.count("\n") == 1
