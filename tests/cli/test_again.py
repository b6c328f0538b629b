"""Runs that are kept and reported anew: what they say, and what is refused."""

import json
import os
import subprocess
import sys
from contextlib import nullcontext
from importlib import import_module

import numpy as np
import pytest
import xarray as xr

import equipoise
from equipoise.cli import main
from equipoise.plots import FIGURES


@pytest.fixture
def saved(saved_run):
    return str(saved_run.path)


@pytest.fixture(scope="module")
def result(saved_run):
    return equipoise.load(saved_run.path)


@pytest.fixture(scope="module")
def opened(saved_run):
    with xr.open_datatree(saved_run.path, engine="h5netcdf") as tree:
        return tree.load()


@pytest.fixture
def held(opened, monkeypatch):
    """Let every saved run be read as the one read already, which a test may change.

    HDF5 takes a second to read it, and is none of what these tests ask about.
    """
    tree = opened.copy()
    monkeypatch.setattr(xr, "open_datatree", lambda *_, **__: nullcontext(tree))
    return tree


def change_record(tree, change):
    """Change the record of a run."""
    record = json.loads(tree.attrs["run"])
    change(record)
    tree.attrs["run"] = json.dumps(record)


def run(capsys, *arguments):
    status = main(["test", *arguments])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def refused(capsys, *arguments):
    """Run the program; return its one line of complaint."""
    status, out, err = run(capsys, *arguments)
    assert (status, out) == (2, "")
    assert err.startswith("equipoise: error: ")
    line = err.removesuffix("\n")
    assert line.isprintable()
    assert len(line) < 500
    return line


class TestAgain:
    def test_the_text_is_what_it_was(self, saved_run, saved, capsys):
        assert "Hamiltonian Monte Carlo, 8 chains of 700 draws" in saved_run.summary
        assert run(capsys, "--again", saved) == (0, saved_run.summary + "\n", "")

    def test_the_json_is_what_it_was(self, saved_run, saved, held, tmp_path, capsys):
        value = json.loads(saved_run.json)
        assert value["log_bayes_factor"]["method"] == "path"
        assert value["diagnostics"]["converged"] is True
        assert run(capsys, "--again", saved, "--json", "-") == (0, saved_run.json, "")
        path = tmp_path / "result.json"
        status, out, err = run(capsys, "--again", saved, "--json", str(path), "--quiet")
        assert (status, out, err) == (0, value["verdict"]["text"] + "\n", "")
        assert path.read_text(encoding="utf-8") == saved_run.json

    @pytest.mark.parametrize(("rope", "words"), [(0.02, "unresolved"), (0.4, "below 0.4")])
    def test_another_rope(self, saved_run, saved, held, capsys, rope, words):
        below = float((held["cyclic/posterior"]["rho"] < rope).mean())
        status, out, _ = run(capsys, "--again", saved, "--json", "-", "--rope", str(rope))
        assert status == 0
        before, after = json.loads(saved_run.json), json.loads(out)
        size, verdict = after["verdict"].pop("size"), before["verdict"]
        assert 0.01 < below < 1
        assert size["below_rope"] == pytest.approx(below, abs=1e-9)
        assert size["below_rope"] != verdict["size"]["below_rope"]
        assert size["rope"] == rope
        for key in ("mean", "lower", "upper"):
            assert size[key] == verdict["size"][key]
        assert words in after["verdict"].pop("text")
        del verdict["text"], verdict["size"]
        assert after == before

    @pytest.mark.parametrize("reference", ["0", "6+"])
    def test_another_reference(self, saved_run, saved, held, capsys, reference):
        status, out, _ = run(capsys, "--again", saved, "--json", "-", "--reference", reference)
        assert status == 0
        before, after = json.loads(saved_run.json), json.loads(out)
        for table in ("potential", "gradient"):
            old = {row["state"]: row["mean"] for row in before[table]}
            assert [row["state"] for row in before[table] if row["reference"]] == ["1-5"]
            assert [row["state"] for row in after[table] if row["reference"]] == [reference]
            for row in after[table]:
                moved = old[row["state"]] - old[reference]
                assert row["mean"] == pytest.approx(moved, abs=1e-9)
        for value in (before, after):
            del value["potential"], value["gradient"]
        assert after == before

    def test_figures(self, saved, held, tmp_path, capsys):
        folder = tmp_path / "figures"
        status, out, err = run(capsys, "--again", saved, "--figures", str(folder))
        assert (status, err) == (0, "")
        assert sorted(os.listdir(folder)) == sorted(f"{name}.png" for name in FIGURES)
        assert "\n\nFigures  " in out

    def test_no_sampler_is_loaded(self, saved):
        code = (
            "import sys\n"
            "from equipoise.cli import main\n"
            f"status = main(['test', '--again', {saved!r}, '--quiet'])\n"
            "heavy = {'pymc', 'pytensor', 'nutpie', 'numba', 'matplotlib', 'anthropic'}\n"
            "loaded = heavy & set(sys.modules)\n"
            "sys.exit(f'loaded: {loaded}, status {status}' if loaded or status else 0)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
        )
        assert done.stderr == ""
        assert done.returncode == 0

    def test_a_run_that_did_not_converge_says_so_again(self, saved, held, capsys):
        change_record(
            held, lambda record: record["diagnostics"].update(cyclic="7 divergent transitions")
        )
        status, out, err = run(capsys, "--again", saved)
        assert (status, err) == (3, "")
        assert out.startswith("Not to be trusted")
        assert "withheld: 7 divergent transitions" in out
        status, out, err = run(capsys, "--again", saved, "--json", "-")
        assert status == 3
        assert err.startswith("equipoise: Not to be trusted")
        assert err.count("\n") == 1
        value = json.loads(out)
        assert value["log_bayes_factor"]["value"] is value["cycles"][0]["mean"] is None
        assert value["diagnostics"]["distrust"] == "7 divergent transitions"
        assert value["potential"][0]["mean"] is not None


class TestSave:
    @pytest.fixture
    def sampled(self, result, monkeypatch):
        """Let `equipoise test` find the saved run instead of sampling; return what it asked for."""
        asked = []

        def found(counts, **options):
            asked.append(options)
            return result

        monkeypatch.setattr(import_module("equipoise.cli.run"), "test_balance", found)
        return asked

    def test_a_run_is_kept_and_can_be_reported(self, saved_run, sampled, table, tmp_path, capsys):
        path = str(tmp_path / "run.nc")
        status, out, err = run(capsys, table, "--save", path)
        assert (status, err) == (0, "")
        body, _, line = out.rpartition("\n\n")
        assert body == saved_run.summary
        assert line == f"Saved    {path}; `equipoise test --again` reports it anew\n"
        assert sampled[0]["fast"] is False
        assert sampled[0]["draws"] is None
        assert sorted(os.listdir(tmp_path)) == ["counts.csv", "run.nc"]
        written = tmp_path / "run.json"
        status, out, err = run(capsys, "--again", path, "--json", str(written))
        assert (status, err) == (0, "")
        assert out == f"{saved_run.summary}\n\nWritten  {written}\n"
        assert written.read_text(encoding="utf-8") == saved_run.json

    def test_quiet_and_json_print_nothing_of_it(self, saved_run, sampled, table, tmp_path, capsys):
        path = str(tmp_path / "run.nc")
        assert run(capsys, table, "--save", path, "--json", "-") == (0, saved_run.json, "")
        status, out, _ = run(capsys, table, "--save", path, "--quiet")
        assert (status, out.count("\n")) == (0, 1)

    def test_an_older_file_is_replaced(self, saved_run, sampled, table, tmp_path, capsys):
        path = tmp_path / "run.nc"
        path.write_text("older")
        assert run(capsys, table, "--save", str(path))[0] == 0
        assert run(capsys, "--again", str(path))[1] == saved_run.summary + "\n"

    def test_nothing_to_keep(self, tmp_path, capsys):
        table = tmp_path / "counts.csv"
        table.write_text(",A,B\nA,3,0\nB,0,5\n")
        path = tmp_path / "run.nc"
        status, out, err = run(capsys, str(table), "--save", str(path))
        assert status == 2
        assert out.startswith("Untestable")
        assert "nor has a table without edges" in err
        assert err.count("\n") == 1
        assert not path.exists()

    def test_a_run_that_cannot_be_kept_is_reported_all_the_same(
        self, saved_run, result, table, tmp_path, monkeypatch, capsys
    ):
        folder = tmp_path / "folder"
        folder.mkdir()

        def found(*arguments, **options):
            folder.rmdir()
            return result

        monkeypatch.setattr(import_module("equipoise.cli.run"), "test_balance", found)
        status, out, err = run(capsys, table, "--save", str(folder / "run.nc"))
        assert (status, out) == (2, saved_run.summary + "\n")
        assert "cannot be written" in err
        assert err.count("\n") == 1

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["run.nc", "--fast"], "--save keeps the chains of MCMC, and --fast has none"),
            ([""], "is a directory"),
            (["/absent/run.nc"], "there is no directory '/absent'"),
            (["-"], "--save writes NetCDF, which needs a file"),
            (["pipe"], "is no file"),
        ],
    )
    def test_refused_before_any_work(
        self, table, tmp_path, monkeypatch, capsys, arguments, message
    ):
        def fail(*arguments, **options):
            raise AssertionError

        monkeypatch.setattr(import_module("equipoise.cli.run"), "test_balance", fail)
        monkeypatch.chdir(tmp_path)
        os.mkfifo("pipe")
        assert message in refused(capsys, table, "--save", *arguments)
        assert sorted(os.listdir()) == ["counts.csv", "pipe"]


class TestRefused:
    @pytest.mark.parametrize(
        ("arguments", "named"),
        [
            (["--scales", "fixed"], "--scales"),
            (["--scales", "learned"], "--scales"),  # the default, but said
            (["--fast"], "--fast"),
            (["--cycle-scale", "0.5"], "--cycle-scale"),
            (["--no-stay"], "--no-stay"),
            (["--draws", "400"], "--draws"),
            (["--seed", "0"], "--seed"),
            (["--rejected", "drop"], "--rejected"),
            (["--likelihood", "pairwise"], "--likelihood"),
            (["--protocol", "draws"], "--protocol"),
            (["--trials", "imputed"], "--trials"),
            (["--save", "run.nc"], "--save"),
            (["counts.csv"], "COUNTS"),
            (["-"], "COUNTS"),
        ],
    )
    def test_what_a_finished_run_cannot_take(self, saved, capsys, arguments, named):
        line = refused(capsys, "--again", saved, *arguments)
        assert f"cannot take {named}; test anew" in line

    def test_everything_that_it_cannot_take_is_named(self, saved, table, capsys):
        line = refused(capsys, table, "--seed", "1", "--again", saved, "--rope", "1", "--fast")
        assert all(name in line for name in ("COUNTS", "--seed", "--fast"))
        assert "--rope" not in line

    def test_what_is_out_of_its_range(self, saved, held, capsys):
        line = refused(capsys, "--again", saved, "--rope", "0")
        assert "rope must be a positive number" in line
        line = refused(capsys, "--again", saved, "--reference", "Z")
        assert "no state is called 'Z'; the states are 0, 1-5, 6+" in line
        line = refused(capsys, "--again", saved, "--json", "/")
        assert "is a directory" in line

    def test_nothing_to_test(self, capsys):
        for arguments in ([], ["--fast"], ["--quiet", "--rope", "0.2"]):
            line = refused(capsys, *arguments)
            assert "no COUNTS given; name a file of counts, or a saved run with --again" in line

    def test_an_empty_name_is_not_standard_input(self, capsys):
        assert "''" in refused(capsys, "")


class TestFilesThatAreNone:
    @pytest.mark.parametrize("size", [0, 7, 100, 5000, 0.5, 0.99])
    def test_cut_short(self, saved_run, tmp_path, capsys, size):
        whole = saved_run.path.read_bytes()
        path = tmp_path / "run.nc"
        path.write_bytes(whole[: size if isinstance(size, int) else int(size * len(whole))])
        line = refused(capsys, "--again", str(path))
        assert "cannot be read as a saved run (OSError); give a file that" in line

    @pytest.mark.parametrize("name", ["absent.nc", ".", "http://127.0.0.1:1/run.nc", "\x1b[31m\n"])
    def test_no_file_at_all(self, tmp_path, monkeypatch, capsys, name):
        monkeypatch.chdir(tmp_path)
        line = refused(capsys, "--again", name)
        assert ("cannot be read as a saved run" if name == "." else "there is no such file") in line

    def test_no_netcdf(self, table, capsys):
        assert "cannot be read as a saved run (OSError)" in refused(capsys, "--again", table)

    def test_netcdf_of_something_else(self, alofi, tmp_path, capsys):
        path = str(tmp_path / "counts.nc")
        alofi.to_xarray().to_netcdf(path, engine="h5netcdf")
        line = refused(capsys, "--again", path)
        assert "its schema is 'equipoise.counts/1', not 'equipoise.run/1'" in line
        xr.Dataset({"x": ("k", np.arange(3))}).to_netcdf(path, engine="h5netcdf")
        assert "its schema is 'None'" in refused(capsys, "--again", path)

    def test_a_later_schema(self, saved, held, capsys):
        held.attrs["schema"] = "equipoise.run/2\x1b[31m"
        line = refused(capsys, "--again", saved)
        assert r"its schema is 'equipoise.run/2\x1b[31m', not 'equipoise.run/1'" in line

    @pytest.mark.parametrize(
        "record", [None, "[", "[]", "{}"], ids=["none", "no JSON", "a list", "empty"]
    )
    def test_a_run_without_its_record(self, tmp_path, capsys, record):
        run = {} if record is None else {"run": record}
        path = str(tmp_path / "run.nc")
        xr.Dataset(attrs={"schema": "equipoise.run/1", **run}).to_netcdf(path, engine="h5netcdf")
        assert "something is missing or broken" in refused(capsys, "--again", path)

    @pytest.mark.parametrize("group", ["counts", "evidence", "reversible/posterior"])
    def test_a_run_without_a_group(self, saved, held, capsys, group):
        held[group].orphan()
        assert "something is missing or broken" in refused(capsys, "--again", saved)

    @pytest.mark.parametrize(
        "change",
        [
            lambda record: record["diagnostics"].pop("pareto_k"),
            lambda record: record.update(references=[7]),
            lambda record: record.update(likelihood="poisson"),
            lambda record: record["priors"].update(cycle_scale="wide"),
        ],
    )
    def test_a_record_that_was_tampered_with(self, saved, held, capsys, change):
        change_record(held, change)
        refused(capsys, "--again", saved)
