"""Draws of σ_Φ: given Φ, and in turn together with it.

Given Φ the scale hardly moves where states are many, and given Φ/σ_Φ as little where data hold many
of them; where the prior decides, Φ must go along, and where the data do, it must not. In turn, as
Yu & Meng (2011, J. Comput. Graph. Stat. 20, 531) have it for two sets of coordinates.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from equipoise.inference.sparse.factor import Factor
from equipoise.inference.sparse.linear import DirectSystem
from equipoise.inference.sparse.pairs import Pairs
from equipoise.likelihoods import FloatArray

_DIFFERENCE = 1e-2
# Of a shift, in posterior standard deviations of log σ_Φ; the longest, well below 2.
_REACH, _LONGEST = 1.5, 1.0
# How many shifts: where Φ holds nine tenths of what is known of σ_Φ, they have little to do.
_STEPS, _STEPS_HELD, _HELD = 3, 1, 0.9

BoolArray = npt.NDArray[np.bool_]


def draw_scale(
    pairs: Pairs,
    potential: FloatArray,
    potential_sd: FloatArray,
    half_normal: float,
    rng: np.random.Generator,
) -> FloatArray:
    """Draw σ_Φ given Φ, of mean 0 in each component, by independence Metropolis.

    Parameters
    ----------
    pairs
        The edges.
    potential, potential_sd
        Φ (n, chains) and σ_Φ (chains,).
    half_normal
        Of the prior of σ_Φ.
    rng
        Source of randomness.
    """
    sd, chains = potential_sd, len(potential_sd)
    free = pairs.n_states - pairs.n_components
    square = np.einsum("ik,ik->k", potential, potential)
    # Exact under a flat prior of σ_Φ, or one of 1/σ_Φ where a flat one leaves it improper; its own
    # prior decides whether it is taken.
    shape, tilt = (0.5 * (free - 1), 0.0) if free > 1 else (0.5, 1.0)
    proposed = np.sqrt(0.5 * square / rng.gamma(shape, size=chains))
    log_ratio = 0.5 * (sd**2 - proposed**2) / half_normal**2 + tilt * np.log(proposed / sd)
    return np.where(np.log(rng.random(chains)) < log_ratio, proposed, sd)


def with_level(
    pairs: Pairs, potential: FloatArray, potential_sd: FloatArray, rng: np.random.Generator
) -> FloatArray:
    """Return Φ with the constant of each component drawn anew.

    Only the prior knows it, so it may be forgotten between two moves; but each of them leaves the
    posterior of all Φ as it is, the constants too, and must begin at a draw of them.

    Parameters
    ----------
    pairs
        The edges.
    potential, potential_sd
        Φ (n, chains), of mean 0 in each component, and σ_Φ (chains,).
    rng
        Source of randomness.
    """
    size = np.bincount(pairs.component)
    noise = rng.standard_normal((len(size), len(potential_sd)))
    level = potential_sd * noise / np.sqrt(size)[:, None]
    return np.asarray(potential + level[pairs.component])


@dataclass(frozen=True, eq=False)
class Follow:
    """How Φ goes along with ``log σ_Φ``: as the Gaussian at a mode would, c held.

    With ``B = H⁻¹/σ_Φ²``, the share of the prior, deviations follow ``dx = B x`` and the mode twice
    as much. A shift of ``log σ_Φ`` by ±δ takes Cayley's form of it,
    ``(H ± δ/2σ_Φ²) (H ∓ δ/2σ_Φ²)⁻¹``, of which one is exactly the inverse of the other: a
    Metropolis step with their determinants keeps the posterior, whatever the Gaussian.

    Attributes
    ----------
    pairs
        The edges.
    up, down
        Factors of ``H ∓ δ/2σ_Φ²``, which shifts up and down solve with.
    ridge
        ``1/σ_Φ²``.
    centre
        Φ of the mode, shape (n,).
    shift
        δ.
    steps
        How many shifts between two trajectories.
    """

    pairs: Pairs
    up: Factor
    down: Factor
    ridge: float
    centre: FloatArray
    shift: float
    steps: int

    @property
    def volume(self) -> float:
        """Log of how much a shift up stretches the volume of all Φ, one down shrinks it."""
        return self.down.log_det - self.up.log_det

    def moved(self, potential: FloatArray, up: BoolArray) -> FloatArray:
        """Return Φ (n, chains) after a shift, up or down for each chain."""
        from_centre = potential + self.centre[:, None]
        out = np.empty_like(potential)
        for chosen, factor, sign in ((up, self.up, 1.0), (~up, self.down, -1.0)):
            if chosen.any():
                step = self.ridge * factor.solve(from_centre[:, chosen])
                out[:, chosen] = potential[:, chosen] + sign * self.shift * step
        return out


def follow_of(
    system: DirectSystem, weight: FloatArray, potential_sd: float, centre: FloatArray
) -> Follow:
    """Return the moves at a mode, as long as suits the posterior of ``log σ_Φ``.

    Parameters
    ----------
    system
        Of the graph.
    weight
        Curvature of the edges there, shape (M,).
    potential_sd, centre
        σ_Φ and Φ (n,) of the mode.
    """
    ridge = 1.0 / potential_sd**2
    at, above, below = (
        system.factorise(weight, ridge * np.exp(shift)).log_det
        for shift in (0.0, _DIFFERENCE, -_DIFFERENCE)
    )
    # tr B and tr B² are derivatives of log det H in log 1/σ_Φ²; 2 tr (1 − B)² the information.
    trace = (above - below) / (2 * _DIFFERENCE)
    square = trace - (above + below - 2 * at) / _DIFFERENCE**2
    information = 2.0 * max(system.pairs.n_states - 2 * trace + square, 0.0)
    free = system.pairs.n_states - system.pairs.n_components
    held = information >= _HELD * 2.0 * free
    shift = float(np.clip(_REACH / np.sqrt(max(information, 1e-9)), 1e-3, _LONGEST))
    up, down = (system.factorise(weight, ridge * (1.0 - sign * shift / 2)) for sign in (1.0, -1.0))
    steps = _STEPS_HELD if held else _STEPS
    return Follow(system.pairs, up, down, ridge, centre, shift, steps)


def stretched(
    follow: Follow,
    potential: FloatArray,
    cycles: FloatArray | float,
    potential_sd: FloatArray,
    half_normal: float,
    rng: np.random.Generator,
) -> tuple[FloatArray, FloatArray]:
    """Move ``log σ_Φ`` by a few Metropolis steps, and Φ with it.

    Parameters
    ----------
    follow
        How.
    potential, cycles, potential_sd
        Φ (n, chains), of mean 0 in each component, c (M, chains) or 0, and σ_Φ (chains,).
    half_normal
        Of the prior of σ_Φ.
    rng
        Source of randomness.

    Returns
    -------
    potential, potential_sd
        Φ of mean 0 in each component, and σ_Φ.
    """
    pairs, chains = follow.pairs, len(potential_sd)
    phi, sd = with_level(pairs, potential, potential_sd, rng), potential_sd

    def log_density(phi: FloatArray, sd: FloatArray) -> FloatArray:
        """Return that of Φ and ``log σ_Φ``."""
        value = pairs.log_likelihood(pairs.incidence @ phi + cycles)
        value = value - 0.5 * np.einsum("ik,ik->k", phi, phi) / sd**2
        value -= 0.5 * (sd / half_normal) ** 2
        return np.asarray(value - (pairs.n_states - 1) * np.log(sd))

    now = log_density(phi, sd)
    for _ in range(follow.steps):
        up = rng.random(chains) < 0.5
        sign = np.where(up, 1.0, -1.0)
        trial = follow.moved(phi, up), sd * np.exp(sign * follow.shift)
        there = log_density(*trial)
        taken = np.log(rng.random(chains)) < there - now + sign * follow.volume
        phi, sd = np.where(taken, trial[0], phi), np.where(taken, trial[1], sd)
        now = np.where(taken, there, now)
    return pairs.centred(phi), sd
