"""Where the time of `equipoise test` goes, from the start of the process to its end."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.tables import Section
from equipoise import datasets

TABLE = "gemini-2.5-flash"  # 13 states
STAGES = (
    "interpreter",
    "import numpy",
    "import scipy",
    "import equipoise",
    "import the command line",
    "read",
    "evidence",
    "ceiling",
    "fixed scales",
    "summaries",
    "text",
    "exit",
)
_PROGRAM = "import sys; from equipoise.cli import main; sys.exit(main())"


def measure(repeats: int) -> Section:
    """Return medians over `repeats` processes of each kind, taken in turns."""
    staged: list[dict[str, float]] = []
    whole: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "counts.csv"
        datasets.load(TABLE).to_csv(path)
        for _ in range(repeats):
            staged.append(_staged(path))
            whole.append(_whole(path))
    totals = [sum(stages.values()) for stages in staged]
    total = median(totals)
    rows = []
    for stage in STAGES:
        seconds = median(stages[stage] for stages in staged)
        share = median(
            stages[stage] / all_of_it for stages, all_of_it in zip(staged, totals, strict=True)
        )
        rows.append((stage, f"{share:.0%}", f"{seconds:.3f}"))
    rows.append(("these stages, in one process", "100%", f"{total:.2f}"))
    rows.append(("`equipoise test`, the program itself", "", f"{median(whole):.2f}"))
    return Section(
        "Where `equipoise test` spends its time",
        f"Bundled table {TABLE} (13 states), defaults, bytecode compiled; medians of {repeats} "
        "processes.",
        ("stage", "share", "seconds"),
        rows,
    )


def _staged(path: Path) -> dict[str, float]:
    """Run the stages in a fresh process that notes the clock after each."""
    start = time.perf_counter()
    done = _run([sys.executable, "-m", "benchmarks.stages", str(path), repr(start)])
    end = time.perf_counter()
    stages: dict[str, float] = json.loads(done.splitlines()[-1])
    stages["exit"] = end - start - sum(stages.values())
    return stages


def _whole(path: Path) -> float:
    start = time.perf_counter()
    _run([sys.executable, "-c", _PROGRAM, "test", str(path)])
    return time.perf_counter() - start


def _run(command: list[str]) -> str:
    one_thread = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    environment = {**os.environ, **one_thread}
    return subprocess.run(
        command, check=True, capture_output=True, text=True, env=environment
    ).stdout
