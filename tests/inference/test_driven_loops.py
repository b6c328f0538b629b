"""A loop that is driven is found, and listed before its parts, though no basis holds it."""

from itertools import combinations
from random import Random

import numpy as np
import pytest
from simulated import result_of

from equipoise.counts import TransitionCounts
from equipoise.graph import cycle_vector, incidence, support_graph
from equipoise.inference.violation import violation
from equipoise.inference.violation.drive import cycle_metric
from equipoise.inference.violation.loops import driven_loops, edges_of, flow_loops, loop_prior
from equipoise.simulate import cycle_circulation, driven_kernel, sample_draws

# Seven states; the ring 0 1 2 3 4 has chords, 5 and 6 stand beside it.
EDGES = np.array([[int(i), int(j)] for i, j in "01 02 04 05 12 13 15 23 24 26 34 36 45".split()])
RING = (0, 1, 2, 3, 4)
V = np.array([0.9, -0.4, 0.2, 1.1, -0.8, 0.5, -0.1])
S = np.linspace(-2.6, -1.4, len(EDGES))


def drawn(affinity, loop=RING, trials=3000, seed=1):
    field = cycle_circulation(EDGES, loop, affinity) if affinity else 0.0
    return sample_draws(driven_kernel(V, S, field, edges=EDGES), trials, seed)


@pytest.fixture(scope="module")
def graph():
    return support_graph(drawn(0.0))


@pytest.fixture(scope="module")
def driven():
    return result_of(drawn(2.5), draws=300, random_seed=1)


def parts(result):
    basis = [tuple(result.counts.index(s) for s in cycle.states) for cycle in result.cycles]
    testable = np.array([edge.testable for edge in result.edges])
    return basis, cycle_metric(result.findings), loop_prior(result.graph, testable, basis)


def test_the_ring_is_listed_first(driven):
    basis, *_ = parts(driven)
    assert edges_of(RING) not in {edges_of(cycle) for cycle in basis}  # which has triangles only
    assert max(map(len, basis)) < 5
    found = violation(driven, random_seed=0)
    first = found.cycles[0]
    ring = edges_of(tuple(driven.counts.states[k] for k in RING))
    assert edges_of(first.states) == ring
    assert (first.origin, first.named) == ("loop", True)
    assert abs(first.affinity.mean - 2.5) < 4 * first.affinity.sd
    # None of its parts explains nearly as much.
    assert max(c.explains for c in found.cycles[1:]) < 0.7 * first.explains
    assert {c.origin for c in found.cycles[1:]} <= {"basis", "loop"}
    assert sum(c.origin == "basis" for c in found.cycles) == len(basis)


def test_the_direction_is_that_of_the_drive(driven):
    """Turned round, every affinity turns: the loop is the same."""
    back = result_of(drawn(-2.5), draws=300, random_seed=1)
    one, other = (violation(result, random_seed=0).cycles[0] for result in (driven, back))
    assert one.states == other.states
    assert one.affinity.mean * other.affinity.mean < 0


def test_a_driven_cycle_of_the_basis_needs_no_loop():
    result = result_of(drawn(2.0, loop=(0, 1, 5)), draws=300, random_seed=1)
    first = violation(result, random_seed=0).cycles[0]
    assert first.origin == "basis"
    assert set(first.states) == {result.counts.states[k] for k in (0, 1, 5)}


@pytest.mark.parametrize("seed", range(4))
def test_where_nothing_is_driven_no_loop_is_listed(seed):
    found = violation(result_of(drawn(0.0, seed=seed), draws=200, random_seed=1), random_seed=0)
    assert not [cycle for cycle in found.cycles if cycle.origin == "loop"]
    assert not found.named


def test_two_loops_are_told_apart(graph):
    """In a circulation without noise the pursuit finds both, whatever each weighs."""
    counts = drawn(0.0, trials=10**6)
    result = result_of(counts, draws=200, random_seed=1)
    basis, metric, prior = parts(result)
    ring, other = (0, 1, 2, 3, 4), (0, 2, 6, 3, 4, 5)
    c = 0.3 * cycle_vector(graph, ring) - 0.2 * cycle_vector(graph, other)

    class Fixed:
        circulation, weights = c[None], np.ones(1)

    found = driven_loops(metric, prior, Fixed, basis)
    assert {edges_of(loop) for loop in found[:2]} == {edges_of(ring), edges_of(other)}


def test_flows_add_up_and_run_one_way(graph):
    """A circulation is the sum of its loops, each of which runs with it."""
    rng = np.random.default_rng(5)
    space = np.linalg.svd(incidence(graph).toarray())[2][-(graph.n_cycles) :]
    c = rng.normal(size=graph.n_cycles) @ space
    left = c.copy()
    loops = flow_loops(graph, c, 50)
    assert 3 <= len(loops) <= graph.n_cycles
    for loop in loops:
        vector = cycle_vector(graph, loop)
        along = left[vector != 0] * vector[vector != 0]
        assert np.all(along > 0) or np.all(along < 0)
        sign = 1.0 if along[0] > 0 else -1.0
        left = left - sign * np.abs(along).min() * vector
        assert loop[0] == min(loop)
        assert loop[1] < loop[-1]
    assert np.abs(left).max() < 1e-5 * np.abs(c).max()


def test_a_single_loop_is_its_own_flow(graph):
    assert flow_loops(graph, -0.7 * cycle_vector(graph, RING), 8) == (RING,)
    assert flow_loops(graph, np.zeros(graph.n_edges), 8) == ()


def test_the_prior_of_loops(graph):
    """By hand: states 0 to 4 have 4, 4, 5, 4 and 4 of the 13 edges."""
    basis = ((0, 1, 5), (0, 1, 2))
    prior = loop_prior(graph, np.ones(graph.n_edges, np.bool_), basis)
    assert prior.log((5, 0, 1)) == pytest.approx(np.log(0.5 / 2))
    walk = (3 + 3 + 4 + 3 + 3) / 13 / (3 * 3 * 4 * 3 * 3)
    assert np.exp(prior.log(RING)) == pytest.approx(0.5 * walk)
    assert prior.log(RING[::-1]) == prior.log(RING)


def apart(size, times):
    """Return complete graphs of so many states, joined in a chain by edges on no cycle."""
    n = size * times
    matrix = np.kron(np.eye(times, dtype=int), np.ones((size, size), dtype=int))
    for end in range(size - 1, n - 1, size):
        matrix[end, end + 1] = matrix[end + 1, end] = 1
    labels = [f"{k:03}" for k in range(n)]
    return support_graph(TransitionCounts.from_matrix(5 * matrix, states=labels))


@pytest.mark.parametrize("times", [1, 30])
def test_the_prior_is_no_more_than_one_in_all(times):
    """Over every loop, of one complete graph and of many of them: at most a half for walks."""
    size = 5
    graph = apart(size, times)
    inside = np.asarray(graph.edges) // size
    testable = inside[:, 0] == inside[:, 1]
    assert testable.sum() == times * size * (size - 1) // 2
    prior = loop_prior(graph, testable, ())
    ways = {3: 1, 4: 3, 5: 12}  # orders of so many states, either way round
    total = sum(
        times * many * np.exp(prior.log(states))
        for length, many in ways.items()
        for states in combinations(range(size), length)
    )
    assert 0.05 < total <= 0.5


def test_the_prior_is_that_of_walks(graph):
    """How often a walk that never turns back begins with a loop."""
    prior = loop_prior(graph, np.ones(graph.n_edges, np.bool_), ())
    ahead = {k: set() for k in range(graph.n_states)}
    for i, j in np.asarray(graph.edges).tolist():
        ahead[i].add(j)
        ahead[j].add(i)
    chance, edges = Random(3), np.asarray(graph.edges).tolist()
    loops = {edges_of(loop): loop for loop in (RING, (0, 1, 2), (0, 2, 4), (0, 2, 6, 3, 4))}
    met = dict.fromkeys(loops, 0)
    walks = 40_000
    for _ in range(walks):
        path = chance.sample(chance.choice(edges), 2)
        while len(path) == len(set(path)):
            path.append(chance.choice(sorted(ahead[path[-1]] - {path[-2]})))
        if path[0] == path[-1] and edges_of(tuple(path[:-1])) in met:
            met[edges_of(tuple(path[:-1]))] += 1
    for which, loop in loops.items():
        p = 2 * np.exp(prior.log(loop))
        assert abs(met[which] - walks * p) < 5 * np.sqrt(walks * p * (1 - p))
        assert walks * p > 100
