"""The potential of every state of a large table, given balance: draws until they are trusted."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt

from equipoise.inference.posterior.convergence import (
    ESS_TRUSTED,
    R_HAT_TRUSTED,
    Convergence,
)
from equipoise.inference.sparse.balance import BalanceMode
from equipoise.inference.sparse.pairs import Pairs
from equipoise.inference.sparse.posterior.chains import walk
from equipoise.inference.sparse.posterior.convergence import least_ess, r_hats
from equipoise.inference.sparse.posterior.landscape import reference_at
from equipoise.inference.sparse.posterior.totals import with_totals
from equipoise.likelihoods import FloatArray, IntArray
from equipoise.models import Priors

TUNE, CHAINS, DRAWS = 30, 8, 200
# So many times as many draws at most.
_MOST = 8
_TAIL = 0.025
_COLUMNS = 256


@dataclass(frozen=True, eq=False)
class LargePotential:
    """Posterior of Φ above the reference of each component, given balance, nats.

    Attributes
    ----------
    chosen
        Positions in ``Pairs.states`` of the states it is given for, shape (k,).
    mean, sd, lower, upper
        Mean, standard deviation and central 95 % interval, shape (k,). What the totals of the rows
        know besides the pairs is in them.
    r_hat_max, ess_bulk_min
        Worst rank R-hat and bulk effective sample size over these states and σ_Φ, by the pairs; the
        latter NaN where the former is not to be trusted.
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
        return Convergence(self.r_hat_max, self.ess_bulk_min, 0).distrust


def sample_potential(
    pairs: Pairs,
    mode: BalanceMode,
    priors: Priors,
    chosen: IntArray,
    references: IntArray,
    *,
    rng: np.random.Generator,
    draws: int = DRAWS,
    progress: Callable[[int, int], None] | None = None,
) -> LargePotential:
    """Sample Φ given balance.

    Parameters
    ----------
    pairs, mode, priors
        The question, and the mode to move about.
    chosen, references
        Positions of states, and of the reference of each, in ``pairs.states``, shape (k,).
    rng
        Source of randomness.
    draws
        How many of each of eight chains; doubled, eight times as many at most, until they are to be
        trusted.
    progress
        Called with (trajectories done, trajectories planned).
    """
    spot = reference_at(pairs, mode)
    chain = walk(spot, priors, TUNE, CHAINS, rng)
    for _ in islice(chain, TUNE):
        pass
    # Single precision is some 10⁻⁷ of a potential, and half the memory.
    raw = np.empty((pairs.n_states, CHAINS, 0), dtype=np.float32)
    log_sd = np.empty((CHAINS, 0))
    total = draws
    while True:
        done = log_sd.shape[1]
        more = np.empty((pairs.n_states, CHAINS, total - done), dtype=np.float32)
        sds = np.empty((CHAINS, total - done))
        for k, draw in enumerate(islice(chain, total - done)):
            more[:, :, k], sds[:, k] = draw.potential, np.log(draw.potential_sd)
            if progress is not None:
                progress(TUNE + done + k + 1, TUNE + total)
        raw = np.concatenate([raw, more], axis=2)
        log_sd = np.concatenate([log_sd, sds], axis=1)
        del more
        r_hat, ess = _diagnosed(raw, log_sd, chosen, references)
        if (r_hat <= R_HAT_TRUSTED and ess >= ESS_TRUSTED) or total >= _MOST * draws:
            break
        total *= 2
    flat = raw.reshape(len(raw), -1)
    settled = with_totals(spot, flat, rng, out=flat)
    moments = [np.empty(len(chosen)) for _ in range(4)]
    for begin in range(0, len(chosen), _COLUMNS):
        part = slice(begin, begin + _COLUMNS)
        above = (settled[chosen[part]] - settled[references[part]]).astype(float)
        low, high = np.quantile(above, (_TAIL, 1 - _TAIL), axis=1)
        found = above.mean(axis=1), above.std(axis=1, ddof=1), low, high
        for moment, value in zip(moments, found, strict=True):
            moment[part] = value
    mean, sd, lower, upper = moments
    return LargePotential(chosen, mean, sd, lower, upper, r_hat, ess)


def _diagnosed(
    raw: npt.NDArray[np.float32], log_sd: FloatArray, chosen: IntArray, references: IntArray
) -> tuple[float, float]:
    """Return worst R-hat and least bulk ESS; the latter NaN where the former decides already."""
    blocks = [log_sd[None]] if np.ptp(log_sd) > 0 else []
    r_hat = max((float(r_hats(x).max()) for x in blocks), default=1.0)
    parts = [slice(k, k + _COLUMNS) for k in range(0, len(chosen), _COLUMNS)]

    def above(part: slice) -> FloatArray:
        found = (raw[chosen[part]] - raw[references[part]]).astype(float)
        return np.asarray(found[np.ptp(found, axis=(1, 2)) > 0])

    for part in parts:
        r_hat = max(r_hat, float(r_hats(above(part)).max(initial=1.0)))
    if not r_hat <= R_HAT_TRUSTED:
        return r_hat, float("nan")
    return r_hat, min((least_ess(x) for x in [*blocks, *map(above, parts)]), default=float("inf"))
