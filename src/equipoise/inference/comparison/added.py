"""The counts of all kernels added up, and whether they are still in balance."""

import numpy as np
from scipy.sparse import csr_array

from equipoise.counts import TransitionCounts
from equipoise.errors import NotTrustedError, UsageError
from equipoise.inference.balance import BalanceTest
from equipoise.inference.balance import test as test_balance
from equipoise.inference.comparison.kernels import Kernels
from equipoise.models import Priors


def added_up(
    kernels: Kernels, priors: Priors, draws: int, rng: np.random.Generator
) -> BalanceTest | None:
    """Test the counts of all kernels added up, as someone would who pools first."""
    first = kernels.counts[0]
    if any(c.stay != first.stay or c.protocol != first.protocol for c in kernels.counts):
        return None
    n = len(kernels.states)
    total, other = csr_array((n, n), dtype=np.int64), np.zeros(n, dtype=np.int64)
    for counts, place in zip(kernels.counts, kernels.places, strict=True):
        table = counts.counts.tocoo()
        total = total + csr_array((table.data, (place[table.row], place[table.col])), shape=(n, n))
        np.add.at(other, place, counts.other)
    pooled = TransitionCounts.from_matrix(
        total.toarray(), states=list(kernels.states), other=other, stay=first.stay
    )
    seed = int(rng.integers(2**31))
    try:
        return test_balance(
            pooled,
            fast=True,
            priors=priors,
            rejected=kernels.rejected,
            draws=2 * draws,
            random_seed=seed,
        )
    except (NotTrustedError, UsageError):
        return None
