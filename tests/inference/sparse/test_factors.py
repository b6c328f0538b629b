"""Factors by levels and a dense core against dense algebra."""

import numpy as np
import pytest

from equipoise.errors import NotTrustedError
from equipoise.inference.sparse import factor as factors
from equipoise.inference.sparse.elimination import elimination_of
from equipoise.inference.sparse.factor import factorise


def graph(seed, n, extra):
    """A random tree with further edges: leaves, chains, and a core where these are many."""
    rng = np.random.default_rng(seed)
    tree = {(int(rng.integers(0, k)), k) for k in range(1, n)}
    pairs = rng.integers(0, n, (extra, 2))
    edges = sorted(tree | {(int(min(p)), int(max(p))) for p in pairs if p[0] != p[1]})
    # In no order of their own.
    return rng.permutation(np.array(edges)).T


GRAPHS = {
    "tree": (150, 0),
    "few cycles": (200, 60),
    "many": (220, 700),
    "all core": (30, 200),
    "one state": (1, 0),
}


def blocks(seed, n, i, j, width):
    """A quasi-definite matrix on the graph, as blocks and dense, asymmetric between neighbours."""
    rng = np.random.default_rng(seed)
    sign = np.array([1.0, -1.0])[:width]
    edges = rng.normal(size=(width, width, len(i)))
    dense = np.zeros((n, width, n, width))
    dense[i, :, j, :] = np.moveaxis(edges, -1, 0)
    dense[j, :, i, :] = np.moveaxis(edges, -1, 0).swapaxes(1, 2)
    # Positive in the first number of each state, negative in the second; free between them.
    margin = np.abs(dense).sum(axis=(2, 3)) + rng.uniform(0.1, 1.0, (n, width))
    diagonal = np.zeros((width, width, n))
    for k in range(width):
        diagonal[k, k] = sign[k] * margin[:, k]
    if width == 2:
        diagonal[0, 1] = diagonal[1, 0] = rng.normal(size=n)
    dense[np.arange(n), :, np.arange(n), :] = np.moveaxis(diagonal, -1, 0)
    return diagonal, edges, dense.reshape(n * width, n * width)


@pytest.mark.parametrize("fill", [1.0, 1.5, 100.0])
@pytest.mark.parametrize("width", [1, 2])
@pytest.mark.parametrize("name", GRAPHS)
def test_solutions_and_determinants_are_those_of_the_dense_matrix(name, width, fill, monkeypatch):
    monkeypatch.setattr(factors, "_FILL", fill)
    n, extra = GRAPHS[name]
    i, j = graph(3, n, extra) if n > 1 else np.zeros((2, 0), dtype=np.int64)
    elimination = elimination_of(n, i, j)
    assert bool(elimination.levels) == (name in ("tree", "few cycles", "many"))
    diagonal, edges, dense = blocks(4, n, i, j, width)
    factor = factorise(elimination, diagonal, edges)
    assert factor.log_det == pytest.approx(np.linalg.slogdet(dense)[1], rel=1e-12, abs=1e-12)
    assert factor.less(2.0).log_det == pytest.approx(factor.log_det - 2.0)
    rng = np.random.default_rng(5)
    for shape in [(n * width,), (n * width, 1), (n * width, 7)]:
        right = rng.normal(size=shape)
        given = right.copy()
        np.testing.assert_allclose(factor.solve(right), np.linalg.solve(dense, right), atol=1e-11)
        np.testing.assert_array_equal(right, given)


def test_levels_are_independent_and_hold_every_state_once():
    i, j = graph(6, 400, 900)
    found = elimination_of(400, i, j)
    np.testing.assert_array_equal(np.sort(found.position), np.arange(400))
    place = np.full(400, len(found.levels))
    for number, level in enumerate(found.levels):
        place[level.states] = number
    assert (place[i] != place[j])[np.minimum(place[i], place[j]) < len(found.levels)].all()
    assert 10 < len(found.core) < 300


def test_a_matrix_that_rounding_leaves_singular_is_refused():
    i, j = np.array([0, 0]), np.array([1, 2])
    flat = np.array([2.0, 1.0, 1.0])[None, None]
    with pytest.raises(NotTrustedError, match="singular to rounding"):
        factorise(elimination_of(3, i, j), flat - 1e-9, -np.ones((1, 1, 2)))
