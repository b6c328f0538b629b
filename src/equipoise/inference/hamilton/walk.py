"""Chains that move about a Gaussian: quarter turns at given scales, then the scales."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from equipoise.errors import NotTrustedError
from equipoise.inference.hamilton.reference import (
    BoolArray,
    Reference,
    State,
    inverses,
    push_of,
    rest_of,
    state_at,
)
from equipoise.inference.hamilton.scales import move_scales, move_scales_apart, redraw_scale
from equipoise.inference.hamilton.tuning import Tuning, adapted, as_rows, spread_of
from equipoise.likelihoods import FloatArray

_TURN = np.pi / 2
_HITS = 0.3
#: An error of the energy by which a trajectory counts as divergent, nats: that of NUTS.
_DIVERGENT = 1000.0
# Of a push, for each square root of a coordinate: those of a posterior are of size 1.
_MOST_PUSH = 5.0
# Size of the first steps of log-scales.
_APART = 0.3
_STATS = ("acceptance_rate", "n_steps", "step_size", "lp")


@dataclass(frozen=True)
class Effort:
    """How much to walk.

    Attributes
    ----------
    draws, tune
        Kept and thrown away, of each chain.
    target_accept
        Acceptance rate of trajectories to aim at.
    turns
        Trajectories between two draws.
    moves
        Tries to move the learned scales with u held between two draws.
    apart
        Tries to move each scale with the parameters held, before those.
    redraws
        Tries to draw one scale from its prior with u held, after those.
    """

    draws: int
    tune: int
    target_accept: float
    turns: int = 1
    moves: int = 3
    apart: int = 0
    redraws: int = 0


@dataclass(frozen=True, eq=False)
class Walk:
    """Draws: θ (chains, draws, d), log-scales (chains, draws, k), and what the sampler did.

    Attributes
    ----------
    theta, log_sd, u
        The draws; u are the white coordinates.
    diverging
        Whether a trajectory gained or lost more than 1,000 nats, shape (chains, draws).
    stats
        Of the last trajectory before each draw, shape (chains, draws): ``acceptance_rate``,
        ``n_steps`` and ``step_size``, an angle; and ``lp``, the log density of (log σ, u) up to a
        constant.
    """

    theta: FloatArray
    log_sd: FloatArray
    u: FloatArray
    diverging: BoolArray
    stats: dict[str, FloatArray]


def sample(
    reference: Reference,
    effort: Effort,
    *,
    rng: np.random.Generator,
    u: FloatArray,
    log_sd: FloatArray,
    progress: Callable[[float], None] | None = None,
) -> Walk:
    """Walk all chains.

    Parameters
    ----------
    reference
        The hypothesis, and the Gaussian to move about.
    effort
        How much.
    rng
        Source of randomness.
    u, log_sd
        Where the chains begin: white coordinates (chains, d), log-scales (chains, k).
    progress
        Called with the fraction done.

    Raises
    ------
    NotTrustedError
        If rounding spoils the curvature where the chains begin.
    """
    chains, learned = log_sd.shape
    draws, tune = effort.draws, effort.tune
    tuning = Tuning(root=as_rows(_APART * np.eye(learned)))
    state = state_at(reference, u, log_sd)
    if not np.isfinite(state.fit).all():
        raise NotTrustedError(
            "the curvature of the posterior is lost to rounding where the chains begin: counts or "
            "scales are too extreme for MCMC"
        )
    w = np.empty((chains, draws, reference.model.size))
    white, scales = np.empty_like(w), np.empty((chains, draws, learned))
    diverging = np.zeros((chains, draws), dtype=bool)
    stats = {name: np.empty((chains, draws)) for name in _STATS}
    met: list[FloatArray] = []
    for k in range(-tune, draws):
        accepted, diverged, hits = [], np.zeros(chains, dtype=bool), _HITS
        for _ in range(effort.turns):
            state, gain, steps = turn(reference, state, tuning.step, rng)
            accepted.append(np.exp(np.minimum(gain, 0.0)))
            diverged |= ~(np.abs(gain) < _DIVERGENT)
        if learned and effort.apart:
            state = move_scales_apart(reference, state, effort.apart, rng)
        for _ in range(effort.moves if learned else 0):
            state, hits = move_scales(reference, state, tuning, rng)
        for _ in range(effort.redraws if learned else 0):
            state = redraw_scale(reference, state, rng)
        if k < 0:
            met.append(state.log_sd)
            done = (k + tune + 1) / tune
            missed = float(np.mean(accepted)) - effort.target_accept
            tuning = adapted(tuning, missed, hits - _HITS, done)
            if learned and len(met) % 10 == 0:
                recent = np.concatenate(met[len(met) // 2 :])
                tuning = Tuning(tuning.step, as_rows(spread_of(recent)), tuning.width)
        else:
            w[:, k], white[:, k], scales[:, k] = state.w, state.u, state.log_sd
            diverging[:, k] = diverged
            density = state.fit + state.rest - 0.5 * (state.u**2).sum(axis=1)
            seen = (accepted[-1], float(steps), tuning.step, density)
            for name, value in zip(_STATS, seen, strict=True):
                stats[name][:, k] = np.asarray(value)
        if progress is not None and k % 10 == 0:
            progress((k + tune) / (draws + tune))
    return Walk(reference.theta(w), scales, white, diverging, stats)


def begin(
    reference: Reference, log_sd: FloatArray, rng: np.random.Generator, *, tries: int = 8
) -> FloatArray:
    """Return white coordinates to begin at, (chains, d): the likeliest of some of the Gaussian's.

    The chance of each is its posterior density over that of the Gaussian, as in importance
    resampling, so that no chain begins far inside a wall.
    """
    chosen = np.zeros((len(log_sd), reference.model.size))
    best = np.full(len(log_sd), -np.inf)
    for _ in range(tries):
        u = rng.standard_normal(chosen.shape)
        merit = state_at(reference, u, log_sd).rest + rng.gumbel(size=len(best))
        better = merit > best
        chosen[better], best[better] = u[better], merit[better]
    return chosen


def turn(
    reference: Reference, state: State, step: float, rng: np.random.Generator
) -> tuple[State, FloatArray, int]:
    """Move every chain along about a quarter turn at its scales.

    Returns
    -------
    state
        Where the chains are now.
    gain
        The energy that each trajectory lost, (chains,); −∞ where it left the numbers.
    steps
        How many steps each trajectory had.
    """
    length = step * rng.uniform(0.8, 1.2)
    count = max(round(_TURN * rng.uniform(0.8, 1.2) / length), 1)
    cos, sin = np.cos(length), np.sin(length)
    u, speed = state.u, rng.standard_normal(state.u.shape)
    before = state.rest - 0.5 * (u**2 + speed**2).sum(axis=1)
    inverse = inverses(state.roots)
    centre = state.w - (inverse @ u[..., None])[..., 0]
    kick = _kick(reference, state.w, inverse)
    for k in range(count):
        speed = speed + (0.5 if k == 0 else 1.0) * length * kick
        u, speed = cos * u + sin * speed, cos * speed - sin * u
        w = centre + (inverse @ u[..., None])[..., 0]
        kick = _kick(reference, w, inverse)
    speed = speed + 0.5 * length * kick
    rest = rest_of(reference, w)
    gain = rest - 0.5 * (u**2 + speed**2).sum(axis=1) - before
    gain = np.where(np.isfinite(gain), gain, -np.inf)
    taken = np.log(rng.random(len(gain))) < gain
    kept = taken[:, None]
    moved = replace(
        state,
        u=np.where(kept, u, state.u),
        w=np.where(kept, w, state.w),
        rest=np.where(taken, rest, state.rest),
    )
    return moved, gain, count


def _kick(reference: Reference, w: FloatArray, inverse: FloatArray) -> FloatArray:
    """Return the push on u, bounded, shape (chains, d).

    A chain that runs into the wall of an edge that was only ever walked one way would be thrown out
    at any speed. Whatever pushes, as long as it depends on the place alone, a trajectory can be
    walked back and keeps volumes, and what it gains of the true energy decides.
    """
    kick = (push_of(reference, w)[:, None] @ inverse)[:, 0]
    size = np.sqrt(np.einsum("ci,ci->c", kick, kick))
    most = _MOST_PUSH * np.sqrt(w.shape[1])
    return np.asarray(kick * (most / np.maximum(size, most))[:, None])
