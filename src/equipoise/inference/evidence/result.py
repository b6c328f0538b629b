"""Evidence and Bayes factors: a value in nats, its Monte Carlo error, and how it was got."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import hypot
from types import MappingProxyType
from typing import Any

from equipoise.inference.evidence import psis

# An error above this could turn any word of the verdict into another.
MCSE_TRUSTED = 1.0


@dataclass(frozen=True)
class Evidence:
    """A log marginal likelihood.

    Attributes
    ----------
    log_value : float
        Nats. Multinomial coefficients are left out, under every hypothesis alike.
    mcse : float
        Monte Carlo standard error of ``log_value``, nats.
    method : str
        ``"bridge"``, ``"laplace"``: a file of this folder.
    diagnostics : mapping of str to object
        What the method says about its own trustworthiness, e.g. ``pareto_k`` and ``ess``.
    backend : str or None
        What ran the chains behind it, ``"numpy"``, ``"nutpie"`` or ``"numpyro"``; None where none
        did, or where draws were handed in and it was not said.
    """

    log_value: float
    mcse: float
    method: str
    diagnostics: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    backend: str | None = None

    def __sub__(self, other: "Evidence") -> "BayesFactor":
        """Return the log Bayes factor of this hypothesis against ``other``, errors combined."""
        return BayesFactor(
            log_value=self.log_value - other.log_value,
            mcse=hypot(self.mcse, other.mcse),
            method="/".join(dict.fromkeys((self.method, other.method))),
            backend="/".join(dict.fromkeys(filter(None, (self.backend, other.backend)))) or None,
        )


@dataclass(frozen=True)
class BayesFactor:
    """A log Bayes factor, in nats; positive favours detailed balance.

    Attributes
    ----------
    log_value, mcse : float
        Value and Monte Carlo standard error, nats.
    method : str
        How it was computed.
    cycle_scale : float or None
        τ of the rival's prior ``σ_c ~ HalfNormal(τ)``; None where it does not apply.
    pareto_k : float or None
        Worst k̂ of the importance weights behind it; None where none are.
    doubt : str or None
        Why its method does not stand by it, in words; None where it does.
    backend : str or None
        What ran the chains behind it, as of :class:`Evidence`; two are joined by "/", as methods
        are.
    """

    log_value: float
    mcse: float
    method: str
    cycle_scale: float | None = None
    pareto_k: float | None = None
    doubt: str | None = None
    backend: str | None = None

    @property
    def distrust(self) -> str | None:
        """Why the value must not be reported, in words; None where it may be."""
        if self.doubt is not None:
            return self.doubt
        if (failed := psis.distrust(self.pareto_k)) is not None:
            return failed
        if not self.mcse <= MCSE_TRUSTED:
            return f"its Monte Carlo error is {self.mcse:.1f} nats (limit {MCSE_TRUSTED:g})"
        return None
