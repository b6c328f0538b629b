"""Kernels with known potentials, to be compared."""

import numpy as np
from numpy.typing import NDArray

from equipoise.counts import TransitionCounts

Array = NDArray[np.float64]


def metropolis(potential: Array, edges: Array, rates: Array) -> Array:
    """Return a kernel with stationary distribution exp(−potential), shape (S, S): Metropolis.

    Along each edge rate × min(1, π_j/π_i), all rates scaled down until every row can stay.
    """
    law = np.exp(potential.min() - potential)
    kernel = np.zeros((len(law), len(law)))
    for (i, j), rate in zip(np.asarray(edges).tolist(), rates.tolist(), strict=True):
        kernel[i, j] = rate * min(1.0, law[j] / law[i])
        kernel[j, i] = rate * min(1.0, law[i] / law[j])
    kernel /= max(1.0, 1.05 * kernel.sum(axis=1).max())
    kernel[np.diag_indices(len(law))] = 1.0 - kernel.sum(axis=1)
    return kernel


def drawn(
    potential: Array, edges: Array, trials: int, rng: np.random.Generator
) -> TransitionCounts:
    """Draw trials from each state of a kernel with rates exp(Normal(−2.5, 1)) of its own."""
    kernel = metropolis(potential, edges, np.exp(rng.normal(-2.5, 1.0, len(edges))))
    table = np.array([rng.multinomial(trials, row) for row in kernel])
    return TransitionCounts.from_matrix(table, states=[f"s{k:02d}" for k in range(len(potential))])
