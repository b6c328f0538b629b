"""The fast path over four decades of size, the file included: `python -m benchmarks.scale`."""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.large import simulate
from benchmarks.pages import put
from benchmarks.tables import Section

SIZES = (100, 1_000, 10_000, 100_000, 1_000_000)
# Some three in five edges of the kernel are seen.
KERNEL_EDGES, DRAWS = 17, 170
CHOSEN = 20


def write(size: int, path: Path) -> None:
    """Write a simulated table with ten edges a state as Parquet, a row a transition."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = simulate(size, KERNEL_EDGES * size, DRAWS * size, 1, poisson=True)
    labels = pa.array([f"s{k:07d}" for k in range(size)])
    pq.write_table(
        pa.table(
            {
                "source": pa.DictionaryArray.from_arrays(table.source, labels).cast(pa.string()),
                "target": pa.DictionaryArray.from_arrays(table.target, labels).cast(pa.string()),
                "count": table.count,
            }
        ),
        path,
    )


def solve(path: Path) -> None:
    """Read a file and fit it, in this process; print figures as JSON."""
    import equipoise as eq

    begun, spent = time.perf_counter(), time.process_time()
    counts = eq.TransitionCounts.from_parquet(path)
    read = time.process_time() - spent
    found = eq.map_large(counts, random_seed=1)
    fitted = time.process_time() - spent - read
    found.standard_errors(counts.states[:CHOSEN])
    found.largest_violations(CHOSEN)
    print(
        json.dumps(
            {
                "states": found.graph.n_states,
                "edges": found.graph.n_edges,
                "z": float(np.std(found.violations.z)),
                "read": read,
                "fit": fitted,
                "cpu": time.process_time() - spent,
                "wall": time.perf_counter() - begun,
                "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
            }
        )
    )


def measure(sizes: tuple[int, ...]) -> Section:
    """Run every size in a process of its own."""
    rows: list[tuple[str, ...]] = []
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "counts.parquet"
            for step in ("--write", "--solve"):
                command = [sys.executable, "-m", "benchmarks.scale", step, str(size), str(path)]
                done = subprocess.run(command, capture_output=True, text=True, check=True)
            figures = json.loads(done.stdout)
            megabytes = path.stat().st_size / 1e6
        print(figures, file=sys.stderr, flush=True)
        rows.append(
            (
                f"{figures['states']:,}",
                f"{figures['edges']:,}",
                f"{megabytes:.1f}",
                f"{figures['read']:.2f}",
                f"{figures['fit']:.2f}",
                f"{figures['cpu']:.2f}",
                f"{1e6 * figures['cpu'] / figures['edges']:.0f}",
                f"{figures['wall']:.1f}",
                f"{figures['memory']:.2f}",
            )
        )
    return Section(
        "The fast path of large tables against their size",
        "`map_large`: a simulated reversible table, heavy-tailed degrees and visits, read from "
        f"Parquet; mode with σ_Φ learned, violation map of all edges, standard errors of {CHOSEN} "
        f"states and exact leverages of {CHOSEN} edges. One process a size, one thread. "
        "`python -m benchmarks.scale`.",
        (
            "states",
            "edges",
            "file, MB",
            "reading, CPU s",
            "map, CPU s",
            "all, CPU s",
            "CPU µs an edge",
            "wall s",
            "peak GB",
        ),
        rows,
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--largest", type=int, default=SIZES[-1], help="states, at most")
    parser.add_argument("--write", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--solve", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.write:
        write(int(given.write[0]), Path(given.write[1]))
    elif given.solve:
        solve(Path(given.solve[1]))
    else:
        put(measure(tuple(size for size in SIZES if size <= given.largest)))


if __name__ == "__main__":
    main()
