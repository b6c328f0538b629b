"""The numeric core: log-likelihoods of transition counts, in NumPy and SciPy only.

One likelihood, one file. Those of the two nested hypotheses are frozen values made from counts,
with the same methods: ``log_likelihood``, ``gradient``, ``hessian_product``, ``information`` and
``by_row``, all functions of a *predictor* (one number an arc or an edge), which
:mod:`equipoise.likelihoods.predictor` makes from a potential, symmetric edge terms and cycle
amplitudes. Two more have their evidence in closed form: :func:`dirichlet`, rows without any
restriction, and :func:`reinforced`, one path of a reversible chain.
"""

from equipoise.likelihoods.adjusted import AdjustedEdges, adjusted
from equipoise.likelihoods.arcs import Arcs, support_arcs
from equipoise.likelihoods.dirichlet import DirichletRows, dirichlet
from equipoise.likelihoods.edge_weights import EdgeWeights
from equipoise.likelihoods.multinomial import MultinomialRows, multinomial, trials_of
from equipoise.likelihoods.pairwise import PairwiseEdges, pairwise
from equipoise.likelihoods.paths import ends_of_path
from equipoise.likelihoods.predictor import Predictor, multinomial_predictor, pairwise_predictor
from equipoise.likelihoods.protocol import FloatArray, IntArray, Likelihood, Rejected
from equipoise.likelihoods.reinforced import ReinforcedPath, reinforced
from equipoise.likelihoods.steps import Steps, steps_of

__all__ = [
    "AdjustedEdges",
    "Arcs",
    "DirichletRows",
    "EdgeWeights",
    "FloatArray",
    "IntArray",
    "Likelihood",
    "MultinomialRows",
    "PairwiseEdges",
    "Predictor",
    "ReinforcedPath",
    "Rejected",
    "Steps",
    "adjusted",
    "dirichlet",
    "ends_of_path",
    "multinomial",
    "multinomial_predictor",
    "pairwise",
    "pairwise_predictor",
    "reinforced",
    "steps_of",
    "support_arcs",
    "trials_of",
]
