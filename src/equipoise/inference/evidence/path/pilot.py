"""The pilot: Laplace's guess of the curve, which leaves little for interpolation to get wrong."""

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline

from equipoise.inference.modes.mode import find_mode
from equipoise.likelihoods import FloatArray
from equipoise.models.latent import LatentModel

METHOD = "path"
_STEP = 0.2
# Steps are halved until the spline foresees the points between to this, nats; the finer spline then
# errs by a sixteenth of it. A steep curve, with log BF beyond −1,000, needs steps of 0.05.
_FORESEEN = 2e-3
_MOST_HALVINGS = 4


@dataclass(frozen=True, eq=False)
class Pilot:
    """Laplace's ``log Z(σ_c) − log Z(0)`` with the learned scales held where the data put them.

    Only interpolation rests on it: between nodes the path's slope is taken as the pilot's plus a
    spline through what the pilot misses, which is small and smooth.

    Attributes
    ----------
    x
        ``log σ_c``, shape (m,).
    rise
        ``log Z(σ_c) − log Z(0)``, nats, shape (m,).
    """

    x: FloatArray
    rise: FloatArray

    def at(self, x: FloatArray) -> FloatArray:
        """Return the rise at any ``log σ_c`` within the range, nats."""
        return np.asarray(CubicSpline(self.x, self.rise)(x))

    def slope(self, x: FloatArray) -> FloatArray:
        """Return ``d log Z/d log σ_c`` there, nats."""
        return np.asarray(CubicSpline(self.x, self.rise)(x, 1))


def pilot(
    base: LatentModel,
    family: LatentModel,
    scales: tuple[float, ...],
    lowest: float,
    highest: float,
) -> Pilot:
    """Compute the pilot from ``lowest`` to ``highest`` σ_c.

    Parameters
    ----------
    base, family
        The hypothesis at scale 0, and the wider one, whose ``at_cycle_scale`` sets the scale.
    scales
        Values at which the learned scales are held.
    lowest, highest
        Range of σ_c.

    Raises
    ------
    NotTrustedError
        If a mode is not reached.
    """
    bottom = find_mode(base, scales, base.prior_mean)

    def rise_at(x: FloatArray) -> FloatArray:
        theta = family.with_cycles(bottom.theta)
        rise = []
        for cycle_scale in np.exp(x):
            mode = find_mode(family.at_cycle_scale(float(cycle_scale)), scales, theta)
            theta = mode.theta
            rise.append(mode.log_evidence - bottom.log_evidence)
        return np.array(rise)

    count = int(np.ceil(np.log(highest / lowest) / _STEP)) + 1
    x = np.linspace(np.log(lowest), np.log(highest), count)
    guide = Pilot(x, rise_at(x))
    for _ in range(_MOST_HALVINGS):
        middle = (guide.x[1:] + guide.x[:-1]) / 2
        rise = rise_at(middle)
        foreseen = guide.at(middle)
        between = np.arange(1, len(guide.x))
        guide = Pilot(np.insert(guide.x, between, middle), np.insert(guide.rise, between, rise))
        if np.abs(rise - foreseen).max() <= _FORESEEN:
            break
    return guide
