"""Posteriors by MCMC: chains of NumPy, or NUTS on a PyMC model.

:mod:`.sampler` says what all have in common: one :class:`.sampler.Sampler` draws from both
hypotheses and at every fixed σ_c. :mod:`.numpy_sampler` is the one in NumPy, :mod:`.compiled` the
one on a PyMC model, whose :mod:`.backends` compile and sample it in fitted :mod:`.coordinates`;
:mod:`.choose` picks. :mod:`.convergence` judges the draws, :mod:`.derived` makes kernels and flows
of them, :mod:`.prior` draws without data, :mod:`.tree` names it all for ArviZ, and
:mod:`.posterior` is the function people call.
"""

from equipoise.inference.posterior.posterior import posterior

__all__ = ["posterior"]
