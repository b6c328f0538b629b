"""How fast the chain produces entropy, and how fast it would seem to, had balance held."""

from dataclasses import dataclass

import numpy as np

from equipoise.graph import SupportGraph
from equipoise.inference.posterior.derived import Flows
from equipoise.inference.violation.estimate import Estimate, estimates_of
from equipoise.inference.weighted import WeightedDraws
from equipoise.likelihoods import FloatArray

#: Part of the null that lies below ``null_upper``.
NULL_LEVEL = 0.95


@dataclass(frozen=True, eq=False)
class EntropyProduction:
    """Entropy production rate ``½ Σ J_ij log(F_ij/F_ji)`` under the cyclic hypothesis.

    It is never negative, so near 0 its posterior is biased up: compare the mean with the null, not
    with 0. Where the states fall into several groups that lead to each other and back, each has
    a stationary law of its own, and rates are those of a trial in each, added.

    Attributes
    ----------
    per_trial
        Posterior, nats per trial as the likelihood counts them: one that ends where it began is a
        trial; one that ends in no state is where that counts as staying.
    per_step
        Posterior, nats per step to another state: ``per_trial`` over the probability that a trial
        in the stationary chain makes one. How rejected trials are counted does not enter.
    null
        Draws of what ``per_trial.mean`` would be had balance held, shape (m,), nats per trial: see
        :mod:`equipoise.inference.violation.null`.
    null_mean, null_upper
        Mean and 95 % quantile of the null, nats per trial.
    p_value
        Probability that the null reaches ``per_trial.mean``; at least 1/(m + 1).
    rate, weights
        Posterior draws, nats per trial, and their weights, shape (n,).
    """

    per_trial: Estimate
    per_step: Estimate
    null: FloatArray
    null_mean: float
    null_upper: float
    p_value: float
    rate: FloatArray
    weights: FloatArray

    #: When the p-value must not be believed, in words.
    invalid = "invalid if someone looked at the counts to choose sources or to decide when to stop"

    @property
    def p_text(self) -> str:
        """``p_value`` in words: "p = 0.13"; "p < 0.001" where no draw of the null came up to it."""
        least = 1.0 / (1 + len(self.null))
        return f"p < {2 * least:.1g}" if self.p_value < 2 * least else f"p = {self.p_value:.2g}"


def entropy_production_of(
    graph: SupportGraph, draws: WeightedDraws, flows: Flows, null: FloatArray
) -> EntropyProduction:
    """Summarise the entropy production of the draws' flows beside its null."""
    edges = np.asarray(graph.edges)
    inside = graph.inside
    # Column g sums over the edges of group g.
    group = graph.strong[edges[inside, 0]][:, None] == np.unique(graph.strong[edges[inside, 0]])
    rates = flows.entropy_production[:, inside] @ group
    steps = (flows.forward + flows.backward)[:, inside] @ group
    rate = rates.sum(axis=1)
    per_trial, per_step = estimates_of(draws, np.stack([rate, (rates / steps).sum(axis=1)], axis=1))
    reached = int(np.count_nonzero(null >= per_trial.mean))
    return EntropyProduction(
        per_trial=per_trial,
        per_step=per_step,
        null=null,
        null_mean=float(null.mean()),
        null_upper=float(np.quantile(null, NULL_LEVEL)),
        p_value=(1 + reached) / (1 + len(null)),
        rate=rate,
        weights=draws.weights,
    )
