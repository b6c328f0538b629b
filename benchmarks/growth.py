"""How the evidence grows with the number of states, and what in it takes the time."""

import time
from statistics import median
from unittest.mock import patch

import numpy as np

from benchmarks.tables import Section
from equipoise.counts import TransitionCounts
from equipoise.inference.evidence import LaplaceFit, laplace
from equipoise.inference.evidence.laplace import node
from equipoise.models import Priors
from equipoise.simulate import reversible_kernel, sample_draws

SIZES = (5, 8, 12, 16)
TRIALS, DRAWS = 1000, 2000


def measure(repeats: int) -> list[Section]:
    """Time the evidence of reversible complete kernels, with learned and with fixed scales."""
    return [_section("learned", repeats), _section("fixed", repeats)]


def _section(scales: str, repeats: int) -> Section:
    rows = []
    first = None
    for size in SIZES:
        counts = _counts(size)
        runs = [_timed(counts, scales, seed) for seed in range(repeats)]
        whole = median(seconds for seconds, _, _ in runs)
        modes = median(modes / seconds for seconds, modes, _ in runs)
        fit = runs[0][2]
        first = first or whole
        rows.append(
            (
                str(size),
                str(fit.graph.n_edges),
                str(fit.cyclic.size),
                str(len(fit.curve.nodes)),
                f"{modes:.0%}",
                f"{1 - modes:.0%}",
                f"{whole / first:.1f}",
                f"{whole:.2f}",
            )
        )
    return Section(
        f"Evidence against the number of states, {scales} scales",
        f"`laplace` with {DRAWS:,} draws a node, complete graphs, {TRIALS:,} trials a row; medians "
        f"of {repeats} runs. Newton: the search for modes, at every scale of the lattice.",
        (
            "states",
            "edges",
            "parameters",
            "nodes of σ_c",
            "Newton",
            "importance sampling",
            f"time / that of {SIZES[0]}",
            "seconds",
        ),
        rows,
    )


def _counts(size: int) -> TransitionCounts:
    rng = np.random.default_rng([51, size])
    edges = size * (size - 1) // 2
    kernel = reversible_kernel(rng.normal(0.0, 1.0, size), rng.normal(-2.5, 1.0, edges))
    return sample_draws(kernel, TRIALS, rng)


def _timed(counts: TransitionCounts, scales: str, seed: int) -> tuple[float, float, LaplaceFit]:
    """Return seconds of the whole, seconds in the search for modes, and the fit."""
    modes = 0.0
    search = node.scale_lattice

    def timed(*arguments: object) -> object:
        nonlocal modes
        start = time.perf_counter()
        found = search(*arguments)
        modes += time.perf_counter() - start
        return found

    with patch.object(node, "scale_lattice", timed):
        start = time.perf_counter()
        fit = laplace(counts, priors=Priors(scales=scales), draws=DRAWS, random_seed=seed)
        return time.perf_counter() - start, modes, fit
