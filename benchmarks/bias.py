"""Laplace's evidence and its probes against the path: `python -m benchmarks.bias STATES KIND`.

Each run adds a line to measured/bias.jsonl, from which the table in scale.md is written.
"""

import argparse
import json
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import equipoise as eq
from benchmarks.large import LargeTable, simulate
from benchmarks.pages import put
from benchmarks.tables import Section

#: Edges of the kernel's graph and draws, a state, and the share of states that are sources.
KINDS = {"full": (17, 170, 1.0), "paper": (35_000 / 7484, 50_228 / 7484, 0.9)}
MEASURED = Path(__file__).with_name("measured") / "bias.jsonl"


def table_of(states: int, kind: str, seed: int, rho: float) -> LargeTable:
    """Simulate a table of a kind: "full", 17 counts an edge, or "paper", one or two."""
    edges, draws, pool = KINDS[kind]
    return simulate(
        states,
        round(edges * states),
        round(draws * states),
        seed,
        pool=pool,
        violation=rho,
        poisson=kind == "full",
    )


def section() -> Section:
    """Return the table of all runs that were kept."""
    found = map(json.loads, MEASURED.read_text(encoding="utf-8").splitlines())
    return Section(
        "Laplace's evidence: its bias, and random probes beyond sparse factors",
        "`python -m benchmarks.bias STATES KIND [--exact] [--path]`: reversible tables, log BF at "
        'τ = 1. "full": 17 kernel edges and 170 draws a state, all states sources; "paper": 4.7 '
        "edges and 6.7 draws, nine in ten. Exact: exact determinants, σ_Φ integrated; probes: σ_Φ "
        "held. Bias is that of Laplace's method against the path. One table each. Written by the "
        "script from [measured/bias.jsonl](measured/bias.jsonl).",
        (
            "states",
            "kind",
            "edges compared",
            "cycles",
            "path",
            "exact determinants",
            "bias, exact",
            "probes",
            "log BF by probes",
            "bias, probes",
            "CPU s: path, exact, probes",
        ),
        [_row(run) for run in sorted(found, key=lambda run: (run["states"], run["kind"]))],
    )


def _row(run: dict[str, Any]) -> tuple[str, ...]:
    def factor(name: str) -> str:
        value, error = run.get(f"log_bf_{name}"), run.get(f"mcse_{name}")
        if value is None:
            return ""
        return f"{value:+.2f} ± {error:.3f}" if error else f"{value:+.2f}"

    def bias(name: str) -> str:
        value, known = run.get(f"log_bf_{name}"), run.get("log_bf_path")
        return "" if value is None or known is None else f"{value - known:+.2f}"

    spent = [run.get(f"cpu_{name}") for name in ("path", "exact", "probes")]
    return (
        f"{run['states']:,}",
        run["kind"],
        f"{run['compared']:,}",
        f"{run['cycles']:,}",
        factor("path"),
        factor("exact"),
        bias("exact"),
        str(run["probes"]),
        factor("probes"),
        bias("probes"),
        ", ".join("–" if cpu is None else f"{cpu:g}" for cpu in spent),
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bias", description=__doc__)
    parser.add_argument("states", type=int)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rho", type=float, default=0.0)
    parser.add_argument("--probes", type=int, default=32)
    parser.add_argument("--exact", action="store_true", help="exact determinants too")
    parser.add_argument("--path", action="store_true", help="the path too")
    given = parser.parse_args()
    counts = table_of(given.states, given.kind, given.seed, given.rho).counts()
    result: dict[str, Any] = vars(given)

    def timed(name: str, method: Callable[[], Any]) -> None:
        spent = time.process_time()
        found = method()
        factor = found.log_bayes_factor()
        result["compared"] = found.pairs.n_edges
        result["cycles"] = found.pairs.n_cycles
        result[f"log_bf_{name}"] = round(factor.log_value, 3)
        result[f"mcse_{name}"] = round(factor.mcse, 3)
        result[f"nodes_{name}"] = len(found.curve.nodes)
        result[f"cpu_{name}"] = round(time.process_time() - spent, 1)

    timed(
        "probes",
        lambda: eq.laplace_large(
            counts, determinants="probes", probes=given.probes, random_seed=given.seed
        ),
    )
    result["gigabytes"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2)
    if given.exact:
        timed("exact", lambda: eq.laplace_large(counts, determinants="exact"))
    if given.path:
        timed("path", lambda: eq.path_large(counts, random_seed=given.seed))
    with MEASURED.open("a", encoding="utf-8") as file:
        file.write(json.dumps(result) + "\n")
    put(section())
    print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
