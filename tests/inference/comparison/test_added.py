"""The example of docs/mathematics/kernels.md: reversible kernels that must not be added up."""

import numpy as np
import pytest

import equipoise as eq
from equipoise.counts import TransitionCounts
from equipoise.inference.comparison import kernels_of
from equipoise.inference.comparison.added import added_up
from equipoise.models import Priors

FIRST = [[580, 400, 20], [400, 580, 20], [80, 80, 840]]
SECOND = [[960, 20, 20], [80, 520, 400], [80, 400, 520]]


def counts(table):
    return TransitionCounts.from_matrix(table, states=list("abc"))


def affinity(table):
    p = np.asarray(table) / np.sum(table, axis=1, keepdims=True)
    return np.log(p[0, 1] * p[1, 2] * p[2, 0] / (p[1, 0] * p[2, 1] * p[0, 2]))


def test_a_mixture_of_reversible_kernels_need_not_be_reversible():
    for table, potential in ((FIRST, [0, 0, np.log(4)]), (SECOND, [0, np.log(4), np.log(4)])):
        assert affinity(table) == pytest.approx(0.0, abs=1e-12)
        law = np.exp(-np.array(potential))
        flow = law[:, None] * np.array(table)
        assert flow == pytest.approx(flow.T)
        alone = eq.test(counts(table), fast=True, draws=500, random_seed=1)
        assert alone.verdict.favours != "non-reversible"
    total = np.add(FIRST, SECOND)
    assert affinity(total) == pytest.approx(np.log(420 * 420 * 160 / (480 * 480 * 40)))
    kernels = kernels_of({"first": counts(FIRST), "second": counts(SECOND)})
    added = added_up(kernels, Priors(), 250, np.random.default_rng(1))
    assert added.counts.counts.toarray().tolist() == total.tolist()
    assert added.verdict.favours == "non-reversible"


def test_protocols_that_differ_are_not_added_up():
    walk = TransitionCounts.from_sequences([list("abcacba") * 9])
    kernels = kernels_of({"first": counts(FIRST), "second": counts(SECOND), "walk": walk})
    assert added_up(kernels, Priors(), 250, np.random.default_rng(1)) is None
