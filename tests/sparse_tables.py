"""Tables for the tests of the sparse path: asymmetric, in pieces, with one-way edges."""

import numpy as np

from equipoise.counts import TransitionCounts
from equipoise.graph import support_graph
from equipoise.inference.sparse.linear import DirectSystem, direct_system
from equipoise.inference.sparse.pairs import Pairs, pairs_of


def pieces(seed: int = 3) -> TransitionCounts:
    """14 states in two parts, one never a source, with one-way edges and failed trials."""
    rng = np.random.default_rng(seed)
    n = 14
    table = rng.poisson(2.0, (n, n)) * (rng.random((n, n)) < 0.35)
    table[9:, :9] = 0
    table[:9, 9:] = 0
    table[12, :] = 0
    table[3, 4], table[4, 3] = 40, 0
    other = rng.integers(0, 4, n) * (np.arange(n) != 12)
    return TransitionCounts.from_matrix(table, states=[f"s{k:02d}" for k in range(n)], other=other)


def sparse_of(counts: TransitionCounts) -> tuple[Pairs, DirectSystem]:
    pairs = pairs_of(counts, support_graph(counts))
    return pairs, direct_system(pairs)


def reversible_table(
    seed: int, *, states: int = 30, degree: int = 4, trials: int = 400, violation: float = 0.0
) -> TransitionCounts:
    """Draws from a kernel on a random sparse graph; rates symmetric but for V and c."""
    rng = np.random.default_rng(seed)
    rate = np.zeros((states, states))
    for i in range(states):
        for j in {(i + 1) % states, *rng.integers(0, states, degree // 2).tolist()} - {i}:
            s = rng.normal(-2.0, 0.7)
            c = rng.normal(0.0, violation) if violation else 0.0
            rate[i, j], rate[j, i] = np.exp(s + c / 2), np.exp(s - c / 2)
    v = rng.normal(0.0, 1.0, states)
    rate *= np.exp((v[:, None] - v) / 2)
    np.fill_diagonal(rate, 1.0)
    rate /= rate.sum(axis=1, keepdims=True)
    visits = rng.integers(trials // 4, 2 * trials, states)
    table = np.array([rng.multinomial(k, row) for k, row in zip(visits, rate, strict=True)])
    return TransitionCounts.from_matrix(table, states=[f"s{k:03d}" for k in range(states)])
