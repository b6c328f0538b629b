"""The examples run from beginning to end, and find what the documentation says they find."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.slow
def test_comparing_models_finds_several_potentials():
    done = subprocess.run(
        [sys.executable, "-W", "error", EXAMPLES / "comparing_models.py"],
        env={**os.environ, "MPLBACKEND": "Agg"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = {line.split()[1]: line for line in done.stdout.splitlines() if "another" in line}
    assert set(lines) == {"model", "prompt", "temperature"}
    assert "Several potentials, very strong evidence" in lines["model"]
    assert "Several potentials, very strong evidence" in lines["prompt"]
