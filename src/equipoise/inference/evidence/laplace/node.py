"""One node: the evidence of a hypothesis at fixed σ_c, and weighted posterior draws."""

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from equipoise.inference.evidence.laplace.proposal import draw_mixture, mixture
from equipoise.inference.evidence.psis import smooth
from equipoise.inference.modes.lattice import scale_lattice
from equipoise.inference.modes.mode import Mode
from equipoise.likelihoods import FloatArray
from equipoise.models.latent import LatentModel


@dataclass(frozen=True, eq=False, repr=False)
class Node:
    """Evidence and draws at one σ_c (0 for the reversible hypothesis).

    Attributes
    ----------
    cycle_scale
        σ_c.
    log_evidence, mcse
        Log marginal likelihood and its Monte Carlo standard error, nats.
    laplace
        Laplace's own value, uncorrected (nested over learned scales), nats.
    pareto_k, ess
        Of the importance weights: k̂ and effective number of draws.
    mode
        The best mode of the scale lattice.
    theta, log_weights
        Draws (n, d), and their raw log-weights ``log p(y, theta)/q(theta)``, shape (n,).
    """

    cycle_scale: float
    log_evidence: float
    mcse: float
    laplace: float
    pareto_k: float
    ess: float
    mode: Mode
    theta: FloatArray
    log_weights: FloatArray

    def __repr__(self) -> str:
        return (
            f"Node(σ_c = {self.cycle_scale:.3g}, log Z {self.log_evidence:.2f} ± {self.mcse:.2f}, "
            f"k̂ {self.pareto_k:.2f})"
        )


def evaluate_node(
    model: LatentModel,
    cycle_scale: float,
    start: FloatArray,
    scales: tuple[float, ...],
    draws: int,
    rng: np.random.Generator,
) -> Node:
    """Compute the evidence of ``model`` by importance sampling from its Laplace mixture.

    Parameters
    ----------
    model
        A hypothesis at fixed σ_c.
    cycle_scale
        That σ_c, for the record.
    start, scales
        Where the modes are searched from: shape (d,), and a guess of each learned scale.
    draws
        Number of draws.
    rng
        Source of randomness.
    """
    modes = scale_lattice(model, start, scales)
    theta, log_proposal = draw_mixture(mixture(model, modes), draws, rng)
    log_weights = model.log_joint(theta) - log_proposal
    return weighed(modes, theta, log_weights, cycle_scale)


def weighed(
    modes: list[Mode], theta: FloatArray, log_weights: FloatArray, cycle_scale: float
) -> Node:
    """Return the node of independent draws ``theta`` (n, d) whose mean weight is the evidence."""
    draws = len(theta)
    smoothed = smooth(log_weights)
    total = float(logsumexp(smoothed.log_weights))
    square = float(np.exp(2.0 * (smoothed.log_weights - total)).sum())
    ess = 1.0 / square
    return Node(
        cycle_scale=cycle_scale,
        log_evidence=total - np.log(draws),
        mcse=float(np.sqrt(max(square - 1.0 / draws, 0.0))),
        laplace=float(logsumexp([mode.log_evidence for mode in modes])),
        pareto_k=smoothed.pareto_k,
        ess=ess,
        mode=modes[0],
        theta=theta,
        log_weights=log_weights,
    )
