"""Chains of the potential given balance, one trajectory after another."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from equipoise.inference.sparse.linear import direct_system
from equipoise.inference.sparse.motion import Stride, adapted, turn
from equipoise.inference.sparse.posterior.landscape import BalanceLandscape, Reference
from equipoise.inference.sparse.scale_moves import draw_scale, follow_of, stretched, with_level
from equipoise.likelihoods import FloatArray
from equipoise.models import Priors

_SPREAD = 0.15
# More than two short steps gain little; one long step loses much (measured at 500 states).
_FIRST, _ACCEPTANCE = Stride(log_steps=0.6), 0.9


@dataclass(frozen=True, eq=False)
class Draw:
    """Where all chains are after a trajectory.

    Attributes
    ----------
    potential
        Φ of mean 0 in each component, (n, chains).
    potential_sd
        σ_Φ, (chains,).
    acceptance
        How probable the trajectory was to be accepted, (chains,).
    """

    potential: FloatArray
    potential_sd: FloatArray
    acceptance: FloatArray


def walk(
    spot: Reference, priors: Priors, tune: int, chains: int, rng: np.random.Generator
) -> Iterator[Draw]:
    """Yield draws for ever, the first ``tune`` of them while strides are still adapted.

    Parameters
    ----------
    spot
        The Gaussian at the mode.
    priors
        Whether σ_Φ is learned, and its prior.
    tune, chains
        Trajectories to adapt in, and number of chains.
    rng
        Source of randomness.
    """
    pairs, learned = spot.pairs, priors.scales == "learned"
    centre = spot.mode.potential[:, None]
    # Chains begin apart, also in σ_Φ: whether they forget it is what R-hat asks. Φ goes along
    # as far as the prior holds it; farther, where data do, a chain could stay out for long.
    stretch = _SPREAD * np.linspace(-1, 1, chains) if learned else np.zeros(chains)
    phi = centre + spot.sample(rng, chains)
    phi = pairs.centred(phi + stretch * spot.ridge * spot.mode.factor.solve(phi + centre))
    sd = spot.mode.potential_sd * np.exp(stretch)
    stride = _FIRST
    follow = follow_of(
        direct_system(pairs), spot.weight, spot.mode.potential_sd, spot.mode.potential
    )
    done = 0
    while True:
        landscape = BalanceLandscape(spot, 1.0 / sd**2)
        phi = with_level(pairs, phi, sd, rng)
        (away,), accept = turn(landscape, (phi - centre,), stride.steps(rng), rng)
        phi = pairs.centred(centre + away)
        if learned:
            sd = draw_scale(pairs, phi, sd, priors.potential_scale, rng)
            phi, sd = stretched(follow, phi, 0.0, sd, priors.potential_scale, rng)
        done += 1
        if done <= tune:
            stride = adapted(stride, float(accept.mean()), _ACCEPTANCE, done / tune)
        yield Draw(phi, sd, accept)
