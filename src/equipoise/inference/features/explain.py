"""A potential explained by features of its states: the function people call, and its result."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from threadpoolctl import threadpool_limits

from equipoise.counts import TransitionCounts
from equipoise.errors import UsageError
from equipoise.inference.evidence.result import BayesFactor
from equipoise.inference.features.estimates import (
    Coefficient,
    Estimate,
    ExplainedState,
    Prediction,
    coefficients_of,
    estimate,
    explained_states,
    predictions_of,
    prior_share,
)
from equipoise.inference.features.fit import FeatureDraws, FeatureFit, draws_of, solve
from equipoise.inference.features.problem import FeatureProblem, feature_problem
from equipoise.inference.features.scores import Scores, scores_of
from equipoise.inference.features.signal import Explaining, explaining
from equipoise.inference.features.table import FeatureTable, feature_table
from equipoise.inference.features.verdict import (
    FeatureVerdict,
    WithCycles,
    feature_verdict,
    sensitivity_of,
    with_cycles,
)
from equipoise.inference.findings import Progress, Stages
from equipoise.likelihoods import Rejected
from equipoise.models import Priors
from equipoise.simulate import RandomSeed
from equipoise.simulate.draws import plain_seed, random_generator

if TYPE_CHECKING:
    import xarray as xr

DRAWS = 2000
_MORE = 4


@dataclass(frozen=True, eq=False, repr=False)
class Explanation:
    """The outcome of :func:`explain`; every number given features, in nats.

    Attributes
    ----------
    problem : FeatureProblem
        What the counts say of potentials.
    table : FeatureTable
        The features.
    explaining : Explaining
        The features made ready.
    embedding : bool
        Whether Φ is a smooth function of coordinates, and not a sum over columns.
    scale : float
        Prior scale of what features explain, nats.
    verdict : FeatureVerdict
        Whether features explain anything.
    sensitivity : tuple of BayesFactor
        Log BF of features against none at half, once and twice the prior scale; positive for
        features.
    cycles : WithCycles or None
        What becomes of it where balance may be broken; None where that was not asked or not found.
    coefficients : tuple of Coefficient
        β of each column; empty for an embedding.
    residual_scale, signal_scale : Estimate
        σ_ε of what features leave, and σ_β or σ_f.
    lengthscale : Estimate or None
        ℓ of an embedding, in its own units; None for columns.
    share, prior_share : Estimate
        Share of the spread of Φ that features explain, and what the priors alone say of it.
    potential : tuple of ExplainedState
        Φ of the S states the counts tell of.
    predictions : tuple of Prediction
        Φ of the other states of the table.
    scores : Scores or None
        Leave-one-state-out scores; None if not asked for.
    draws : FeatureDraws
        Posterior draws.
    rejected, random_seed : {"stay", "drop"} and int or None
        As asked.
    """

    problem: FeatureProblem
    table: FeatureTable
    explaining: Explaining
    embedding: bool
    scale: float
    verdict: FeatureVerdict
    sensitivity: tuple[BayesFactor, ...]
    cycles: WithCycles | None
    coefficients: tuple[Coefficient, ...]
    residual_scale: Estimate
    signal_scale: Estimate
    lengthscale: Estimate | None
    share: Estimate
    prior_share: Estimate
    potential: tuple[ExplainedState, ...]
    predictions: tuple[Prediction, ...]
    scores: Scores | None
    draws: FeatureDraws
    rejected: Rejected
    random_seed: int | None

    def __repr__(self) -> str:
        return (
            f"Explanation({self.table!r}, {self.verdict.favours}, log BF "
            f"{self.verdict.log_bayes_factor:.2f} ± {self.verdict.mcse:.2f} nats)"
        )

    @property
    def converged(self) -> bool:
        """Whether the result may be reported."""
        return self.verdict.distrust is None

    @property
    def exit_status(self) -> int:
        """0 for a result to be trusted (undecided is a result), 3 otherwise."""
        return 0 if self.converged else 3

    @property
    def reference(self) -> str:
        """State at which the largest component, and every prediction, has Φ = 0."""
        return self.problem.states[self.problem.references[self.problem.main]]

    @property
    def left_out(self) -> tuple[str, ...]:
        """States of the counts of which nothing is said: in no compared edge, without features."""
        return tuple(s for s in self.problem.others if s not in self.explaining.predicted)

    def to_dataset(self) -> "xr.Dataset":
        """Return potentials, predictions, coefficients and scores, for ``to_netcdf`` and plots.

        Returns
        -------
        xarray.Dataset
            ``Phi`` (state, bound: mean, sd, lower, upper), ``explained`` (likewise), ``prediction``
            (new_state, bound), ``beta`` (feature, bound), ``elpd_features`` and ``elpd_none``
            (state); attributes hold verdict, log BF, gauge and units.
        """
        from equipoise.inference.features.dataset import dataset_of

        return dataset_of(self)


def explain(
    counts: TransitionCounts,
    features: Any,
    *,
    embedding: bool = False,
    states: Sequence[str] | None = None,
    priors: Priors | None = None,
    scale: float | None = None,
    cycle_sd: float | None = None,
    rejected: Rejected = "stay",
    scores: bool = True,
    draws: int = DRAWS,
    random_seed: RandomSeed = None,
    progress: Progress | None = None,
) -> Explanation:
    """Explain the potential by features of its states.

    ``Φ = X β + ε`` with standardised columns, or, with ``embedding``, ``Φ = f(z) + ε`` with f a
    Gaussian process over coordinates z; ``ε ~ Normal(0, σ_ε)``. By the fast path: Laplace and
    importance sampling on pairwise edges whose curvature is that of multinomial rows
    (docs/model.md).

    Parameters
    ----------
    counts : TransitionCounts
        Axis 0 is from, axis 1 to.
    features : DataFrame, DataArray, Dataset, mapping or array
        A row a state, a column a feature; see
        :func:`equipoise.inference.features.feature_table`. States that the counts do not know, or
        never compare with another, are predicted.
    embedding : bool
        Take the columns as coordinates in which alike states have alike potentials. Any number of
        columns; only distances matter.
    states : sequence of str, optional
        Labels of the rows of an array.
    priors : Priors, optional
        Default: ``Priors()``. ``σ_ε ~ HalfNormal(potential_scale)``, as σ_V has it without
        features.
    scale : float, optional
        Prior scale of what features explain: ``σ_f ~ HalfNormal(scale)``, or ``σ_β ~
        HalfNormal(scale/√K)`` for K columns. Default: ``priors.potential_scale``, so that features
        and the rest are alike beforehand.
    cycle_sd : float, optional
        σ_c of a circulation, held; default: balance. Both hypotheses have it.
    rejected : {"stay", "drop"}
        What a trial that ended in no state counts as.
    scores : bool
        Whether to score every state by what the others say of it.
    draws : int
        Importance draws at each scale; half as many for scores.
    random_seed : int, Generator or None
        The same seed gives the same result.
    progress : callable, optional
        Called with (what is being done, fraction done).

    Returns
    -------
    Explanation
        With ``converged`` false, rather than an exception, where it cannot be trusted.

    Raises
    ------
    DataError
        If a state has no features, a value is missing, or columns are constant or collinear.
    UsageError
        If an argument is out of its range.
    NotTrustedError
        If a posterior mode cannot be reached at all.
    """
    if draws < 100:
        raise UsageError(f"draws must be at least 100, not {draws!r}")
    seed, rng = plain_seed(random_seed), random_generator(random_seed)
    stages = Stages(progress)
    table, fewer = feature_table(features, states=states), max(draws // 2, 100)
    with threadpool_limits(1, user_api="blas"):
        problem = feature_problem(counts, priors=priors, rejected=rejected, cycle_sd=cycle_sd)
        asked = problem.priors.potential_scale if scale is None else scale
        if not 0.01 <= asked <= 100.0:
            raise UsageError(f"scale must lie between 0.01 and 100 nats, not {scale!r}")
        ready = explaining(problem, table, embedding=embedding, scale=asked)
        fit, factors = _solved(problem, ready, draws, rng, stages)
        found = draws_of(fit, rng)
        cycles = with_cycles(fit, draws=fewer, rng=rng)
        scored = (
            scores_of(
                problem,
                ready.signals,
                draws=fewer,
                rng=rng,
                progress=stages.next("scores", 1.0),
            )
            if scores
            else None
        )
    return Explanation(
        problem=problem,
        table=table,
        explaining=ready,
        embedding=embedding,
        scale=asked,
        verdict=feature_verdict(factors),
        sensitivity=factors,
        cycles=cycles,
        coefficients=coefficients_of(ready, found),
        residual_scale=estimate(found.residual_scale),
        signal_scale=estimate(found.signal_scale),
        lengthscale=estimate(ready.distance * found.lengthscale) if embedding else None,
        share=estimate(found.share),
        prior_share=prior_share(problem, ready, rng),
        potential=explained_states(problem, found),
        predictions=predictions_of(problem, ready, found),
        scores=scored,
        draws=found,
        rejected=rejected,
        random_seed=seed,
    )


def _solved(
    problem: FeatureProblem,
    ready: Explaining,
    draws: int,
    rng: np.random.Generator,
    stages: Stages,
) -> tuple[FeatureFit, tuple[BayesFactor, ...]]:
    """Weigh features; once more with more draws where importance sampling failed."""
    fit = solve(problem, ready.signals, draws=draws, rng=rng, progress=stages.next("evidence", 0.3))
    factors = sensitivity_of(fit)
    if any(factor.distrust for factor in factors):
        more = stages.next("more draws", 0.5)
        fit = solve(problem, ready.signals, draws=_MORE * draws, rng=rng, progress=more)
        factors = sensitivity_of(fit)
    return fit, factors
