"""Kernels of known truth, exact facts about them, and counts drawn from them.

Everything that Equipoise infers from counts can be checked against a kernel made here:
reversible kernels follow a known potential, driven ones break balance by a known amount.
"""

from equipoise.simulate.balance import (
    affinity,
    entropy_production,
    log_ratio,
    metropolised,
    stationary_distribution,
)
from equipoise.simulate.draws import RandomSeed, sample_draws, sample_trajectory
from equipoise.simulate.kernels import (
    Kernel,
    complete_edges,
    cycle_circulation,
    driven_kernel,
    reversible_kernel,
)

__all__ = [
    "Kernel",
    "RandomSeed",
    "affinity",
    "complete_edges",
    "cycle_circulation",
    "driven_kernel",
    "entropy_production",
    "log_ratio",
    "metropolised",
    "reversible_kernel",
    "sample_draws",
    "sample_trajectory",
    "stationary_distribution",
]
