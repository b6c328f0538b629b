"""Draws and trajectories that follow their kernel."""

import numpy as np
import pytest
from scipy.special import chdtrc

from equipoise.counts import TransitionCounts
from equipoise.errors import UsageError
from equipoise.simulate import (
    Kernel,
    reversible_kernel,
    sample_draws,
    sample_trajectory,
    stationary_distribution,
)

FALSE_ALARM = 1e-4  # of each statistical check, over its seed

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
TABLE = np.random.default_rng(0).dirichlet(np.full(8, 2.0), size=7)  # the last column: other


def weekday() -> Kernel:
    return Kernel(DAYS, TABLE[:, :7], TABLE[:, 7])


class TestDraws:
    def test_follow_the_kernel(self):
        kernel = weekday()
        table = sample_draws(kernel, 4000, 7)
        observed = np.column_stack([table.counts.toarray(), table.other])
        expected = 4000 * TABLE
        statistic = np.sum((observed - expected) ** 2 / expected)
        assert chdtrc(7 * 7, statistic) > FALSE_ALARM
        assert chdtrc(7 * 7, 7 * 7 * 10) < FALSE_ALARM
        assert (table.trials == 4000).all()
        assert (table.protocol, table.stay, table.states) == ("draws", True, DAYS)
        assert table.metadata["trials"] == "observed"

    def test_trials_for_each_state(self):
        trials = np.array([5, 0, 7, 0, 0, 100, 1])
        table = sample_draws(weekday(), trials, 1)
        np.testing.assert_array_equal(table.trials, trials)
        assert table.states == DAYS
        assert not table.counts.toarray()[1].any()

    def test_seeds(self):
        one, two, three = (sample_draws(weekday(), 50, seed) for seed in (3, 3, 4))
        assert one.equals(two)
        assert not one.equals(three)
        rng = np.random.default_rng(3)
        assert one.equals(sample_draws(weekday(), 50, rng))
        assert not one.equals(sample_draws(weekday(), 50, rng))
        assert sample_draws(weekday(), 50).n_trials == 350

    def test_impossible_outcomes_never_come(self):
        third = 1 / 3
        kernel = Kernel(
            ("a", "b", "c"),
            [[third, third, 0.333333333], [0, 0, 1], [0.1, 0.9 - 5e-10, 0]],
            [0, 0, 0],
        )
        table = sample_draws(kernel, 10**9, 0)
        assert not table.other.any()
        np.testing.assert_array_equal(table.counts.toarray() > 0, kernel.matrix > 0)

    def test_stay_is_passed_on(self):
        kernel = reversible_kernel([0, 1, 2], 0.0, stay=False)
        assert not sample_draws(kernel, 10, 0).stay
        assert not sample_trajectory(kernel, 10, 0, 0).stay

    @pytest.mark.parametrize("trials", [0, -1, 1.5, [1, 2], [0] * 7, [1] * 6 + [-1]])
    def test_refuses(self, trials):
        with pytest.raises(UsageError, match="trials must be"):
            sample_draws(weekday(), trials, 0)


class TestTrajectory:
    def test_counts_are_consecutive_pairs(self):
        kernel = weekday()
        table = sample_trajectory(kernel, 5000, "Wed", 11)
        (path,) = table.sequences
        assert len(path) == 5001
        assert path[0] == 2
        assert table.starts == ("Wed",)
        assert table.protocol == "trajectory"
        assert table.n_trials == 5000
        counts, other, here = np.zeros((7, 7), int), np.zeros(7, int), 2
        for step in path[1:].tolist():
            if step < 0:
                other[here] += 1
            else:
                counts[here, step] += 1
                here = step
        assert other.sum() > 0
        np.testing.assert_array_equal(table.counts.toarray(), counts)
        np.testing.assert_array_equal(table.other, other)
        # The same value as the labels give.
        again = TransitionCounts.from_sequences(
            [table.to_sequences()[0]], states=DAYS, metadata={"trials": "observed"}
        )
        assert table.equals(again)

    def test_follows_the_kernel(self):
        kernel = weekday()
        table = sample_trajectory(kernel, 40_000, "Mon", 5)
        observed = np.column_stack([table.counts.toarray(), table.other])
        expected = table.trials[:, None] * TABLE
        statistic = np.sum((observed - expected) ** 2 / expected)
        assert chdtrc(7 * 7, statistic) > FALSE_ALARM
        shares = table.trials / table.n_trials
        np.testing.assert_allclose(shares, stationary_distribution(kernel), atol=0.02)

    def test_absorbing(self):
        kernel = Kernel(("a", "b"), [[0.5, 0.5], [0, 0.5]], [0, 0.5])
        table = sample_trajectory(kernel, 200, "a", 0)
        (path,) = table.sequences
        assert set(path[50:].tolist()) == {1, -1}
        assert table.counts.toarray()[1, 0] == 0

    def test_seeds_and_starts(self):
        one, two, three = (sample_trajectory(weekday(), 99, 2, seed) for seed in (3, 3, 4))
        assert one.equals(two)
        assert not one.equals(three)
        assert one.equals(sample_trajectory(weekday(), 99, "Wed", np.random.default_rng(3)))

    def test_refuses(self):
        with pytest.raises(UsageError, match="n_steps"):
            sample_trajectory(weekday(), 0, "Mon", 0)
        with pytest.raises(UsageError, match="n_steps"):
            sample_trajectory(weekday(), 1.5, "Mon", 0)
        with pytest.raises(UsageError, match="no state 'Someday'"):
            sample_trajectory(weekday(), 5, "Someday", 0)
        for draw in (
            lambda s: sample_trajectory(weekday(), 5, 0, s),
            lambda s: sample_draws(weekday(), 5, s),
        ):
            with pytest.raises(UsageError, match="random_seed must be a whole number from 0"):
                draw(-1)
