"""Laplace's evidence and its probes against the path: `python -m benchmarks.bias STATES KIND`."""

import argparse
import json
import resource
import time
from collections.abc import Callable
from typing import Any

import equipoise as eq
from benchmarks.large import LargeTable, simulate

#: Edges of the kernel's graph and draws, a state, and the share of states that are sources.
KINDS = {"full": (17, 170, 1.0), "paper": (35_000 / 7484, 50_228 / 7484, 0.9)}


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
    print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
