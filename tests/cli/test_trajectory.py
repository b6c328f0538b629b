"""``equipoise test PATH.txt --trajectory``, and trajectories that were counted elsewhere."""

import json

import pytest

from equipoise.cli import main
from equipoise.counts import TransitionCounts
from equipoise.inference.evidence import exact

STATES = list("aabcabbcacbaabcaacbb")
FEW = ("--fast", "--draws", "100", "--scales", "fixed")


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "path.txt"
    file.write_text("\n".join(STATES) + "\n")
    return str(file)


def run(capsys, *arguments):
    status = main(arguments)
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_a_path_is_tested_and_its_exact_evidence_stands_beside(path, capsys):
    status, out, err = run(capsys, "test", path, "--trajectory", *FEW)
    assert (status, err) == (0, "")
    assert "\nExact  the path's own evidence" in out
    assert "along 1 trajectory from a" in out
    _, out, _ = run(capsys, "test", path, "--trajectory", *FEW, "--json", "-")
    value = json.loads(out)
    found = exact(TransitionCounts.from_sequences(STATES))
    assert value["data"]["protocol"] == "trajectory"
    assert value["exact"] == {
        "edge_weight": 1.0,
        "reinforced": found.reinforced,
        "unrestricted_matched": found.unrestricted_matched,
        "log_bayes_factor": found.log_bayes_factor,
    }


def test_paths_that_join_and_paths_that_do_not(tmp_path, capsys):
    file = tmp_path / "paths.txt"
    file.write_text("a\nb\na\n\na\nc\nb\n\nb\na\n")
    _, out, _ = run(capsys, "test", str(file), "--trajectory", *FEW, "--json", "-")
    joined = exact(TransitionCounts.from_sequences(list("abacba")))
    assert json.loads(out)["exact"]["log_bayes_factor"] == joined.log_bayes_factor
    file.write_text("a\nb\na\n\nb\nc\nb\n")
    status, out, err = run(capsys, "test", str(file), "--trajectory", *FEW)
    assert (status, err) == (0, "")
    assert "path 1 ends in 'a' and path 2 begins in 'b'" in " ".join(out.split())
    _, out, _ = run(capsys, "test", str(file), "--trajectory", *FEW, "--json", "-")
    assert json.loads(out)["exact"] is None


def test_a_table_that_says_it_is_a_trajectory(tmp_path, table, capsys):
    _, out, _ = run(capsys, "test", table, *FEW, "--json", "-")
    assert json.loads(out)["exact"] is None  # draws, for all it says
    _, out, _ = run(capsys, "test", table, "--protocol", "trajectory", *FEW, "--json", "-")
    value = json.loads(out)["exact"]
    # rain on Alofi: 6+ was left once more often than entered
    assert value["log_bayes_factor"] / 2.302585 == pytest.approx(0.6503, abs=5e-5)
    closed = tmp_path / "closed.csv"
    closed.write_text(",A,B\nA,3,2\nB,2,1\n")
    _, out, _ = run(capsys, "test", str(closed), "--protocol", "trajectory", *FEW)
    assert "do not tell where; give its start" in " ".join(out.split())


def test_standard_input(path, program):
    with open(path, encoding="utf-8") as file:
        done = program("test", "-", "--trajectory", *FEW, "--quiet", stdin=file)
    assert done.returncode == 0
    assert done.stdout.startswith("Undecided: too few data (log BF between ")
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("content", "more", "words"),
    [
        ("A,B,3\nB,A,2\n", (), "looks like a table of counts"),
        ("", (), "the file is empty; write a path, one state a line"),
        ("a\n", (), "line 1: path 1 is a single state"),
        ("a\nb\n", ("--protocol", "draws"), "--protocol draws says that there is none"),
        ("a\na\nb\n", ("--no-stay",), "--no-stay says that no trial can end where it began"),
    ],
)
def test_refused(tmp_path, capsys, content, more, words):
    file = tmp_path / "p.txt"
    file.write_text(content)
    status, out, err = run(capsys, "test", str(file), "--trajectory", *FEW, *more)
    assert (status, out) == (2, "")
    assert words in err
    assert err.count("\n") == 1


def test_a_path_read_as_a_table_is_told_of_trajectory(path, tmp_path, capsys):
    status, _, err = run(capsys, "test", path, *FEW)
    assert status == 2
    assert err.endswith("; if it is a path, a state a line, add --trajectory\n")
    table = tmp_path / "t.csv"
    table.write_text("source,target,count\na,b,3\na,b\n")
    _, _, err = run(capsys, "test", str(table), *FEW)
    assert "--trajectory" not in err


def test_a_saved_run_takes_no_path(path, capsys):
    status, _, err = run(capsys, "test", "--again", path, "--trajectory")
    assert status == 2
    assert "cannot take --trajectory" in err


def test_help_teaches_it(capsys):
    status, out, _ = run(capsys, "test", "--help")
    assert status == 0
    shown = " ".join(out.split())
    assert "--trajectory" in shown
    assert "a state a line" in shown
    assert "equipoise test path.txt --trajectory" in shown
