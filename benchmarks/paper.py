"""The verdict at the paper's scale: `python -m benchmarks.paper SEED RHO`, one simulated table."""

import argparse
import json
import resource
import sys
import time

import equipoise as eq
from benchmarks.large import simulate

STATES, DRAWS, POOL = 7484, 50_228, 0.9
#: Edges of the kernel's graph: some 12,000 and 21,700 directed transitions are seen.
FEW, MANY = 35_000, 250_000


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.paper", description=__doc__)
    parser.add_argument("seed", type=int)
    parser.add_argument("rho", type=float, help="0: reversible")
    parser.add_argument("--edges", type=int, default=FEW, help="of the kernel's graph")
    parser.add_argument("--laplace", action="store_true", help="Laplace's evidence beside it")
    given = parser.parse_args()
    table = simulate(
        STATES, given.edges, DRAWS, given.seed, pool=POOL, violation=given.rho
    ).counts()
    stages: dict[str, float] = {}

    def progress(stage: str, fraction: float) -> None:
        stages[stage] = time.process_time()
        print(f"{stage} {fraction:.2f} {stages[stage]:.0f} s", file=sys.stderr, flush=True)

    spent, begun = time.process_time(), time.perf_counter()
    found = eq.test_large(table, random_seed=given.seed, progress=progress)
    ends = list(stages.values())
    verdict, potential = found.verdict, found.potential
    result = {
        "seed": given.seed,
        "rho": given.rho,
        "arcs": int(table.counts.nnz),
        "compared": found.path.pairs.n_edges,
        "cycles": found.graph.n_cycles,
        "testable": found.graph.n_testable_cycles,
        "tau": [factor.cycle_scale for factor in found.sensitivity],
        "log_bf": [round(factor.log_value, 3) for factor in found.sensitivity],
        "mcse": [round(factor.mcse, 3) for factor in found.sensitivity],
        "favours": verdict.favours,
        "strength": verdict.strength,
        "reason": verdict.reason,
        "distrust": found.distrust,
        "ceiling": verdict.ceiling and round(verdict.ceiling.log_value, 3),
        "size": verdict.size and [verdict.size.mean, verdict.size.lower, verdict.size.upper],
        "nodes": len(found.path.nodes),
        "potentials": potential and len(potential.chosen),
        "r_hat_max": potential and round(potential.r_hat_max, 4),
        "ess_min": potential and round(potential.ess_bulk_min),
        "cpu": dict(
            zip(
                stages,
                [round(b - a, 1) for a, b in zip([spent, *ends], ends, strict=False)],
                strict=True,
            )
        ),
        "cpu_all": round(time.process_time() - spent, 1),
        "wall": round(time.perf_counter() - begun, 1),
        "gigabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2),
    }
    if given.laplace:
        spent = time.process_time()
        rough = eq.laplace_large(table).log_bayes_factor()
        error = rough.log_value - found.log_bayes_factor.log_value
        result["laplace"] = round(rough.log_value, 3)
        result["laplace_error"] = round(error, 3)
        result["cpu_laplace"] = round(time.process_time() - spent, 1)
    print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
