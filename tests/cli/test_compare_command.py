"""``equipoise compare``."""

import asyncio
import json
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from compared import drawn

from equipoise.cli import main
from equipoise.counts import TransitionCounts
from equipoise.errors import DataError
from equipoise.sampling.clients.simulated import SimulatedClient, default_kernel
from equipoise.sampling.collect import collect
from equipoise.sampling.options import Options
from equipoise.sampling.store import Store
from equipoise.sampling.tasks import load_task

FEW = ("--fast", "--draws", "400")
EDGES = np.array([[0, 1], [0, 2], [1, 2]])


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


def test_files_and_a_column_give_the_same(files, tmp_path, capsys):
    paths, joined = files
    assert main(["compare", *paths, *FEW, "--json", "-"]) == 0
    first = json.loads(capsys.readouterr().out)
    assert main(["compare", joined, "--by", "model", *FEW, "--json", str(tmp_path / "c.json")]) == 0
    out = capsys.readouterr().out
    second = json.loads((tmp_path / "c.json").read_text())
    assert first == second
    assert out.startswith(first["verdict"]["text"].split("(")[0])
    assert [row["name"] for row in first["kernels"]] == ["a", "b"]


def test_figures_names_and_quiet(files, tmp_path, capsys):
    paths, _ = files
    arguments = ["compare", *paths, "--name", "left", "--name", "right", "--quiet", *FEW]
    places = ["--figures", str(tmp_path / "f"), "--latex", str(tmp_path / "t")]
    assert main([*arguments, *places, "--report", str(tmp_path / "page.html")]) == 0
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert sorted(p.name for p in Path(tmp_path / "f").iterdir()) == [
        "clustering.png",
        "distances.png",
        "potentials.png",
    ]
    assert sorted(p.name for p in Path(tmp_path / "t").iterdir()) == [
        "distances.tex",
        "evidence.tex",
        "kernels.tex",
        "states.tex",
    ]
    assert "left & 3 & " in (tmp_path / "t" / "kernels.tex").read_text(encoding="utf-8")
    assert out.strip() in (tmp_path / "page.html").read_text(encoding="utf-8")


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

    monkeypatch.setattr(import_module("equipoise.cli.compare"), "compare_kernels", heard)
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
    monkeypatch.setattr(import_module("equipoise.cli.compare"), "compare_kernels", _refuse)
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
    monkeypatch.setattr(import_module("equipoise.cli.compare"), "compare_kernels", None)
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


def test_a_bad_row_names_its_kernel(tmp_path, capsys):
    path = tmp_path / "bad.csv"
    path.write_text("model,source,target,count\nm,a,b,3\nm,b,a,-1\n", encoding="utf-8")
    assert main(["compare", str(path), "--by", "model"]) == 2
    assert "model = m" in capsys.readouterr().err


def test_nothing_in_common_is_said(tmp_path, capsys):
    for name, states in (("one", "ab"), ("two", "cd")):
        TransitionCounts.from_matrix([[3, 4], [5, 6]], states=list(states)).to_csv(
            tmp_path / f"{name}.csv"
        )
    assert main(["compare", str(tmp_path / "one.csv"), str(tmp_path / "two.csv")]) == 2
    assert "0 states in common" in capsys.readouterr().err
