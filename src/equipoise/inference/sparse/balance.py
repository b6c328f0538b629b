"""The posterior mode of the potential under balance, and Laplace's evidence there."""

from dataclasses import dataclass

import numpy as np

from equipoise.errors import NotTrustedError
from equipoise.inference.sparse.factor import Factor
from equipoise.inference.sparse.iterative import Conjugate, IterativeSystem
from equipoise.inference.sparse.linear import DirectSystem
from equipoise.inference.sparse.pairs import Pairs
from equipoise.likelihoods import FloatArray

MAX_STEPS = 200
# The last step gains half of this, nats; it is taken, and Newton squares what error is left.
DECREMENT = 1e-6
# Relative rounding of a log-likelihood summed over many counts.
ROUNDING = 1e-13


@dataclass(frozen=True, eq=False)
class BalanceMode:
    """Mode at one σ_Φ.

    Attributes
    ----------
    potential
        Φ, of mean 0 in each component, shape (n,).
    potential_sd
        σ_Φ.
    log_evidence
        Laplace's approximation of the log evidence at this σ_Φ, nats; NaN from conjugate gradients.
    factor
        Of the curvature ``Dᵀ W D + 1/σ_Φ²`` there, (n, n): its inverse is the covariance of Φ, in
        which the free constant of a component adds σ_Φ²/n_k to everything.
    """

    potential: FloatArray
    potential_sd: float
    log_evidence: float
    factor: Factor | Conjugate


def balance_mode(
    pairs: Pairs,
    system: DirectSystem | IterativeSystem,
    potential_sd: float,
    start: FloatArray | None = None,
) -> BalanceMode:
    """Climb to the mode of Φ given σ_Φ by damped Newton steps, one sparse solve each.

    Parameters
    ----------
    pairs, system
        Edges, and the order of elimination.
    potential_sd
        σ_Φ of ``Φ ~ Normal(0, σ_Φ)``, nats.
    start
        Where to start, shape (n,); default 0.

    Raises
    ------
    NotTrustedError
        If the mode is not reached.
    """
    ridge = 1.0 / potential_sd**2
    incidence, divergence = pairs.incidence, pairs.divergence
    phi = np.zeros(pairs.n_states) if start is None else start

    def value(phi: FloatArray, eta: FloatArray) -> float:
        return float(pairs.log_likelihood(eta) - 0.5 * ridge * phi @ phi)

    eta = incidence @ phi
    current = value(phi, eta)
    for _ in range(MAX_STEPS):
        gradient = divergence @ pairs.residual(eta) - ridge * phi
        factor = system.factorise(pairs.weight(eta), ridge)
        step = factor.solve(gradient)
        decrement = float(gradient @ step)
        rounding = ROUNDING * abs(current)
        along = incidence @ step
        if decrement < DECREMENT + rounding:
            top, eta = phi + step, eta + along
            return BalanceMode(
                potential=pairs.centred(top),
                potential_sd=potential_sd,
                log_evidence=value(top, eta)
                - pairs.n_states * float(np.log(potential_sd))
                - 0.5 * factor.log_det,
                factor=factor,
            )
        length = 1.0
        reached = value(phi + step, eta + along)
        while not reached >= current + 1e-4 * length * decrement - rounding and length > 1e-12:
            length *= 0.5
            reached = value(phi + length * step, eta + length * along)
        phi, eta, current = phi + length * step, eta + length * along, reached
    raise NotTrustedError(
        f"the posterior mode was not reached in {MAX_STEPS} Newton steps; perhaps one count is too "
        "extreme for rounding"
    )
