"""The order in which a graph's states are eliminated: independent sets of few neighbours, a level.

States of a level are not neighbours of each other, so that all are eliminated at once and in a few
array operations; a state with one neighbour goes at no cost, and one with two leaves a single edge
behind. Random graphs have no small separators: a core is left in which nearly everybody is
everybody's neighbour. There dense algebra is quicker than sparse by far, and takes less memory.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from equipoise.likelihoods import IntArray

BoolArray = npt.NDArray[np.bool_]

# A core is dense when this share of its pairs are neighbours: dense algebra is faster by more.
_DENSE = 0.1
# So small a core is not worth further levels.
_SMALL = 48
# A level takes states of up to so many times the fewest neighbours.
_SLACK = 1.25


@dataclass(frozen=True, eq=False)
class Level:
    """States eliminated together, and what is left behind.

    Edges are counted anew at every level; each runs from the lower to the higher number of a state.

    Attributes
    ----------
    states
        Numbers of the states, shape (a,).
    owner, neighbour
        Of every edge that ends here: place of the eliminated end in ``states``, and number of the
        other; sorted, shape (k,).
    edge, turned
        Place of that edge among those before this level, and whether it runs towards the
        eliminated state, shape (k,).
    kept, place
        Edges that stay, and their place among those after this level.
    left, right, target
        Pairs of a state's neighbours, as places in ``neighbour``, and the edge between the two
        after this level; left is the lower number.
    n_edges
        After this level.
    """

    states: IntArray
    owner: IntArray
    neighbour: IntArray
    edge: IntArray
    turned: BoolArray
    kept: IntArray
    place: IntArray
    left: IntArray
    right: IntArray
    target: IntArray
    n_edges: int


@dataclass(frozen=True, eq=False)
class Elimination:
    """How a graph is eliminated.

    Attributes
    ----------
    n
        Number of states.
    position
        Place of each state in the order: level by level, then the core, shape (n,).
    sorting
        Order in which edges are taken over.
    levels
        One after another.
    core
        Numbers of the states that are left, shape (d,).
    source, target
        Ends of the edges that are left, as places in ``core``; source is the lower.
    """

    n: int
    position: IntArray
    sorting: IntArray
    levels: tuple[Level, ...]
    core: IntArray
    source: IntArray
    target: IntArray


def elimination_of(n: int, source: IntArray, target: IntArray) -> Elimination:
    """Return the elimination of a graph.

    Parameters
    ----------
    n
        Number of states.
    source, target
        Ends of the edges, shape (M,): source is the lower number, no pair twice.
    """
    code = source * n + target
    sorting = np.argsort(code, kind="stable")
    code = code[sorting]
    there = np.ones(n, dtype=np.bool_)
    # Ties are broken at random, or a chain would go one state at a time.
    lot = np.random.default_rng(0).permutation(n)
    levels: list[Level] = []
    while True:
        first, second = np.divmod(code, n)
        degree = np.bincount(first, minlength=n) + np.bincount(second, minlength=n)
        left = int(np.count_nonzero(there))
        if left <= _SMALL or 2 * len(code) >= _DENSE * left * left:
            break
        level, code = _next(n, code, there, degree, lot)
        there[level.states] = False
        levels.append(level)
    core = np.flatnonzero(there)
    order = np.concatenate([*(level.states for level in levels), core])
    position = np.empty(n, dtype=np.int64)
    position[order] = np.arange(n)
    at = np.empty(n, dtype=np.int64)
    at[core] = np.arange(len(core))
    return Elimination(n, position, sorting, tuple(levels), core, at[first], at[second])


def _next(
    n: int, code: IntArray, there: BoolArray, degree: IntArray, lot: IntArray
) -> tuple[Level, IntArray]:
    """Return the next level and the edges after it, as ``first · n + second``, sorted."""
    first, second = np.divmod(code, n)
    most = max(2, int(_SLACK * int(degree[there].min())) + 1)
    able = there & (degree <= most)
    rank = np.where(able, degree * n + lot, np.iinfo(np.int64).max)
    beaten = np.zeros(n, dtype=np.bool_)
    beaten[second[rank[first] < rank[second]]] = True
    beaten[first[rank[second] < rank[first]]] = True
    out = able & ~beaten
    begins, ends = np.flatnonzero(out[first]), np.flatnonzero(out[second])
    own = np.concatenate([first[begins], second[ends]])
    other = np.concatenate([second[begins], first[ends]])
    edge = np.concatenate([begins, ends])
    turned = np.arange(len(edge)) >= len(begins)
    sorting = np.argsort(own * n + other)
    own, other, edge, turned = own[sorting], other[sorting], edge[sorting], turned[sorting]
    states = np.flatnonzero(out)
    number = np.bincount(own, minlength=n)[states]
    # Every entry with every later one of the same state.
    end = np.repeat(np.cumsum(number), number)
    later = end - np.arange(len(own)) - 1
    left = np.repeat(np.arange(len(own)), later)
    begin = np.cumsum(later) - later
    right = left + 1 + np.arange(len(left)) - np.repeat(begin, later)
    pairs = other[left] * n + other[right]
    kept = np.flatnonzero(~(out[first] | out[second]))
    after = np.unique(np.concatenate([code[kept], pairs]))
    level = Level(
        states=states,
        owner=np.repeat(np.arange(len(states)), number),
        neighbour=other,
        edge=edge,
        turned=turned,
        kept=kept,
        place=np.searchsorted(after, code[kept]),
        left=left,
        right=right,
        target=np.searchsorted(after, pairs),
        n_edges=len(after),
    )
    return level, after
