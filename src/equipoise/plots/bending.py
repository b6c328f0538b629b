"""Lines between states, bent so that neither another line nor a state between hides one."""

from collections.abc import Sequence

import numpy as np

from equipoise.likelihoods import FloatArray, IntArray

# Points along a line, and those at which it is asked what is near.
POINTS, _ASKED = 16, slice(2, 14)
# How far the middle of a line stands off its chord, in lengths of the chord.
_BENDS = (0.0, 0.05, -0.05, 0.1, -0.1, 0.15, -0.15)
# What counts as near a line, and near a state, in heights of the picture.
_NEAR_LINE, _NEAR_STATE = 0.025, 0.05
# What a state in the way costs beside a line in the way, and a bend beside none.
_STATE, _BENT = 3.0, 6.0
# In pictures of many states all lines sag a little, which costs no time.
_SAG = 0.01


def lines_apart(points: FloatArray, edges: IntArray, order: Sequence[int]) -> FloatArray:
    """Return a line for every edge; each is bent as far as it takes to keep off those before it.

    Nothing is drawn at random.

    Parameters
    ----------
    points : array (S, 2)
        Positions of the states, data units; the picture is about as wide as it is high.
    edges : array (E, 2)
        Pairs of indices into ``points``.
    order : sequence of int
        The edges, those that should run straightest first.

    Returns
    -------
    array (E, 16, 2)
        Points along each line, from its first end to its second, data units.
    """
    low = points.min(axis=0)
    unit = np.maximum(np.ptp(points, axis=0), 1e-9)
    at = (points - low) / unit
    lines = np.empty((len(edges), POINTS, 2))
    placed: list[int] = []
    for k in order:
        i, j = edges[k]
        tries = np.array([_curve(at[i], at[j], bend) for bend in _BENDS])
        others = np.delete(at, [i, j], axis=0)
        cost = _STATE * _nearness(tries, others, _NEAR_STATE)
        if placed:
            cost = cost + _nearness(tries, lines[placed][:, _ASKED].reshape(-1, 2), _NEAR_LINE)
        cost = cost + _BENT * np.abs(_BENDS)
        lines[k] = tries[int(np.argmin(np.round(cost, 9)))]
        placed.append(int(k))
    return np.asarray(low + lines * unit)


def lines_sagging(points: FloatArray, edges: IntArray) -> FloatArray:
    """Return a line for every edge that sags a little, as :func:`lines_apart`, in no time."""
    start, end = points[edges[:, 0], None], points[edges[:, 1], None]
    middle = (start + end) / 2
    middle[..., 0] += _SAG * np.abs(end - start)[..., 1]
    t = np.linspace(0.0, 1.0, POINTS)[:, None]
    return np.asarray((1 - t) ** 2 * start + 2 * t * (1 - t) * middle + t**2 * end)


def _curve(start: FloatArray, end: FloatArray, bend: float) -> FloatArray:
    """Return a parabola whose middle stands off its chord by ``bend`` lengths, to the left."""
    t = np.linspace(0.0, 1.0, POINTS)[:, None]
    across = np.array([start[1] - end[1], end[0] - start[0]])
    return np.asarray((1 - t) * start + t * end + 4 * bend * t * (1 - t) * across)


def _nearness(tries: FloatArray, spots: FloatArray, near: float) -> FloatArray:
    """Return how much of each try runs near any of some spots, shape (tries,)."""
    asked = tries[:, _ASKED]
    square = ((asked[:, :, None] - spots) ** 2).sum(axis=-1)
    closest = square.min(axis=-1, initial=np.inf)
    return np.asarray(np.exp(-closest / near**2).sum(axis=1))
