"""Chains that move about a Gaussian: quarter turns at given scales, then the scales."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from equipoise.errors import NotTrustedError
from equipoise.inference.hamilton.reference import (
    BoolArray,
    Reference,
    State,
    back,
    forward,
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
_LEAST_SPREAD = 0.02
# Size of the first steps of log-scales.
_APART = 0.3


@dataclass(frozen=True)
class Tuning:
    """Length of a step, as an angle; the shape of a move of the log-scales, and its length."""

    step: float = 0.4
    root: tuple[tuple[float, ...], ...] = ()
    width: float = 1.0


@dataclass(frozen=True, eq=False)
class Walk:
    """Draws: θ (chains, draws, d), log-scales (chains, draws, k), and trajectories that failed.

    Attributes
    ----------
    theta, log_sd, u
        The draws; u are the white coordinates.
    diverging
        Whether a trajectory gained or lost more than 1,000 nats, shape (chains, draws).
    """

    theta: FloatArray
    log_sd: FloatArray
    u: FloatArray
    diverging: BoolArray


def sample(
    reference: Reference,
    *,
    draws: int,
    tune: int,
    moves: int,
    target_accept: float,
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
    draws, tune
        Kept and thrown away, of each chain.
    moves
        Tries to move the scales between two trajectories, for each scale that is learned.
    target_accept
        Acceptance rate of trajectories to aim at.
    rng
        Source of randomness.
    u, log_sd
        Where the chains begin: white coordinates (chains, d), log-scales (chains, k).
    progress
        Called with the fraction done.
    """
    chains, learned = log_sd.shape
    tuning = Tuning(root=_as_rows(_APART * np.eye(learned)))
    state = state_at(reference, u, log_sd)
    if not np.isfinite(state.fit).all():
        raise NotTrustedError(
            "the curvature of the posterior is lost to rounding where the chains begin: counts or "
            "scales are too extreme for MCMC"
        )
    theta = np.empty((chains, draws, reference.model.size))
    white, scales = np.empty_like(theta), np.empty((chains, draws, learned))
    diverging = np.zeros((chains, draws), dtype=bool)
    met: list[FloatArray] = []
    for k in range(-tune, draws):
        state, gain = turn(reference, state, tuning.step, rng)
        accept = np.exp(np.minimum(gain, 0.0))
        hits = _HITS
        for _ in range(moves * learned):
            state, hits = move_scales(reference, state, tuning, rng)
        if k < 0:
            met.append(state.log_sd)
            done = (k + tune + 1) / tune
            tuning = _adapted(tuning, float(accept.mean()) - target_accept, hits - _HITS, done)
            if learned and len(met) % 10 == 0:
                recent = np.concatenate(met[len(met) // 2 :])
                tuning = Tuning(tuning.step, _as_rows(_spread(recent)), tuning.width)
            continue
        theta[:, k], white[:, k], scales[:, k] = state.theta, state.u, state.log_sd
        diverging[:, k] = ~(np.abs(gain) < _DIVERGENT)
        if progress is not None and k % 10 == 0:
            progress(k / draws)
    return Walk(theta, scales, white, diverging)


def turn(
    reference: Reference, state: State, step: float, rng: np.random.Generator
) -> tuple[State, FloatArray]:
    """Move every chain along about a quarter turn at its scales; return what energy it gained too.

    A gain of −∞ is a trajectory that left the numbers.
    """
    length = step * rng.uniform(0.8, 1.2)
    count = max(round(_TURN * rng.uniform(0.8, 1.2) / length), 1)
    cos, sin = np.cos(length), np.sin(length)
    u, speed = state.u, rng.standard_normal(state.u.shape)
    before = state.rest - 0.5 * (u**2 + speed**2).sum(axis=1)
    centre = state.theta - back(state.roots, u)
    kick = forward(state.roots, push_of(reference, state.theta))
    for k in range(count):
        speed = speed + (0.5 if k == 0 else 1.0) * length * kick
        u, speed = cos * u + sin * speed, cos * speed - sin * u
        theta = centre + back(state.roots, u)
        kick = forward(state.roots, push_of(reference, theta))
    speed = speed + 0.5 * length * kick
    rest = rest_of(reference, theta)
    gain = rest - 0.5 * (u**2 + speed**2).sum(axis=1) - before
    gain = np.where(np.isfinite(gain), gain, -np.inf)
    taken = np.log(rng.random(len(gain))) < gain
    kept = taken[:, None]
    moved = replace(
        state,
        u=np.where(kept, u, state.u),
        theta=np.where(kept, theta, state.theta),
        rest=np.where(taken, rest, state.rest),
    )
    return moved, gain


def move_scales(
    reference: Reference, state: State, tuning: Tuning, rng: np.random.Generator
) -> tuple[State, float]:
    """Try other scales with u held; return the acceptance rate too.

    Steps are of very different lengths, and as likely one way as the other.
    """
    chains, learned = state.log_sd.shape
    stretch = tuning.width * np.exp(rng.normal(0.0, 0.5, (chains, 1)))
    step = stretch * rng.standard_normal((chains, learned)) @ np.array(tuning.root).T
    trial = state_at(reference, state.u, state.log_sd + step)
    gain = trial.fit + trial.rest - state.fit - state.rest
    taken = np.log(rng.random(chains)) < np.where(np.isfinite(gain), gain, -np.inf)
    kept = taken[:, None]
    moved = State(
        state.u,
        np.where(kept, trial.log_sd, state.log_sd),
        np.where(kept, trial.theta, state.theta),
        np.where(kept[..., None], trial.roots, state.roots),
        np.where(taken, trial.fit, state.fit),
        np.where(taken, trial.rest, state.rest),
    )
    return moved, float(taken.mean())


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
