"""The three scales of several kernels: their names, and the widths of their priors."""

from equipoise.models import Priors
from equipoise.models.hierarchical import DEVIATION_SCALE

#: σ_V of the potential, σ_δ of the deviations from it, σ_c of the cycles: the order of all blocks.
SCALES = ("sigma_V", "sigma_delta", "sigma_c")


def widths(priors: Priors) -> dict[str, float]:
    """Return the scale of the half-normal prior of each, nats."""
    values = (priors.potential_scale, DEVIATION_SCALE, priors.cycle_scale)
    return dict(zip(SCALES, values, strict=True))


def held_scales(
    priors: Priors, deviation_sd: float | None, cycle_sd: float | None
) -> dict[str, float | None]:
    """Return the value at which each is held, None where it is learned, nats."""
    potential_sd = None if priors.scales == "learned" else priors.fixed_potential_sd
    return dict(zip(SCALES, (potential_sd, deviation_sd, cycle_sd), strict=True))
