"""Dirichlet rows: the unrestricted kernel, each row its own, with evidence in closed form."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln, xlogy

from equipoise.counts import TransitionCounts
from equipoise.errors import UsageError
from equipoise.graph import support_graph
from equipoise.likelihoods.multinomial import trials_of
from equipoise.likelihoods.protocol import FloatArray, Rejected
from equipoise.likelihoods.steps import Steps, steps_of
from equipoise.text import quoted


@dataclass(frozen=True, eq=False)
class DirichletRows:
    r"""Rows ``P_i ~ Dirichlet(α_i)``, independent, on the steps that are possible from i.

    .. math:: p(n) = \prod_i \frac{\Gamma(\alpha_i)}{\Gamma(\alpha_i + N_i)}
              \prod_j \frac{\Gamma(\alpha_{ij} + n_{ij})}{\Gamma(\alpha_{ij})},
              \qquad \alpha_i = \sum_j \alpha_{ij}

    Valid for a path given its start and for independent draws alike; the multinomial coefficient is
    left out, as everywhere in this package. How it is matched to a rival: docs/model.md.

    Attributes
    ----------
    steps : Steps
        The possible steps, loops included, and their counts.
    concentration : ndarray of float
        α of each step, shape (A,).
    """

    steps: Steps
    concentration: FloatArray

    name = "dirichlet"

    def evidence_by_row(self) -> FloatArray:
        """Return the log evidence of each row, nats, shape (S,)."""
        steps, alpha = self.steps, self.concentration
        terms = steps.by_row(gammaln(alpha + steps.counts) - gammaln(alpha))
        total, trials = steps.by_row(alpha), steps.by_row(steps.counts)
        made = trials > 0
        terms[made] -= gammaln(total[made] + trials[made]) - gammaln(total[made])
        return np.asarray(terms)

    def log_evidence(self) -> float:
        """Return the log evidence, nats."""
        return float(self.evidence_by_row().sum())

    def log_prior(self, probabilities: FloatArray) -> FloatArray:
        """Return the log prior density of rows, shape (..., A) to (...).

        With respect to the probabilities of all steps from a state but one.
        """
        alpha = self.concentration
        total = self.steps.by_row(alpha)
        constant = gammaln(total[total > 0]).sum() - gammaln(alpha).sum()
        return np.asarray(xlogy(alpha - 1.0, probabilities).sum(axis=-1) + constant)

    def by_row(self, probabilities: FloatArray) -> FloatArray:
        """Return the log-likelihood of each row, nats, shape (..., A) to (..., S)."""
        taken = np.asarray(xlogy(self.steps.counts, probabilities), dtype=np.float64)
        return self.steps.by_row(taken)

    def log_likelihood(self, probabilities: FloatArray) -> FloatArray:
        """Return the log-likelihood, nats, shape (..., A) to (...)."""
        return np.asarray(xlogy(self.steps.counts, probabilities).sum(axis=-1))

    def posterior(self) -> "DirichletRows":
        """Return the same rows with the posterior's α; their counts, being used up, are 0."""
        steps = self.steps
        return DirichletRows(
            replace(steps, counts=np.zeros_like(steps.counts)), self.concentration + steps.counts
        )


def dirichlet(
    counts: TransitionCounts, *, concentration: ArrayLike = 0.5, rejected: Rejected = "stay"
) -> DirichletRows:
    """Return independent Dirichlet rows on the support of the counts.

    Parameters
    ----------
    counts : TransitionCounts
        Transition counts; axis 0 is *from*, axis 1 *to*.
    concentration : array_like
        α of every step, or of each, shape (A,), in the order of
        :class:`equipoise.likelihoods.Steps`. The default ½ matches a reinforced walk of edge weight
        1, of which each edge is shared by two rows.
    rejected : {"stay", "drop"}
        What a trial that ended in no state counts as.

    Returns
    -------
    DirichletRows
        With the evidence in closed form, nats.

    Raises
    ------
    UsageError
        If α is not positive and finite, or has a wrong shape, or ``rejected`` is unknown.
    """
    steps = steps_of(counts, support_graph(counts, trials_of(counts, rejected)), rejected=rejected)
    alpha = np.asarray(concentration, dtype=float)
    if alpha.shape not in ((), steps.counts.shape):
        raise UsageError(
            f"concentration has shape {alpha.shape}; give one number, or one for each of the "
            f"{len(steps.counts)} possible steps"
        )
    if not (np.isfinite(alpha).all() and (alpha > 0).all()):
        raise UsageError(
            f"concentration must be positive and finite, not {quoted(concentration)}; ½ matches "
            "edge weights of 1"
        )
    return DirichletRows(steps, np.broadcast_to(alpha, steps.counts.shape).copy())
