"""Evidence and Bayes factors: a value in nats, its Monte Carlo error, and how it was got."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import hypot
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True)
class Evidence:
    """A log marginal likelihood.

    Attributes
    ----------
    log_value
        Nats. Multinomial coefficients are left out, under every hypothesis alike.
    mcse
        Monte Carlo standard error of ``log_value``, nats.
    method
        ``"laplace"`` and, later, the other files of this folder.
    diagnostics
        What the method says about its own trustworthiness, e.g. ``pareto_k`` and ``ess``.
    """

    log_value: float
    mcse: float
    method: str
    diagnostics: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def __sub__(self, other: "Evidence") -> "BayesFactor":
        """Return the log Bayes factor of this hypothesis against ``other``, errors combined."""
        return BayesFactor(
            log_value=self.log_value - other.log_value,
            mcse=hypot(self.mcse, other.mcse),
            method=self.method if self.method == other.method else f"{self.method}/{other.method}",
        )


@dataclass(frozen=True)
class BayesFactor:
    """A log Bayes factor, in nats; positive favours detailed balance.

    Attributes
    ----------
    log_value, mcse
        Value and Monte Carlo standard error, nats.
    method
        How it was computed.
    cycle_scale
        τ of the rival's prior ``σ_c ~ HalfNormal(τ)``; None where it does not apply.
    """

    log_value: float
    mcse: float
    method: str
    cycle_scale: float | None = None
