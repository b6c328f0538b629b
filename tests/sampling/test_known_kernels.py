"""From an agent of known truth, through the real client, to the verdict."""

from dataclasses import replace

import numpy as np
import pytest
from collected import KERNEL
from scipy.stats import chi2

import equipoise
from equipoise.sampling.store import stored_counts
from equipoise.simulate import metropolised, stationary_distribution


def balanced(kernel):
    """Return a reversible kernel like another one, with unequal potential."""
    from equipoise.simulate import Kernel

    rows = kernel.matrix / kernel.matrix.sum(axis=1, keepdims=True)
    unbroken = Kernel(kernel.states, rows, np.zeros(kernel.n_states))
    made = metropolised(unbroken)
    assert np.ptp(np.log(stationary_distribution(made))) > 0.5
    return made


def pushed(kernel):
    """Return a kernel like another one that steps to the next state half of the time."""
    onwards = np.roll(np.eye(kernel.n_states), 1, axis=1) * (1.0 - kernel.other)[:, None]
    return replace(kernel, matrix=0.5 * kernel.matrix + 0.5 * onwards)


def through_the_real_client(kernel, draws, serve, gather, folder):
    """Collect from a server with this kernel; check the counts against it; return the verdict."""
    from messages_server import KernelReplies

    done = gather(serve(KernelReplies(kernel, seed=3), keep=False), draws=draws, concurrency=8)
    assert done.ending == "complete"
    counts = stored_counts(folder / "run.db")
    assert counts.n_trials == draws
    # Pearson against the exact rows, `other` included; 7 rows.
    table = np.column_stack([counts.counts.toarray(), counts.other])
    exact = np.column_stack([kernel.matrix, kernel.other])
    expected = counts.trials[:, None] * exact
    used = expected > 0
    assert not table[~used].any()
    statistic = ((table - expected)[used] ** 2 / expected[used]).sum()
    assert chi2.sf(statistic, used.sum() - 7) > 1e-4
    return equipoise.test(counts, fast=True, random_seed=0).verdict


def check_verdict(truth, draws, serve, gather, folder):
    kernel = pushed(KERNEL) if truth == "driven" else balanced(KERNEL)
    verdict = through_the_real_client(kernel, draws, serve, gather, folder)
    if truth == "driven":
        assert verdict.favours == "non-reversible"
    else:
        assert verdict.favours in ("balance", "undecided")
        assert verdict.lower > -1
    return verdict


@pytest.mark.parametrize("truth", ["driven", "reversible"])
def test_from_a_known_kernel_to_the_verdict(truth, serve, gather, tmp_path):
    check_verdict(truth, 400, serve, gather, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("truth", ["driven", "reversible"])
def test_from_a_known_kernel_to_the_verdict_with_more_draws(truth, serve, gather, tmp_path):
    verdict = check_verdict(truth, 5000, serve, gather, tmp_path)
    if truth == "driven":
        assert verdict.upper <= -5
    else:
        assert verdict.favours == "balance"
