"""What may be true of several kernels together, and how two of these are weighed."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot, log

import numpy as np
from scipy.special import logsumexp

from equipoise.inference.evidence.psis import distrust
from equipoise.models.kernels import PotentialsName


@dataclass(frozen=True)
class Hypothesis:
    """What may be true of all kernels together, and its evidence.

    Attributes
    ----------
    potentials
        ``"shared"``: one; ``"pooled"``: one with deviations ``δ ~ Normal(0, σ_δ)``,
        ``σ_δ ~ HalfNormal(1)``; ``"separate"``: each its own.
    cyclic
        Whether every kernel may have cycles that break balance.
    log_evidence, mcse
        Nats; of all kernels' pairwise likelihoods, binomial coefficients left out.
    pareto_k
        Worst k̂ of the importance weights behind it; None where none are.
    doubt
        Why its method does not stand by it, in words; None where it does.
    """

    potentials: PotentialsName
    cyclic: bool
    log_evidence: float
    mcse: float
    pareto_k: float | None
    doubt: str | None = None

    @property
    def distrust(self) -> str | None:
        """Why its evidence must not be reported, in words; None where it may be."""
        return self.doubt or distrust(self.pareto_k)


def averaged(parts: Sequence[Hypothesis]) -> tuple[float, float]:
    """Return the log evidence of hypotheses of equal prior odds together, and its error."""
    values = np.array([part.log_evidence for part in parts])
    total = float(logsumexp(values)) - log(len(parts))
    share = np.exp(values - logsumexp(values))
    return total, float(np.sqrt(((share * [part.mcse for part in parts]) ** 2).sum()))


def factor_of(hypotheses: Sequence[Hypothesis]) -> tuple[float, float]:
    """Return the log BF of shared against pooled potentials, and its error, nats.

    Balance and its violation are averaged at even odds.
    """
    shared, pooled = (
        averaged([h for h in hypotheses if h.potentials == name]) for name in ("shared", "pooled")
    )
    return shared[0] - pooled[0], hypot(shared[1], pooled[1])
