"""Where things stand in a figure of a graph: states keep apart, names do not collide."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke

from equipoise.likelihoods import FloatArray, IntArray

Box = tuple[float, float, float, float]
_STEPS = 150
_EVEN = 0.7
# What a line that a name stands on counts as wide, points.
_LINE = 2.0
# The greatest share of the width that may go to the name of the leftmost state.
_ROOM = 0.3
_CHOICES = (
    (1.0, 0.0),
    (-1.0, 0.0),
    (0.0, 1.0),
    (0.0, -1.0),
    (0.7, 0.7),
    (-0.7, 0.7),
    (0.7, -0.7),
    (-0.7, -0.7),
    (0.0, 3.2),
    (0.0, -3.2),
)


def beside_each_other(height: FloatArray, edges: IntArray, weight: FloatArray) -> FloatArray:
    """Place states beside each other so that they keep apart and neighbours stand close.

    They begin in van der Corput's order, in which states of nearly the same height stand far apart;
    then edges pull, and states push each other away, at fixed heights. Nothing is drawn at random.

    Parameters
    ----------
    height : array (S,)
        Vertical positions, between 0 and 1.
    edges : array (E, 2)
        Pairs of state indices.
    weight : array (E,)
        How strongly an edge pulls, between 0 and 1.

    Returns
    -------
    array (S,)
        Horizontal positions, between 0 and 1.
    """
    n = len(height)
    place = np.empty(n)
    place[np.argsort(height, kind="stable")] = [_van_der_corput(k + 1) for k in range(n)]
    if n < 3:
        return place
    reach = 1.0 / np.sqrt(n)
    i, j = np.asarray(edges).reshape(-1, 2).T
    rise = height[:, None] - height[None, :]
    for step in range(_STEPS):
        across = place[:, None] - place[None, :]
        square = across**2 + rise**2 + 1e-4
        move = (across * reach**2 / square).sum(axis=1)
        pull = weight * (place[j] - place[i]) * np.hypot(place[j] - place[i], rise[i, j]) / reach
        np.add.at(move, i, pull)
        np.add.at(move, j, -pull)
        longest = 0.1 * (1.0 - step / _STEPS)
        place = place + np.clip(move, -longest, longest)
        # Forces alone pile states up at either end: drawn to even distances they stay apart.
        order = np.argsort(np.lexsort((height, place))) / (n - 1.0)
        place = (1.0 - _EVEN) * place + _EVEN * order
    return np.asarray(np.clip(place, 0.0, 1.0))


def _van_der_corput(k: int) -> float:
    """Return the k-th number of van der Corput's sequence: 1/2, 1/4, 3/4, 1/8 and so on."""
    value, part = 0.0, 0.5
    while k:
        value += part * (k & 1)
        k, part = k >> 1, part / 2
    return value


def make_room(axes: Axes, x: float, name: str, size: float, gap: float = 4.5) -> None:
    """Widen the picture to the left until the name of the leftmost state fits beside it.

    All lines leave that state to the right, so that its name would lie on them elsewhere.

    Parameters
    ----------
    axes
        As of :func:`write_names`.
    x
        Of the state, data units.
    name, size, gap
        As of :func:`write_names`, of one state.
    """
    tried = axes.text(0.0, 0.0, name, size=size, parse_math=False)
    needed = tried.get_window_extent().width + gap * axes.figure.dpi / 72.0 + 1.0
    tried.remove()
    low, high = axes.get_xlim()
    share = needed / axes.bbox.width
    if (x - low) / (high - low) < share < _ROOM:
        axes.set_xlim((x - share * high) / (1.0 - share), high)


def write_names(
    axes: Axes,
    points: FloatArray,
    names: Sequence[str],
    named: Sequence[int],
    size: float,
    gap: float = 4.5,
    lines: FloatArray | None = None,
) -> None:
    """Write names beside points where they hide neither each other nor a point, if that can be.

    Of the places left they take the one that hides least of the lines.

    Parameters
    ----------
    axes
        With its limits set, on a figure that was laid out: positions are measured in pixels.
    points : array (S, 2)
        Positions of all states, data units.
    names : sequence of str
        Safe names of the states to be named, in the order of ``named``.
    named : sequence of int
        Which states get a name, the most important first.
    size
        Of the type, points.
    gap
        Between a point and its name, points.
    lines : array (L, T, 2), optional
        What names had better not stand on, T points along each line, data units.
    """
    pixel = axes.figure.dpi / 72.0
    at = axes.transData.transform(points)
    inside = (axes.bbox.x0, axes.figure.bbox.x1, axes.bbox.y0, axes.bbox.y1)
    marks: list[Box] = [(x - 4, x + 4, y - 4, y + 4) for x, y in at]
    spots = _along(axes, lines)
    taken: list[Box] = []
    for state, name in zip(named, names, strict=True):
        note = axes.annotate(
            name,
            points[state],
            xytext=(0, 0),
            textcoords="offset points",
            size=size,
            parse_math=False,
            zorder=6,
            path_effects=[withStroke(linewidth=1.6, foreground="white", alpha=0.85)],
        )
        note.set_in_layout(False)
        extent = note.get_window_extent()
        x, y = at[state]
        boxes = [
            _beside(
                x + gap * pixel * cos, y + gap * pixel * sin, extent.width, extent.height, cos, sin
            )
            for cos, sin in _CHOICES
        ]
        # Better two names on each other than a state hidden.
        costs = [
            _hidden(box, taken)
            + 5.0 * _hidden(box, marks)
            + _LINE * pixel * _crossed(box, spots)
            + _outside(box, inside)
            for box in boxes
        ]
        best = int(np.argmin(costs))
        taken.append(boxes[best])
        cos, sin = _CHOICES[best]
        note.set_position((gap * cos, gap * sin))
        note.set_horizontalalignment("center" if cos == 0 else "left" if cos > 0 else "right")
        note.set_verticalalignment("center" if sin == 0 else "bottom" if sin > 0 else "top")


def _beside(x: float, y: float, width: float, height: float, cos: float, sin: float) -> Box:
    """Return the box that touches a point from the side of a direction."""
    left = x - (width / 2 if cos == 0 else 0.0 if cos > 0 else width)
    bottom = y - (height / 2 if sin == 0 else 0.0 if sin > 0 else height)
    return left, left + width, bottom, bottom + height


def _along(axes: Axes, lines: FloatArray | None) -> FloatArray:
    """Return points about a pixel apart along lines, pixels, shape (N, 2)."""
    if lines is None or not len(lines):
        return np.empty((0, 2))
    at = axes.transData.transform(np.reshape(lines, (-1, 2))).reshape(np.shape(lines))
    parts = []
    for start, end in zip(at[:, :-1].reshape(-1, 2), at[:, 1:].reshape(-1, 2), strict=True):
        steps = max(int(np.hypot(*(end - start))), 1)
        parts.append(start + np.linspace(0.0, 1.0, steps, endpoint=False)[:, None] * (end - start))
    return np.concatenate(parts)


def _crossed(box: Box, spots: FloatArray) -> int:
    """Return how many pixels of lines a box covers."""
    x, y = spots.T
    inside = (box[0] < x) & (x < box[1]) & (box[2] < y) & (y < box[3])
    return int(np.count_nonzero(inside))


def _hidden(box: Box, taken: Sequence[Box]) -> float:
    """Return the area of a box (x0, x1, y0, y1) that others cover, square pixels."""
    return sum(
        max(min(box[1], other[1]) - max(box[0], other[0]), 0.0)
        * max(min(box[3], other[3]) - max(box[2], other[2]), 0.0)
        for other in taken
    )


def _outside(box: Box, page: Box) -> float:
    """Return the area of a box beyond a page, weighed much more than what names hide."""
    beyond = max(page[0] - box[0], 0.0) + max(box[1] - page[1], 0.0)
    beyond += max(page[2] - box[2], 0.0) + max(box[3] - page[3], 0.0)
    return 100.0 * beyond * (box[3] - box[2])
