"""Tables and kernels in which balance breaks."""

import numpy as np

from equipoise.counts import TransitionCounts
from equipoise.simulate import Kernel

# a → b → c → a is driven; no two rows or columns are alike.
RING = [[40, 60, 9], [12, 70, 50], [80, 16, 30]]
ONE_WAY = [  # d only leads on, e is never a source: cycles through them cannot be tested
    [3, 30, 14, 0, 9],
    [17, 0, 15, 0, 0],
    [33, 14, 0, 0, 0],
    [5, 9, 0, 1, 0],
    [0, 0, 0, 0, 0],
]


def table(matrix, labels="abcdefgh", **options):
    return TransitionCounts.from_matrix(matrix, states=list(labels[: len(matrix)]), **options)


def kernels_of(problem, draws, n):
    """Return matrices of the first draws, built entry by entry."""
    rows, found = problem.likelihood, []
    for theta in draws.theta[:n]:
        eta = draws.model.design @ theta
        matrix = np.zeros((rows.arcs.n_states, rows.arcs.n_states))
        for a, (i, j) in enumerate(zip(rows.arcs.source, rows.arcs.target, strict=True)):
            matrix[i, j] = np.exp(eta[a])
        for i in range(len(matrix)):
            z = 1 + matrix[i].sum()
            matrix[i] /= z
            matrix[i, i] = 1 / z
        found.append(Kernel(problem.graph.states, matrix, np.zeros(len(matrix))))
    return found
