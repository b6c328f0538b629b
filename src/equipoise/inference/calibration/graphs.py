"""The declared graphs on which calibration runs: few, fixed, sparse and dense, 3 to 20 states.

Declared, because conditioning on the support that happened to be observed would bias every check:
the edges are part of the design, whether or not the data show them. Few and fixed, because MCMC
compiles a model for every shape of table.
"""

from dataclasses import dataclass

import numpy as np

from equipoise.likelihoods import IntArray
from equipoise.simulate import complete_edges


@dataclass(frozen=True, eq=False)
class Design:
    """A declared support graph and how often it is used.

    Attributes
    ----------
    name
        For the record.
    n_states
        S.
    edges
        Pairs ``(i, j)``, i < j, sorted, shape (E, 2); connected.
    share
        Probability that a data set is of this design.
    """

    name: str
    n_states: int
    edges: IntArray
    share: float


def _design(name: str, n_states: int, pairs: list[tuple[int, int]], share: float) -> Design:
    return Design(name, n_states, np.array(sorted(pairs), dtype=np.int64), share)


def _ring(n_states: int) -> list[tuple[int, int]]:
    return [(k, k + 1) for k in range(n_states - 1)] + [(0, n_states - 1)]


def _complete(n_states: int) -> list[tuple[int, int]]:
    return [(int(i), int(j)) for i, j in complete_edges(n_states)]


def _ladder(n_rungs: int) -> list[tuple[int, int]]:
    rungs = [(2 * k, 2 * k + 1) for k in range(n_rungs)]
    return rungs + [(k, k + 2) for k in range(2 * n_rungs - 2)]


# Small graphs more often: they are quick, and a Bayes factor of few cycles is one that can fail.
# "pendant" has edges on no cycle; "tree" is a random recursive tree of 20 states with six chords.
DESIGNS = (
    _design("triangle", 3, _ring(3), 0.26),
    _design("diagonal", 4, [*_ring(4), (0, 2)], 0.20),
    _design("complete-5", 5, _complete(5), 0.15),
    _design("pendant", 6, [*_ring(4), (1, 3), (3, 4), (4, 5)], 0.15),
    _design("ring-8", 8, _ring(8), 0.11),
    _design("complete-7", 7, _complete(7), 0.05),
    _design("ladder-12", 12, _ladder(6), 0.05),
    _design(
        "tree-20",
        20,
        [
            *[(0, 1), (1, 2), (0, 3), (2, 4), (1, 5), (3, 6), (3, 7), (5, 8), (8, 9), (4, 10)],
            *[(6, 11), (9, 12), (2, 13), (11, 14), (7, 15), (13, 16), (10, 17), (15, 18), (16, 19)],
            *[(4, 6), (8, 13), (7, 14), (12, 17), (0, 19), (5, 15)],
        ],
        0.03,
    ),
)


def design_named(name: str) -> Design:
    """Return the design of a name.

    Raises
    ------
    KeyError
        If there is none.
    """
    return {design.name: design for design in DESIGNS}[name]
