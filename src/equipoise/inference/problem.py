"""The question put to every evidence method: what was counted, and what is believed beforehand."""

from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from equipoise.counts import TransitionCounts
from equipoise.errors import UsageError
from equipoise.graph import SupportGraph, orthonormal_cycle_basis, support_graph
from equipoise.inference.reference import reference_states
from equipoise.likelihoods import (
    MultinomialRows,
    PairwiseEdges,
    Predictor,
    Rejected,
    multinomial,
    multinomial_predictor,
    pairwise,
    pairwise_predictor,
    support_arcs,
    trials_of,
)
from equipoise.models import Priors
from equipoise.models.latent import LatentModel, latent_model

LikelihoodName = Literal["auto", "multinomial", "pairwise"]
# Beyond, dense linear algebra over all parameters takes minutes; the pairwise likelihood, with less
# than half of them and one scale to learn, is some fifteen times faster.
MOST_FOR_MULTINOMIAL = 400
MOST_PARAMETERS = 3000


@dataclass(frozen=True, eq=False)
class Problem:
    """Counts on a graph, their likelihood, and the priors of both hypotheses.

    Attributes
    ----------
    graph
        The support graph.
    likelihood
        The likelihood with its counts; either hypothesis has the same.
    predictor
        The linear map to the likelihood's argument, cycles included.
    priors
        Prior scales.
    references
        State of each component from which the others' potentials are counted inside the models.
    """

    graph: SupportGraph
    likelihood: MultinomialRows | PairwiseEdges
    predictor: Predictor
    priors: Priors
    references: tuple[int, ...]

    @property
    def n_parameters(self) -> int:
        """Number of parameters of the cyclic hypothesis, learned scales left out."""
        terms = (self.predictor.potential, self.predictor.symmetric, self.predictor.cycle)
        return sum(int(term.shape[1]) for term in terms) - len(self.references)

    def reversible(self, resolutions: tuple[float, float] = (1e-3, 1e-3)) -> LatentModel:
        """Return the reversible hypothesis; resolutions as in ``models.latent.latent_model``."""
        return self._model(self.predictor.reversible(), resolutions)

    def cyclic(self, resolutions: tuple[float, float] = (1e-3, 1e-3)) -> LatentModel:
        """Return the cyclic hypothesis, σ_c at τ until another is set."""
        return self._model(self.predictor, resolutions)

    def with_priors(self, priors: Priors) -> "Problem":
        """Return the same question under other priors."""
        return replace(self, priors=priors)

    def expected_at(self, eta: object) -> "Problem":
        """Return the question with the counts replaced by their expectation at a predictor."""
        return replace(self, likelihood=self.likelihood.expected(eta))  # type: ignore[arg-type]

    def with_imputed_trials(self, multiple: float) -> "Problem":
        """Return the question with every number of trials multiplied, for trials that were imputed.

        A row keeps at least the trials that were seen to leave. The pairwise likelihood compares
        trials of two rows and does not see a common factor.
        """
        rows = self.likelihood
        if not isinstance(rows, MultinomialRows) or not rows.stay:
            return self
        left = np.bincount(rows.arcs.source, weights=rows.counts, minlength=len(rows.trials))
        trials = np.maximum(multiple * rows.trials, left)
        return replace(self, likelihood=replace(rows, trials=trials))

    def _model(self, predictor: Predictor, resolutions: tuple[float, float]) -> LatentModel:
        return latent_model(
            self.likelihood,
            predictor,
            self.priors,
            component=self.graph.component,
            references=self.references,
            resolutions=resolutions,
        )


def problem_of(
    counts: TransitionCounts,
    *,
    priors: Priors | None = None,
    likelihood: LikelihoodName = "auto",
    rejected: Rejected = "stay",
) -> Problem:
    """Put counts, likelihood and priors together.

    Parameters
    ----------
    counts : TransitionCounts
        Axis 0 is from, axis 1 to.
    priors : Priors, optional
        Default: ``Priors()``, learned scales.
    likelihood : {"auto", "multinomial", "pairwise"}
        Multinomial rows are exact for counted trials; pairwise edges a conditional likelihood.
        "auto" takes multinomial rows up to 400 parameters, pairwise edges beyond.
    rejected : {"stay", "drop"}
        What a trial that ended in no state counts as.

    Returns
    -------
    Problem

    Raises
    ------
    UsageError
        If an argument is unknown, or the graph has more than 3,000 parameters.
    """
    if not isinstance(counts, TransitionCounts):
        raise UsageError(
            f"counts must be an equipoise.TransitionCounts, not {type(counts).__name__}: make one "
            "with TransitionCounts.from_dataframe, from_matrix, from_sequences or from_csv"
        )
    if priors is not None and not isinstance(priors, Priors):
        raise UsageError(f"priors must be an equipoise.Priors, not {type(priors).__name__}")
    if likelihood not in get_args(LikelihoodName):
        known = ", ".join(get_args(LikelihoodName))
        raise UsageError(f"likelihood must be one of {known}, not {likelihood!r}")
    graph = support_graph(counts, trials_of(counts, rejected))
    pairs = graph.n_states - graph.n_components + graph.n_cycles
    if likelihood == "auto":
        small = pairs + graph.n_edges <= MOST_FOR_MULTINOMIAL
        likelihood = "multinomial" if small else "pairwise"
    size = pairs + (graph.n_edges if likelihood == "multinomial" else 0)
    if size > MOST_PARAMETERS:
        hint = ' likelihood="pairwise" has fewer,' if likelihood == "multinomial" else ""
        raise UsageError(
            f"this table has {size} parameters, more than the {MOST_PARAMETERS} that dense linear "
            f"algebra can take:{hint} equipoise.test_large (`equipoise large`) needs none of it on "
            "sparse tables, and otherwise a part of the states can be tested"
        )
    rows: MultinomialRows | PairwiseEdges
    if likelihood == "multinomial":
        arcs = support_arcs(graph)
        rows = multinomial(counts, arcs, rejected=rejected)
        predictor = multinomial_predictor(arcs, orthonormal_cycle_basis(graph))
    else:
        rows = pairwise(counts, graph, rejected=rejected)
        predictor = pairwise_predictor(rows, graph)
    return Problem(graph, rows, predictor, priors or Priors(), reference_states(counts, graph))
