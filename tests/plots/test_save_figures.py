"""Figures in files."""

import subprocess
import sys

import pytest

from equipoise.errors import UsageError
from equipoise.plots import FIGURES, save_figures

SIGNATURES = {"png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<?xml"}


def test_files_are_written(result, tmp_path):
    folder = tmp_path / "a"
    written = save_figures(result("alofi-rain"), folder, formats=tuple(SIGNATURES))
    assert [path.name for path in written] == [
        f"{name}.{ending}" for name in FIGURES for ending in SIGNATURES
    ]
    for path in written:
        assert path.parent == folder
        assert path.read_bytes().startswith(SIGNATURES[path.suffix[1:]])


def test_same_result_same_picture(result, tmp_path):
    first, second = (
        save_figures(result("claude-4"), tmp_path / name)[0].read_bytes() for name in "ab"
    )
    assert first == second


@pytest.mark.parametrize("name", ["hostile", "tree", "distrusted alofi-rain"])
def test_odd_results_warn_of_nothing(result, tmp_path, name):
    for path in save_figures(result(name), tmp_path):
        assert path.stat().st_size > 1000


def test_unknown_format(result, tmp_path):
    with pytest.raises(UsageError, match="no figure can be saved as docx; choose from"):
        save_figures(result("alofi-rain"), tmp_path, formats=("png", "docx"))
    assert list(tmp_path.iterdir()) == []


def test_folder_that_cannot_be_written(result, tmp_path):
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(UsageError, match=r"figures cannot be written to '.*file'") as error:
        save_figures(result("alofi-rain"), file)
    assert str(error.value).isprintable()
    with pytest.raises(UsageError, match="figures cannot be written"):
        save_figures(result("alofi-rain"), "nul\0")
    with pytest.raises(UsageError, match="No such file or directory"):
        save_figures(result("alofi-rain"), tmp_path / "absent" / "figures")
    assert not (tmp_path / "absent").exists()


def test_pyplot_is_not_loaded():
    code = "import equipoise.plots, sys; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
