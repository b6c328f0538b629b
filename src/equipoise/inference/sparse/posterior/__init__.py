"""Posterior draws of the potential of large tables, given balance: nothing to compile.

Chains move about the Gaussian at the mode, whose sparse factor makes every step, and move together,
so that NumPy works on all of them at once.
"""

from equipoise.inference.sparse.posterior.posterior import posterior_large

__all__ = ["posterior_large"]
