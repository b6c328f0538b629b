"""Bad input and usage: one clear line on standard error, exit status 2, never a traceback."""

import os

import pytest

from equipoise.cli import main

LONG = "source,target,count\n"
FILES = {
    "empty": ("", "the file is empty"),
    "header only": (LONG, "no row below the header"),
    "wrong columns": ("from,to,n\nA,B,1\n", "no column source and target, received from, to, n"),
    "unknown column": ("source,target,number\nA,B,1\n", "number"),
    "negative": (LONG + "A,B,-3\n", "the count '-3' is negative"),
    "fractional": (LONG + "A,B,3.5\n", "the count '3.5' is not a whole number"),
    "nan": (LONG + "A,B,nan\n", "the count 'nan' is not finite"),
    "infinite": (LONG + "A,B,inf\n", "the count 'inf' is not finite"),
    "word": (LONG + "A,B,many\n", "the count 'many' is not a number"),
    "too large": (LONG + f"A,B,{10**30}\n", "too large"),
    "ragged": (LONG + "A,B,1\nA,B\n", "line 3: the row has 2 cells"),
    "empty label": (LONG + ",B,1\n", "the source is empty"),
    "duplicate label": (",A,B\nA,1,2\nA,3,4\nB,1,1\n", "labelled 'A'"),
    "not square": (",A,B\nA,1,2\n", "B labels a column only"),
    "no transitions": (LONG + "A,,5\nB,,7\n", "no transition at all"),
    "only zeros": (LONG + "A,B,0\n", "no transition at all"),
    "terminal escape": (LONG + "A,\x1b[31mB,1\n", r"'\x1b[31mB' holds a control character"),
    "binary": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "no text file"),
    "bytes": (bytes(range(128, 256)) * 9, "is not UTF-8"),
    "utf-16": ("source,target\nA,B\n".encode("utf-16"), "UTF-16"),
    "long line": ("x" * 10_000_000, "this is no CSV"),
    "long quoted line": (LONG + '"' + "x" * 10_000_000, "no CSV"),
}


def refused(arguments, capsys):
    """Run the program; return its one line of complaint."""
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("equipoise: error: ")
    assert captured.err.endswith("\n")
    line = captured.err[:-1]
    assert line.isprintable()
    assert len(line) < 700
    return line


@pytest.mark.parametrize(("content", "message"), FILES.values(), ids=FILES)
def test_bad_file(tmp_path, capsys, content, message):
    path = tmp_path / "counts.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    line = refused(["test", str(path)], capsys)
    assert message in line


def test_files_that_are_none(tmp_path, capsys):
    assert "no such file" in refused(["test", str(tmp_path / "absent.csv")], capsys)
    assert "is a directory" in refused(["test", str(tmp_path)], capsys)
    assert "\\x1b" in refused(["test", "\x1b[2J\nabsent.csv"], capsys)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--scales", "both"], "'--scales'"),
        (["--rejected", "keep"], "'--rejected'"),
        (["--likelihood", "poisson"], "'--likelihood'"),
        (["--cycle-scale", "0"], "'--cycle-scale'"),
        (["--cycle-scale", "-1"], "'--cycle-scale': it must be greater than or equal to 0.01, not"),
        (["--cycle-scale", "nan"], "'--cycle-scale'"),
        (["--cycle-scale", "1e300"], "'--cycle-scale'"),
        (["--cycle-scale", "one"], "'--cycle-scale': it must be a valid number, not 'one'"),
        (["--scales", "fix"], "'--scales': 'fix' is not one of 'learned', 'fixed'"),
        (["--rope", "0"], "rope must be a positive number"),
        (["--rope", "nan"], "rope must be a positive number"),
        (["--draws", "7"], "'--draws'"),
        (["--draws", "1000000000"], "'--draws'"),
        (["--seed", "-1"], "'--seed'"),
        (["--reference", "Z"], "no state is called 'Z'"),
        (["--reference", "A", "--reference", "B"], "second reference state"),
        (["--no-stay"], "576 did; leave --no-stay out"),
        (["--nonsense"], "No such option: --nonsense"),
        (["more"], "unexpected extra argument"),
        (["--json", "/"], "is a directory"),
        (["--json", "/absent/result.json"], "there is no directory '/absent'"),
        (["--figures", "/dev/null"], "is a file"),
        (["--figures", "/dev/null/figures"], "cannot be made"),
    ],
)
def test_bad_usage(table, capsys, arguments, message):
    assert message in refused(["test", table, *arguments], capsys)


def test_no_file_given_and_no_such_command(capsys):
    assert "no COUNTS given; name a file of counts" in refused(["test"], capsys)
    assert "No such command" in refused(["tset"], capsys)
    assert "No such option" in refused(["--nonsense"], capsys)


def test_demo_that_cannot_write(capsys):
    assert "is a file" in refused(["demo", "--output", "/dev/null"], capsys)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_full_disk(table, capsys, program):
    arguments = ["test", table, "--draws", "400", "--fast"]
    assert main([*arguments, "--json", "/dev/full"]) == 2
    assert "'/dev/full' cannot be written" in capsys.readouterr().err
    with open("/dev/full", "w") as full:
        done = program(*arguments, stdout=full)
    assert done.returncode == 2
    assert done.stderr.startswith("equipoise: error: standard output cannot be written")
    assert done.stderr.count("\n") == 1


def test_the_program_itself_shows_no_traceback(tmp_path, program):
    path = tmp_path / "counts.csv"
    path.write_bytes(b"source,target\nA,\xff\n")
    done = program("test", str(path))
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("equipoise: error: ")
    assert done.stderr.count("\n") == 1
