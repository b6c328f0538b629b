"""The least-action potential against the paper's objective as a loop over transitions.

The released code of Song et al. 2025 (arXiv:2512.10047) goes over a list of edges, takes
``K(x) = log(1 + exp(−x))`` of one NumPy number at a time, its slope as a difference of two more,
and gives action and slopes to L-BFGS-B with SciPy's tolerances. That loop is written anew here, and
beside it the quickest loop that Python allows: plain numbers, the slope in closed form.
"""

import math
import time
from collections.abc import Callable
from contextlib import suppress
from statistics import median

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from benchmarks.large import simulate
from benchmarks.tables import Section
from equipoise.counts import TransitionCounts
from equipoise.inference.baselines import least_action

# States, pairs of the kernel, draws: a small table, and one of the paper's size.
SIZES = ((500, 2000, 5000), (7484, 40_000, 50_228))
TARGET = 100
SHARE, MOST_CALLS = 1e-4, 600
_STEP = 1e-8  # of the paper's differences

FloatArray = NDArray[np.float64]
Arcs = list[tuple[int, int, float]]
Objective = Callable[[FloatArray], tuple[float, FloatArray]]


def measure(repeats: int) -> list[Section]:
    """Time all three on simulated tables, within strongly connected components."""
    return [
        Section(
            "The least-action potential",
            "K(x) = log(1 + exp(−x)), as the paper's released code has it; CPU seconds. *Paper's*: "
            "its loop, re-implemented: over all transitions between states tried twice, NumPy "
            "scalars, the slope of K by differences, L-BFGS-B with SciPy's tolerances, from 0. "
            "*On*: without them, until the action is "
            f"within {SHARE:g} of ours, or for {MOST_CALLS} evaluations. "
            "*Quickest*: as that, but plain numbers, the slope in closed form, and only "
            "transitions inside strongly connected components, for the others can be made to cost "
            "nothing. *Ours*: `least_action`, sparse Newton, preparation included, median of "
            f"{repeats}. Target: as low an action {TARGET} times faster than the paper's loop.",
            (
                "states",
                "directed transitions",
                "in the loop",
                "loop",
                "action a state, less ours",
                "evaluations",
                "s an evaluation",
                "CPU s",
                "ratio to ours",
            ),
            [row for size in SIZES for row in _rows(size, repeats)],
        )
    ]


def _rows(size: tuple[int, int, int], repeats: int) -> list[tuple[str, ...]]:
    counts = simulate(*size, 1, pool=0.9).counts()
    ours = []
    for _ in range(repeats):
        start = time.process_time()
        least = least_action(counts, penalty="logistic")
        ours.append(time.process_time() - start)
    quick = median(ours)
    every, inside, made = _arcs(counts)
    first = f"{size[0]:,}", f"{len(counts.counts.data):,}"
    rows = []
    near = least.action * (1 + SHARE)
    for name, arcs, objective, enough in (
        ("paper's", every, papers(every, made), None),
        ("paper's, on", every, papers(every, made), near),
        ("quickest, on", inside, quickest(inside, made), near),
    ):
        action, seconds, calls = _minimise(objective, size[0], enough)
        rows.append(
            (
                *first,
                f"{len(arcs):,}",
                name,
                f"{action - least.action:+.1e}",
                f"{calls:,}",
                f"{seconds / calls:.4f}",
                f"{seconds:.2f}",
                f"{seconds / quick:,.0f}",
            )
        )
    rows.append((*first, "", "ours", f"{least.action:.6f}", "", "", f"{quick:.3f}", "1"))
    return rows


def papers(arcs: Arcs, made: int) -> Objective:
    """Return the paper's objective."""
    edges = [{"from": f, "to": g, "w": w} for f, g, w in arcs]

    def K(x: float) -> FloatArray:
        z = -x
        return np.where(z > 0, z + np.log1p(np.exp(-z)), np.log1p(np.exp(z)))

    def objective(v: FloatArray) -> tuple[float, FloatArray]:
        total, slopes = 0.0, np.zeros_like(v)
        for edge in edges:
            f, g, w = edge["from"], edge["to"], edge["w"]
            gap = v[f] - v[g]
            total += w * K(gap)
            slope = w * (K(gap + _STEP) - K(gap - _STEP)) / (2 * _STEP)
            slopes[f] += slope
            slopes[g] -= slope
        return float(total) / made, slopes / made

    return objective


def quickest(arcs: Arcs, made: int) -> Objective:
    """Return the same in plain numbers, the slope in closed form."""

    def objective(potential: FloatArray) -> tuple[float, FloatArray]:
        v = potential.tolist()
        slopes = [0.0] * len(v)
        total = 0.0
        for f, g, w in arcs:
            x = v[f] - v[g]
            small = math.exp(-abs(x))
            total += w * (max(-x, 0.0) + math.log1p(small))
            slope = w * (small if x > 0 else 1.0) / (1.0 + small)
            slopes[f] -= slope
            slopes[g] += slope
        return total / made, np.array(slopes) / made

    return objective


class _Enough(Exception):
    """Tells the optimiser that the action is low enough."""


def _minimise(
    objective: Objective, n_states: int, enough: float | None
) -> tuple[float, float, int]:
    """Return action, seconds and evaluations.

    With SciPy's tolerances; or, where it is said what is enough, on until there or for 600
    evaluations.
    """
    calls, best = 0, math.inf

    def counted(v: FloatArray) -> tuple[float, FloatArray]:
        nonlocal calls, best
        calls += 1
        found = objective(v)
        best = min(best, found[0])
        if enough is not None and (best <= enough or calls >= MOST_CALLS):
            raise _Enough
        return found

    options = {"maxiter": 20_000} | ({} if enough is None else {"ftol": 0.0, "gtol": 0.0})
    start = time.process_time()
    with suppress(_Enough):
        minimize(counted, np.zeros(n_states), jac=True, method="L-BFGS-B", options=options)
    return best, time.process_time() - start, calls


def _arcs(counts: TransitionCounts) -> tuple[Arcs, Arcs, int]:
    """Return transitions with their probabilities, those within components, and all sources."""
    trials = counts.trials
    table = counts.counts.tocoo()
    kept = (table.row != table.col) & (trials[table.row] >= 2)
    row, column = table.row[kept], table.col[kept]
    weight = table.data[kept] / trials[row]
    strong = _components(row, column, len(trials))

    def chosen(which: NDArray[np.bool_]) -> Arcs:
        parts = (x[which].tolist() for x in (row, column, weight))
        return list(zip(*parts, strict=True))

    made = int(np.count_nonzero(trials))
    return chosen(trials[column] >= 2), chosen(strong[row] == strong[column]), made


def _components(row: NDArray[np.int64], column: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    arcs = csr_array((np.ones(len(row)), (row, column)), shape=(n, n))
    return np.asarray(connected_components(arcs, directed=True, connection="strong")[1])
