"""The potential of every state of a large table, given balance, by Hamiltonian Monte Carlo."""

from dataclasses import dataclass

import numpy as np

from equipoise.inference.sparse.cyclic import cyclic_mode
from equipoise.inference.sparse.linear import DirectSystem
from equipoise.inference.sparse.pairs import Pairs
from equipoise.inference.sparse.path.node import SparseNode
from equipoise.inference.sparse.path.trajectories import (
    Reference,
    State,
    Tuning,
    adapted,
    rescale,
    turn,
)
from equipoise.likelihoods import FloatArray, IntArray
from equipoise.models import Priors

R_HAT_TRUSTED, ESS_TRUSTED = 1.01, 400.0
# At so small a part of a σ_c whose evidence is that of balance to 0.02 nats c is 0 to the data.
_STILL = 0.1
_TUNE = 40
_MOST = 8
_KEPT = 0.05
_TAIL = 0.025


@dataclass(frozen=True, eq=False)
class LargePotential:
    """Posterior of Φ above the reference of each component, given balance, nats.

    Attributes
    ----------
    chosen
        Positions in ``Pairs.states`` of the states it is given for, shape (k,).
    mean, sd, lower, upper
        Mean, standard deviation and central 95 % interval, shape (k,). ``diag(1/N_i)``, by which
        the pairwise likelihood knows less than the rows do, is taken off the variance.
    r_hat_max, ess_bulk_min
        Worst rank R-hat and bulk effective sample size over these states and σ_Φ.
    """

    chosen: IntArray
    mean: FloatArray
    sd: FloatArray
    lower: FloatArray
    upper: FloatArray
    r_hat_max: float
    ess_bulk_min: float

    @property
    def distrust(self) -> str | None:
        """Why it must not be reported, in words; None where it may be."""
        if not self.r_hat_max <= R_HAT_TRUSTED:
            return f"the chains disagree (R-hat {self.r_hat_max:.3f}, limit {R_HAT_TRUSTED:g})"
        if not self.ess_bulk_min >= ESS_TRUSTED:
            return f"only {self.ess_bulk_min:.0f} effective draws (at least {ESS_TRUSTED:g} needed)"
        return None


def sample_potential(
    pairs: Pairs,
    system: DirectSystem,
    priors: Priors,
    first: SparseNode,
    chosen: IntArray,
    references: IntArray,
    *,
    chains: int,
    draws: int,
    rng: np.random.Generator,
) -> LargePotential:
    """Sample Φ given balance.

    Parameters
    ----------
    pairs, system, priors
        The question.
    first
        The first node of the path: where chains and step sizes begin.
    chosen, references
        Positions of states, and of the reference of each, in ``pairs.states``, shape (k,).
    chains, draws
        How many; doubled, eight times as many at most, until they are to be trusted.
    rng
        Source of randomness.
    """
    from arviz_stats.base import array_stats

    learned = priors.scales == "learned"
    sd = float(np.exp(first.log_potential_sd.mean()))
    start = first.mode.potential, first.mode.cycles * _STILL**2
    mode = cyclic_mode(pairs, system, sd, _STILL * first.cycle_scale, start)
    reference = Reference(mode.potential, mode.cycles, mode.curvature)
    tuning = first.tuning
    phi, c = mode.curvature.sample(rng, chains)
    stretch = np.exp(0.15 * np.linspace(-1, 1, chains)) if learned else np.ones(chains)
    state = State((mode.potential[:, None] + phi) * stretch, mode.cycles[:, None] + c, sd * stretch)
    for k in range(_TUNE):
        state, accept, hits = _advance(pairs, reference, state, tuning, priors, rng)
        tuning = adapted(tuning, accept, hits, (k + 1) / _TUNE)
    kept = np.empty((chains, 0, len(chosen) + 1))
    total = draws
    while True:
        more = np.empty((chains, total - kept.shape[1], len(chosen) + 1))
        for k in range(more.shape[1]):
            state, _, _ = _advance(pairs, reference, state, tuning, priors, rng)
            more[:, k, :-1] = (state.potential[chosen] - state.potential[references]).T
            more[:, k, -1] = np.log(state.potential_sd)
        kept = np.concatenate([kept, more], axis=1)
        watched = [x for x in np.moveaxis(kept, -1, 0) if x.std() > 0]
        r_hat = max((float(array_stats.rhat(x)) for x in watched), default=1.0)
        ess = min((float(array_stats.ess(x, method="bulk")) for x in watched), default=float("inf"))
        if (r_hat <= R_HAT_TRUSTED and ess >= ESS_TRUSTED) or total >= _MOST * draws:
            break
        total *= 2
    flat = kept[..., :-1].reshape(-1, len(chosen))
    mean, spread = flat.mean(axis=0), flat.std(axis=0, ddof=1)
    excess = 1 / pairs.trials[chosen] + 1 / pairs.trials[references]
    variance = np.maximum(spread**2 - excess, _KEPT * spread**2)
    shrink = np.sqrt(variance) / np.maximum(spread, 1e-300)
    low, high = np.quantile(flat, (_TAIL, 1 - _TAIL), axis=0)
    return LargePotential(
        chosen=chosen,
        mean=mean,
        sd=np.sqrt(variance),
        lower=mean + shrink * (low - mean),
        upper=mean + shrink * (high - mean),
        r_hat_max=r_hat,
        ess_bulk_min=ess,
    )


def _advance(
    pairs: Pairs,
    reference: Reference,
    state: State,
    tuning: Tuning,
    priors: Priors,
    rng: np.random.Generator,
) -> tuple[State, float, float]:
    """Move every chain once; return how many were accepted, of Φ and of σ_Φ."""
    state, accept = turn(pairs, reference, state, tuning.step, rng)
    hits = float("nan")
    if priors.scales == "learned":
        state, hits = rescale(pairs, state, priors.potential_scale, tuning.width, rng)
    return state, float(accept.mean()), hits
