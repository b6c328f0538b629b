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
BEFORE = (
    "interpreter",
    "import numpy",
    "import scipy",
    "import equipoise",
    "import the command line",
    "read",
    "evidence",
    "ceiling",
    "fixed scales",
)
BY_NUMPY = (
    "fitting the scales",
    "posterior given balance",
    "posterior with cycles",
    "evidence along the path",
)
BY_NUTPIE = (
    "compiling the model",
    "posterior given balance",
    "posterior with cycles",
    "evidence along the path",
)
AFTER = ("summaries", "text", "exit")
_PROGRAM = "import sys; from equipoise.cli import main; sys.exit(main())"


def measure(repeats: int) -> list[Section]:
    """Return the fast path, MCMC, and MCMC by NUTS with a full and an empty cache of its code."""
    few = min(repeats, 3)
    return [
        _measure("`equipoise test --fast`", "fast", BEFORE + AFTER, repeats),
        _measure("`equipoise test`", "numpy", BEFORE + BY_NUMPY + AFTER, few),
        _measure(
            "`equipoise test --backend nutpie`, compiled code in the cache",
            "nutpie",
            BEFORE + BY_NUTPIE + AFTER,
            few,
        ),
        _measure(
            "`equipoise test --backend nutpie`, empty cache",
            "nutpie",
            BEFORE + BY_NUTPIE + AFTER,
            few,
            cold=True,
        ),
    ]


def _measure(
    title: str, engine: str, stages: tuple[str, ...], repeats: int, *, cold: bool = False
) -> Section:
    """Return medians over `repeats` processes of each kind, taken in turns."""
    staged: list[dict[str, float]] = []
    whole: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "counts.csv"
        datasets.load(TABLE).to_csv(path)
        for k in range(repeats):
            cache = Path(folder) / f"cache{k}" if cold else None
            staged.append(_staged(path, engine, cache))
            if engine == "fast":  # elsewhere the interpreter's start is nothing beside the rest
                whole.append(_whole(path, engine, cache))
    totals = [sum(times.values()) for times in staged]
    rows = []
    for stage in stages:
        seconds = median(times[stage] for times in staged)
        share = median(
            times[stage] / all_of_it for times, all_of_it in zip(staged, totals, strict=True)
        )
        rows.append((stage, f"{share:.0%}", f"{seconds:.3f}"))
    rows.append(("these stages, in one process", "100%", f"{median(totals):.2f}"))
    if whole:
        rows.append(("the program itself", "", f"{median(whole):.2f}"))
    return Section(
        f"Where {title} spends its time",
        f"Bundled table {TABLE} (13 states), bytecode compiled; medians of {repeats} processes.",
        ("stage", "share", "seconds"),
        rows,
    )


def _staged(path: Path, engine: str, cache: Path | None) -> dict[str, float]:
    """Run the stages in a fresh process that notes the clock after each."""
    start = time.perf_counter()
    done = _run([sys.executable, "-m", "benchmarks.stages", str(path), repr(start), engine], cache)
    end = time.perf_counter()
    stages: dict[str, float] = json.loads(done.splitlines()[-1])
    stages["exit"] = end - start - sum(stages.values())
    return stages


def _whole(path: Path, engine: str, cache: Path | None) -> float:
    start = time.perf_counter()
    options = ["--fast"] if engine == "fast" else []
    _run([sys.executable, "-c", _PROGRAM, "test", str(path), *options], cache)
    return time.perf_counter() - start


def _run(command: list[str], cache: Path | None) -> str:
    one_thread = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    environment = {**os.environ, **one_thread}
    if cache is not None:
        environment["PYTENSOR_FLAGS"] = f"base_compiledir={cache}"
    return subprocess.run(
        command, check=True, capture_output=True, text=True, env=environment
    ).stdout
