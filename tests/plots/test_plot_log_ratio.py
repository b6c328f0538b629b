"""Observed log-ratios against differences of the potential."""

import numpy as np
import pytest

from equipoise.counts import TransitionCounts
from equipoise.inference.balance import test as run_test
from equipoise.plots import plot_log_ratio
from equipoise.plots.log_ratio import observed_ratios

NAMES = ["alofi-rain", "claude-4", "smollm2-weekday", "two components", "tree"]


@pytest.mark.parametrize("name", NAMES)
def test_every_ratio_is_that_of_the_counts_downhill(result, name):
    outcome = result(name)
    ratios = observed_ratios(outcome)
    table, trials = outcome.counts.counts.toarray(), outcome.counts.trials
    phi = {row.state: row.mean for row in outcome.potential}
    both = 0
    for k in range(len(ratios.edge)):
        i, j = int(ratios.upper_state[k]), int(ratios.lower_state[k])
        assert sorted((i, j)) == outcome.graph.edges[ratios.edge[k]].tolist()
        up = phi[outcome.counts.states[i]], phi[outcome.counts.states[j]]
        if None not in up:
            assert up[0] >= up[1]
        if ratios.side[k]:
            assert table[i, j] * table[j, i] == 0
            continue
        both += 1
        wanted = np.log(table[i, j] * trials[j] / (table[j, i] * trials[i]))
        assert ratios.ratio[k] == pytest.approx(wanted)
        spread = 1 / table[i, j] - 1 / trials[i] + 1 / table[j, i] - 1 / trials[j]
        assert ratios.error[k] == pytest.approx(np.sqrt(spread))
    assert both


def test_a_bound_is_where_the_likelihood_falls_to_a_twentieth(result):
    outcome = result("claude-4")
    ratios = observed_ratios(outcome)
    (k,) = (
        k
        for k in range(len(ratios.edge))
        if outcome.counts.states[ratios.upper_state[k]] == "TURKEY"
    )
    # 4,122 of TURKEY's trials went to ATTITUDE, none of its 4,000 came back: log(4000/3) about.
    assert ratios.side[k] == 1
    share = 1 / (1 + np.exp(-ratios.ratio[k]) * 4000 / 4122)
    assert share**4122 == pytest.approx(1 / 20)
    assert ratios.ratio[k] == pytest.approx(np.log(4000 / 3), abs=0.01)


def test_other_counts_as_a_trial_unless_it_is_dropped():
    matrix, other = [[5, 30, 9], [40, 2, 11], [7, 20, 1]], [100, 0, 3]
    counts = TransitionCounts.from_matrix(matrix, other=other, states=["a", "b", "c"])
    stay, drop = (
        observed_ratios(run_test(counts, fast=True, draws=200, random_seed=1, rejected=rejected))
        for rejected in ("stay", "drop")
    )
    sign = np.where(stay.upper_state == drop.upper_state, 1, -1)
    moved = {
        tuple(sorted((int(i), int(j)))): float(s * (a - b) * (1 if i < j else -1))
        for i, j, a, b, s in zip(
            drop.upper_state,
            drop.lower_state,
            sign * stay.ratio,
            drop.ratio,
            sign * sign,
            strict=True,
        )
    }
    # log(n_ij N_j / (n_ji N_i)): a has 144 trials or 44, c 31 or 28, b 53 either way.
    assert moved[0, 1] == pytest.approx(-np.log(144 / 44))
    assert moved[0, 2] == pytest.approx(np.log(31 / 28) - np.log(144 / 44))
    assert moved[1, 2] == pytest.approx(np.log(31 / 28))


@pytest.mark.parametrize("name", NAMES)
def test_points_stand_at_the_difference_and_the_ratio(result, name):
    outcome = result(name)
    axes = plot_log_ratio(outcome)
    ratios = observed_ratios(outcome)
    both = ratios.side == 0
    drawn = np.asarray(axes.collections[2].get_offsets())
    draws = outcome.findings.reversible
    phi = draws.weights @ draws.gradient_potential
    wanted = np.column_stack([phi[ratios.upper_state] - phi[ratios.lower_state], ratios.ratio])[
        both
    ]
    assert drawn == pytest.approx(wanted)
    low, high = axes.get_ylim()
    assert low < np.min(ratios.ratio - 1.96 * ratios.error)
    assert high > np.max(ratios.ratio + 1.96 * ratios.error)
    if len(across := axes.collections[0].get_segments()):  # the bars across are whole
        low, high = axes.get_xlim()
        assert low < np.min(across, axis=(0, 1))[0]
        assert high > np.max(across, axis=(0, 1))[0]
    testable = any(edge.testable for edge in outcome.edges)
    assert (len(axes.figure.axes) == 2) == testable  # a colour bar


def test_colour_is_c_in_the_direction_drawn(result):
    outcome = result("smollm2-weekday")
    axes = plot_log_ratio(outcome)
    ratios = observed_ratios(outcome)
    red_less_blue = axes.collections[2].get_facecolors()[:, [0, 2]] @ [1, -1]
    c = np.array([outcome.edges[k].mean for k in ratios.edge])
    c *= np.where(outcome.graph.edges[ratios.edge, 0] == ratios.upper_state, 1, -1)
    strong = np.abs(c) > 0.3
    assert strong.sum() >= 5
    assert np.array_equal(red_less_blue[strong] > 0, c[strong] > 0)
    # What lies above the line runs down more often than any potential allows.
    phi = outcome.findings.reversible.weights @ outcome.findings.reversible.gradient_potential
    above = ratios.ratio - (phi[ratios.upper_state] - phi[ratios.lower_state])
    assert np.corrcoef(above, c)[0, 1] > 0.7


def test_what_is_not_there_is_said(result):
    counts = TransitionCounts.from_matrix([[3, 4], [0, 0]], states=["a", "b"])
    axes = plot_log_ratio(run_test(counts, fast=True, draws=100, random_seed=1))
    assert "no log-ratio" in axes.texts[0].get_text()
