"""Posteriors by MCMC: chains of NumPy, or NUTS on a PyMC model."""

from equipoise.inference.posterior.posterior import posterior

__all__ = ["posterior"]
