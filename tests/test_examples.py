"""The examples run from beginning to end, and each finds what it says at its top."""

import re
import runpy
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"
# Of more than some ten CPU seconds.
DEAR = {"01_published_tables", "04_adaptive_collection", "05_comparing_models"}


def scripts():
    paths = sorted(EXAMPLES.glob("*.py"))
    assert len(paths) == 9
    return [
        pytest.param(path, id=path.stem, marks=[pytest.mark.slow] if path.stem in DEAR else [])
        for path in paths
    ]


def stated_finding(text):
    """Return the finding in the first cell, as one line."""
    first = text.split("\n# %%")[0]
    paragraph = re.search(r"\*\*Finding\.\*\* (.*?)(?:\n#\s*\n|\Z)", first, flags=re.S)[1]
    return " ".join(re.sub(r"\n# ?", "\n", paragraph).split())


@pytest.mark.parametrize("path", scripts())
def test_an_example_finds_what_it_says(path, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EQUIPOISE_MODELS", str(tmp_path))  # no local model: the same everywhere
    backend = mpl.get_backend()
    try:
        plt.switch_backend("Agg")
        with mpl.rc_context():
            runpy.run_path(str(path), run_name="__main__")
    finally:
        plt.close("all")
        plt.switch_backend(backend)
    said = [line for line in capsys.readouterr().out.splitlines() if line.startswith("Finding: ")]
    assert said == ["Finding: " + stated_finding(path.read_text(encoding="utf-8"))]
    (figure,) = tmp_path.glob("*.png")
    assert figure.stat().st_size > 10_000


def test_the_list_of_examples_has_each_with_its_finding():
    text = " ".join((EXAMPLES / "README.md").read_text(encoding="utf-8").split())
    for path in EXAMPLES.glob("*.py"):
        assert f"({path.name})" in text
        assert stated_finding(path.read_text(encoding="utf-8")) in text, path.name


def test_examples_open_as_notebooks():
    """Percent cells, the first a text with a title: what jupytext and Sphinx expect."""
    for path in EXAMPLES.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert text.startswith("# %% [markdown]\n# # "), path.name
        assert text.count("\n# %%\n") >= 2
        assert text.split("\n# %%")[-1].count("savefig") >= 1, path.name
