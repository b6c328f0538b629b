"""Hamiltonian Monte Carlo about a Gaussian: what the chains of path and posterior have in common.

A posterior is a Gaussian, known by its sparse factors, times a rest. Hamilton's equations are
split (Shahbaba, Lan, Johnson & Neal 2014, Stat. Comput. 24, 339): the Gaussian part, with its own
precision as the mass, turns position and velocity into each other exactly, and only the rest
pushes. Steps are long where the posterior is near the Gaussian, and each costs one solve, whatever
the dimension; the Gaussian changes how fast the chains move, never what they sample. σ_Φ is drawn
in turn given Φ and given Φ/σ_Φ (Yu & Meng 2011, J. Comput. Graph. Stat. 20, 531).
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from equipoise.inference.sparse.pairs import Pairs
from equipoise.likelihoods import FloatArray

#: Blocks of coordinates, chains last.
Point = tuple[FloatArray, ...]

_TURN = np.pi / 2
_MOST_STEPS = 80
# A step of log σ_Φ given Φ/σ_Φ is right to be taken this often.
_HITS = 0.44


class Landscape(Protocol):
    """A log density about a Gaussian of precision H, in coordinates from its centre."""

    def set_out(self, away: Point, rng: np.random.Generator) -> tuple[Point, Point]:
        """Return a velocity from ``Normal(0, H⁻¹)`` for each chain, and :meth:`kick` there."""
        ...

    def kick(self, away: Point) -> Point:
        """Return ``H⁻¹`` times the force of what is not Gaussian."""
        ...

    def log_density(self, away: Point) -> FloatArray:
        """Return the log density without constants, shape (chains,)."""
        ...

    def square(self, x: Point) -> FloatArray:
        """Return ``xᵀ H x``, shape (chains,)."""
        ...


@dataclass(frozen=True)
class Stride:
    """How chains move.

    Attributes
    ----------
    log_steps
        Log of the number of steps to a quarter turn, not a whole number.
    width
        Of a step of ``log σ_Φ``.
    """

    log_steps: float
    width: float

    @property
    def steps(self) -> int:
        """Number of steps."""
        return int(np.clip(np.ceil(np.exp(self.log_steps)), 1, _MOST_STEPS))


def adapted(stride: Stride, acceptance: float, wanted: float, hits: float, done: float) -> Stride:
    """Return a stride nearer to the acceptance wanted, by less the more is done (0 to 1).

    ``hits`` is how often steps of ``log σ_Φ`` were taken, NaN where there were none.
    """
    rate = 1.0 - 0.8 * done
    log_steps = stride.log_steps - rate * (acceptance - wanted)
    width = stride.width
    if np.isfinite(hits):
        width = float(np.clip(width * np.exp(0.5 * rate * (hits - _HITS)), 1e-3, 1.0))
    return Stride(float(np.clip(log_steps, -0.5, np.log(_MOST_STEPS))), width)


def turn(
    landscape: Landscape, away: Point, steps: int, rng: np.random.Generator
) -> tuple[Point, FloatArray]:
    """Move every chain along one trajectory of about a quarter turn.

    Parameters
    ----------
    landscape
        What is sampled.
    away
        Where the chains are, from the centre.
    steps
        Of the trajectory.
    rng
        Source of randomness.

    Returns
    -------
    away, acceptance
        Where they are then, and how probable it was to be accepted, shape (chains,).
    """
    # Never quite the same angle: a chain could otherwise come back to where it was.
    length = _TURN * rng.uniform(0.8, 1.2) / steps
    cos, sin = np.cos(length), np.sin(length)
    at = away
    speed, kick = landscape.set_out(at, rng)
    before = landscape.log_density(at) - 0.5 * landscape.square(speed)
    for k in range(steps):
        push = (0.5 if k == 0 else 1.0) * length
        speed = tuple(v + push * f for v, f in zip(speed, kick, strict=True))
        at, speed = (
            tuple(cos * x + sin * v for x, v in zip(at, speed, strict=True)),
            tuple(cos * v - sin * x for x, v in zip(at, speed, strict=True)),
        )
        kick = landscape.kick(at)
    speed = tuple(v + 0.5 * length * f for v, f in zip(speed, kick, strict=True))
    gain = landscape.log_density(at) - 0.5 * landscape.square(speed) - before
    accept = np.exp(np.minimum(np.nan_to_num(gain, nan=-np.inf), 0.0))
    taken = rng.random(len(accept)) < accept
    return tuple(np.where(taken, x, old) for x, old in zip(at, away, strict=True)), accept


def rescale(
    pairs: Pairs,
    potential: FloatArray,
    cycles: FloatArray | float,
    potential_sd: FloatArray,
    half_normal: float,
    width: float,
    rng: np.random.Generator,
    steps: int,
) -> tuple[FloatArray, FloatArray, float]:
    """Draw σ_Φ given Φ, then in ``steps`` given Φ/σ_Φ.

    Parameters
    ----------
    pairs
        The edges.
    potential, cycles, potential_sd
        Φ (n, chains), c (M, chains) or 0, and σ_Φ (chains,).
    half_normal
        Of the prior of σ_Φ.
    width, steps
        Of and how many steps of ``log σ_Φ`` given Φ/σ_Φ.
    rng
        Source of randomness.

    Returns
    -------
    potential, potential_sd, hits
        Φ of mean 0 in each component, σ_Φ, and the acceptance of those steps: NaN without any.
    """
    chains = len(potential_sd)
    free = pairs.n_states - pairs.n_components
    phi = pairs.centred(potential)
    square = (phi**2).sum(axis=0)
    sd = potential_sd
    # Exact under a flat prior of σ_Φ, or one of 1/σ_Φ where a flat one leaves it improper; its own
    # prior decides whether it is taken.
    shape, tilt = (0.5 * (free - 1), 0.0) if free > 1 else (0.5, 1.0)
    proposed = np.sqrt(0.5 * square / rng.gamma(shape, size=chains))
    log_ratio = 0.5 * (sd**2 - proposed**2) / half_normal**2 + tilt * np.log(proposed / sd)
    sd = np.where(np.log(rng.random(chains)) < log_ratio, proposed, sd)
    if not steps:
        return phi, sd, float("nan")
    eta_phi = pairs.incidence @ phi
    fit = pairs.log_likelihood(eta_phi + cycles)
    log_stretch, hits = np.zeros(chains), 0.0
    for _ in range(steps):
        trial = log_stretch + width * rng.standard_normal(chains)
        there = pairs.log_likelihood(np.exp(trial) * eta_phi + cycles)
        gain = there - fit + trial - log_stretch
        gain += 0.5 * sd**2 * (np.exp(2 * log_stretch) - np.exp(2 * trial)) / half_normal**2
        taken = np.log(rng.random(chains)) < gain
        log_stretch, fit = np.where(taken, trial, log_stretch), np.where(taken, there, fit)
        hits += float(taken.mean())
    stretch = np.exp(log_stretch)
    return phi * stretch, sd * stretch, hits / steps
