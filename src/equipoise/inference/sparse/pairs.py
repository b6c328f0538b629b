"""The pairwise comparisons of a table of any size: arrays over edges, nothing dense."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components
from scipy.special import expit

from equipoise.counts import TransitionCounts
from equipoise.errors import DataError
from equipoise.graph import SupportGraph
from equipoise.likelihoods import FloatArray, IntArray, Rejected, trials_of

Indices = npt.NDArray[np.int32] | IntArray


@dataclass(frozen=True, eq=False)
class Pairs:
    """The pairwise likelihood over the M edges whose ends both were sources.

    States on no such edge have no part in it: given any scale their potentials have their prior,
    whatever the hypothesis. Leading axes of every argument are edges, further ones are batches.

    Attributes
    ----------
    states
        Index of each state that is on an edge, in the table's own order, shape (n,).
    source, target
        Ends of each edge as positions in ``states``, shape (M,); the edge runs source → target,
        from the lower to the higher index.
    edge
        Place of each edge among those of the support graph, shape (M,).
    forward, total
        Transitions along it, and in both directions, shape (M,).
    exposure
        ``log N_i/N_j``, shape (M,).
    trials
        ``N_i`` of ``states``, shape (n,).
    component
        Connected component of each state along these edges, shape (n,).
    """

    states: IntArray
    source: IntArray
    target: IntArray
    edge: IntArray
    forward: FloatArray
    total: FloatArray
    exposure: FloatArray
    trials: FloatArray
    component: IntArray

    @property
    def n_states(self) -> int:
        """Number of states on an edge, n."""
        return len(self.states)

    @property
    def n_edges(self) -> int:
        """Number of edges used, M."""
        return len(self.source)

    @cached_property
    def n_components(self) -> int:
        """Number of connected components, K."""
        return int(self.component.max()) + 1 if self.n_states else 0

    @property
    def n_cycles(self) -> int:
        """Number of independent cycles, M − n + K."""
        return self.n_edges - self.n_states + self.n_components

    @cached_property
    def incidence(self) -> csr_array:
        """``(D @ Φ)_e = Φ_i − Φ_j``, shape (M, n)."""
        m = self.n_edges
        column = narrow(np.stack([self.source, self.target], axis=1).ravel(), self.n_states)
        starts = narrow(2 * np.arange(m + 1), 2 * m)
        return csr_array((np.tile([1.0, -1.0], m), column, starts), shape=(m, self.n_states))

    @cached_property
    def divergence(self) -> csr_array:
        """The transposed incidence, shape (n, M)."""
        return csr_array(self.incidence.T)

    def log_likelihood(self, eta: FloatArray) -> FloatArray:
        """Return the log-likelihood at log-ratios ``eta`` (M, ...), nats, shape (...)."""
        logit = eta + self._columns(eta)[2]
        softplus = np.maximum(logit, 0.0) + np.log1p(np.exp(-np.abs(logit)))
        return np.asarray(
            np.tensordot(self.forward, logit, 1) - np.tensordot(self.total, softplus, 1)
        )

    def residual(self, eta: FloatArray) -> FloatArray:
        """Return ``n_ij − m_e p_e``, the gradient, shape of ``eta``."""
        forward, total, exposure = self._columns(eta)
        # expit, by a function that NumPy has in vector instructions.
        return np.asarray(forward - 0.5 * total * (1.0 + np.tanh(0.5 * (eta + exposure))))

    def weight(self, eta: FloatArray) -> FloatArray:
        """Return ``m_e p_e (1 − p_e)``, the curvature, shape of ``eta``."""
        _, total, exposure = self._columns(eta)
        p = expit(eta + exposure)
        return np.asarray(total * p * (1.0 - p))

    def centred(self, potential: FloatArray) -> FloatArray:
        """Return potentials (n, ...) less the mean of their component."""
        flat = potential.reshape(self.n_states, -1)
        mean = self._averages @ flat
        return np.asarray((flat - mean[self.component]).reshape(potential.shape))

    @cached_property
    def _averages(self) -> csr_array:
        """Means over components of a column of states, shape (K, n)."""
        member = csr_array(
            (np.ones(self.n_states), self.component, np.arange(self.n_states + 1)),
            shape=(self.n_states, self.n_components),
        )
        size = np.bincount(self.component, minlength=self.n_components)
        return csr_array(member.T / size[:, None])

    def expected(self, eta: FloatArray) -> "Pairs":
        """Return the same edges with every forward count replaced by its expectation."""
        return replace(self, forward=self.total * expit(eta + self.exposure))

    def _columns(self, eta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        shape = (-1,) + (1,) * (eta.ndim - 1)
        return self.forward.reshape(shape), self.total.reshape(shape), self.exposure.reshape(shape)


def narrow(indices: IntArray, largest: int) -> Indices:
    """Return indices in half the memory where they fit: SciPy keeps the integers it is given."""
    return indices.astype(np.int32) if largest < np.iinfo(np.int32).max else indices


def pairs_of(
    counts: TransitionCounts, graph: SupportGraph, *, rejected: Rejected = "stay"
) -> Pairs:
    """Return the comparisons of a table, equal to :func:`equipoise.likelihoods.pairwise`.

    Parameters
    ----------
    counts
        Transition counts; axis 0 is *from*, axis 1 *to*.
    graph
        Their support graph.
    rejected
        What a trial that ended in no state counts as: it decides ``N_i``.

    Raises
    ------
    UsageError
        If ``rejected`` is neither ``"stay"`` nor ``"drop"``.
    """
    trials = trials_of(counts, rejected)
    edges = np.asarray(graph.edges, dtype=np.int64).reshape(-1, 2)
    made = trials > 0
    kept = np.flatnonzero(made[edges[:, 0]] & made[edges[:, 1]])
    i, j = edges[kept].T
    forward, backward = _along(counts, i, j), _along(counts, j, i)
    used = np.zeros(len(trials), dtype=np.bool_)
    used[i] = used[j] = True
    states = np.flatnonzero(used)
    place = np.cumsum(used) - 1
    source, target = place[i], place[j]
    joined = coo_array((np.ones(len(i), dtype=np.int8), (source, target)), shape=(len(states),) * 2)
    component = connected_components(joined, directed=False)[1] if len(states) else states
    return Pairs(
        states=states,
        source=source,
        target=target,
        edge=kept,
        forward=forward,
        total=forward + backward,
        exposure=np.log(trials[i]) - np.log(trials[j]),
        trials=trials[states],
        component=np.asarray(component, dtype=np.int64),
    )


def _along(counts: TransitionCounts, i: IntArray, j: IntArray) -> FloatArray:
    """Return ``n_ij`` of pairs, shape (M,)."""
    table = counts.counts
    n = table.shape[0]
    if not table.nnz or not len(i):
        return np.zeros(len(i))
    row = np.repeat(np.arange(n, dtype=np.int64), np.diff(table.indptr))
    known = row * n + table.indices
    wanted = i * n + j
    at = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return np.where(known[at] == wanted, table.data[at], 0).astype(float)


def checked_pairs(counts: TransitionCounts, graph: SupportGraph, rejected: Rejected) -> Pairs:
    """Return the edges of a table, refusing one that has none to compare.

    Raises
    ------
    DataError
        If no edge joins two sources.
    """
    pairs = pairs_of(counts, graph, rejected=rejected)
    if not pairs.n_edges:
        raise DataError(
            "no edge joins two states that both were sources, so nothing can be compared; make "
            "trials from more states"
        )
    return pairs
