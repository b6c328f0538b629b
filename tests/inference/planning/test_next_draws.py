"""Where a collection goes next, from counts alone."""

import numpy as np
import pytest
from informed import named, share_of_even

from equipoise.counts import TransitionCounts
from equipoise.errors import UsageError
from equipoise.inference.planning import allocate, allocate_draws
from equipoise.simulate import complete_edges, sample_draws


@pytest.mark.parametrize("name", ["weekday", "sparse", "eight of thirty"])
def test_nearly_as_few_draws_as_one_needs_who_knows_the_kernel(name):
    known = named(name)
    share = share_of_even(known, seed=100)
    oracle = known.even.share_of_even
    assert oracle <= share <= 1.05 * oracle


def test_with_many_counts_it_is_the_best_split(weekday):
    big = sample_draws(named("weekday").kernel, 10**7, 1)
    found = allocate_draws(big, 10**8)
    i, j = complete_edges(7).T
    p = named("weekday").kernel.matrix
    best = allocate(
        complete_edges(7),
        np.column_stack([p[i, j], p[j, i]]),
        trials=big.trials,
        further=1e8,
        prior_sd=1.0,
    ).fractions
    shares = np.array([found[state] for state in named("weekday").kernel.states]) / 1e8
    np.testing.assert_allclose(shares, best, atol=2e-3)
    assert sum(found.values()) == 10**8
    few = allocate_draws(weekday, 5)
    assert sum(few.values()) == 5
    assert set(few) == set(weekday.states)


def test_without_a_cycle_it_is_even_over_the_states_shown():
    counts = TransitionCounts.from_matrix(
        [[5, 3, 0, 0], [2, 6, 1, 0], [0, 0, 0, 0], [0, 0, 2, 1]], states=list("abcd")
    )
    assert allocate_draws(counts, 7) == {"a": 3, "b": 2, "d": 2}


def test_states_never_shown_are_no_sources():
    table = np.array([[1, 5, 4, 2], [3, 1, 2, 1], [2, 6, 0, 3], [0, 0, 0, 0]])
    found = allocate_draws(TransitionCounts.from_matrix(table, states=list("abcd")), 30)
    assert set(found) == {"a", "b", "c"}
    assert sum(found.values()) == 30
    assert min(found.values()) >= 0


def test_no_draws_cannot_be_allocated(weekday):
    with pytest.raises(UsageError, match="draws is 0"):
        allocate_draws(weekday, 0)
