"""What models of the potential itself share: the rest ε, and the edges that are observed."""

import numpy as np
import pymc as pm
from pytensor.tensor.variable import TensorVariable

from equipoise.likelihoods import AdjustedEdges, FloatArray
from equipoise.models.priors import Priors
from equipoise.models.walk import half_normal, walked_normal


def residual(
    explained: TensorVariable, priors: Priors, anchor: tuple[FloatArray, FloatArray] | None
) -> TensorVariable:
    """Add ``Phi ~ Normal(explained, σ_ε)``, ``σ_ε ~ HalfNormal``, walked about an anchor.

    Where scales are fixed, ``sigma_eps`` is none of the model's variables.
    """
    at, variance = (0.0, 1.0) if anchor is None else anchor
    scale = (
        half_normal("sigma_eps", priors.potential_scale)
        if priors.scales == "learned"
        else np.float64(priors.fixed_potential_sd)
    )
    return walked_normal("Phi", explained, scale, at, variance, dims="state")


def observe_edges(edges: AdjustedEdges, potential: TensorVariable) -> None:
    """Add the observed ``transitions``: those i → j of all between i and j, binomial."""
    rows = edges.edges
    # A sum of products, for it compiles in a tenth of the time of a matrix product.
    logit = (edges.potential * potential).sum(axis=1) + rows.exposure
    pm.Binomial(
        "transitions",
        n=rows.total.astype(np.int64),
        logit_p=logit,
        observed=rows.forward.astype(np.int64),
        dims="pair",
    )
