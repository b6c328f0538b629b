"""Hamiltonian Monte Carlo about a Gaussian: what the chains of path and posterior have in common.

A posterior is a Gaussian, known by its sparse factors, times a rest. Hamilton's equations are
split (Shahbaba, Lan, Johnson & Neal 2014, Stat. Comput. 24, 339): the Gaussian part, with its own
precision as the mass, turns position and velocity into each other exactly, and only the rest
pushes. Steps are long where the posterior is near the Gaussian, and each costs one solve, whatever
the dimension; the Gaussian changes how fast the chains move, never what they sample, if each
trajectory begins at a draw of every coordinate, those that only a prior knows included.
"""

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from equipoise.likelihoods import FloatArray

#: Blocks of coordinates, chains last.
Point = tuple[FloatArray, ...]

_TURN = np.pi / 2
_MOST_STEPS = 80


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
    fewest
        Fewest steps of a turn.
    """

    log_steps: float
    fewest: int = 1

    def steps(self, rng: np.random.Generator) -> int:
        """Return a number of steps, the whole one below or above: on average the one wanted."""
        wanted = np.floor(np.exp(self.log_steps) + rng.random())
        return int(np.clip(wanted, self.fewest, _MOST_STEPS))


def adapted(stride: Stride, acceptance: float, wanted: float, done: float) -> Stride:
    """Return a stride nearer to the acceptance wanted, by less the more is done (0 to 1)."""
    log_steps = stride.log_steps - (1.0 - 0.8 * done) * (acceptance - wanted)
    lowest = np.log(stride.fewest)
    return replace(stride, log_steps=float(np.clip(log_steps, lowest, np.log(_MOST_STEPS))))


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
