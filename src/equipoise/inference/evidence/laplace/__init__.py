"""Evidence without MCMC: Laplace at nodes of σ_c, corrected by importance sampling.

At each σ_c, and for learned scales at each point of a lattice over (σ_V, σ_s) nested outside it
(as in INLA, Rue, Martino & Chopin 2009), Newton finds the mode of the log-concave posterior. The
Gaussians there become split-t proposals (Geweke 1989), and importance sampling from their mixture,
with Pareto-smoothed weights, gives the evidence with the scales integrated finely, and draws.
Trusted where the Pareto shape k̂ is at most 0.7.
"""

from equipoise.inference.evidence.laplace.fit import LaplaceFit, laplace, solve

__all__ = ["LaplaceFit", "laplace", "solve"]
