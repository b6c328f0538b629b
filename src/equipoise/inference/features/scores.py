"""Leave-one-state-out scores: how well the edges of a state are told by all others.

The score of a state is the log predictive density of the counts of all its edges, given those of
all other edges. It is that of pairwise edges as they are: their density is a product over edges,
which a leave-one-out score needs, whereas the curvature correction mixes them.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from scipy.special import gammaln, logsumexp

from equipoise.inference.evidence.laplace.node import Node, evaluate_node
from equipoise.inference.evidence.psis import smooth
from equipoise.inference.features.fit import FeatureFit, solve
from equipoise.inference.features.problem import FeatureProblem, latent
from equipoise.inference.features.signal import Signal
from equipoise.likelihoods import AdjustedEdges, FloatArray, PairwiseEdges
from equipoise.models.latent import LatentModel

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from equipoise.inference.features.fit import Progress

Which = Literal["features", "none"]
#: k̂ above which a state is scored by a refit. Between 0.5 and 0.7 weights have no finite variance:
#: scores were off by one to two nats there, and a refit costs little.
K_REFIT = 0.5
# Scales of less posterior weight are left out of a refit.
_NEGLIGIBLE = 1e-3


@dataclass(frozen=True, eq=False)
class ModelScores:
    """Scores of one hypothesis.

    Attributes
    ----------
    elpd
        Log predictive density of each state's edges given all others, nats, shape (S,).
    density
        The same given all edges, that state's too, shape (S,).
    pareto_k
        k̂ of the importance weights that leave the state out, shape (S,).
    exact
        Whether the score is by a refit without the state, which is where k̂ exceeds 0.5.
    n_draws
        Draws behind the others.
    """

    elpd: FloatArray
    density: FloatArray
    pareto_k: FloatArray
    exact: "npt.NDArray[np.bool_]"
    n_draws: int


@dataclass(frozen=True, eq=False)
class Scores:
    """Leave-one-state-out scores with features and without.

    Attributes
    ----------
    states
        The S labels.
    features, none
        Scores of either hypothesis.
    """

    states: tuple[str, ...]
    features: ModelScores
    none: ModelScores

    @property
    def difference(self) -> float:
        """Sum of the scores with features, less that without, nats."""
        return float((self.features.elpd - self.none.elpd).sum())

    @property
    def se(self) -> float:
        """Standard error of the difference, as ArviZ has it: states taken as independent."""
        gap = self.features.elpd - self.none.elpd
        return float(np.sqrt(len(gap) * gap.var()))

    def elpd(self, which: Which = "features") -> Any:
        """Return the scores as ArviZ has them, for ``arviz.compare``.

        Parameters
        ----------
        which : {"features", "none"}
            Of which hypothesis.

        Returns
        -------
        arviz_stats.ELPDDataLOO
            With pointwise values along ``state``; k̂ is 0 for states that were refitted.
        """
        import xarray as xr
        from arviz_stats.utils import ELPDDataLOO

        one = self.features if which == "features" else self.none
        states = {"state": list(self.states)}
        pareto_k = np.where(one.exact, 0.0, one.pareto_k)
        return ELPDDataLOO(
            elpd=float(one.elpd.sum()),
            se=float(np.sqrt(len(one.elpd) * one.elpd.var())),
            p=float((one.density - one.elpd).sum()),
            n_samples=one.n_draws,
            n_data_points=len(one.elpd),
            scale="log",
            warning=False,
            good_k=K_REFIT,
            elpd_i=xr.DataArray(one.elpd, dims="state", coords=states),
            pareto_k=xr.DataArray(pareto_k, dims="state", coords=states),
        )


def scores_of(
    problem: FeatureProblem,
    signals: "Sequence[Signal]",
    *,
    draws: int,
    rng: np.random.Generator,
    progress: "Progress | None" = None,
) -> Scores:
    """Score every state.

    Parameters
    ----------
    problem
        The question.
    signals
        What features may add.
    draws
        Importance draws at each scale.
    rng
        Source of randomness.
    progress
        Called with (states done, states planned).

    Raises
    ------
    NotTrustedError
        If a posterior mode cannot be reached.
    """
    fit = solve(problem, signals, draws=draws, rng=rng, rows=problem.plain)
    with_features, none = _nodes(fit)
    scores = [_psis(problem, part) for part in (with_features, none)]
    for state in range(len(problem.states)):
        for one, part in zip(scores, (with_features, none), strict=True):
            if one.exact[state]:
                one.elpd[state] = _left_out(problem, part, state, draws, rng)
        if progress is not None:
            progress(state + 1, len(problem.states))
    return Scores(problem.states, *scores)


@dataclass(frozen=True, eq=False)
class _At:
    """A hypothesis at one value of its scales: its posterior weight, and what was found there."""

    weight: float
    model: LatentModel
    signal: FloatArray | None
    node: Node


def _nodes(fit: FeatureFit) -> tuple[list[_At], list[_At]]:
    """Return all scales that matter with features, and the one without."""
    found = []
    for one, share in zip(fit.slices, fit.shares().tolist(), strict=True):
        within = one.curve.shares(one.posterior())
        for node, part in zip(one.curve.nodes, within.tolist(), strict=True):
            if share * part > _NEGLIGIBLE:
                model = one.model.at_cycle_scale(node.cycle_scale)
                found.append(_At(share * part, model, one.signal.basis, node))
    first = fit.slices[0].curve.reversible
    return found, [_At(1.0, fit.none, None, first)]


def _psis(problem: FeatureProblem, parts: list[_At]) -> ModelScores:
    """Score by importance sampling from the posterior; where it fails, mark for a refit."""
    log_weights = np.concatenate(
        [np.log(at.weight) + at.node.log_weights - at.node.log_evidence for at in parts]
    )
    rows = problem.plain.edges
    own = np.concatenate(
        [by_state(problem, rows.by_row(at.node.theta @ at.model.design.T)) for at in parts]
    )
    posterior = smooth(log_weights).log_weights
    posterior = posterior - logsumexp(posterior)
    left_out = [smooth(log_weights - column) for column in own.T]
    density = logsumexp(posterior[:, None] + own, axis=0)
    elpd = [
        logsumexp(one.log_weights + column) - logsumexp(one.log_weights)
        for one, column in zip(left_out, own.T, strict=True)
    ]
    pareto_k = np.array([one.pareto_k for one in left_out])
    return ModelScores(
        elpd=np.array(elpd),
        density=density,
        pareto_k=pareto_k,
        exact=~(pareto_k <= K_REFIT),
        n_draws=len(log_weights),
    )


def _left_out(
    problem: FeatureProblem, parts: list[_At], state: int, draws: int, rng: np.random.Generator
) -> float:
    r"""Return the score of a state by a refit without it, at every value of the scales.

    .. math:: 1/p(y_i | y_{-i}) = \sum_\sigma p(\sigma | y) Z_{-i}(\sigma) / Z(\sigma)
    """
    rows: AdjustedEdges = problem.without(state)
    terms = []
    for at in parts:
        fewer = latent(problem, rows, at.signal)
        model = replace(at.model, likelihood=fewer.likelihood, design=fewer.design)
        node = evaluate_node(
            model, at.node.cycle_scale, at.node.mode.theta, at.node.mode.scales, draws, rng
        )
        terms.append(np.log(at.weight) + node.log_evidence - at.node.log_evidence)
    total = float(logsumexp(terms) - np.log(sum(at.weight for at in parts)))
    own = by_state(problem, np.zeros(len(problem.ends)))[state]
    return float(own) - total


def by_state(problem: FeatureProblem, by_edge: FloatArray) -> FloatArray:
    """Add log-likelihoods of edges (..., M) up for each state, shape (..., S).

    An edge counts for both its ends. Binomial coefficients are added.
    """
    incidence = np.zeros((len(problem.ends), len(problem.states)))
    incidence[np.arange(len(problem.ends))[:, None], problem.ends] = 1.0
    return np.asarray((by_edge + _log_coefficient(problem.plain.edges)) @ incidence)


def _log_coefficient(rows: PairwiseEdges) -> FloatArray:
    """Return the log binomial coefficient of each edge, shape (M,)."""
    back = rows.total - rows.forward
    return np.asarray(gammaln(rows.total + 1) - gammaln(rows.forward + 1) - gammaln(back + 1))
