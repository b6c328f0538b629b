"""Sums of exponentials, on the log scale."""

import numpy as np

from equipoise.likelihoods import FloatArray


def log_sum_exp(terms: FloatArray, axis: int) -> FloatArray:
    """Return ``log Σ exp(terms)`` along one axis; at least one term of each sum is finite.

    SciPy's function also takes signs, weights and infinities: on a large array that costs three
    times as long.

    Parameters
    ----------
    terms
        Of any shape; left as it is.
    axis
        What is summed over.
    """
    top = terms.max(axis=axis, keepdims=True)
    shifted = terms - top
    np.exp(shifted, out=shifted)
    return np.asarray(top.squeeze(axis) + np.log(shifted.sum(axis=axis)))
