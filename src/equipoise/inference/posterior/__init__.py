"""Posteriors by MCMC: NUTS through PyMC and nutpie."""

from equipoise.inference.posterior.posterior import posterior

__all__ = ["posterior"]
