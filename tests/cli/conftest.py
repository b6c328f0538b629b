"""The real command, in a process of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = Path(sys.executable).with_name("equipoise")


@pytest.fixture(scope="session")
def program():
    """Run the installed program; return the finished process, its output as text."""

    def run(*arguments, **options):
        given = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        return subprocess.run(
            [COMMAND, *arguments], text=True, encoding="utf-8", timeout=60, check=False, **given
        )

    return run


@pytest.fixture
def table(tmp_path):
    """Return the path of a small table of counts: rain on Alofi under other names."""
    path = tmp_path / "counts.csv"
    path.write_text(",A,B,C\nA,362,126,60\nB,136,90,68\nC,50,79,124\n")
    return str(path)
