"""Evidence at the paper's scale: `python -m benchmarks.paper SEED RHO`, one simulated table."""

import argparse
import json
import resource
import time

import equipoise as eq
from benchmarks.large import simulate

STATES, EDGES, DRAWS, POOL = 7484, 40_000, 50_228, 0.9
TAUS = (0.25, 0.5, 1.0, 2.0, 4.0)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.paper", description=__doc__)
    parser.add_argument("seed", type=int)
    parser.add_argument("rho", type=float, help="0: reversible")
    parser.add_argument("--edges", type=int, default=EDGES, help="of the kernel's graph")
    given = parser.parse_args()
    table = simulate(
        STATES, given.edges, DRAWS, given.seed, pool=POOL, violation=given.rho
    ).counts()
    spent, begun = time.process_time(), time.perf_counter()
    found = eq.path_large(table, random_seed=given.seed)
    factors = [found.log_bayes_factor(tau) for tau in TAUS]
    path = time.process_time() - spent
    rough = eq.laplace_large(table)
    print(
        json.dumps(
            {
                "seed": given.seed,
                "rho": given.rho,
                "arcs": int(table.counts.nnz),
                "compared": found.pairs.n_edges,
                "cycles": found.graph.n_cycles,
                "testable": found.graph.n_testable_cycles,
                "tau": TAUS,
                "log_bf": [round(factor.log_value, 3) for factor in factors],
                "mcse": [round(factor.mcse, 3) for factor in factors],
                "distrust": [factor.distrust for factor in factors],
                "laplace": [round(rough.log_bayes_factor(tau).log_value, 3) for tau in TAUS],
                "nodes": len(found.nodes),
                "cpu": round(path, 1),
                "cpu_with_laplace": round(time.process_time() - spent, 1),
                "wall": round(time.perf_counter() - begun, 1),
                "gigabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2),
            }
        )
    )


if __name__ == "__main__":
    main()
