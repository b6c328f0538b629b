"""The least-action potential against the paper's objective as a loop over transitions."""

import math
import time
from statistics import median

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from benchmarks.large import simulate
from benchmarks.tables import Section, markdown
from equipoise.counts import TransitionCounts
from equipoise.inference.baselines import least_action

STATES, EDGES, DRAWS = 7484, 40_000, 50_228
SHARE = 1e-4

FloatArray = NDArray[np.float64]


def measure(repeats: int) -> list[Section]:
    """Time both on a simulated table of the paper's size."""
    counts = simulate(STATES, EDGES, DRAWS, 1, pool=0.9).counts()
    ours = []
    for _ in range(repeats):
        start = time.process_time()
        least = least_action(counts)
        ours.append(time.process_time() - start)
    action, seconds, evaluations = _by_loop(counts)
    quick, once = median(ours), seconds / evaluations
    # Without a derivative each one costs an evaluation a state.
    blind = seconds * (STATES + 1)
    return [
        Section(
            "The least-action potential at the paper's scale",
            f"{STATES:,} states, {len(counts.counts.data):,} directed transitions, exp(−x/2); CPU "
            "seconds. Loop: the action and its derivative as a Python loop over the transitions "
            "within strongly connected components, minimised by L-BFGS in "
            f"{evaluations:,} evaluations; by differences each takes {STATES + 1:,} more "
            "(not run: computed from one). Ours: sparse Newton, preparation included.",
            ("", "action a state", "CPU seconds", "ratio"),
            [
                ("loop, one evaluation", "", f"{once:.4f}", f"{once / quick:.2g}"),
                (
                    "loop with derivative",
                    f"{action:.6f}",
                    f"{seconds:.2f}",
                    f"{seconds / quick:.0f}",
                ),
                ("loop by differences", "the same", f"{blind:.0f}", f"{blind / quick:.0f}"),
                ("ours", f"{least.action:.6f}", f"{quick:.4f}", "1"),
            ],
        )
    ]


def _by_loop(counts: TransitionCounts) -> tuple[float, float, int]:
    """Return action, seconds and evaluations of the loop."""
    trials = counts.trials
    table = counts.counts.tocoo()
    kept = (table.row != table.col) & (trials[table.row] >= 2)
    row, column = table.row[kept], table.col[kept]
    weight = table.data[kept] / trials[row]
    strong = _components(row, column, len(trials))
    inside = strong[row] == strong[column]
    arcs = list(
        zip(row[inside].tolist(), column[inside].tolist(), weight[inside].tolist(), strict=True)
    )
    made = int(np.count_nonzero(trials))
    calls = 0

    def action(potential: FloatArray) -> tuple[float, FloatArray]:
        nonlocal calls
        calls += 1
        v = potential.tolist()
        slope = [0.0] * len(v)
        total = 0.0
        for f, g, t in arcs:
            k = t * math.exp(-0.5 * (v[f] - v[g]))
            total += k
            slope[f] -= 0.5 * k
            slope[g] += 0.5 * k
        return total / made, np.array(slope) / made

    start = time.process_time()
    # Its stopping rules are relative to a step: the tolerances ask for our minimum to 1e-4 of it.
    found = minimize(
        action,
        np.zeros(len(trials)),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": 3000, "maxfun": 3000, "ftol": SHARE * 1e-9, "gtol": 1e-9},
    )
    return float(found.fun), time.process_time() - start, calls


def _components(row: NDArray[np.int64], column: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    arcs = csr_array((np.ones(len(row)), (row, column)), shape=(n, n))
    return np.asarray(connected_components(arcs, directed=True, connection="strong")[1])


if __name__ == "__main__":
    print(markdown(measure(5)[0]))
