"""Lines between states keep off each other and off states in between."""

import numpy as np

from equipoise.plots.bending import POINTS, lines_apart, lines_sagging

# b lies nearly on the line from a to c; d and e are elsewhere.
STATES = np.array([[0.0, 0.4], [0.5, 0.42], [1.0, 0.41], [0.3, 1.0], [0.8, 0.0]])
EDGES = np.array([[0, 2], [0, 1], [1, 2], [3, 4]])


def apart(one, other):
    """Return the least distance from inner points of a line to another line, in its units."""
    t = np.linspace(0, 1, 400)
    fine = np.column_stack([np.interp(t, np.linspace(0, 1, POINTS), xy) for xy in other.T])
    inner = one[4:12]
    return np.sqrt(((inner[:, None] - fine) ** 2).sum(axis=-1)).min()


def test_lines_that_would_cover_each_other_stand_apart():
    straight = STATES[EDGES[:, 0], None] + np.linspace(0, 1, POINTS)[:, None] * (
        STATES[EDGES[:, 1]] - STATES[EDGES[:, 0]]
    ).reshape(-1, 1, 2)
    lines = lines_apart(STATES, EDGES, range(4))
    assert apart(straight[1], straight[0]) < 0.01
    assert apart(lines[1], lines[0]) > 0.03
    assert apart(lines[2], lines[0]) > 0.03
    # and the long line keeps off the state between its ends
    assert np.hypot(*(lines[0] - STATES[1]).T).min() > 0.04


def test_lines_end_at_their_states_and_run_straight_where_nothing_is_near():
    units = np.array([3.0, 40.0])  # of the axes: bends are those of the picture
    lines = lines_apart(STATES * units, EDGES, range(4))
    np.testing.assert_allclose(lines[:, 0], STATES[EDGES[:, 0]] * units)
    np.testing.assert_allclose(lines[:, -1], STATES[EDGES[:, 1]] * units)
    np.testing.assert_allclose(lines, lines_apart(STATES, EDGES, range(4)) * units, atol=1e-9)
    alone = lines_apart(STATES[3:], np.array([[0, 1]]), [0])
    np.testing.assert_allclose(np.diff(alone[0], n=2, axis=0), 0.0, atol=1e-12)


def test_the_first_runs_straightest():
    def bend(line):
        return np.abs(np.diff(line, n=2, axis=0)).max()

    near = np.array([[0.0, 0.0], [1.0, 0.3], [1.0, 0.33], [0.0, 1.0]])
    edges = np.array([[0, 1], [0, 2]])
    for order in ([0, 1], [1, 0]):
        lines = lines_apart(near, edges, order)
        assert bend(lines[order[0]]) < 1e-9 < bend(lines[order[1]])


def test_many_edges_end_at_their_states_too():
    """Twenty-six states all joined, the most that are bent; more of them sag."""
    rng = np.random.default_rng(3)
    points = rng.random((26, 2))
    edges = np.column_stack(np.triu_indices(26, 1))
    for lines in (lines_apart(points, edges, range(len(edges))), lines_sagging(points, edges)):
        np.testing.assert_allclose(lines[:, [0, -1]], points[edges])
