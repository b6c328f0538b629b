"""The demonstration on real data."""

import re
from functools import partial
from importlib import import_module

from equipoise.cli import main
from equipoise.models import Priors
from equipoise.plots import FIGURES

QUICK = {"draws": 300, "priors": Priors(scales="fixed")}


def test_demo(tmp_path, monkeypatch, capsys):
    """With fewer draws and dots than a user gets, and scales that are not learned."""
    demo, folder = import_module("equipoise.cli.demo"), tmp_path / "output"
    monkeypatch.setattr(demo, "test_balance", partial(demo.test_balance, **QUICK))
    monkeypatch.setattr("equipoise.plots.save.DPI", 30)
    assert main(["demo", "--fast", "--output", str(folder)]) == 0
    captured = capsys.readouterr()
    out = captured.out
    assert captured.err == ""
    rows = {line.split("  ")[1]: line for line in out.splitlines()[2:14] if line.startswith("  ")}
    assert rows[""].split() == ["claude-4", "gemini-2.5-flash", "smollm2-weekday"]
    assert rows["testable (b1*)"].split()[-3:] == ["0", "0", "15"]
    assert rows["verdict"].split()[-3:] == ["untestable", "untestable", "non-reversible"]
    assert re.search(r"prior only +prior only +-39\d\.\d+ ± 0\.\d+$", rows["log BF, nats"])
    assert rows["trials"].count("imputed") == 2
    assert rows["its size"].endswith("material")
    words = " ".join(out.split())
    assert "Claude-4 and Gemini-2.5-flash are untestable: none of their cycles" in words
    assert "imputed, not observed" in words
    assert "SmolLM2 between weekdays: Non-reversible, very strong evidence" in words
    assert "smollm2-weekday, in full" in out
    assert "\nMethod" in out
    assert f"in {folder}/" in out
    names = ("claude-4", "gemini-2.5-flash", "smollm2-weekday")
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*.png"))
    kinds = sorted(FIGURES)
    assert files == [f"{name}/{kind}.png" for name in names for kind in kinds]
