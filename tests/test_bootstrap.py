"""scripts/bootstrap before anything is installed: which Python it takes, how it refuses."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TOOLS = (
    "sh",
    "head",
    "cat",
    "cksum",
    "dirname",
    "tr",
    "grep",
    "rm",
    "mkdir",
    "mv",
    "env",
    "sed",
    "awk",
)


@pytest.fixture
def project(tmp_path):
    """A copy of what bootstrap reads, and a PATH with the basic tools and nothing else."""
    (tmp_path / "scripts").mkdir()
    for name in ("pyproject.toml", "constraints.txt", "scripts/bootstrap"):
        shutil.copy(ROOT / name, tmp_path / name)
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found, tool
        (tools / tool).symlink_to(found)
    return tmp_path


def fake_python(project: Path, name: str, version: str, fails: bool = False) -> None:
    """A program that answers as `name` of one version would, or fails as a pyenv shim may."""
    script = project / "tools" / name
    new = version >= "3.12"
    body = (
        "exit 1" if fails else f'case "$2" in *platform*) echo {version};; *) exit {1 - new};; esac'
    )
    script.write_text(f"#!/bin/sh\n{body}\n")
    script.chmod(0o755)


def bootstrap(project: Path, *extras: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "scripts/bootstrap", *extras],
        cwd=project,
        env={"PATH": str(project / "tools"), "HOME": str(project)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_an_old_python_is_refused_in_one_sentence(project):
    fake_python(project, "python3", "3.11.7")
    fake_python(project, "python3.13", "3.13.0", fails=True)
    done = bootstrap(project)
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stderr.startswith("Equipoise needs Python 3.12 or newer; found Python 3.11.7 at ")
    assert not (project / ".venv").exists()


def test_without_any_python_it_says_so(project):
    done = bootstrap(project)
    assert done.returncode == 1
    assert "found none on PATH" in done.stderr


def test_an_interrupted_set_up_is_not_taken_for_a_finished_one(project):
    """The newest Python that runs is taken; where it dies half-way the state says incomplete."""
    fake_python(project, "python3", "3.11.7")
    fake_python(project, "python3.12", "3.12.1")
    first = bootstrap(project)
    assert first.returncode != 0
    assert "python3.12" in first.stdout
    state = project / ".venv" / ".equipoise"
    assert not state.exists() or state.read_text().strip() == "incomplete"
    assert bootstrap(project).returncode != 0


def test_an_extra_goes_in_once_when_it_is_asked_for(project):
    """`make docs` adds the extra; `make test` never waits for it."""
    binaries = project / ".venv" / "bin"
    binaries.mkdir(parents=True)
    (binaries / "activate").write_text(f"VIRTUAL_ENV={project.resolve()}/.venv\n")
    log = project / "log"
    (binaries / "python").write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" >>{log}\n')
    (binaries / "python").chmod(0o755)

    def installed(*extras):
        log.write_text("")
        assert bootstrap(project, *extras).returncode == 0
        lines = log.read_text().splitlines()
        return [line.rsplit(" ", 1)[1] for line in lines if " pip install " in f" {line} "]

    assert installed() == [".[dev]"]
    assert installed() == []
    assert installed("docs") == [".[docs]"]
    assert installed("docs") == []
    with (project / "constraints.txt").open("a") as file:
        file.write("another==1\n")
    assert installed() == [".[dev]"]
    assert installed("docs") == [".[docs]"]
