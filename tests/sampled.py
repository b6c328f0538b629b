"""Counts drawn wrongly in a known way: unlike blocks, overdispersed rows, drift, memory."""

from bisect import bisect_right

import numpy as np
from numpy.typing import NDArray

from equipoise.counts import Blocks, TransitionCounts

# Reversible or not does not matter here; asymmetric, so that a transposed axis shows.
KERNEL = np.array(
    [
        [0.55, 0.25, 0.15, 0.05],
        [0.10, 0.60, 0.05, 0.25],
        [0.30, 0.20, 0.40, 0.10],
        [0.05, 0.5, 0.25, 0.20],
    ]
)
OTHER_KERNEL = np.array(
    [
        [0.45, 0.35, 0.15, 0.05],
        [0.10, 0.60, 0.15, 0.15],
        [0.30, 0.10, 0.40, 0.20],
        [0.05, 0.4, 0.35, 0.20],
    ]
)
STATES = ("d", "a", "c", "b")


def blocked(
    kernels: list[NDArray[np.float64]],
    trials: int | NDArray[np.int64],
    rng: np.random.Generator,
    *,
    correlation: float = 0.0,
) -> TransitionCounts:
    """Draw a block of trials a row from each kernel, its rows Dirichlet about it if correlated."""
    size = np.broadcast_to(trials, (len(kernels), len(kernels[0])))
    tables = []
    for b, kernel in enumerate(kernels):
        rows = kernel
        if correlation:
            rows = np.array([rng.dirichlet((1 / correlation - 1) * row) for row in kernel])
        tables.append(rng.multinomial(size[b], rows))
    table = np.array(tables)
    block, source, target = np.indices(table.shape)
    blocks = Blocks.build(
        tuple(str(b) for b in range(len(kernels))),
        *(part.ravel() for part in (block, source, target, table)),
    )
    return TransitionCounts(
        states=STATES, counts=table.sum(axis=0), other=np.zeros(4, dtype=int), blocks=blocks
    )


def walk(
    kernel: NDArray[np.float64],
    steps: int,
    rng: np.random.Generator,
    *,
    memory: float = 0.0,
    later: NDArray[np.float64] | None = None,
) -> TransitionCounts:
    """Follow a chain that goes straight back with probability `memory`, or drifts to `later`."""
    before, here = 0, 1
    path = [before, here]
    now, then = (
        np.cumsum(k, axis=1).tolist() for k in (kernel, kernel if later is None else later)
    )
    for step, (u, v, w) in enumerate(rng.random((steps, 3)).tolist()):
        ends = (then if w < step / steps else now)[here]
        before, here = here, before if v < memory else min(bisect_right(ends, u), 3)
        path.append(here)
    return TransitionCounts.from_sequences([STATES[k] for k in path], states=STATES)
