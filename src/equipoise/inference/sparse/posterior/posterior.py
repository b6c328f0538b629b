"""From counts to draws of the potential: the function people call."""

import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from equipoise.counts import TransitionCounts
from equipoise.errors import NotConvergedWarning, UsageError
from equipoise.graph import support_graph
from equipoise.inference.sparse.linear import direct_system
from equipoise.inference.sparse.pairs import checked_pairs
from equipoise.inference.sparse.posterior.chains import walk
from equipoise.inference.sparse.posterior.landscape import reference_at
from equipoise.inference.sparse.posterior.totals import with_totals
from equipoise.inference.sparse.posterior.tree import LargeDraws, large_tree
from equipoise.inference.sparse.references import large_references
from equipoise.inference.sparse.solver import check_core, mode_under_balance
from equipoise.likelihoods import Rejected, trials_of
from equipoise.models import Priors
from equipoise.simulate.draws import RandomSeed, plain_seed

if TYPE_CHECKING:
    import xarray as xr

DRAWS, TUNE, CHAINS = 250, 30, 16


def posterior_large(
    counts: TransitionCounts,
    *,
    priors: Priors | None = None,
    rejected: Rejected = "stay",
    reference: str | Sequence[str] | None = None,
    draws: int = DRAWS,
    tune: int = TUNE,
    chains: int = CHAINS,
    random_seed: RandomSeed = None,
    progress: Callable[[int, int], None] | None = None,
) -> "xr.DataTree":
    """Sample the potential given balance, by Hamiltonian Monte Carlo about sparse factors.

    The posterior of ``equipoise.posterior(counts, "reversible", likelihood="pairwise")``, drawn
    without PyMC and without compiling: many short chains move together, and a step costs each of
    them one sparse solve. Where counts are many the draws are nearly independent.

    Parameters
    ----------
    counts : TransitionCounts
        Axis 0 is from, axis 1 to; from a few states to some 10⁴ with few neighbours each.
    priors : Priors, optional
        Default: ``Priors()``, learned scales.
    rejected : {"stay", "drop"}
        What a trial that ended in no state counts as.
    reference : str or sequence of str, optional
        State at Φ = 0, or one for each component; default: of its largest strongly connected part
        the one with most incoming transitions.
    draws, tune, chains : int
        Trajectories kept and thrown away a chain; number of chains.
    random_seed : int, Generator or None
        The same seed gives the same result.
    progress : callable, optional
        Called with (trajectories done, trajectories planned).

    Returns
    -------
    xarray.DataTree
        ``posterior``: ``V`` (state), Φ as the pairwise likelihood knows it, up to the constant of
        each component, nats; ``Phi`` (state) above the reference of its component, the excess
        ``diag(1/N_i)`` taken off its covariance; ``pi`` (state), which adds up to 1 in each
        component; ``sigma_V`` where it is learned. ``sample_stats``: the acceptance rate.
        Attributes say units, gauge, worst R-hat and least bulk effective sample size.

    Raises
    ------
    DataError
        If no edge joins two sources.
    UsageError
        If an argument is out of its range, or the factors of the graph would fill up.
    NotTrustedError
        If a mode is not reached.

    Warns
    -----
    NotConvergedWarning
        If R-hat exceeds 1.01 or a bulk effective sample size is below 400.

    Notes
    -----
    States without an edge to another source, and the constant of a part that no counted pair joins
    to the rest, have their prior.
    """
    if draws < 20 or tune < 10 or chains < 2:
        raise UsageError(
            f"posterior_large needs at least 20 draws, 10 to tune and 2 chains, not {draws}, "
            f"{tune} and {chains}"
        )
    priors = Priors() if priors is None else priors
    if not isinstance(priors, Priors):
        raise UsageError(f"priors must be an equipoise.Priors, not {type(priors).__name__}")
    graph = support_graph(counts, trials_of(counts, rejected))
    references = large_references(counts, graph, reference)
    pairs = checked_pairs(counts, graph, rejected)
    check_core(pairs)
    seed = plain_seed(random_seed)
    rng = np.random.default_rng(seed if seed is not None else random_seed)
    spot = reference_at(pairs, mode_under_balance(pairs, direct_system(pairs), priors, rng))
    raw = np.empty((pairs.n_states, chains, draws))
    sds, accepted = np.empty((chains, draws)), np.empty((chains, draws))
    for k, draw in zip(range(-tune, draws), walk(spot, priors, tune, chains, rng), strict=False):
        if k >= 0:
            raw[:, :, k] = draw.potential
            sds[:, k], accepted[:, k] = draw.potential_sd, draw.acceptance
        if progress is not None:
            progress(k + tune + 1, tune + draws)
    settled = with_totals(spot, raw.reshape(len(raw), -1), rng).reshape(raw.shape)
    found = LargeDraws(
        pairs=pairs,
        raw=np.moveaxis(raw, 0, -1),
        potential=np.moveaxis(settled, 0, -1),
        potential_sd=sds,
        acceptance=accepted,
    )
    tree = large_tree(counts, graph, found, references, priors, seed, rng)
    distrust = tree.attrs.pop("distrust")
    if distrust:
        warnings.warn(
            f"not to be trusted: {distrust}; raise draws or tune", NotConvergedWarning, stacklevel=2
        )
    return tree
