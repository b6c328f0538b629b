"""A learned scale: its posterior on a one-dimensional grid, and the evidence over it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.optimize import minimize_scalar
from scipy.special import erf, logsumexp

from equipoise.likelihoods import FloatArray

_LOWEST, _UPPER = 1e-3, 5.0
# Grid steps in units of the posterior width of the log-scale: at 1.5 a trapezoid rule on a Gaussian
# errs by 3e-4.
_STEP, _LONGEST = 1.5, 0.4
_DEPTH = 12.0
_FINE = 400


@dataclass(frozen=True, eq=False)
class ScalePosterior:
    """The posterior of a scale σ with prior ``HalfNormal``, all else integrated out.

    Attributes
    ----------
    scales
        σ at which it was computed, increasing, shape (m,).
    log_joint
        Log evidence at each, plus the log prior density of ``log σ``, nats, shape (m,).
    log_evidence
        Log evidence with the scale integrated over its prior.
    mode, mean, sd
        Of ``log σ``.
    """

    scales: FloatArray
    log_joint: FloatArray
    log_evidence: float
    mode: float
    mean: float
    sd: float


def scale_posterior(
    evidence: Callable[[float], float], half_normal: float, start: float, size: int
) -> ScalePosterior:
    """Integrate the evidence at fixed scale over the prior of that scale.

    Parameters
    ----------
    evidence
        Log evidence at a scale, nats.
    half_normal
        σ has the prior ``HalfNormal(half_normal)``.
    start
        A first guess of σ.
    size
        Number of parameters that share the scale: ``log σ`` is at least 1/√(2 size) wide.

    Returns
    -------
    ScalePosterior
        Below the least scale of the grid, where the data cannot tell it from 0, the evidence is
        taken as constant.
    """
    low, high = np.log(_LOWEST), np.log(_UPPER * half_normal)
    known: dict[float, float] = {}

    def joint(x: float) -> float:
        if x not in known:
            scale = float(np.exp(x))
            prior = 0.5 * np.log(2 / np.pi) - np.log(half_normal) - 0.5 * (scale / half_normal) ** 2
            known[x] = evidence(scale) + prior + x
        return known[x]

    narrow = 1.0 / np.sqrt(2.0 * max(size, 1))
    centre = float(np.clip(np.log(start), low, high))
    for _ in range(60):
        reach = max(8 * narrow, 0.25)
        if joint(min(centre + reach, high)) > joint(centre):
            centre = min(centre + reach, high)
        elif joint(max(centre - reach, low)) > joint(centre):
            centre = max(centre - reach, low)
        else:
            break
    peak = minimize_scalar(
        lambda x: -joint(float(x)),
        bounds=(max(centre - reach, low), min(centre + reach, high)),
        method="bounded",
        options={"xatol": max(narrow, 5e-3)},
    )
    centre = float(peak.x)
    gap = max(4 * narrow, 0.02)
    bend = 2 * joint(centre) - joint(centre + gap) - joint(centre - gap)
    width = float(np.clip(gap / np.sqrt(max(bend, 1e-12)), narrow, 0.5))
    grid = {centre}
    for side in (-1, 1):
        x, top = centre, joint(centre)
        while low < x < high and joint(x) > top - _DEPTH:
            x = float(np.clip(x + side * min(_STEP * width, _LONGEST), low, high))
            grid.add(x)
    logs = np.array(sorted(grid))
    values = np.array([joint(at) for at in logs])
    fine = np.linspace(logs[0], logs[-1], _FINE)
    log_density = (
        CubicSpline(logs, values)(fine) if len(logs) > 3 else np.interp(fine, logs, values)
    )
    log_mass = log_density + np.log(np.gradient(fine))
    log_mass[[0, -1]] -= np.log(2.0)
    if logs[0] <= low:
        below = float(np.log(erf(_LOWEST / (half_normal * np.sqrt(2.0)))))
        density = 0.5 * np.log(2 / np.pi) - np.log(half_normal) + low
        log_mass[0] = np.logaddexp(log_mass[0], values[0] - density + below)
    total = float(logsumexp(log_mass))
    share = np.exp(log_mass - total)
    mean = float(share @ fine)
    return ScalePosterior(
        scales=np.exp(logs),
        log_joint=values,
        log_evidence=total,
        mode=float(fine[np.argmax(log_density)]),
        mean=mean,
        sd=float(np.sqrt(share @ (fine - mean) ** 2)),
    )
