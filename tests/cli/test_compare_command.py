"""``equipoise compare``."""

import asyncio
import json
from contextlib import redirect_stdout
from dataclasses import replace
from importlib import import_module
from io import StringIO

import numpy as np
import pytest
from compared import drawn

from equipoise import compare
from equipoise.cli import main
from equipoise.counts import TransitionCounts
from equipoise.errors import DataError
from equipoise.models import Priors
from equipoise.report.comparison_words import comparison_headline
from equipoise.sampling.clients.simulated import SimulatedClient, default_kernel
from equipoise.sampling.collect import collect
from equipoise.sampling.options import Options
from equipoise.sampling.store import Store
from equipoise.sampling.tasks import load_task

FEW = ("--fast", "--draws", "200")
EDGES = np.array([[0, 1], [0, 2], [1, 2]])
COMMAND = import_module("equipoise.cli.compare")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kernels")
    rng = np.random.default_rng(3)
    phi = rng.normal(size=3)
    rows, paths = ["model,source,target,count"], []
    for name in ("a", "b"):
        counts = drawn(phi, EDGES, 400, rng)
        paths.append(str(folder / f"{name}.csv"))
        counts.to_csv(paths[-1])
        frame = counts.to_dataframe()
        rows += [f"{name},{r.source},{r.target},{r.count}" for r in frame.itertuples()]
    joined = folder / "all.csv"
    joined.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return paths, str(joined)


@pytest.fixture(scope="module")
def compared(files, tmp_path_factory):
    """One run: what it prints, the folder it writes to, and the comparison."""
    folder = tmp_path_factory.mktemp("compared")
    places = {option: str(folder / option) for option in ("figures", "latex", "report", "json")}
    written = [word for option, path in places.items() for word in (f"--{option}", path)]
    out, found = StringIO(), []

    def kept(tables, **options):
        # Learned scales cost three times the fixed ones.
        found.append(compare(tables, **options | {"priors": Priors(scales="fixed")}))
        return found[0]

    with pytest.MonkeyPatch.context() as patched, redirect_stdout(out):
        patched.setattr(COMMAND, "compare_kernels", kept)
        assert main(["compare", *files[0], *FEW, *written]) == 0
    return out.getvalue(), folder, found[0]


def test_one_run_prints_and_writes_all(compared):
    out, folder, _ = compared
    value = json.loads((folder / "json").read_text())
    assert out.startswith(value["verdict"]["text"].split("(")[0])
    assert [row["name"] for row in value["kernels"]] == ["a", "b"]
    assert sorted(p.name for p in (folder / "figures").iterdir()) == [
        "clustering.png",
        "distances.png",
        "potentials.png",
    ]
    assert sorted(p.name for p in (folder / "latex").iterdir()) == [
        "distances.tex",
        "evidence.tex",
        "kernels.tex",
        "states.tex",
    ]
    assert "a & 3 & " in (folder / "latex" / "kernels.tex").read_text(encoding="utf-8")
    assert value["verdict"]["text"] in (folder / "report").read_text(encoding="utf-8")


def test_a_kernel_that_breaks_balance_is_in_the_headline(compared):
    found = compared[2]
    assert comparison_headline(found) == found.verdict.text
    one = replace(found.own[0], verdict=replace(found.own[0].verdict, favours="non-reversible"))
    said = comparison_headline(replace(found, own=(one, found.own[1])))
    assert said.startswith(
        f"{found.verdict.text} But kernel a itself breaks balance: its potential"
    )
    assert "not -log π" in said
    both = comparison_headline(replace(found, own=(one, one)))
    assert "But kernels a, b themselves break balance" in both


def test_quiet_is_one_line_and_a_dash_prints_json(files, compared, capsys, monkeypatch):
    monkeypatch.setattr(COMMAND, "compare_kernels", lambda *_, **__: compared[2])
    assert main(["compare", *files[0], *FEW, "--json", "-"]) == 0
    value = capsys.readouterr().out
    assert value == (compared[1] / "json").read_text()
    assert main(["compare", *files[0], *FEW, "--quiet"]) == 0
    assert capsys.readouterr().out == json.loads(value)["verdict"]["text"] + "\n"


def test_files_a_column_and_names_give_the_same_tables(files, capsys, monkeypatch):
    given = []

    def heard(tables, **options):
        given.append(({name: c.to_dataframe().to_csv() for name, c in tables.items()}, options))
        raise DataError("heard")

    monkeypatch.setattr(COMMAND, "compare_kernels", heard)
    paths, joined = files
    names = ["--name", "left", "--name", "right"]
    for arguments in (paths, [joined, "--by", "model"], [*paths, *names]):
        assert main(["compare", *arguments, "--quiet", *FEW]) == 2
        assert "heard" in capsys.readouterr().err
    (first, options), (by_column, again), (named, _) = given
    assert by_column == first
    assert options == again | {"progress": options["progress"]}
    assert options["fast"] is True
    assert options["draws"] == 200
    assert named == {"left": first["a"], "right": first["b"]}


@pytest.fixture
def store(tmp_path):
    """A store of two models, one of them asked twice."""
    path, task = tmp_path / "run.db", load_task("weekday")

    async def fill():
        with Store(path) as kept:
            for model, seed in (("small", 1), ("large", 2), ("large", 3)):
                client = SimulatedClient(default_kernel(task.states), random_seed=seed, model=model)
                await collect(kept, task, client, Options(draws=30, seed=seed))

    asyncio.run(fill())
    return str(path)


def test_a_store_is_grouped_by_what_is_asked(store, capsys, monkeypatch):
    given = []

    def heard(tables, **_):
        given.append({name: counts.n_trials for name, counts in tables.items()})
        raise DataError("heard")

    monkeypatch.setattr(COMMAND, "compare_kernels", heard)
    for by in ([], ["--by", "model"], ["--by", "run"], ["--by", "task,run"]):
        assert main(["compare", store, *by]) == 2
        assert "heard" in capsys.readouterr().err
    runs = {"run 1": 30, "run 2": 30, "run 3": 30}
    assert given == [{"large": 60, "small": 30}, {"large": 60, "small": 30}, runs, runs]
    for arguments, words in (
        (["--by", "task"], "one kernel by task"),
        (["--by", "colour"], "cannot group by colour"),
        (["--name", "x"], "is a store"),
        ([store], "is a store"),
    ):
        assert main(["compare", store, *arguments]) == 2
        captured = capsys.readouterr()
        assert words in captured.err
        assert captured.err.count("\n") == 1


def test_groups_that_pool_kernels_say_so(store, capsys, monkeypatch):
    monkeypatch.setattr(
        import_module("equipoise.sampling.store"), "grouped_counts", lambda _: range(5)
    )
    monkeypatch.setattr(COMMAND, "compare_kernels", _refuse)
    assert main(["compare", store, "--by", "model"]) == 2
    assert "2 groups by model pool 5 kernels" in capsys.readouterr().err


def _refuse(*_, **__):
    raise DataError("no")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["A"], "two kernels or more"),
        (["A", "A"], "two kernels are called a"),
        (["A", "B", "--name", "x"], "there are 1 --name and 2 files"),
        (["ALL", "--by", "colour"], "no column 'colour'"),
        (["A", "B", "--by", "model"], "takes one file"),
        (["A", "nowhere.csv"], "there is no such file"),
        (["A", "B", "--json", "nowhere/c.json"], "nowhere"),
    ],
)
def test_bad_usage_is_one_line(files, capsys, arguments, words, monkeypatch):
    monkeypatch.setattr(COMMAND, "compare_kernels", None)
    (a, b), joined = files
    places = {"A": a, "B": b, "ALL": joined}
    given = [places.get(word, word) for word in arguments]
    if words == "two kernels or more":
        monkeypatch.undo()
    assert main(["compare", *given]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert words in captured.err


def test_a_bad_row_names_its_line(tmp_path, capsys):
    path = tmp_path / "bad.csv"
    path.write_text("model,source,target,count\nm,a,b,3\nm,b,a,-1\n", encoding="utf-8")
    assert main(["compare", str(path), "--by", "model"]) == 2
    assert "bad.csv, line 3: the count '-1'" in capsys.readouterr().err


def test_nothing_in_common_is_said(tmp_path, capsys):
    for name, states in (("one", "ab"), ("two", "cd")):
        TransitionCounts.from_matrix([[3, 4], [5, 6]], states=list(states)).to_csv(
            tmp_path / f"{name}.csv"
        )
    assert main(["compare", str(tmp_path / "one.csv"), str(tmp_path / "two.csv")]) == 2
    assert "0 states in common" in capsys.readouterr().err
