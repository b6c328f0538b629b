"""Arguments of the checks of the sampling that are out of their range, and seeds anywhere."""

from dataclasses import replace

import numpy as np
import pytest

import equipoise as eq
from equipoise.counts import Blocks, TransitionCounts
from equipoise.errors import UsageError
from equipoise.inference.sampling_checks import check_drift, check_sampling, repeat_verdict

BLOCKS = Blocks(("x", "y"), [0, 0, 1, 1], [0, 0, 0, 1], [1, 0, 1, 0], [3, 2, 6, 1])
COUNTS = TransitionCounts(states=("A", "B"), counts=[[2, 9], [1, 0]], other=[0, 0], blocks=BLOCKS)


def test_an_order_of_blocks_that_would_be_ignored_is_refused():
    plain = TransitionCounts.from_matrix([[2, 9], [1, 0]], states=["A", "B"])
    for order in (["x", "y"], ["x"], []):
        with pytest.raises(UsageError, match="these counts have none"):
            check_drift(plain, block_order=order)
        with pytest.raises(UsageError, match="these counts have none"):
            check_sampling(plain, block_order=order)
    path = TransitionCounts.from_sequences([list("ABAACAB"), list("BAC")])
    with pytest.raises(UsageError, match="these counts have none"):
        check_drift(path, block_order=["1", "2"])
    steps = Blocks(("x", "y"), [0, 0, 1], [0, 1, 0], [1, 0, 0], [1, 1, 1])
    both = replace(TransitionCounts.from_sequences(list("ABAA")), blocks=steps)
    with pytest.raises(UsageError, match="the counts hold paths, whose steps tell their own"):
        check_drift(both, block_order=["y", "x"])
    for order in ("xy", 7):
        with pytest.raises(UsageError, match="block_order is a list of labels"):
            check_sampling(COUNTS, block_order=order)
    with pytest.raises(UsageError, match="must name each of the 2 blocks once"):
        check_sampling(COUNTS, block_order=["x", "z"])
    assert check_drift(COUNTS, block_order=["y", "x"]).status == "not checkable"  # too few


@pytest.mark.parametrize("replicates", [99, 0, -1, 199.5, np.nan, np.inf, "a", None, [200]])
def test_replicates_that_are_no_number_are_refused(replicates):
    with pytest.raises(UsageError, match="replicates must be at least 199, and a whole number"):
        check_sampling(COUNTS, replicates=replicates)


@pytest.mark.parametrize("effect", ["x", {}, object(), [[1.0], [1.0, 2.0]]])
def test_a_design_effect_that_is_no_number_is_refused(effect):
    with pytest.raises(UsageError, match="design_effect must be a number or one for each state"):
        repeat_verdict(COUNTS, effect)


@pytest.mark.parametrize("seed", [-1, 1.5, "a", [1], np.int64(-3)])
@pytest.mark.parametrize(
    "ask",
    [
        lambda counts, seed: eq.test(counts, fast=True, random_seed=seed),
        lambda counts, seed: eq.plan(counts, random_seed=seed),
        lambda counts, seed: check_sampling(counts, random_seed=seed),
        lambda counts, seed: check_drift(counts, random_seed=seed),
        lambda counts, seed: repeat_verdict(counts, 1.0, random_seed=seed),
    ],
    ids=["test", "plan", "check_sampling", "check_drift", "repeat_verdict"],
)
def test_a_seed_that_is_none_is_refused(ask, seed):
    with pytest.raises(UsageError, match="random_seed must be a whole number from 0"):
        ask(COUNTS, seed)
