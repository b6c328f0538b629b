"""``equipoise features``."""

import json
from pathlib import Path

import numpy as np
import pytest
from explained import explained
from simulated import sparse_edges

from equipoise.cli import main

FEW = ("--draws", "1000")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("features")
    edges = sparse_edges(np.random.default_rng(1), 6)
    counts, columns, _ = explained(1, 6, 500, beta=np.array([1.5]), rest=0.2, edges=edges)
    counts.to_csv(folder / "counts.csv")
    rows = [f"{s},{x:.6f}" for s, x in zip(counts.states, columns[:, 0].tolist(), strict=True)]
    text = "\n".join(["state,size", *rows, "new\x1bone,2.0", "other,-1.0"]) + "\n"
    (folder / "features.csv").write_text(text, encoding="utf-8")
    return str(folder / "counts.csv"), str(folder / "features.csv")


def test_summary_json_and_figures(files, tmp_path, capsys):
    path = tmp_path / "f.json"
    arguments = [*files, *FEW, "--fast", "--json", str(path), "--figures", str(tmp_path / "f")]
    assert main(["features", *arguments]) == 0
    out = capsys.readouterr().out
    assert f"Written  {path}" in out
    values = json.loads(path.read_text())
    assert values["schema"] == "equipoise.features/1"
    assert out.startswith(values["verdict"]["text"])
    assert "Coefficients" in out
    assert "Scores" in out
    assert "\x1b" not in out
    assert max(map(len, out.splitlines()[:-1])) <= 100
    assert sorted(p.name for p in Path(tmp_path / "f").iterdir()) == [
        "coefficients.png",
        "explained.png",
    ]
    assert [row["state"] for row in values["predictions"]] == ["new\x1bone", "other"]
    assert values["coefficients"][0]["name"] == "size"
    assert values["coefficients"][0]["lower"] > 0
    assert len(values["scores"]["states"]) == 6


def test_predict_chooses_and_quiet_is_one_line(files, capsys):
    common = ["features", *files, *FEW, "--no-scores", "--predict", "other"]
    assert main([*common, "--json", "-"]) == 0
    values = json.loads(capsys.readouterr().out)
    assert [row["state"] for row in values["predictions"]] == ["other"]
    assert values["scores"] is None
    assert main([*common, "--quiet"]) == 0
    assert capsys.readouterr().out.count("\n") == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (["--predict", "nobody"], "nobody: no such state is in the table"),
        (["--json", "nowhere/f.json"], "nowhere"),
        (["--scale", "0"], "0.01"),
    ],
)
def test_bad_usage_is_one_line(files, capsys, change, words):
    assert main(["features", *files, *change]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert words in captured.err


def test_a_state_without_features_is_named(files, tmp_path, capsys):
    short = tmp_path / "short.csv"
    short.write_text("".join(Path(files[1]).read_text().splitlines(True)[:4]), encoding="utf-8")
    assert main(["features", files[0], str(short)]) == 2
    assert "3 of the 6 states" in capsys.readouterr().err
