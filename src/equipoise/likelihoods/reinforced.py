"""Reinforced: one path under the conjugate prior of reversible chains, in closed form."""

from dataclasses import dataclass, replace
from numbers import Real
from typing import Any

import numpy as np
from scipy.special import gammaln

from equipoise.counts import TransitionCounts
from equipoise.errors import UsageError
from equipoise.graph import support_graph
from equipoise.likelihoods.dirichlet import DirichletRows
from equipoise.likelihoods.edge_weights import EdgeWeights
from equipoise.likelihoods.paths import ends_of_path
from equipoise.likelihoods.protocol import FloatArray, IntArray
from equipoise.likelihoods.steps import Steps, steps_of


@dataclass(frozen=True, eq=False)
class ReinforcedPath:
    r"""One path of a reversible chain whose edge weights have the prior :class:`EdgeWeights`.

    Averaged over that prior the path has the probability of an edge-reinforced random walk,

    .. math:: p = \frac{\prod_{e \in E} (a_e)_{k_e} \prod_{e \in L} 2^{n_e} (a_e/2)_{n_e}}
              {2^{N_{v_0}} (a_{v_0}/2)_{N_{v_0}}
               \prod_{v \ne v_0} 2^{N_v} ((a_v + 1)/2)_{N_v}}

    with rising factorials :math:`(y)_k`, ``k_e`` crossings of an edge either way, ``n_e`` of a
    loop, and ``N_v`` departures from v (Diaconis & Rolles 2006, Ann. Statist. 34, 1270). It equals
    the ratio of the normalisers of posterior and prior. The prior is conjugate for one path only,
    not for independent draws: there ``N_v`` and the arrivals at v do not go together.

    Attributes
    ----------
    prior : EdgeWeights
        Weights on the component of the support in which the path runs.
    steps : Steps
        The possible steps there, and how often the path took each.
    end : int
        Vertex where it ended.
    states : ndarray of int
        Index, in the counts, of each vertex, shape (S,).
    """

    prior: EdgeWeights
    steps: Steps
    end: int
    states: IntArray

    name = "reinforced"

    @property
    def crossings(self) -> FloatArray:
        """How often the path crossed each edge, either way, shape (M,)."""
        return self.steps.on_edges(self.steps.counts)

    def log_evidence(self) -> float:
        """Return the log probability of the path given its start, nats."""
        prior, crossings, loops = self.prior, self.crossings, self.prior.loops
        departures = self.steps.by_row(self.steps.counts)
        first = np.where(loops, prior.weight / 2, prior.weight)
        at = (prior.at_vertices(prior.weight) + prior.arrivals) / 2
        twos = crossings[loops].sum() - departures.sum()
        return float(
            _log_rising(first, crossings).sum()
            - _log_rising(at, departures).sum()
            + twos * np.log(2)
        )

    def posterior(self) -> EdgeWeights:
        """Return the law of the weights after the path: the walk goes on from where it ended."""
        grown = self.crossings * np.where(self.prior.loops, 2.0, 1.0)
        return replace(self.prior, weight=self.prior.weight + grown, start=self.end)

    def by_row(self, x: FloatArray) -> FloatArray:
        """Return the log-likelihood of each source's steps given weights, (..., M) to (..., S)."""
        steps, prior = self.steps, self.prior
        departures = steps.by_row(steps.counts)
        taken = steps.by_row(np.log(x)[..., steps.edge] * steps.counts)
        return np.asarray(taken - departures * np.log(prior.at_vertices(x)))

    def log_likelihood(self, x: FloatArray) -> FloatArray:
        """Return ``Σ n_ij log(x_ij / x_i)``, the path's log probability given weights, nats."""
        return np.asarray(self.by_row(x).sum(axis=-1))

    @property
    def on_tree(self) -> bool:
        """Whether the support, loops apart, is a tree: then every chain on it is reversible."""
        return int((~self.prior.loops).sum()) == self.prior.n_states - 1

    def matched_rows(self) -> DirichletRows:
        """Return the unrestricted rival of the same prior strength, Dirichlet rows.

        ``α_ij = a_ij/2``, for an edge is shared by two rows. On a tree with loops both hypotheses
        are one, and the law of the weights is that of independent Dirichlet rows with ``(a + 1)/2``
        on the edge towards the start, which the walk has crossed once more coming than going; with
        these the Bayes factor is exactly 1, as it must be. Off trees there is no such edge, and no
        correction.
        """
        steps = self.steps
        alpha = self.prior.weight[steps.edge] / 2
        if self.on_tree:
            alpha += _towards(steps, self.prior.start) / 2
        return DirichletRows(steps, alpha)


def reinforced(counts: TransitionCounts, *, edge_weight: float = 1.0) -> ReinforcedPath:
    """Return the path that counts came from, under a prior with one weight for every edge.

    Parameters
    ----------
    counts : TransitionCounts
        Transition counts of one path, or of paths each of which starts where the last one ended.
    edge_weight : float
        ``a``, of every edge of the support, and of a loop at every state where staying is possible
        by protocol (``counts.stay``), whether or not the path ever stayed there: the support of the
        other hypotheses. Where every state of a path was seen to stay this is what was observed.

    Returns
    -------
    ReinforcedPath
        With the evidence in closed form, nats (Diaconis & Rolles 2006).

    Raises
    ------
    DataError
        If the counts are not those of one path.
    UsageError
        If the weight is not a positive number.
    """
    _check_weight(edge_weight)
    start, end = ends_of_path(counts)
    graph = support_graph(counts)
    states = np.flatnonzero(graph.component == graph.component[start])
    steps = _restricted(steps_of(counts, graph), states)
    place = {int(state): k for k, state in enumerate(states)}
    weight = np.full(len(steps.edges), float(edge_weight))
    prior = EdgeWeights(len(states), steps.edges, weight, place[start])
    return ReinforcedPath(prior, steps, place[end], states)


def _check_weight(value: Any) -> None:
    real = isinstance(value, Real) and not isinstance(value, bool)
    if not real or not 0 < value < np.inf:
        raise UsageError(
            f"edge_weight must be a positive number, not {value!r}; 1 is the usual choice"
        )


def _restricted(steps: Steps, states: IntArray) -> Steps:
    """Return the steps among some states, which no step leaves, numbered anew."""
    inside = np.isin(steps.edges[:, 0], states)
    kept = inside[steps.edge]
    state = np.searchsorted(states, np.arange(steps.n_states))
    number = np.cumsum(inside) - 1
    return Steps(
        n_states=len(states),
        edges=state[steps.edges[inside]],
        source=state[steps.source[kept]],
        target=state[steps.target[kept]],
        edge=number[steps.edge[kept]],
        counts=steps.counts[kept],
    )


def _towards(steps: Steps, start: int) -> FloatArray:
    """Return 1 for the step of each vertex towards the start of a tree, else 0, shape (A,)."""
    towards = np.zeros(len(steps.source))
    reached, front = {start}, [start]
    while front:
        here = front.pop()
        for k in np.flatnonzero(steps.target == here).tolist():
            source = int(steps.source[k])
            if source not in reached:
                towards[k] = 1.0
                reached.add(source)
                front.append(source)
    return towards


def _log_rising(y: FloatArray, k: FloatArray) -> FloatArray:
    """Return the log of the rising factorial ``(y)_k``; 0 where k is 0, y = 0 included."""
    some = k > 0
    out = np.zeros(np.shape(k))
    out[some] = gammaln(y[some] + k[some]) - gammaln(y[some])
    return out
