"""Draws of (Φ, c) and σ_Φ at one σ_c: Hamiltonian Monte Carlo about a sparse Gaussian.

The posterior is a Gaussian, known by its sparse factors, times a rest. Hamilton's equations are
split (Shahbaba, Lan, Johnson & Neal 2014, Stat. Comput. 24, 339): the Gaussian part, with its own
precision as the mass, turns position and velocity into each other exactly, and only the rest
pushes. Steps are long where the posterior is near the Gaussian, and each costs one sparse solve,
whatever the dimension; the Gaussian changes how fast the chains move, never what they sample.
σ_Φ is drawn in turn given Φ and given Φ/σ_Φ (Yu & Meng 2011, J. Comput. Graph. Stat. 20, 531).
"""

from dataclasses import dataclass

import numpy as np

from equipoise.inference.sparse.cyclic import Gaussian
from equipoise.inference.sparse.pairs import Pairs
from equipoise.likelihoods import FloatArray

_TURN = np.pi / 2
_ACCEPTANCE, _HITS = 0.8, 0.44
_SHORTEST, _LONGEST = 0.02, np.pi / 4
_SCALE_STEPS = 6


@dataclass(frozen=True, eq=False)
class State:
    """Where the chains are: Φ (n, chains), c (M, chains), σ_Φ (chains,)."""

    potential: FloatArray
    cycles: FloatArray
    potential_sd: FloatArray


@dataclass(frozen=True)
class Tuning:
    """Length of a step, as an angle, and width of a step of ``log σ_Φ``."""

    step: float = 0.3
    width: float = 0.05


def adapted(tuning: Tuning, acceptance: float, hits: float, done: float) -> Tuning:
    """Return step sizes nearer to the acceptance wanted, by less the more is done (0 to 1)."""
    rate = 0.4 * (1.0 - 0.8 * done)
    step = tuning.step * np.exp(rate * (acceptance - _ACCEPTANCE))
    width = tuning.width
    if np.isfinite(hits):
        width = float(np.clip(width * np.exp(rate * (hits - _HITS)), 1e-3, 1.0))
    return Tuning(float(np.clip(step, _SHORTEST, _LONGEST)), width)


@dataclass(frozen=True, eq=False)
class Reference:
    """The Gaussian the rest is measured from: centre Φ (n,), c (M,), and precision."""

    potential: FloatArray
    cycles: FloatArray
    gaussian: Gaussian


def log_density(pairs: Pairs, state: State, cycle_sd: float) -> FloatArray:
    """Return the log density of (Φ, c) given the scales, without constants, shape (chains,)."""
    eta = pairs.incidence @ state.potential + state.cycles
    pull = (state.potential**2).sum(axis=0) / state.potential_sd**2
    pull = pull + (state.cycles**2).sum(axis=0) / cycle_sd**2
    return np.asarray(pairs.log_likelihood(eta) - 0.5 * pull)


def turn(
    pairs: Pairs, reference: Reference, state: State, step: float, rng: np.random.Generator
) -> tuple[State, FloatArray]:
    """Move every chain along one trajectory of about a quarter turn; return the acceptance too."""
    gaussian, chains = reference.gaussian, len(state.potential_sd)
    cycle_sd = gaussian.cycle_sd
    length = step * rng.uniform(0.8, 1.2)
    count = max(round(_TURN * rng.uniform(0.8, 1.2) / length), 1)
    cos, sin = np.cos(length), np.sin(length)
    velocity = gaussian.sample(rng, chains)
    centre = reference.potential[:, None], reference.cycles[:, None]
    eta0 = pairs.incidence @ centre[0] + centre[1]
    ridge = 1.0 / state.potential_sd**2
    away = [state.potential - centre[0], state.cycles - centre[1]]
    speed = list(velocity)

    def push() -> tuple[FloatArray, FloatArray]:
        """Return ``H⁻¹`` times the force of the rest."""
        eta = pairs.incidence @ away[0] + away[1]
        force = pairs.residual(eta0 + eta) + gaussian.weight[:, None] * eta
        potential = pairs.divergence @ force - ridge * (away[0] + centre[0])
        potential += away[0] / gaussian.potential_sd**2
        return gaussian.solve(potential, force - centre[1] / cycle_sd**2)

    def energy() -> FloatArray:
        moved = State(away[0] + centre[0], away[1] + centre[1], state.potential_sd)
        return 0.5 * gaussian.square(speed[0], speed[1]) - log_density(pairs, moved, cycle_sd)

    before = energy()
    kick = push()
    for k in range(count):
        half = 0.5 if k == 0 else 1.0
        for x in (0, 1):
            speed[x] = speed[x] + half * length * kick[x]
            away[x], speed[x] = cos * away[x] + sin * speed[x], cos * speed[x] - sin * away[x]
        kick = push()
    for x in (0, 1):
        speed[x] = speed[x] + 0.5 * length * kick[x]
    gain = before - energy()
    accept = np.exp(np.minimum(np.nan_to_num(gain, nan=-np.inf), 0.0))
    taken = rng.random(chains) < accept
    moved = State(
        np.where(taken, away[0] + centre[0], state.potential),
        np.where(taken, away[1] + centre[1], state.cycles),
        state.potential_sd,
    )
    return moved, accept


def rescale(
    pairs: Pairs,
    state: State,
    half_normal: float,
    width: float,
    rng: np.random.Generator,
    steps: int = _SCALE_STEPS,
) -> tuple[State, float]:
    """Draw σ_Φ given Φ, then in ``steps`` given Φ/σ_Φ; return the acceptance of the latter too.

    Without steps that acceptance is NaN.
    """
    chains = len(state.potential_sd)
    free = pairs.n_states - pairs.n_components
    phi = pairs.centred(state.potential)
    square = (phi**2).sum(axis=0)
    sd = state.potential_sd
    # Exact under a flat prior of σ_Φ, or one of 1/σ_Φ where a flat one leaves it improper; its own
    # prior decides whether it is taken.
    shape, tilt = (0.5 * (free - 1), 0.0) if free > 1 else (0.5, 1.0)
    proposed = np.sqrt(0.5 * square / rng.gamma(shape, size=chains))
    log_ratio = 0.5 * (sd**2 - proposed**2) / half_normal**2 + tilt * np.log(proposed / sd)
    sd = np.where(np.log(rng.random(chains)) < log_ratio, proposed, sd)
    if not steps:
        return State(phi, state.cycles, sd), float("nan")
    eta_phi = pairs.incidence @ phi
    fit = pairs.log_likelihood(eta_phi + state.cycles)
    log_stretch, hits = np.zeros(chains), 0.0
    for _ in range(steps):
        trial = log_stretch + width * rng.standard_normal(chains)
        there = pairs.log_likelihood(np.exp(trial) * eta_phi + state.cycles)
        gain = there - fit + trial - log_stretch
        gain += 0.5 * sd**2 * (np.exp(2 * log_stretch) - np.exp(2 * trial)) / half_normal**2
        taken = np.log(rng.random(chains)) < gain
        log_stretch, fit = np.where(taken, trial, log_stretch), np.where(taken, there, fit)
        hits += float(taken.mean())
    stretch = np.exp(log_stretch)
    return State(phi * stretch, state.cycles, sd * stretch), hits / steps
