r"""Which sources to sample next: the split of further trials that determines the cycles best.

The cyclic model is saturated, so its maximum-likelihood log-ratios are those of the frequencies,
and what a row's total adds to them is a gradient. The covariance of c is therefore that of
independent edges, projected on the cycle space by Π,

.. math:: \operatorname{Cov}(c) = \Pi D \Pi, \qquad
          D_e = \frac{1}{N_i P_{ij}} + \frac{1}{N_j P_{ji}},

which is the inverse of Fisher's information with V and s profiled out. Its trace is ``Σ_i a_i/N_i``
with ``a_i = Σ_j Π_ee/P_ij``: the best N have ``N_i = max(N_i so far, κ √a_i)``.
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.linalg import solve_triangular
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from equipoise.errors import UsageError
from equipoise.likelihoods import FloatArray, IntArray

_ROUNDS = 1000
#: Relative gap to the least possible width at which the search stops.
TOLERANCE = 1e-6
_SHARE = 1e-3
# A leverage this small is a rounded 0: the edge lies on no cycle.
_ON_NO_CYCLE = 1e-9


@dataclass(frozen=True, eq=False)
class Allocation:
    """A split of further trials over sources, and what it gains.

    Attributes
    ----------
    fractions
        Of the further trials from each state, shape (S,), summing to 1.
    further
        Number of further trials.
    width_before, width_even, width
        ``trace Cov(c)``, nats²: with the trials so far (infinite if a needed state has none), with
        the further ones spread evenly over the sources allowed, and as allocated.
    gap
        Bound on ``width`` less the least possible, relative to ``width`` (general equivalence
        theorem; Kiefer 1974, Ann. Statist. 2, 849).
    """

    fractions: FloatArray
    further: float
    width_before: float
    width_even: float
    width: float
    gap: float
    _design: "_Design" = field(repr=False)

    @cached_property
    def share_of_even(self) -> float:
        """Further trials that, allocated, reach ``width_even``, over those spread evenly."""
        design, low, high = self._design, 0.0, 1.0
        final = design.trials + self.further * self.fractions
        while high - low > _SHARE:
            middle = (low + high) / 2
            start = design.trials + middle * self.further * self.fractions
            final, _ = design.best(middle * self.further, start, _SHARE)
            low, high = (low, middle) if design.width(final) <= self.width_even else (middle, high)
        return high


def allocate(
    edges: npt.ArrayLike,
    probability: npt.ArrayLike,
    *,
    trials: npt.ArrayLike,
    further: float,
    sources: npt.ArrayLike | None = None,
    prior_sd: float | None = None,
) -> Allocation:
    """Split further trials over sources so that c, on all cycles of a graph, is narrowest.

    Parameters
    ----------
    edges : array of int, shape (E, 2)
        Pairs (i, j) of state indices, each pair once.
    probability : array, shape (E, 2)
        ``P_ij`` and ``P_ji`` of each edge, positive on cycles.
    trials : array, shape (S,)
        Trials made from each state so far.
    further : float
        How many more, in all.
    sources : array of bool, shape (S,), optional
        Which states may be sampled. Default: all.
    prior_sd : float, optional
        σ_c, nats. The width is then that of the posterior under ``c ~ Normal(0, σ_c)``, isotropic
        on the cycle space, so that a direction which no trials can determine draws none of them.
        Default: none, the width is that of the likelihood.

    Returns
    -------
    Allocation

    Raises
    ------
    UsageError
        If shapes do not fit, a number is out of its range, there is no cycle, or a state on a cycle
        has neither trials nor leave to be sampled.

    Notes
    -----
    A-optimal design (trace of the covariance). Without a prior the answer is exact in one round.
    With one the width is concave in D, and its tangent there is a problem without a prior: each
    round solves that, and none makes the width larger. The width is convex in N, so ``gap`` bounds
    the distance to the global optimum. No cycle basis is built: a round takes time E·S².
    """
    design = _checked(edges, probability, trials, sources, prior_sd)
    if not 0 < further < np.inf:
        raise UsageError(f"further must be a positive number of trials, not {further!r}")
    final, gap = design.best(further, design.even(further), TOLERANCE)
    return Allocation(
        fractions=(final - design.trials) / further,
        further=float(further),
        width_before=design.width(design.trials),
        width_even=design.width(design.even(further)),
        width=design.width(final),
        gap=gap,
        _design=design,
    )


def edge_leverages(edges: IntArray, n_states: int) -> FloatArray:
    """Return ``Π_ee``, how much of each edge's log-ratio lies in the cycle space, shape (E,).

    One less the effective resistance between its ends: 0 for a bridge, near 1 in a dense graph.
    """
    return _cycle_part(_reduced_incidence(edges, n_states), np.ones(len(edges)))[0]


@dataclass(frozen=True, eq=False)
class _Design:
    """Edges on cycles, their probabilities, trials so far, states allowed, prior variance."""

    edges: IntArray
    probability: FloatArray
    trials: FloatArray
    sources: npt.NDArray[np.bool_]
    prior_variance: float | None

    def even(self, further: float) -> FloatArray:
        """Return the trials with further ones spread evenly over the sources allowed."""
        return np.asarray(self.trials + further * self.sources / self.sources.sum())

    def width(self, trials: FloatArray) -> float:
        """Return ``trace Cov(c)``, with a prior ``trace (Cov(c)⁻¹ + 1/σ_c²)⁻¹``."""
        if (trials[np.unique(self.edges)] == 0).any():
            return np.inf
        variance = self._variance(trials)
        if self.prior_variance is None:
            return float(self._leverage @ variance)
        shrunk, _ = _cycle_part(self._incidence, self._weight(trials))
        return self.prior_variance * float((self._leverage - shrunk).sum())

    def best(self, further: float, start: FloatArray, tolerance: float) -> tuple[FloatArray, float]:
        """Return the best numbers of trials, further ones included, and the relative gap."""
        need, trials, gap = self._need(start), start, np.inf
        for _ in range(_ROUNDS):
            trials = _fill(need, self.trials, self.sources, further)
            need = self._need(trials)
            if (gap := self._gap(trials, need, further)) <= tolerance:
                break
        return trials, gap

    def _variance(self, trials: FloatArray) -> FloatArray:
        """Return D, shape (E,)."""
        return np.asarray((1.0 / (trials[self.edges] * self.probability)).sum(axis=1))

    def _weight(self, trials: FloatArray) -> FloatArray:
        """Return ``1 / (1 + D/σ_c²)``, shape (E,)."""
        if self.prior_variance is None:
            return np.ones(len(self.edges))
        return self.prior_variance / (self._variance(trials) + self.prior_variance)

    @cached_property
    def _incidence(self) -> FloatArray:
        return _reduced_incidence(self.edges, len(self.trials))

    @cached_property
    def _leverage(self) -> FloatArray:
        return _cycle_part(self._incidence, np.ones(len(self.edges)))[0]

    def _need(self, trials: FloatArray) -> FloatArray:
        """Return ``a_i = ∂ width / ∂(1/N_i)``, shape (S,)."""
        leverage = self._leverage
        if self.prior_variance is not None:
            leverage = _cycle_part(self._incidence, self._weight(trials))[1]
        need = np.zeros(len(trials))
        for end in (0, 1):
            np.add.at(need, self.edges[:, end], leverage / self.probability[:, end])
        return need

    def _gap(self, trials: FloatArray, need: FloatArray, further: float) -> float:
        """Return how far the width can still fall, relative to it.

        It is convex in N, so no N of the same total is narrower than its tangent here allows.
        """
        slope = np.divide(need, trials**2, out=np.zeros_like(need), where=need > 0)
        steepest = further * float(slope[self.sources].max())
        return (steepest - float(slope @ (trials - self.trials))) / self.width(trials)


def _checked(
    edges: npt.ArrayLike,
    probability: npt.ArrayLike,
    trials: npt.ArrayLike,
    sources: npt.ArrayLike | None,
    prior_sd: float | None,
) -> _Design:
    made = np.asarray(trials, dtype=float)
    pairs = np.asarray(edges, dtype=np.int64).reshape(-1, 2)
    p = np.asarray(probability, dtype=float)
    allowed = np.ones(made.shape, bool) if sources is None else np.asarray(sources, dtype=bool)
    if p.shape != pairs.shape or made.ndim != 1 or allowed.shape != made.shape:
        raise UsageError(
            "edges and probability need two numbers an edge, trials and sources one a state, not "
            f"shapes {pairs.shape}, {p.shape}, {made.shape} and {allowed.shape}"
        )
    if len(pairs) and (pairs.min() < 0 or pairs.max() >= len(made)):
        raise UsageError(f"edges must join states 0 to {len(made) - 1}, one for each of trials")
    if not (np.isfinite(made) & (made >= 0)).all():
        raise UsageError("trials must be finite numbers from 0 on")
    if prior_sd is not None and not 0 < prior_sd < np.inf:
        raise UsageError(f"prior_sd must be positive and finite, not {prior_sd!r}")
    on_cycle = edge_leverages(pairs, len(made)) > _ON_NO_CYCLE
    if not on_cycle.any():
        raise UsageError("these edges form no cycle, so there is nothing to determine")
    pairs, p = pairs[on_cycle], p[on_cycle]
    if not ((p > 0) & (p <= 1)).all():
        raise UsageError("probabilities of edges on cycles must lie in (0, 1]")
    needed = np.bincount(pairs.ravel(), minlength=len(made)) > 0
    if (lost := needed & ~allowed & (made == 0)).any():
        raise UsageError(
            f"state {int(np.argmax(lost))} lies on a cycle and has no trials: allow it as a source"
        )
    if not (needed & allowed).any():
        raise UsageError("no state on a cycle may be sampled: allow one as a source")
    return _Design(pairs, p, made, allowed, None if prior_sd is None else prior_sd**2)


def _fill(
    need: FloatArray, made: FloatArray, sources: npt.NDArray[np.bool_], further: float
) -> FloatArray:
    """Return the N that minimise ``Σ a_i/N_i``: ``max(N_i so far, κ √a_i)``, exactly."""
    root = np.sqrt(np.where(sources, need, 0.0))
    wanted = np.flatnonzero(root > 0)
    # A state is topped up once κ exceeds N/√a: take them in that order.
    starts = made[wanted] / root[wanted]
    order = np.argsort(starts, kind="stable")
    level = (further + np.cumsum(made[wanted][order])) / np.cumsum(root[wanted][order])
    kappa = level[np.flatnonzero(starts[order] < level)[-1]]
    return np.asarray(np.maximum(made, kappa * root))


def _reduced_incidence(edges: IntArray, n_states: int) -> FloatArray:
    """Return +1 and −1 at the ends of each edge, one state a component left out, (E, S − K)."""
    i, j = edges.T
    joined = csr_array((np.ones(len(edges)), (i, j)), shape=(n_states, n_states))
    _, component = connected_components(joined, directed=False)
    incidence = np.zeros((len(edges), n_states))
    incidence[np.arange(len(edges)), i], incidence[np.arange(len(edges)), j] = 1.0, -1.0
    first = np.unique(component, return_index=True)[1]
    return np.asarray(np.delete(incidence, first, axis=1))


def _cycle_part(incidence: FloatArray, weight: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the diagonals of Q and Q², ``Q = K (Kᵀ W⁻¹ K)⁻¹ Kᵀ`` on the cycle space, shape (E,).

    With W the diagonal of weights and G the incidence matrix, ``Q = W − W Gᵀ (G W Gᵀ)⁻¹ G W``.
    """
    half = incidence * np.sqrt(weight)[:, None]
    root = np.linalg.cholesky(half.T @ half)
    factor = solve_triangular(root, half.T, lower=True).T  # orthonormal columns
    outside = (factor**2).sum(axis=1)
    mixed = factor.T @ (factor * weight[:, None])
    square = weight - 2 * weight * outside + ((factor @ mixed) * factor).sum(axis=1)
    return np.asarray(weight * (1.0 - outside)), np.asarray(weight * square)
