"""Exact evidence of one path: reinforced walk against unrestricted rows, both in closed form."""

from dataclasses import dataclass

from equipoise.counts import TransitionCounts
from equipoise.errors import UsageError
from equipoise.likelihoods import reinforced


@dataclass(frozen=True)
class ExactEvidence:
    """Log evidences of one path given its start, without any Monte Carlo error.

    Attributes
    ----------
    edge_weight : float
        ``a``, the prior weight of every edge and loop.
    reinforced : float
        Log evidence of balance: the weights of a reversible chain have the conjugate prior of
        Diaconis & Rolles (2006). Nats.
    unrestricted_matched : float
        Log evidence of the unrestricted rival, Dirichlet rows of the same prior strength; see
        :meth:`equipoise.likelihoods.ReinforcedPath.matched_rows`. Nats.
    on_tree : bool
        Whether the support about the path, loops apart, is a tree: then both hypotheses are one,
        and their difference is 0.
    """

    edge_weight: float
    reinforced: float
    unrestricted_matched: float
    on_tree: bool

    @property
    def log_bayes_factor(self) -> float:
        """Their difference, nats; positive favours detailed balance."""
        return self.reinforced - self.unrestricted_matched


def exact(counts: TransitionCounts, *, edge_weight: float = 1.0) -> ExactEvidence:
    """Compute the exact evidence for and against balance from one path.

    Parameters
    ----------
    counts : TransitionCounts
        Of one path, or of paths each of which starts where the last one ended: these are chained.
    edge_weight : float
        Prior weight of every edge, and of a loop at every state where staying is possible by
        protocol: a smaller one makes both priors wider.

    Returns
    -------
    ExactEvidence
        Conditional on the support: the edges that were observed, or declared.

    Raises
    ------
    DataError
        If the counts are not those of one path.
    UsageError
        If an argument is out of its range.

    Notes
    -----
    Its priors are not those of :func:`equipoise.test`, and nothing in them is learned, so that the
    two log Bayes factors need not agree; where they differ in sign, the prior decides.
    """
    if not isinstance(counts, TransitionCounts):
        raise UsageError(
            f"counts must be an equipoise.TransitionCounts, not {type(counts).__name__}: make one "
            "with TransitionCounts.from_sequences"
        )
    path = reinforced(counts, edge_weight=edge_weight)
    return ExactEvidence(
        edge_weight=float(edge_weight),
        reinforced=path.log_evidence(),
        unrestricted_matched=path.matched_rows().log_evidence(),
        on_tree=path.on_tree,
    )
