"""How long the program takes to begin, in whole processes."""

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.tables import Section
from equipoise import datasets

# Name, command, target in seconds, how often.
QUICK = (
    ("python -c pass", ("-c", "pass"), None),
    ("import numpy", ("-c", "import numpy"), None),
    ("import equipoise", ("-c", "import equipoise"), 0.3),
    ("equipoise --help", ("-m", "equipoise", "--help"), 0.4),
    ("equipoise test --help", ("-m", "equipoise", "test", "--help"), None),
)


def once(arguments):
    """Return seconds by the clock, and of CPU."""
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)
    seconds = time.perf_counter() - begin
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, used


def row(name, arguments, target, repeats):
    found = [once(arguments) for _ in range(repeats + 1)][1:]  # the first one writes bytecode
    wall, cpu = (min(values) for values in zip(*found, strict=True))
    return name, f"{wall:.2f}", f"{cpu:.2f}", "" if target is None else f"{target:g}"


def tested():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "counts.csv"
        datasets.gemini_2_5_flash().to_csv(path)
        test = ("-m", "equipoise", "test", str(path), "--quiet")
        return row("equipoise test, 13 states, MCMC", test, 20, 1)


def measure(repeats: int) -> list[Section]:
    rows = [row(*command, repeats) for command in QUICK]
    rows.append(tested())
    return [
        Section(
            "Whole processes",
            f"Seconds, the best of {repeats} (of one for MCMC), bytecode compiled, one thread of "
            f"BLAS. Load while measured: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; CPU "
            "time is what other work disturbs less.",
            ("process", "by the clock", "of CPU", "target"),
            rows,
        )
    ]
