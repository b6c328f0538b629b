"""The program: its output, its exit status, what it loads."""

import json
import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import equipoise
from equipoise import datasets
from equipoise.cli import main
from equipoise.errors import NotTrustedError
from equipoise.plots import FIGURES
from equipoise.report.layout import display_width

# Few counts beside many on 14 cycles: the fast path fails, k̂ well above 0.7.
UNTRUSTED = [
    [0, 896, 2706, 2016, 0, 0, 0, 1],
    [1, 0, 0, 317, 0, 1887, 0, 2781],
    [0, 1, 1423, 0, 588, 1500, 0, 0],
    [0, 0, 1, 0, 0, 0, 0, 0],
    [2505, 0, 0, 1, 0, 0, 0, 0],
    [0, 0, 0, 0, 1, 0, 2773, 0],
    [554, 0, 0, 2187, 0, 2783, 0, 2903],
    [0, 0, 358, 2591, 0, 2943, 2483, 0],
]
# What is asked is how the command reads, runs and writes: quickly, then.
FEW = ("--draws", "100", "--fast", "--scales", "fixed")
HOSTILE = {
    "script": "<script>alert(1)</script>",
    "override": "\u202eevil",
    "emoji": "😀👩‍👩‍👧 😀",
    "long": "x" * 5000,
    "formula": "=cmd()|' /C calc'!A0",
    "math": "$x$",
    "percent": "%s %d {0}",
    "markup": "[red]x[/red]",
}


@pytest.fixture(scope="module")
def untrusted(tmp_path_factory):
    path = tmp_path_factory.mktemp("untrusted") / "counts.csv"
    labels = "abcdefgh"
    rows = [f"{a},{','.join(map(str, row))}" for a, row in zip(labels, UNTRUSTED, strict=True)]
    path.write_text("\n".join([f",{','.join(labels)}", *rows]) + "\n")
    return str(path)


def run(capsys, *arguments):
    status = main(arguments)
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_summary_on_standard_output(table, capsys):
    status, out, err = run(capsys, "test", table, *FEW)
    assert status == 0
    assert err == ""
    assert out.startswith("Undecided")
    assert "\nPotential" in out
    assert "seed 0" in out
    assert "nested Laplace" in out
    assert "100 draws each" in " ".join(out.split())
    assert out.endswith("\n")


def test_the_default_seed_reproduces(table, capsys):
    outputs = []
    for _ in range(2):
        _, out, _ = run(capsys, "test", table, *FEW, "--json", "-")
        outputs.append({**json.loads(out), "seconds": None})
    assert outputs[0] == outputs[1]
    _, out, _ = run(capsys, "test", table, *FEW, "--json", "-", "--seed", "5")
    other = json.loads(out)
    assert other["random_seed"] == 5
    assert other["log_bayes_factor"]["value"] != outputs[0]["log_bayes_factor"]["value"]


def test_options_reach_the_test(table, capsys):
    arguments = ["--scales", "fixed", "--rejected", "drop", "--likelihood", "pairwise"]
    arguments += ["--cycle-scale", "0.5", "--rope", "0.7", "--reference", "C", *FEW]
    status, out, err = run(capsys, "test", table, *arguments, "--json", "-")
    assert (status, err) == (0, "")
    value = json.loads(out)
    assert value["log_bayes_factor"]["scales"] == "fixed"
    assert value["log_bayes_factor"]["likelihood"] == "pairwise"
    assert value["log_bayes_factor"]["cycle_scale"] == 0.5
    assert value["rejected"] == "drop"
    assert value["verdict"]["size"]["rope"] == 0.7
    assert [row["state"] for row in value["potential"] if row["reference"]] == ["C"]
    assert value["data"]["stay"] is True


def test_no_stay(tmp_path, capsys):
    path = tmp_path / "counts.csv"
    path.write_text(",A,B,C\nA,0,9,8\nB,7,0,6\nC,5,4,0\n")
    arguments = ["test", str(path), "--no-stay", *FEW, "--json", "-"]
    status, out, _ = run(capsys, *arguments)
    assert status == 0
    assert json.loads(out)["data"]["stay"] is False


def test_what_a_file_says_holds_unless_an_option_says_otherwise(tmp_path, capsys):
    path = tmp_path / "counts.parquet"
    equipoise.TransitionCounts.from_matrix(
        [[0, 31, 12], [27, 0, 5], [9, 14, 0]],
        states=list("ABC"),
        protocol="trajectory",
        metadata={"title": "three", "trials": "observed"},
    ).to_parquet(path)
    data = []
    for options in ([], ["--protocol", "draws", "--trials", "imputed"]):
        status, out, _ = run(capsys, "test", str(path), *FEW, *options, "--json", "-")
        assert status == 0
        data.append(json.loads(out)["data"])
    said, overruled = data
    assert (said["protocol"], overruled["protocol"]) == ("trajectory", "draws")
    assert said["metadata"] == {"title": "three", "trials": "observed"}
    assert overruled["metadata"] == {"title": "three", "trials": "imputed"}


@pytest.mark.parametrize("fast", [True, False])
def test_the_method_is_passed_on(table, capsys, monkeypatch, fast):
    asked = {}

    def stop(*arguments, **options):
        asked.update(options)
        raise NotTrustedError("enough")

    monkeypatch.setattr(import_module("equipoise.cli.run"), "test_balance", stop)
    assert run(capsys, "test", table, *(["--fast"] if fast else []))[0] == 3
    assert asked["fast"] is fast
    assert asked["draws"] is None
    assert asked["rope"] == 0.1


def test_json_to_a_file(table, tmp_path, capsys):
    path = tmp_path / "result.json"
    status, out, _ = run(capsys, "test", table, *FEW, "--json", str(path), "--quiet")
    assert status == 0
    value = json.loads(path.read_text())
    assert out == value["verdict"]["text"] + "\n"
    assert value["schema"] == "equipoise.test/1"


def test_figures(table, tmp_path, capsys):
    folder = tmp_path / "figures"
    arguments = ["test", table, *FEW, "--figures", str(folder)]
    status, out, err = run(capsys, *arguments, "--json", "-")
    assert (status, err) == (0, "")
    assert sorted(os.listdir(folder)) == sorted(f"{name}.png" for name in FIGURES)
    json.loads(out)


@pytest.mark.parametrize("name", ["claude-4", "gemini-2.5-flash"])
def test_untestable_is_a_result(name, tmp_path, capsys):
    path = tmp_path / "counts.csv"
    datasets.load(name).to_csv(path)
    status, out, _ = run(capsys, "test", str(path), "--draws", "200", "--fast")
    assert status == 0
    assert out.startswith("Untestable")


def test_not_to_be_trusted(untrusted, tmp_path, capsys):
    path = tmp_path / "result.json"
    status, out, err = run(capsys, "test", untrusted, *FEW, "--json", str(path))
    assert (status, err) == (3, "")
    assert out.startswith("Not to be trusted")
    assert "withheld" in out
    value = json.loads(path.read_text())
    assert value["verdict"]["trusted"] is False
    assert value["log_bayes_factor"]["value"] is None


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (NotTrustedError("no mode\nfound"), 3, "equipoise: not to be trusted: no mode found\n"),
        (KeyboardInterrupt(), 130, ""),
        (MemoryError(), 2, "equipoise: error: these counts need more memory than there is"),
    ],
)
def test_failures_under_way(table, capsys, monkeypatch, error, status, message):
    def fail(*arguments, **options):
        raise error

    monkeypatch.setattr(import_module("equipoise.cli.run"), "test_balance", fail)
    given, out, err = run(capsys, "test", table)
    assert given == status
    assert out == ""
    assert err.startswith(message)
    assert err.count("\n") <= 1


def test_a_bug_is_not_hidden(table, monkeypatch):
    def fail(*arguments, **options):
        raise ZeroDivisionError

    monkeypatch.setattr(import_module("equipoise.cli.run"), "test_balance", fail)
    with pytest.raises(ZeroDivisionError):
        main(["test", table])


def test_hostile_names(tmp_path, capsys):
    names = list(HOSTILE.values())
    matrix = [
        # Each with two on either side: enough cycles, few enough to be quick.
        [
            2 + (5 * i + j * j) % 13
            if (i - j) % len(names) in (1, 2, -2 % len(names), -1 % len(names))
            else 0
            for j in range(len(names))
        ]
        for i in range(len(names))
    ]
    path = tmp_path / "counts.csv"
    counts = equipoise.TransitionCounts.from_matrix(matrix, states=names)
    counts.to_csv(path)
    written = tmp_path / "result.json"
    arguments = ["test", str(path), *FEW, "--figures", str(tmp_path), "--json", str(written)]
    status, out, err = run(capsys, *arguments)
    assert status in (0, 3)
    assert err == ""
    assert all(line.isprintable() for line in out.splitlines())
    assert "\\u202eevil" in out
    assert "x" * 61 not in out
    body = out[: out.index("\nFigures")]
    assert max(display_width(line) for line in body.splitlines()) <= 100
    text = written.read_text(encoding="utf-8")
    assert text.isascii()
    assert {row["state"] for row in json.loads(text)["potential"]} == set(names)


def test_version_and_help(capsys):
    assert run(capsys, "--version") == (0, f"equipoise {equipoise.__version__}\n", "")
    status, out, _ = run(capsys, "--help")
    assert status == 0
    assert "equipoise test counts.csv" in out
    assert run(capsys)[0] == 0
    status, out, _ = run(capsys, "test", "--help")
    assert status == 0
    assert "source,target,count" in out
    assert "\n        rainy,,4\n" in out or "\n      rainy,,4\n" in out
    for option in ("fast", "scales", "rejected", "likelihood", "cycle-scale", "rope", "reference"):
        assert f"--{option}" in out
    for option in ("no-stay", "draws", "seed", "json", "save", "again", "figures", "quiet"):
        assert f"--{option}" in out
    assert run(capsys, "demo", "--help")[0] == 0


def test_every_option_has_help():
    from typer.main import get_command

    from equipoise.cli import app

    group = get_command(app)
    for name, told in group.commands.items():
        command = group.get_command(None, name)
        assert command.get_short_help_str(90) == told.get_short_help_str(90)
        for one in (command, *getattr(command, "commands", {}).values()):
            assert one.help
            assert all(parameter.help for parameter in one.params)


# In processes of their own


def test_heavy_packages_are_not_loaded(tmp_path):
    """By default settings, on thirteen states."""
    path, written = tmp_path / "counts.csv", tmp_path / "result.json"
    datasets.gemini_2_5_flash().to_csv(path)
    code = (
        "import sys\n"
        "from equipoise.cli import main\n"
        f"status = main(['test', {str(path)!r}, '--fast', '--json', {str(written)!r}])\n"
        "heavy = {'pandas', 'matplotlib', 'pymc', 'pytensor', 'arviz', 'anthropic', 'xarray'}\n"
        "heavy |= {'nutpie', 'numba', 'pyarrow', 'arviz_base', 'arviz_stats', 'h5netcdf', 'h5py'}\n"
        "loaded = heavy & set(sys.modules)\n"
        "sys.exit(f'loaded: {loaded}, status {status}' if loaded or status else 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stderr == ""
    assert done.returncode == 0
    assert "Potential" in done.stdout
    assert "2,000 draws each" in " ".join(done.stdout.split())
    assert json.loads(written.read_text())["data"]["n_states"] == 13


def test_standard_input_and_output(table, program):
    with open(table) as file:
        done = program("test", "-", *FEW, "--json", "-", stdin=file)
    assert done.stderr == ""
    assert json.loads(done.stdout)["data"]["n_states"] == 3
    assert program("test", "-", stdin=subprocess.DEVNULL).returncode == 2


def test_a_reader_that_left(table):
    process = subprocess.Popen(
        [Path(sys.executable).with_name("equipoise"), "test", table, *FEW],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(60) == 141


def test_a_terminal_without_unicode(table, program):
    done = program("test", table, *FEW, env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0
    assert done.stdout.isascii()
    assert re.search(r"\\u03c1 +0\.", done.stdout)
