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
from equipoise.likelihoods import FloatArray

_TURN = np.pi / 2
_SHORTEST, _LONGEST = 0.02, np.pi / 3
_HITS = 0.3
#: An error of the energy by which a trajectory counts as divergent, nats: that of NUTS.
_DIVERGENT = 1000.0
# Of a push, for each square root of a coordinate: those of a posterior are of size 1.
_MOST_PUSH = 5.0
_LEAST_SPREAD = 0.02
# Size of the first steps of log-scales.
_APART = 0.3
_STATS = ("acceptance_rate", "n_steps", "step_size", "lp")


@dataclass(frozen=True)
class Tuning:
    """Length of a step, as an angle; the shape of a move of the log-scales, and its length."""

    step: float = 0.4
    root: tuple[tuple[float, ...], ...] = ()
    width: float = 1.0


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
    tuning = Tuning(root=_as_rows(_APART * np.eye(learned)))
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
            tuning = _adapted(tuning, missed, hits - _HITS, done)
            if learned and len(met) % 10 == 0:
                recent = np.concatenate(met[len(met) // 2 :])
                tuning = Tuning(tuning.step, _as_rows(_spread(recent)), tuning.width)
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


def move_scales(
    reference: Reference, state: State, tuning: Tuning, rng: np.random.Generator
) -> tuple[State, float]:
    """Try other scales with u held; return the acceptance rate too.

    Steps are of very different lengths, and as likely one way as the other.
    """
    chains, learned = state.log_sd.shape
    stretch = tuning.width * np.exp(rng.normal(0.0, 0.5, (chains, 1)))
    step = stretch * rng.standard_normal((chains, learned)) @ np.array(tuning.root).T
    return _tried(reference, state, state.log_sd + step, np.zeros(chains), rng)


def redraw_scale(reference: Reference, state: State, rng: np.random.Generator) -> State:
    """Try to draw one scale of each chain from its prior with u held.

    Of a scale that the data hardly know this is the quickest way from one end to the other.
    """
    chains, learned = state.log_sd.shape
    place = (np.arange(chains), rng.integers(learned, size=chains))
    width = reference.widths[place[1]]
    log_sd = state.log_sd.copy()
    log_sd[place] = np.log(width * np.abs(rng.standard_normal(chains)))

    def prior(x: FloatArray) -> FloatArray:
        return np.asarray(x[place] - 0.5 * (np.exp(x[place]) / width) ** 2)

    return _tried(reference, state, log_sd, prior(state.log_sd) - prior(log_sd), rng)[0]


def _tried(
    reference: Reference,
    state: State,
    log_sd: FloatArray,
    proposed: FloatArray,
    rng: np.random.Generator,
) -> tuple[State, float]:
    """Try scales with u held, ``proposed`` being what the proposal adds to the log odds, (chains,).

    Returns the acceptance rate too.
    """
    trial = state_at(reference, state.u, log_sd)
    gain = trial.fit + trial.rest - state.fit - state.rest + proposed
    taken = np.log(rng.random(len(gain))) < np.where(np.isfinite(gain), gain, -np.inf)
    kept = taken[:, None]
    moved = State(
        state.u,
        np.where(kept, trial.log_sd, state.log_sd),
        np.where(kept, trial.w, state.w),
        np.where(kept[..., None], trial.roots, state.roots),
        np.where(taken, trial.fit, state.fit),
        np.where(taken, trial.rest, state.rest),
    )
    return moved, float(taken.mean())


def move_scales_apart(
    reference: Reference, state: State, tries: int, rng: np.random.Generator
) -> State:
    """Try other scales with the parameters held, each by itself, some times in turn.

    Where the data know the parameters well, u held would hardly let the scales move; one way or the
    other always does (interweaving: Yu & Meng 2011, J. Comput. Graph. Stat. 20, 531).
    """
    first, sizes = reference.first, reference.sizes
    square = state.w**2
    # The first coordinate of a block has an extra variance, all others that of the scale alone.
    lead, extra = square[:, first], reference.extra[first]
    total = np.add.reduceat(square, reference.starts, axis=1) @ reference.learned.T - lead

    def density(log_sd: FloatArray) -> FloatArray:
        variance = np.exp(2.0 * log_sd)
        own = variance + extra
        value = (4.0 - 2.0 * sizes) * log_sd - total / variance - np.log(own) - lead / own
        return np.asarray(0.5 * (value - variance / reference.widths**2))

    log_sd, here = state.log_sd, density(state.log_sd)
    # Given n parameters the log of their scale is known to about 1/sqrt(2 n).
    width = 2.4 / np.sqrt(2.0 * sizes + 0.5)
    for _ in range(tries):
        stretch = width * np.exp(rng.normal(0.0, 0.5, log_sd.shape))
        trial = log_sd + stretch * rng.standard_normal(log_sd.shape)
        there = density(trial)
        taken = np.log(rng.random(log_sd.shape)) < there - here
        log_sd, here = np.where(taken, trial, log_sd), np.where(taken, there, here)
    centred = state_at(reference, np.zeros_like(state.u), log_sd)
    u = np.einsum("cij,ci->cj", centred.roots, state.w - centred.w)
    sound = np.isfinite(centred.fit)
    kept = sound[:, None]
    return State(
        np.where(kept, u, state.u),
        np.where(kept, log_sd, state.log_sd),
        state.w,
        np.where(kept[..., None], centred.roots, state.roots),
        np.where(sound, centred.fit, state.fit),
        state.rest,
    )


def _adapted(tuning: Tuning, accepted: float, hit: float, done: float) -> Tuning:
    rate = 0.5 * (1.0 - 0.8 * done)
    step = float(np.clip(tuning.step * np.exp(rate * accepted), _SHORTEST, _LONGEST))
    width = float(np.clip(tuning.width * np.exp(rate * hit), 0.05, 4.0))
    return Tuning(step, tuning.root, width)


def _spread(log_sd: FloatArray) -> FloatArray:
    """Return a root of the covariance of log-scales (n, k), scaled for random-walk moves."""
    size = log_sd.shape[1]
    covariance = np.atleast_2d(np.cov(log_sd.T)) + _LEAST_SPREAD**2 * np.eye(size)
    return np.asarray(2.4 / np.sqrt(size) * np.linalg.cholesky(covariance))


def _as_rows(root: FloatArray) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(row) for row in root.tolist())
