"""What chains learn while they are tuned: the length of a step, and how the scales move."""

from dataclasses import dataclass

import numpy as np

from equipoise.likelihoods import FloatArray

_SHORTEST, _LONGEST = 0.02, np.pi / 3
_LEAST_SPREAD = 0.02


@dataclass(frozen=True)
class Tuning:
    """Length of a step, as an angle; the shape of a move of the log-scales, and its length."""

    step: float = 0.4
    root: tuple[tuple[float, ...], ...] = ()
    width: float = 1.0


def adapted(tuning: Tuning, accepted: float, hit: float, done: float) -> Tuning:
    """Return what is used next, a fraction ``done`` of tuning over.

    ``accepted`` and ``hit`` are how far the acceptance rates of trajectories and of moves of the
    scales were above those aimed at.
    """
    rate = 0.5 * (1.0 - 0.8 * done)
    step = float(np.clip(tuning.step * np.exp(rate * accepted), _SHORTEST, _LONGEST))
    width = float(np.clip(tuning.width * np.exp(rate * hit), 0.05, 4.0))
    return Tuning(step, tuning.root, width)


def spread_of(log_sd: FloatArray) -> FloatArray:
    """Return a root of the covariance of log-scales (n, k), scaled for random-walk moves."""
    size = log_sd.shape[1]
    covariance = np.atleast_2d(np.cov(log_sd.T)) + _LEAST_SPREAD**2 * np.eye(size)
    return np.asarray(2.4 / np.sqrt(size) * np.linalg.cholesky(covariance))


def as_rows(root: FloatArray) -> tuple[tuple[float, ...], ...]:
    """Return a root as what a frozen record may hold."""
    return tuple(tuple(row) for row in root.tolist())
