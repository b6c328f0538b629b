"""The numeric core: log-likelihoods of transition counts, in NumPy and SciPy only.

One likelihood, one file. Each is a frozen value made from counts, with the same methods:
``log_likelihood``, ``gradient``, ``hessian_product``, ``information`` and ``by_row``, all functions
of a *predictor* (one number an arc or an edge), which :mod:`equipoise.likelihoods.predictor` makes
from a potential, symmetric edge terms and cycle amplitudes.
"""

from equipoise.likelihoods.arcs import Arcs, support_arcs
from equipoise.likelihoods.multinomial import MultinomialRows, multinomial, trials_of
from equipoise.likelihoods.pairwise import PairwiseEdges, pairwise
from equipoise.likelihoods.predictor import Predictor, multinomial_predictor, pairwise_predictor
from equipoise.likelihoods.protocol import FloatArray, IntArray, Likelihood, Rejected

__all__ = [
    "Arcs",
    "FloatArray",
    "IntArray",
    "Likelihood",
    "MultinomialRows",
    "PairwiseEdges",
    "Predictor",
    "Rejected",
    "multinomial",
    "multinomial_predictor",
    "pairwise",
    "pairwise_predictor",
    "support_arcs",
    "trials_of",
]
