"""Checks of the sampling against closed forms, brute force and planted faults."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sampled import KERNEL, OTHER_KERNEL, STATES, blocked, walk
from scipy.special import comb
from scipy.stats import binom, chi2_contingency
from simulated import verdict_of

from equipoise.counts import Blocks, TransitionCounts
from equipoise.errors import DataError, UsageError
from equipoise.inference.evidence import laplace
from equipoise.inference.problem import problem_of
from equipoise.inference.sampling_checks import (
    check_blocks,
    check_drift,
    check_order,
    check_overdispersion,
    check_sampling,
    check_windows,
    log_order_factor,
    repeat_verdict,
)
from equipoise.inference.sampling_checks.permutation import (
    compare,
    dealt,
    pearson,
    reordered,
    row_ratio,
    trend,
)
from equipoise.inference.sampling_checks.repeat import divided
from equipoise.inference.sampling_checks.trials import (
    SourceTable,
    block_places,
    block_trials,
    context_trials,
    visit_trials,
)

TABLES = np.array([[[3, 9, 1], [7, 2, 4]], [[1, 5, 6], [8, 8, 3]]])


# Statistics


def test_statistics_equal_those_of_scipy():
    for table, g, x in zip(TABLES, row_ratio(TABLES), pearson(TABLES), strict=True):
        assert g == pytest.approx(chi2_contingency(table, lambda_="log-likelihood")[0])
        assert x == pytest.approx(chi2_contingency(table, lambda_="pearson")[0])


def test_trend_of_two_outcomes_is_a_correlation_and_ignores_units():
    table = np.array([[4, 11], [6, 5], [9, 2], [3, 1]])
    places = np.array([0.0, 1.0, 2.0, 5.0])
    k, j = np.repeat(np.indices(table.shape).reshape(2, -1), table.ravel(), axis=1)
    r = np.corrcoef(places[k], j)[0, 1]
    found = trend(places)(table[None])[0]
    assert found == pytest.approx((table.sum() - 1) * r**2)
    assert trend(7.0 - 3.0 * places)(table[None])[0] == pytest.approx(found)


def test_trend_has_mean_of_its_degrees_of_freedom_among_dealt_tables():
    table = SourceTable(0, np.arange(3), np.array([[3, 9, 1], [7, 2, 4], [2, 2, 2]]))
    places = np.array([0.0, 2.0, 3.0])
    drawn = dealt([table], [trend(places)], np.random.default_rng(3))(4000)[:, 0]
    assert abs(drawn.mean() - 2.0) < 4 * drawn.std() / np.sqrt(4000)


def test_dealt_tables_follow_the_hypergeometric_law():
    """P(G at least that seen) of a 2 x 2 table, from all tables with its margins."""
    counts = np.array([[9, 3], [2, 8]])
    table = SourceTable(0, np.arange(2), counts)
    x = np.arange(1, 12)  # every table with rows 12, 10 and columns 11, 11
    every = np.stack([np.stack([x, 12 - x], -1), np.stack([11 - x, x - 1], -1)], axis=1)
    law = comb(12, x) * comb(10, 11 - x) / comb(22, 11)
    far = row_ratio(every) >= row_ratio(counts[None])[0] - 1e-9
    exact = law[far].sum()
    drawn = dealt([table], [row_ratio], np.random.default_rng(1))(4000)[:, 0]
    hits = np.count_nonzero(drawn >= row_ratio(counts[None])[0] - 1e-9)
    low, high = binom.ppf([5e-5, 1 - 5e-5], 4000, exact)
    assert low <= hits <= high


def test_blocks_change_places_whole():
    """All 24 orders of four blocks, one by one, against the same number drawn."""
    tables = [
        SourceTable(0, np.array([0, 1, 2, 3]), np.array([[9, 1], [7, 3], [4, 6], [1, 9]])),
        SourceTable(1, np.array([0, 2, 3]), np.array([[2, 5], [5, 5], [6, 1]])),
    ]
    places = np.arange(4.0)
    seen = np.array([trend(places[t.groups])(t.counts[None])[0] for t in tables])
    every = [
        sum(trend(np.array(order, float)[t.groups])(t.counts[None])[0] for t in tables)
        for order in permutations(range(4))
    ]
    exact = np.mean(np.array(every) >= seen.sum() - 1e-9)
    drawn = reordered(tables, places, np.random.default_rng(4))(4000).sum(axis=1)
    low, high = binom.ppf([5e-5, 1 - 5e-5], 4000, exact)
    assert low <= np.count_nonzero(drawn >= seen.sum() - 1e-9) <= high
    assert 0 < exact < 0.2


def test_simulation_stops_at_the_twentieth_replicate_beyond_the_data():
    """Every third replicate lies beyond: the 20th of them is the 60th of all."""
    values = iter(np.resize([0.0, 0.0, 9.0], 1000)[:, None])

    def draw(n):
        return np.array([next(values) for _ in range(n)])

    found = compare(np.array([5.0]), draw, 999)
    assert found.p_value == 20 / 60
    never = compare(np.array([5.0]), lambda n: np.zeros((n, 1)), 999)
    assert (never.p_value, never.replicates) == (1 / 1000, 999)


# Trials in groups


def with_other() -> TransitionCounts:
    blocks = Blocks(("x", "y"), [0, 0, 0, 1, 1], [0, 0, 0, 0, 1], [1, -1, 0, 1, 0], [3, 4, 2, 6, 1])
    return TransitionCounts(states=("A", "B"), counts=[[2, 9], [1, 0]], other=[4, 0], blocks=blocks)


def test_lost_trials_of_blocks_stay_or_are_dropped():
    (stay,) = block_trials(with_other(), "stay").tables()
    np.testing.assert_array_equal(stay.counts, [[6, 3], [0, 6]])
    (drop,) = block_trials(with_other(), "drop").tables()
    np.testing.assert_array_equal(drop.counts, [[2, 3], [0, 6]])
    assert stay.source == 0
    with pytest.raises(UsageError, match="rejected must be"):
        block_trials(with_other(), "keep")


def test_paths_in_groups():
    counts = TransitionCounts.from_sequences([list("ABAACAB"), ["B", None, "A", "C"]])
    (visits,) = (t for t in visit_trials(counts, "stay", 2).tables() if t.source == 0)
    # A is left for B, A, C, B and, on the second path, C: two and a half visits a segment
    np.testing.assert_array_equal(visits.counts, [[1, 1, 1], [0, 1, 1]])
    contexts = {t.source: t for t in context_trials(counts, "stay").tables(groups=1, outcomes=1)}
    # to A from A, B, C: on to C; A; B; and again from B on to C
    np.testing.assert_array_equal(contexts[0].groups, [0, 1, 2])
    np.testing.assert_array_equal(contexts[0].counts, [[0, 0, 1], [1, 0, 1], [0, 1, 0]])
    np.testing.assert_array_equal(contexts[1].groups, [0, 1])  # A B A, and B (failed) B A
    dropped = {t.source: t for t in context_trials(counts, "drop").tables(groups=1, outcomes=1)}
    np.testing.assert_array_equal(dropped[1].groups, [0])
    assert block_trials(counts, "stay").group.tolist() == [0] * 6 + [1] * 3


def test_places_of_blocks():
    assert block_places(["10", "9", "2"]).tolist() == [2, 1, 0]
    assert block_places(["2026-01-03", "2025-12-31T23:00"]).tolist() == [1, 0]
    assert block_places(["Monday", "Tuesday"]) is None
    assert block_places(["b", "a"], ["a", "b"]).tolist() == [1, 0]
    with pytest.raises(UsageError, match="block_order must name each of the 2 blocks once"):
        block_places(["b", "a"], ["a", "a"])


# What cannot be checked


def test_what_the_data_do_not_hold_is_not_checkable(alofi, claude):
    for counts in (alofi, claude):
        found = check_sampling(counts, random_seed=1)
        blind = [check.name for check in found.all if check.status == "not checkable"]
        along = ["windows"] if counts.protocol == "draws" else []
        assert blind == ["blocks", "overdispersion", "drift", "order", *along]
        assert found.dispersion is None
        assert found.suspect == ()
    two = blocked([KERNEL, KERNEL], 50, np.random.default_rng(0))
    found = check_sampling(two, random_seed=1)
    assert found.blocks.status == "fine"
    assert found.overdispersion.status == found.drift.status == "not checkable"
    assert "3 blocks" in found.overdispersion.text
    unordered = replace(two, blocks=replace(two.blocks, labels=("morning", "evening")))
    assert "order of the blocks in time is unknown" in check_drift(unordered).text


def test_sequences_may_be_given_beside_counts_that_forgot_them():
    whole = walk(KERNEL, 300, np.random.default_rng(5))
    bare = TransitionCounts(states=STATES, counts=whole.counts, other=whole.other)
    path = whole.to_sequences()
    found = check_sampling(bare, sequences=path, random_seed=2)
    assert found.order == check_sampling(whole, random_seed=2).order
    with pytest.raises(DataError, match="do not add up"):
        check_sampling(bare, sequences=[path[0][:-1]], random_seed=2)


# Planted faults


def test_unlike_blocks_are_found():
    rng = np.random.default_rng(11)
    found = check_blocks(blocked([KERNEL, OTHER_KERNEL], 400, rng), random_seed=1)
    assert (found.status, found.p_value) == ("suspect", 1 / 1000)
    assert check_blocks(blocked([KERNEL] * 2, 400, rng), random_seed=1).status == "fine"
    sixth = np.array(KERNEL)
    sixth[2] = OTHER_KERNEL[2]
    text = check_blocks(blocked([KERNEL, sixth], 2000, rng), random_seed=1).text
    assert "most clearly from 'c'" in text  # the one row that differs


def test_drift_is_found_in_blocks_and_along_a_path():
    rng = np.random.default_rng(12)
    ramp = [KERNEL + (OTHER_KERNEL - KERNEL) * b / 7 for b in range(8)]
    assert check_drift(blocked(ramp, 300, rng), random_seed=1).status == "suspect"
    shuffled = [ramp[k] for k in (3, 6, 0, 5, 2, 7, 1, 4)]
    unlike = blocked(shuffled, 300, rng)
    assert check_drift(unlike, random_seed=1).status == "fine"  # unlike, but without a trend
    order = [str(k) for k in (2, 6, 4, 0, 7, 3, 1, 5)]
    assert check_drift(unlike, block_order=order, random_seed=1).status == "suspect"
    drifting = walk(KERNEL, 8000, rng, later=OTHER_KERNEL)
    assert check_drift(drifting, random_seed=1).status == "suspect"


def test_memory_is_found_and_the_factor_agrees():
    rng = np.random.default_rng(13)
    first, second = walk(KERNEL, 1500, rng), walk(KERNEL, 1500, rng, memory=0.25)
    assert check_order(first, random_seed=1).status == "fine"
    assert check_order(second, random_seed=1).status == "suspect"
    assert log_order_factor(first) > 5
    assert log_order_factor(second) < -5


def test_order_factor_is_a_product_of_predictions():
    """Step by step: (times this step was taken here before + 1/2) over the sum of these."""
    counts = TransitionCounts.from_sequences(
        ["A", "B", None, "A", "C", "A", "B", "B", "C", "A", "B"]
    )
    path = [0, 1, 1, 0, 2, 0, 1, 1, 2, 0, 1]
    possible = 3  # A, B and C are all joined, or stay
    total = 0.0
    for order, sign in ((1, 1), (2, -1)):
        seen = {}
        for t in range(1, len(path) - 1):
            row = seen.setdefault(tuple(path[t - order + 1 : t + 1]), np.full(possible, 0.5))
            total += sign * np.log(row[path[t + 1]] / row.sum())
            row[path[t + 1]] += 1
    assert log_order_factor(counts) == pytest.approx(total)


def test_overdispersion_is_found_and_measured():
    rng = np.random.default_rng(14)
    clean = blocked([KERNEL] * 12, 60, rng)
    rough = blocked([KERNEL] * 12, 60, rng, correlation=0.1)
    assert check_overdispersion(clean, random_seed=1)[0].status == "fine"
    check, size = check_overdispersion(rough, random_seed=1)
    assert check.status == "suspect"
    assert size.lower < 0.1 < size.upper
    assert size.n_sources == 4
    np.testing.assert_allclose(size.design_effect, 1 + 59 * size.correlation)
    assert size.concentration == pytest.approx(1 / size.correlation - 1)


def test_design_effect_follows_the_blocks_of_each_source():
    """Unequal blocks: 1 + r (sum N_b^2 / N - 1), source by source; 1 without trials."""
    sizes = np.array([[30, 10, 0, 1]] * 2 + [[90, 50, 0, 0]] + [[20, 40, 0, 0]])
    rough = blocked([KERNEL] * 4, sizes, np.random.default_rng(3), correlation=0.3)
    _, size = check_overdispersion(rough, random_seed=1)
    made = sizes.sum(axis=0)
    expected = 1 + size.correlation * ((sizes**2).sum(axis=0) / np.maximum(made, 1) - 1)
    expected[2] = 1.0
    np.testing.assert_allclose(size.design_effect, expected)
    assert size.mean == pytest.approx(np.average(expected, weights=made))


# Overlapping windows


def test_counts_of_a_sliding_window_give_themselves_away():
    path = np.array(
        [STATES.index(s) for s in walk(KERNEL, 400, np.random.default_rng(8)).to_sequences()[0]]
    )
    table = np.zeros((4, 4), dtype=int)
    np.add.at(table, (path[:-40], path[40:]), 1)
    found = {}
    for lag, matrix in ((40, table), (1, None)):
        if matrix is None:
            matrix = np.zeros((4, 4), dtype=int)
            np.add.at(matrix, (path[:-1], path[1:]), 1)
        counts = TransitionCounts(
            states=STATES,
            counts=matrix,
            other=[0] * 4,
            protocol="trajectory",
            starts=(STATES[path[0]],),
        )
        found[lag] = check_windows(counts)
    assert found[1].status == "fine"
    assert found[40].status == "suspect"
    excess = np.bincount(path[:40], minlength=4) - np.bincount(path[-40:], minlength=4)
    assert found[40].statistic == np.maximum(excess, 0).sum() > 1


# The verdict on divided counts


@pytest.mark.parametrize("likelihood", ["multinomial", "pairwise"])
def test_divided_counts_are_those_of_a_smaller_table(likelihood, alofi):
    small = alofi.counts.toarray()
    effect = np.array([2, 3, 5])
    large = TransitionCounts(
        states=alofi.states, counts=small * effect[:, None], other=np.zeros(3, dtype=int)
    )
    one = TransitionCounts(states=alofi.states, counts=small, other=np.zeros(3, dtype=int))
    expected = problem_of(one, likelihood=likelihood).likelihood
    found = divided(problem_of(large, likelihood=likelihood), effect.astype(float)).likelihood
    names = {
        "multinomial": ("counts", "trials"),
        "pairwise": ("forward", "total", "exposure", "trials"),
    }[likelihood]
    for name in names:
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-12)


def test_repeated_verdict_with_a_design_effect_of_1_is_the_verdict(alofi):
    found = repeat_verdict(alofi, 1.0, draws=200, random_seed=3)
    plain = laplace(alofi, draws=200, random_seed=3)
    assert found.log_bayes_factor == plain.log_bayes_factor()
    assert found.verdict.favours == verdict_of(plain).favours
    assert found.verdict.lower == verdict_of(plain).lower
    for bad in (0.0, np.nan, [1.0, 2.0]):
        with pytest.raises(UsageError, match="design_effect must be positive and finite"):
            repeat_verdict(alofi, bad)


# Invariances, arguments


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 10**6))
def test_labels_and_order_of_states_change_no_statistic(seed):
    rng = np.random.default_rng(seed)
    counts = blocked([KERNEL, KERNEL, OTHER_KERNEL], 40, rng)
    path = walk(KERNEL, 200, rng)
    order = rng.permutation(4)
    states = tuple(STATES[k] for k in order)
    place = np.argsort(order)
    blocks = counts.blocks
    moved = TransitionCounts(
        states=states,
        counts=counts.counts.toarray()[np.ix_(order, order)],
        other=counts.other[order],
        blocks=replace(blocks, source=place[blocks.source], target=place[blocks.target]),
    )
    again = TransitionCounts.from_sequences(path.to_sequences(), states=states)
    relabelled = again.relabel({"a": "<script>", "b": "=cmd()"})
    for one, other in ((counts, moved), (path, again), (path, relabelled)):
        a, b = (check_sampling(x, replicates=199, random_seed=1) for x in (one, other))
        for x, y in zip(a.all, b.all, strict=True):
            assert x.status != "not checkable" or y.status == "not checkable"
            assert x.statistic == pytest.approx(y.statistic)
        if a.dispersion is not None:
            assert a.dispersion.correlation == pytest.approx(b.dispersion.correlation)
        if a.log_order_factor is not None:
            assert a.log_order_factor == pytest.approx(b.log_order_factor)


def test_same_seed_same_result_and_a_table():
    counts = blocked([KERNEL] * 6, 30, np.random.default_rng(2))
    one, two = (check_sampling(counts, random_seed=7).table() for _ in range(2))
    assert one.equals(two)
    assert one.index.tolist() == ["blocks", "overdispersion", "drift", "order", "windows"]
    assert one.loc["drift", "invalid"].startswith("invalid if someone looked at the draws")
    with pytest.raises(UsageError, match="replicates must be at least 199"):
        check_sampling(counts, replicates=99)
    with pytest.raises(UsageError, match="counts must be an equipoise"):
        check_sampling([[1, 2], [3, 4]])
