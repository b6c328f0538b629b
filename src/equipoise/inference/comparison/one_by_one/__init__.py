"""Many kernels: the same hypotheses by the structure of an arrow.

Given the shared potential and the scales, kernels are independent of each other. So each one's
deviations and cycles are integrated by importance sampling of their own, in a handful of
dimensions, all kernels at a time, and what is left is an integral over the shared potential.

:mod:`.packed` puts kernels side by side, :mod:`.inner` integrates each, :mod:`.outer` the shared
potential, at points that :mod:`.grid` keeps; :mod:`.curves` integrates the scales, :mod:`.along` a
whole curve on a worker; :mod:`.alone` weighs each kernel by itself, :mod:`.worst` finds the least
sure one, and :mod:`.fits` does it all.
"""

from equipoise.inference.comparison.one_by_one.fits import ManyFits, are_many, solve_many

__all__ = ["ManyFits", "are_many", "solve_many"]
