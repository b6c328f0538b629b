"""Where to make the next draws of a collection, from the counts so far alone."""

from collections.abc import Mapping

import numpy as np

from equipoise.counts import TransitionCounts
from equipoise.errors import UsageError
from equipoise.graph import support_graph
from equipoise.inference.planning.allocation import allocate, edge_leverages
from equipoise.likelihoods import FloatArray, IntArray

# Of c, nats: that of the headline prior. A direction that no draws can determine asks for none.
_CYCLE_SD = 1.0
_ON_A_CYCLE = 1e-9


def allocate_draws(counts: TransitionCounts, draws: int) -> Mapping[str, int]:
    """Return how many of further draws to make from each source, to narrow the cycles most.

    Parameters
    ----------
    counts : TransitionCounts
        So far. Sources are the states that have been shown.
    draws : int
        How many more, at least 1.

    Returns
    -------
    mapping of str to int
        Of each source, summing to `draws`; even while no cycle has been seen.

    Raises
    ------
    UsageError
        If `draws` is below 1.

    Notes
    -----
    The width of a cycle is made of 1/P. With k transitions in N trials that is taken to be
    ``(N + 1) / (k + 1)``: unbiased but for ``(1 − P)^(N + 1)``, relatively, and finite for a side
    that was never seen. Frequencies would make a rare side look rarer than it is, and ask for draws
    that cannot be taken back.
    """
    if draws < 1:
        raise UsageError(f"draws is {draws}; give 1 or more")
    trials = counts.trials
    shown = trials > 0
    edges = support_graph(counts).edges
    edges = edges[shown[edges].all(axis=1)]
    fractions = shown / shown.sum()
    if len(edges) and (edge_leverages(edges, counts.n_states) > _ON_A_CYCLE).any():
        i, j = edges.T
        table = counts.counts.toarray()
        seen = np.column_stack([table[i, j], table[j, i]])
        probability = np.minimum((seen + 1.0) / (trials[edges] + 1.0), 1.0)
        fractions = allocate(
            edges, probability, trials=trials, further=draws, sources=shown, prior_sd=_CYCLE_SD
        ).fractions
    whole = _whole(np.where(shown, np.maximum(fractions, 0.0), 0.0), draws)
    return {counts.states[k]: int(whole[k]) for k in np.flatnonzero(shown)}


def _whole(fractions: FloatArray, number: int) -> IntArray:
    """Split a number as fractions say, the largest remainders rounded up."""
    exact = fractions * number / fractions.sum()
    whole = np.floor(exact).astype(np.int64)
    for k in np.argsort(whole - exact, kind="stable")[: number - int(whole.sum())]:
        whole[k] += 1
    return whole
