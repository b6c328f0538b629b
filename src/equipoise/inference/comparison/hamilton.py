r"""Draws of one hypothesis about several kernels: Hamiltonian Monte Carlo on many chains at once.

Each chain stands at learned scales of its own and, given these, at coordinates u in which the
Gaussian that the posterior resembles is white: with H and h what the data say about the parameters
(information, and precision times value, at a mode), and P(σ) the precision of the prior,

.. math:: \theta = A^{-1} h + L^{-\mathsf T} u, \qquad A = H + P(\sigma) = L L^{\mathsf T}.

Given the scales Hamilton's equations are split (Shahbaba, Lan, Johnson & Neal 2014, Stat. Comput.
24, 339): the Gaussian turns u and its velocity into each other exactly, and only what the posterior
is besides pushes. The scales are moved with u held, so that θ goes along with them: in a Gaussian
posterior this samples them from their own marginal, and there is no funnel. The Gaussian changes
how fast the chains move, never what they sample.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import blas

from equipoise.errors import NotTrustedError
from equipoise.inference.modes.mode import find_mode
from equipoise.likelihoods import FloatArray, IntArray
from equipoise.models.latent import LatentModel

BoolArray = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
_TURN = np.pi / 2
_SHORTEST, _LONGEST = 0.02, np.pi / 3
_HITS = 0.3
#: An error of the energy by which a trajectory counts as divergent, nats: that of NUTS.
_DIVERGENT = 1000.0
_LEAST_SPREAD = 0.02
# Of a log-scale, in nats from 1: what lies beyond has a prior mass of 1e-11.
_FARTHEST = 25.0
# Size of the first steps of log-scales.
_APART = 0.3


@dataclass(frozen=True, eq=False)
class Reference:
    """What the data say, as a Gaussian would: information (d, d), and precision times value (d,).

    Attributes
    ----------
    model
        The hypothesis; its parameters have mean 0 and independent priors in every block.
    widths
        Of the half-normal priors of its learned scales.
    information, natural
        H and h.
    """

    model: LatentModel
    widths: tuple[float, ...]
    information: FloatArray
    natural: FloatArray


@dataclass(frozen=True)
class Tuning:
    """Length of a step, as an angle; the shape of a move of the log-scales, and its length."""

    step: float = 0.4
    root: tuple[tuple[float, ...], ...] = ()
    width: float = 1.0


@dataclass(frozen=True, eq=False)
class State:
    """Where the chains are.

    Attributes
    ----------
    u, log_sd
        White coordinates (chains, d), log-scales (chains, k).
    theta
        Parameters, shape (chains, d).
    roots
        L of each chain, shape (chains, d, d).
    fit, rest
        Log density of log σ were the posterior that Gaussian, and by how much the log-likelihood
        exceeds that of the Gaussian; the log density of (log σ, u) is their sum less ``|u|²/2``;
        shape (chains,).
    """

    u: FloatArray
    log_sd: FloatArray
    theta: FloatArray
    roots: FloatArray
    fit: FloatArray
    rest: FloatArray


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


def reference_of(
    model: LatentModel, widths: tuple[float, ...], scales: tuple[float, ...]
) -> Reference:
    """Fit the Gaussian at the mode that belongs to some scales.

    Raises
    ------
    NotTrustedError
        If the mode is not reached.
    """
    top = find_mode(model, scales, model.prior_mean).theta
    eta = model.design @ top
    information = model.likelihood.information(eta, model.design)
    natural = information @ top + model.design.T @ model.likelihood.gradient(eta)
    return Reference(model, widths, information, natural)


def state_at(reference: Reference, u: FloatArray, log_sd: FloatArray) -> State:
    """Return the chains at white coordinates (chains, d) and log-scales (chains, k).

    ``fit`` is −∞ at scales that are absurd, and where rounding makes the curvature useless.
    """
    possible = (np.abs(log_sd) < _FARTHEST).all(axis=1)
    log_sd = np.clip(log_sd, -_FARTHEST, _FARTHEST)
    log_scales, sizes = _log_scales(reference.model, log_sd)
    place = np.arange(reference.model.size)
    curvature = np.repeat(reference.information[None], len(u), axis=0)
    curvature[:, place, place] += np.exp(-2.0 * np.repeat(log_scales, sizes, axis=1))
    roots, sound = _roots(curvature)
    centre = _forward(roots, np.broadcast_to(reference.natural, u.shape))
    theta = _back(roots, centre + u)
    fit = 0.5 * (centre**2).sum(axis=1) - np.log(roots[:, place, place]).sum(axis=1)
    fit -= log_scales @ sizes
    for k, width in enumerate(reference.widths):
        fit += log_sd[:, k] - 0.5 * np.exp(2.0 * log_sd[:, k]) / width**2
    rest = _rest(reference, theta)
    return State(u, log_sd, theta, roots, np.where(sound & possible, fit, -np.inf), rest)


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
    centre = state.theta - _back(state.roots, u)
    kick = _forward(state.roots, _push(reference, state.theta))
    for k in range(count):
        speed = speed + (0.5 if k == 0 else 1.0) * length * kick
        u, speed = cos * u + sin * speed, cos * speed - sin * u
        theta = centre + _back(state.roots, u)
        kick = _forward(state.roots, _push(reference, theta))
    speed = speed + 0.5 * length * kick
    rest = _rest(reference, theta)
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


def _rest(reference: Reference, theta: FloatArray) -> FloatArray:
    """Return by how much the log-likelihood exceeds that of the Gaussian, shape (chains,)."""
    model = reference.model
    pull = theta @ reference.information
    value = model.likelihood.log_likelihood(theta @ model.design.T)
    return np.asarray(value + 0.5 * (theta * pull).sum(axis=1) - theta @ reference.natural)


def _push(reference: Reference, theta: FloatArray) -> FloatArray:
    """Return the gradient of that, shape (chains, d)."""
    model = reference.model
    score = model.likelihood.gradient(theta @ model.design.T) @ model.design
    return np.asarray(score + theta @ reference.information - reference.natural)


def _log_scales(model: LatentModel, log_sd: FloatArray) -> tuple[FloatArray, IntArray]:
    """Return the log-scale of every block, (chains, blocks), and how many parameters it has."""
    learned = iter(log_sd.T)
    columns = [
        next(learned) if block.scale is None else np.full(len(log_sd), np.log(block.scale))
        for block in model.blocks
    ]
    sizes = np.array([block.size for block in model.blocks])
    return np.stack(columns, axis=1), sizes


def _roots(curvature: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Return lower Cholesky factors, and which of them exist: rounding may spoil absurd scales."""
    try:
        return np.linalg.cholesky(curvature), np.ones(len(curvature), dtype=bool)
    except np.linalg.LinAlgError:
        roots = np.empty_like(curvature)
        sound = np.ones(len(curvature), dtype=bool)
        for m, one in enumerate(curvature):
            try:
                roots[m] = np.linalg.cholesky(one)
            except np.linalg.LinAlgError:
                roots[m], sound[m] = np.eye(len(one)), False
        return roots, sound


def _forward(roots: FloatArray, x: FloatArray) -> FloatArray:
    """Return ``L⁻¹ x`` of each chain."""
    # A transposed row-major factor is what BLAS takes without a copy.
    return np.stack([blas.dtrsv(root.T, row, trans=1) for root, row in zip(roots, x, strict=True)])


def _back(roots: FloatArray, x: FloatArray) -> FloatArray:
    """Return ``L⁻ᵀ x`` of each chain."""
    return np.stack([blas.dtrsv(root.T, row) for root, row in zip(roots, x, strict=True)])


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
