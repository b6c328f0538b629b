"""Wheel and sdist: built, and the wheel at work in an empty environment outside the repository."""

import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Nothing of this environment must reach the new one.
CLEAN = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith("PYTHON") and name != "VIRTUAL_ENV"
}


def run(*command, cwd, **options):
    return subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=CLEAN,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        **options,
    )


def index_reached(python, cwd):
    """Whether a package index answers: hatchling, which builds, is asked for and not installed."""
    asked = ["-m", "pip", "download", "--no-deps", "--quiet", "--dest", cwd / "asked", "hatchling"]
    return run(python, *asked, "--retries", "0", "--timeout", "20", cwd=cwd).returncode == 0


@pytest.mark.slow
def test_the_wheel_runs_the_demo_in_an_empty_environment(tmp_path):
    venv.create(tmp_path / "empty", with_pip=True)
    python = tmp_path / "empty" / ("Scripts" if os.name == "nt" else "bin") / "python"
    if not index_reached(python, tmp_path):
        pytest.skip("no package index can be reached")
    done = run(python, "-m", "pip", "install", "--quiet", "build", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    # From the sdist, so that it must hold all that the wheel needs.
    done = run(python, "-m", "build", "--outdir", tmp_path / "dist", ROOT, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    (wheel,), (sdist,) = (tmp_path / "dist").glob("*.whl"), (tmp_path / "dist").glob("*.tar.gz")
    inside = zipfile.ZipFile(wheel).namelist()
    assert {"equipoise/py.typed", "equipoise/datasets/claude-4.csv"} <= set(inside)
    assert not [name for name in inside if name.startswith(("tests/", "docs/"))]
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"pyproject.toml", "README.md", "LICENSE", "tests/conftest.py"} <= names

    # A second environment: the first has what builds.
    venv.create(tmp_path / "used", with_pip=True)
    python = python.parents[2] / "used" / python.parent.name / "python"
    install = ["-m", "pip", "install", "--quiet", "--compile", "--constraint"]
    done = run(python, *install, ROOT / "constraints.txt", wheel, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    place = run(
        python, "-c", "import equipoise; print(equipoise.__file__, equipoise.__version__)", cwd="/"
    ).stdout.split()
    assert Path(place[0]).is_relative_to(tmp_path / "used")
    assert place[1] == "0.1.0" or place[1][0].isdigit()
    compiled = Path(place[0]).parent / "__pycache__"
    assert list(compiled.glob(f"__init__.{sys.implementation.cache_tag}*.pyc"))
    done = run(python.parent / "equipoise", "demo", cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "non-reversible" in done.stdout.lower()
    assert len(list((tmp_path / "equipoise-demo").rglob("*.png"))) >= 6
