"""The fast path of large tables: against dense algebra, against a planted truth, and refusals."""

from dataclasses import replace

import numpy as np
import pytest
from sparse_tables import pieces, reversible_table, sparse_of

import equipoise as eq
from equipoise.counts import TransitionCounts
from equipoise.errors import DataError, UsageError
from equipoise.inference.sparse.balance import balance_mode
from equipoise.inference.sparse.errors import standard_errors
from equipoise.inference.sparse.iterative import iterative_system
from equipoise.inference.sparse.solver import core_size, learned_mode
from equipoise.inference.sparse.violation import exact_violation, violation_map


def test_standard_errors_are_selected_entries_of_the_covariance():
    pairs, system = sparse_of(reversible_table(2))
    mode = balance_mode(pairs, system, 1.5)
    weight = pairs.weight(pairs.incidence @ mode.potential)
    d = pairs.incidence.toarray()
    covariance = np.linalg.inv(d.T @ (weight[:, None] * d) + np.eye(pairs.n_states) / 1.5**2)
    covariance -= np.diag(1 / pairs.trials)
    chosen, reference = np.arange(1, 25), np.zeros(24, dtype=int)
    spread = covariance.diagonal()[1:25] + covariance[0, 0] - 2 * covariance[0, 1:25]
    np.testing.assert_allclose(
        standard_errors(pairs, mode, chosen, reference), np.sqrt(spread), rtol=1e-6
    )
    assert standard_errors(pairs, mode, chosen[:1], chosen[:1])[0] == 0.0


def test_leverages_of_the_violation_map():
    pairs, system = sparse_of(reversible_table(2))
    mode = balance_mode(pairs, system, 1.5)
    weight = pairs.weight(pairs.incidence @ mode.potential)
    root = np.sqrt(weight)[:, None] * pairs.incidence.toarray()
    hat = root @ np.linalg.solve(root.T @ root + np.eye(pairs.n_states) / 1.5**2, root.T)
    exact = exact_violation(pairs, mode, np.arange(pairs.n_edges))
    np.testing.assert_allclose(exact.free, 1 - hat.diagonal(), atol=1e-6)
    near = violation_map(pairs, mode)
    assert np.abs(near.free / exact.free - 1).max() < 0.35
    np.testing.assert_allclose(near.z / exact.z, np.sqrt(exact.free / near.free), rtol=1e-9)


def test_z_scores_of_reversible_tables_are_standard_normal():
    z = np.concatenate(
        [eq.map_large(reversible_table(seed, trials=4000)).violations.z for seed in range(5)]
    )
    z = z[z != 0]
    assert abs(z.std() - 1) < 5 / np.sqrt(2 * len(z))
    assert abs(z.mean()) < 5 / np.sqrt(len(z))


def test_a_driven_edge_comes_first():
    counts = reversible_table(4, trials=4000)
    table = counts.counts.toarray().copy()
    i, j = max(
        ((i, j) for i in range(30) for j in range(30) if i != j),
        key=lambda e: table[e] * table.T[e],
    )
    table[i, j] = round(table[i, j] * 1.6)
    table[j, i] = round(table[j, i] / 1.6)
    driven = TransitionCounts.from_matrix(table, states=counts.states)
    found = eq.map_large(driven)
    first = found.largest_violations(3)[0]
    assert (first.source, first.target) == (counts.states[i], counts.states[j])
    assert first.deviation == pytest.approx(2 * np.log(1.6), abs=0.35)
    assert first.z > 5
    turned = eq.map_large(TransitionCounts.from_matrix(table.T, states=counts.states))
    back = turned.largest_violations(3)[0]
    assert (back.source, back.target, back.z > 5) == (first.target, first.source, True)
    assert all(one.z >= 0 for one in found.largest_violations(30))
    assert found.cycle_sd > 0
    largest = int(np.argmax(np.abs(found.cycles)))
    assert {int(found.pairs.source[largest]), int(found.pairs.target[largest])} == {i, j}


def test_both_solvers_find_the_same():
    counts = reversible_table(5, states=60, trials=300)
    pairs, system = sparse_of(counts)
    direct = learned_mode(pairs, system, 5.0, np.random.default_rng(0))
    close = learned_mode(pairs, iterative_system(pairs, 1e-8), 5.0, np.random.default_rng(0))
    # σ_Φ by a grid, and where the evidence is stationary with two probes of 60 states.
    assert close.potential_sd == pytest.approx(direct.potential_sd, rel=0.05)
    same = balance_mode(pairs, system, close.potential_sd)
    np.testing.assert_allclose(close.potential, same.potential, atol=2e-3)
    right = np.random.default_rng(1).normal(size=(pairs.n_states, 3))
    expected = same.factor.solve(right)
    np.testing.assert_allclose(close.factor.solve(right), expected, atol=2e-3)


def test_potentials_are_given_where_the_data_hold_them():
    counts = pieces()
    found = eq.map_large(counts, reference=["s00", "s09"])
    strong = found.graph.strong
    own = np.where(found.graph.component == found.graph.component[0], 0, 9)
    own[12] = 12  # on no edge
    np.testing.assert_array_equal(np.isfinite(found.potential), strong == strong[own])
    assert found.potential[0] == 0.0
    errors = found.standard_errors(["s00", "s01", "s10", "s12"])
    assert errors[0] == errors[3] == 0.0
    assert errors[1] > 0
    assert np.isnan(errors[2])


def test_trees_and_chains_cause_no_fill():
    pairs, _ = sparse_of(reversible_table(1, states=20, degree=2))
    chain = replace(pairs, source=np.arange(19), target=np.arange(1, 20))
    assert core_size(chain) == 0
    ring = replace(pairs, source=np.r_[np.arange(19), 0], target=np.r_[np.arange(1, 20), 19])
    assert core_size(ring) == 0
    chords = replace(
        pairs, source=np.r_[np.arange(19), 0, 3], target=np.r_[np.arange(1, 20), 19, 11]
    )
    assert core_size(chords) == 2


def test_refusals():
    counts = reversible_table(1)
    with pytest.raises(UsageError, match="cycle_sd must be a positive number"):
        eq.map_large(counts, cycle_sd=-1.0)
    with pytest.raises(DataError, match="there is no state"):
        eq.map_large(counts).standard_errors(["nowhere"])
    sink = TransitionCounts.from_matrix(np.array([[0, 3], [0, 0]]), states=["a", "b"])
    with pytest.raises(DataError, match="no edge joins two states that both were sources"):
        eq.map_large(sink)


def test_the_reference_lies_where_most_states_lead_to_it_and_back():
    """The state reached most often leads nowhere; another is reached from afar but once."""
    table = np.zeros((7, 7), dtype=int)
    table[[0, 1, 2, 3], [1, 2, 3, 0]] = [4, 6, 3, 2]  # a ring of four
    table[[0, 1, 2], [4, 4, 4]] = 50  # leads to 5 alone
    table[4, 5], table[5, 4] = 9, 30
    table[6, 6] = 3
    counts = TransitionCounts.from_matrix(table, states=list("abcdefg"))
    mapped = eq.map_large(counts)
    assert [counts.states[k] for k in mapped.references] == ["c", "g"]
    assert np.isfinite(mapped.potential).tolist() == [True] * 4 + [False] * 2 + [True]
    asked = eq.map_large(counts, reference="e")
    assert [counts.states[k] for k in asked.references] == ["e", "g"]
    assert np.isfinite(asked.potential).tolist() == [False] * 4 + [True] * 3
