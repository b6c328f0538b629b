"""The question: pairwise edges with the curvature of multinomial rows, and the priors of Φ."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import block_diag, helmert

from equipoise.counts import TransitionCounts
from equipoise.errors import DataError, UsageError
from equipoise.graph import edge_subgraph, support_graph
from equipoise.inference.modes.mode import find_mode
from equipoise.likelihoods import (
    AdjustedEdges,
    FloatArray,
    IntArray,
    Rejected,
    adjusted,
    pairwise,
    pairwise_predictor,
    trials_of,
)
from equipoise.models import Priors
from equipoise.models.latent import Block, LatentModel, fixed_block, learned_block

MOST_PARAMETERS = 3000
_WIDE = 10.0


@dataclass(frozen=True, eq=False, repr=False)
class FeatureProblem:
    """What the counts say of potentials, before any feature.

    Only states at either end of an edge that is compared take part, S of them: in order of the
    counts, each in the component that such edges make.

    Attributes
    ----------
    states
        Their labels.
    others
        States of the counts that are in no edge that is compared.
    component
        Component of each, shape (S,); constants of Φ in a component are seen by no likelihood.
    references
        State of each component at which Φ is shown as 0: the one with most incoming transitions.
    main
        The largest component: states that were never counted are predicted relative to it.
    ends
        The two states of each of M edges, shape (M, 2).
    plain
        The edges as they are, and ``Φ_i − Φ_j`` of each, shape (M, S).
    edges
        The same with the curvature of multinomial rows.
    mode
        Mode of Φ under ``Normal(0, 10)``, shape (S,): where the curvature is corrected.
    centred
        Orthonormal basis of potentials modulo a constant a component, shape (S, S − K).
    cycles
        Orthonormal basis of the cycles of these edges, shape (M, b).
    cycle_sd
        σ_c of the circulation; None: balance.
    priors
        Prior scales.
    """

    states: tuple[str, ...]
    others: tuple[str, ...]
    component: IntArray
    references: tuple[int, ...]
    main: int
    ends: IntArray
    plain: AdjustedEdges
    edges: AdjustedEdges
    mode: FloatArray
    centred: FloatArray
    cycles: FloatArray
    cycle_sd: float | None
    priors: Priors

    def __repr__(self) -> str:
        return f"FeatureProblem({len(self.states):,} states, {len(self.ends):,} edges)"

    def above_reference(self, values: FloatArray) -> FloatArray:
        """Return values (..., S) with the reference state of each component at 0."""
        return np.asarray(values - values[..., np.asarray(self.references)[self.component]])

    def without(self, state: int) -> AdjustedEdges:
        """Return the plain edges without those of one state."""
        kept = ~np.any(self.ends == state, axis=1)
        rows = self.plain.edges
        fewer = replace(
            rows,
            edges=rows.edges[kept],
            forward=rows.forward[kept],
            total=rows.total[kept],
            exposure=rows.exposure[kept],
        )
        return AdjustedEdges(fewer, self.plain.potential[kept])


def feature_problem(
    counts: TransitionCounts,
    *,
    priors: Priors | None = None,
    rejected: Rejected = "stay",
    cycle_sd: float | None = None,
) -> FeatureProblem:
    """Put counts and priors together.

    Parameters
    ----------
    counts
        Axis 0 is from, axis 1 to.
    priors
        Default: ``Priors()``.
    rejected
        What a trial that ended in no state counts as.
    cycle_sd
        σ_c, held; default: balance.

    Raises
    ------
    DataError
        If no edge joins two states that were both sources.
    UsageError
        If an argument is out of its range, or there are more than 3,000 states and edges together.
    NotTrustedError
        If the potential cannot be fitted.
    """
    if not isinstance(counts, TransitionCounts):
        raise UsageError(
            f"counts must be an equipoise.TransitionCounts, not {type(counts).__name__}"
        )
    if cycle_sd is not None and not 0.01 <= cycle_sd <= 100.0:
        raise UsageError(f"cycle_sd must lie between 0.01 and 100 nats, not {cycle_sd!r}")
    graph = support_graph(counts, trials_of(counts, rejected))
    rows = pairwise(counts, graph, rejected=rejected)
    if not len(rows.edges):
        raise DataError(
            "no edge joins two states that were both sources, so that nothing is known of a "
            "potential that features could explain"
        )
    used = np.zeros(graph.n_edges, dtype=np.bool_)
    used[rows.edges] = True
    place = np.unique(graph.edges[rows.edges])
    if len(place) + int(used.sum()) > MOST_PARAMETERS:
        raise UsageError(
            f"these counts have {len(place):,} states and {int(used.sum()):,} edges, more than the "
            f"{MOST_PARAMETERS:,} together that dense linear algebra can take; take fewer states"
        )
    component = np.unique(edge_subgraph(graph, used).component[place], return_inverse=True)[1]
    predictor = pairwise_predictor(rows, graph)
    differences = predictor.potential[:, place]
    rows = replace(rows, trials=rows.trials[place])
    labels = tuple(counts.states[k] for k in place.tolist())
    table = counts.counts
    incoming = (np.asarray(table.sum(axis=0)).ravel() - table.diagonal())[place]
    sizes = np.bincount(component)
    centred = _centred(component)
    wide = LatentModel(
        likelihood=rows,
        design=differences @ centred,
        basis=np.zeros((0, 0)),
        lift=centred,
        blocks=(fixed_block(slice(0, centred.shape[1]), _WIDE),),
    )
    mode = wide.potential(find_mode(wide, (), wide.prior_mean).theta)
    return FeatureProblem(
        states=labels,
        others=tuple(state for state in counts.states if state not in set(labels)),
        component=component,
        references=tuple(
            min(np.flatnonzero(component == c).tolist(), key=lambda k: (-incoming[k], labels[k]))
            for c in range(len(sizes))
        ),
        main=int(np.argmax(sizes)),
        ends=np.searchsorted(place, graph.edges[rows.edges]),
        plain=AdjustedEdges(rows, differences),
        edges=adjusted(rows, differences, mode),
        mode=mode,
        centred=centred,
        cycles=predictor.cycle,
        cycle_sd=cycle_sd,
        priors=priors or Priors(),
    )


def latent(
    problem: FeatureProblem,
    rows: AdjustedEdges,
    signal: FloatArray | None,
    *,
    resolution: float = 1e-3,
) -> LatentModel:
    """State a hypothesis: ``Φ = signal @ a + ε``, ``a ~ Normal(0, σ)``, ``ε ~ Normal(0, σ_ε)``.

    ``at_cycle_scale`` sets σ, the scale of what features explain; without features this is the
    plain pairwise model, with σ_ε in the place of σ_V.

    Parameters
    ----------
    problem
        The question.
    rows
        ``problem.edges``, or another likelihood of the same potential.
    signal
        Shape (S, r); None: no features.
    resolution
        Scale of ε below which the data cannot tell its values apart, nats.
    """
    extra = np.zeros((len(problem.states), 0)) if signal is None else signal
    parts = [rows.potential @ problem.centred, rows.potential @ extra]
    priors = problem.priors
    n, r = parts[0].shape[1], extra.shape[1]
    blocks: list[Block] = [
        learned_block(slice(0, n), priors.potential_scale, resolution=resolution)
        if priors.scales == "learned"
        else fixed_block(slice(0, n), priors.fixed_potential_sd)
    ]
    if r:
        blocks.append(fixed_block(slice(n, n + r), 1.0))
    b = problem.cycles.shape[1]
    if problem.cycle_sd is not None and b:
        kept = np.isin(problem.plain.edges.edges, rows.edges.edges)
        parts.append(problem.cycles[kept])
        blocks.append(fixed_block(slice(n + r, n + r + b), problem.cycle_sd))
    return LatentModel(
        likelihood=rows.edges,
        design=np.hstack(parts),
        basis=np.eye(r),
        lift=problem.centred,
        blocks=tuple(blocks),
    )


def within(values: FloatArray, component: IntArray) -> FloatArray:
    """Return values (S, ...) less their mean in each component."""
    out = np.array(values, dtype=float)
    for label in np.unique(component):
        out[component == label] -= out[component == label].mean(axis=0)
    return out


def _centred(component: IntArray) -> FloatArray:
    """Return an orthonormal basis of vectors that sum to 0 in each component, (S, S − K)."""
    groups = [np.flatnonzero(component == label) for label in range(int(component.max()) + 1)]
    blocks = block_diag(*(helmert(len(group)).T for group in groups))
    centred = np.empty_like(blocks)
    centred[np.concatenate(groups)] = blocks
    return centred
