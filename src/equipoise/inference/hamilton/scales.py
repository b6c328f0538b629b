"""Moves of the learned scales: with the white coordinates held, or with the parameters."""

import numpy as np

from equipoise.inference.hamilton.reference import Reference, State, state_at
from equipoise.inference.hamilton.tuning import Tuning
from equipoise.likelihoods import FloatArray


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
