"""RESULTS.md: what every part measured last, and on what machine."""

import json
import os
import platform
import resource
import subprocess
import sys
from dataclasses import asdict
from importlib.metadata import version
from importlib.util import cache_from_source
from pathlib import Path

from benchmarks.tables import Section, markdown

FOLDER = Path(__file__).parent
RESULTS = FOLDER / "RESULTS.md"
MEASURED = FOLDER / "measured"
PACKAGES = ("numpy", "scipy", "arviz-stats", "xarray", "pymc", "pytensor", "nutpie", "numba")
# Written by scripts of their own, which take machines or hours of their own.
PAGES = (
    ("scale.md", "tables of up to 10⁶ states, evidence at the paper's scale"),
    ("gpu.md", "NUTS through JAX on a GPU, against nutpie"),
    ("collector.md", "requests a second, memory, a million stored draws"),
)


def keep(name: str, sections: list[Section]) -> None:
    """Write what a part measured, and where, to `measured/NAME.json`."""
    MEASURED.mkdir(exist_ok=True)
    found = {"about": about(), "sections": [asdict(section) for section in sections]}
    text = json.dumps(found, indent=1, ensure_ascii=False)
    (MEASURED / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def write(names: list[str]) -> None:
    """Write RESULTS.md from what is kept."""
    parts = [
        "# Results",
        "",
        "What [README.md](README.md) describes, measured last; written by `python -m benchmarks`. "
        "Trust the ratios, not the seconds: the two sides of a ratio ran by turns.",
        "",
        *(f"- [{page}]({page}): {what}." for page, what in PAGES),
        "",
    ]
    for name in names:
        path = MEASURED / f"{name}.json"
        if not path.exists():
            parts += [f"## {name}", "", "Not measured.", ""]
            continue
        found = json.loads(path.read_text(encoding="utf-8"))
        for section in found["sections"]:
            rows = [tuple(row) for row in section["rows"]]
            headings = tuple(section["headings"])
            parts.append(markdown(Section(section["title"], section["text"], headings, rows)))
        parts += [f"*`python -m benchmarks {name}`: {found['about']}*", ""]
    RESULTS.write_text("\n".join(parts), encoding="utf-8")


def about() -> str:
    """Return machine, versions, state of the bytecode and peak memory in words."""
    import equipoise

    compiled = Path(cache_from_source(equipoise.__file__)).exists()
    peak = max(
        resource.getrusage(who).ru_maxrss
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    versions = [f"equipoise {equipoise.__version__}", *(f"{p} {version(p)}" for p in PACKAGES)]
    return (
        f"{_processor()}, {os.cpu_count()} cores, {_memory():.0f} GB; one thread; load "
        f"{os.getloadavg()[0]:.1f} at the end; Python {platform.python_version()}, bytecode "
        f"{'compiled' if compiled else 'not compiled'}; {', '.join([*versions, *_peers()])}; peak "
        f"memory of a process {peak / 1e6:.2f} GB."
    )


def _peers() -> list[str]:
    python = FOLDER.parent / ".bench" / "bin" / "python"
    if not python.exists():
        return []
    ask = "from importlib.metadata import version; print(version('deeptime'))"
    done = subprocess.run([str(python), "-c", ask], capture_output=True, text=True, check=True)
    return [f"deeptime {done.stdout.strip()} (an environment of its own)"]


def _processor() -> str:
    if sys.platform == "linux":
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _memory() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
