"""Counts laid out as rows of equal length, the shape in which the PyMC models take them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from equipoise.counts import TransitionCounts
from equipoise.errors import DataError, UsageError
from equipoise.graph import SupportGraph, orthonormal_cycle_basis, support_graph
from equipoise.likelihoods import (
    FloatArray,
    IntArray,
    MultinomialRows,
    PairwiseEdges,
    Rejected,
    multinomial,
    pairwise,
    pairwise_predictor,
    support_arcs,
    trials_of,
)

#: A variance that stands for "the data say nothing": the sampler then walks in prior units.
UNINFORMED = 1e30
#: Log-weight of an outcome that does not exist: its probability is exactly 0 in floating point.
FORBIDDEN = -1e3


@dataclass(frozen=True, eq=False)
class RowTable:
    r"""Multinomial rows, padded to one length; either likelihood is such a table.

    The log-weight of outcome k of row r is

    .. math:: \eta_{rk} = o_{rk} + p_{rk} s_e + g_{rk} (V_i - V_j + c_e)/2, \qquad e = e_{rk}

    with e the edge {i, j}, i < j, that the outcome walks. Multinomial rows: a row for each source
    with trials; outcome 0 is staying, the neighbours follow in order of state. Pairwise: a row for
    each edge used; its outcomes are i → j and j → i.

    Attributes
    ----------
    graph
        The support graph, S states and E edges.
    likelihood
        ``"multinomial"`` or ``"pairwise"``.
    labels
        Names of the rows: sources, or edges.
    counts
        Shape (R, K): axis 0 rows, axis 1 outcomes.
    target
        State that each outcome leads to, shape (R, K); the row's own state for staying, −1 for
        padding.
    edge
        Edge of each outcome, shape (R, K); 0 where it walks none.
    present, sign, offset
        p, g and o of the equation, shape (R, K): p is 1 where s counts, g is +1 along i → j and
        −1 against it.
    basis
        Orthonormal cycle basis, shape (E, b).
    """

    graph: SupportGraph
    likelihood: str
    labels: tuple[str, ...]
    counts: FloatArray
    target: IntArray
    edge: IntArray
    present: FloatArray
    sign: FloatArray
    offset: FloatArray
    basis: FloatArray

    @property
    def n_symmetric(self) -> int:
        """Number of symmetric edge terms: E, or 0 where conditioning has removed them."""
        return self.graph.n_edges if self.likelihood == "multinomial" else 0

    @property
    def staying(self) -> bool:
        """Whether a trial may end where it began; pairs are silent on that, and say yes."""
        return self.likelihood != "multinomial" or bool((self.offset[:, 0] == 0.0).any())

    @property
    def shape(self) -> tuple[int, ...]:
        """S, E, number of s, b, R, K, levels: tables that share it share a compiled model."""
        graph = self.graph
        sizes = (graph.n_states, graph.n_edges, self.n_symmetric, self.basis.shape[1])
        return (*sizes, *self.counts.shape, 0 if self.staying else len(level_edges(graph)))

    @property
    def edge_labels(self) -> tuple[str, ...]:
        """Names of the edges, ``"a ~ b"``; c is counted from a to b."""
        return joined_labels(self.graph.states, self.graph.edges.tolist(), " ~ ")


def level_edges(graph: SupportGraph) -> IntArray:
    """Return the first edge of each component that has any, shape (k,), in order of component.

    Rows without staying cannot tell the level of s in a component.
    """
    return np.unique(graph.component[np.asarray(graph.edges)[:, 0]], return_index=True)[1]


def row_table(
    counts: TransitionCounts, *, likelihood: str = "multinomial", rejected: Rejected = "stay"
) -> RowTable:
    """Lay counts out in padded rows.

    Parameters
    ----------
    counts
        Transition counts; axis 0 is *from*, axis 1 *to*.
    likelihood
        ``"multinomial"`` or ``"pairwise"``.
    rejected
        What a trial that ended in no state counts as, as in
        :func:`equipoise.likelihoods.multinomial`.

    Raises
    ------
    DataError
        If no edge has counts to model.
    UsageError
        If an argument is unknown.
    """
    graph = support_graph(counts, trials_of(counts, rejected))
    if likelihood == "multinomial":
        rows = multinomial(counts, support_arcs(graph), rejected=rejected)
        return lay_out(graph, rows, orthonormal_cycle_basis(graph))
    if likelihood == "pairwise":
        pairs = pairwise(counts, graph, rejected=rejected)
        return lay_out(graph, pairs, pairwise_predictor(pairs, graph).basis)
    raise UsageError(f'likelihood must be "multinomial" or "pairwise", not {likelihood!r}')


def lay_out(
    graph: SupportGraph, likelihood: MultinomialRows | PairwiseEdges, basis: FloatArray
) -> RowTable:
    """Lay the counts of a likelihood out in padded rows.

    Parameters
    ----------
    graph
        The support graph.
    likelihood
        With its counts, which may be expectations.
    basis
        Orthonormal cycle basis, shape (E, b).

    Raises
    ------
    DataError
        If no edge has counts to model.
    """
    if isinstance(likelihood, MultinomialRows):
        if not graph.n_edges:
            raise DataError("the counts join no two states, so there is no model to state")
        return _multinomial_rows(graph, likelihood, basis)
    if not len(likelihood.edges):
        raise DataError(
            "no edge joins two states that were both sources, so there is no pairwise model to "
            'state; use likelihood="multinomial"'
        )
    return _pairwise_rows(graph, likelihood, basis)


def joined_labels(
    names: Sequence[str], paths: Iterable[Sequence[int]], separator: str
) -> tuple[str, ...]:
    """Return labels of paths of states, each a label of its own.

    ``"a ~ b"``; a name that holds the separator could make two labels alike, and is quoted.
    """
    shown = [repr(name) if separator.strip() in name else name for name in names]
    return tuple(separator.join(shown[k] for k in path) for path in paths)


def _multinomial_rows(graph: SupportGraph, rows: MultinomialRows, basis: FloatArray) -> RowTable:
    arcs = rows.arcs
    first = np.searchsorted(arcs.source, arcs.source)
    at = (arcs.source, 1 + np.arange(2 * graph.n_edges) - first)
    shape = (graph.n_states, 1 + int(np.bincount(arcs.source).max()))
    target = np.full(shape, -1, dtype=np.int64)
    edge = np.zeros(shape, dtype=np.int64)
    table, present, sign = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    offset = np.full(shape, FORBIDDEN)
    target[at], edge[at] = arcs.target, arcs.edge
    table[at], present[at], sign[at], offset[at] = rows.counts, 1.0, arcs.sign, 0.0
    if rows.stay:
        target[:, 0], offset[:, 0] = np.arange(graph.n_states), 0.0
        table[:, 0] = rows.trials - table[:, 1:].sum(axis=1)
    kept = np.flatnonzero(rows.trials > 0)
    return RowTable(
        graph=graph,
        likelihood=rows.name,
        labels=tuple(graph.states[k] for k in kept),
        counts=table[kept],
        target=target[kept],
        edge=edge[kept],
        present=present[kept],
        sign=sign[kept],
        offset=offset[kept],
        basis=basis,
    )


def _pairwise_rows(graph: SupportGraph, pairs: PairwiseEdges, basis: FloatArray) -> RowTable:
    i, j = graph.edges[pairs.edges].T
    ones = np.ones(len(i))
    return RowTable(
        graph=graph,
        likelihood=pairs.name,
        labels=joined_labels(graph.states, list(zip(i, j, strict=True)), " ~ "),
        counts=np.column_stack([pairs.forward, pairs.total - pairs.forward]),
        target=np.column_stack([j, i]),
        edge=np.column_stack([pairs.edges, pairs.edges]),
        present=np.zeros((len(i), 2)),
        sign=np.column_stack([ones, -ones]),
        offset=0.5 * np.column_stack([pairs.exposure, -pairs.exposure]),
        basis=basis,
    )
