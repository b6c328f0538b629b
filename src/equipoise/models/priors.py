"""Priors shared by every hypothesis: each number an argument, nothing hidden."""

from dataclasses import dataclass, fields
from math import isfinite
from typing import Literal

from equipoise.errors import UsageError

Scales = Literal["learned", "fixed"]
# Beyond these a log-ratio's prior says nothing that data could weigh.
_NARROWEST, _WIDEST = 0.01, 100.0


@dataclass(frozen=True)
class Priors:
    """Prior scales of the potential, the symmetric edge terms and the cycles.

    With ``scales="learned"`` (the default)

    - ``V ~ Normal(0, σ_V)``, ``σ_V ~ HalfNormal(potential_scale)``;
    - ``s ~ Normal(μ_s, σ_s)``, ``μ_s ~ Normal(symmetric_mean, symmetric_mean_sd)``,
      ``σ_s ~ HalfNormal(symmetric_scale)``.

    With ``scales="fixed"``: ``V ~ Normal(0, fixed_potential_sd)`` and
    ``s ~ Normal(symmetric_mean, fixed_symmetric_sd)``. In both, and only under the non-reversible
    rival, cycle amplitudes ``z ~ Normal(0, σ_c)`` on an orthonormal cycle basis with
    ``σ_c ~ HalfNormal(cycle_scale)``; ``cycle_scale`` is τ. All in nats.

    The scales have the same prior under both hypotheses. Fixed scales mislead:
    with them sparse reversible data look non-reversible; they are kept as a regression anchor.

    Attributes
    ----------
    scales : {"learned", "fixed"}
        Whether σ_V and σ_s are learned.
    cycle_scale : float
        τ of ``σ_c ~ HalfNormal(τ)``, nats.
    potential_scale : float
        Scale of the half-normal prior of σ_V, nats.
    symmetric_mean : float
        Mean of μ_s where scales are learned, and of s where they are fixed, nats.
    symmetric_mean_sd : float
        Standard deviation of μ_s, nats.
    symmetric_scale : float
        Scale of the half-normal prior of σ_s, nats.
    fixed_potential_sd : float
        σ_V where scales are fixed, nats.
    fixed_symmetric_sd : float
        σ_s where scales are fixed, nats.

    Raises
    ------
    UsageError
        If a scale does not lie between 0.01 and 100, or ``scales`` is unknown.
    """

    scales: Scales = "learned"
    cycle_scale: float = 1.0
    potential_scale: float = 5.0
    symmetric_mean: float = -3.0
    symmetric_mean_sd: float = 3.0
    symmetric_scale: float = 3.0
    fixed_potential_sd: float = 3.0
    fixed_symmetric_sd: float = 3.0

    def __post_init__(self) -> None:
        """Refuse scales that are no scales."""
        if self.scales not in ("learned", "fixed"):
            raise UsageError(f'scales must be "learned" or "fixed", not {self.scales!r}')
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name == "scales":
                continue
            if not isinstance(value, int | float) or not isfinite(value):
                raise UsageError(f"{field.name} must be a finite number, not {value!r}")
            if field.name != "symmetric_mean" and not _NARROWEST <= value <= _WIDEST:
                raise UsageError(
                    f"{field.name} must lie between {_NARROWEST:g} and {_WIDEST:g} nats, "
                    f"not {value!r}"
                )
