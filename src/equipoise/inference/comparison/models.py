"""The hypotheses about several potentials, as latent models on one stacked likelihood."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.linalg import block_diag

from equipoise.counts import TransitionCounts
from equipoise.errors import UsageError
from equipoise.inference.comparison.kernels import Kernels
from equipoise.inference.modes.mode import find_mode
from equipoise.inference.problem import problem_of
from equipoise.likelihoods import (
    AdjustedEdges,
    FloatArray,
    IntArray,
    PairwiseEdges,
    adjusted,
    pairwise,
    pairwise_predictor,
)
from equipoise.models import Priors
from equipoise.models.latent import (
    Block,
    LatentModel,
    fixed_block,
    learned_block,
)

MOST_PARAMETERS = 3000
_WIDE = 10.0
#: Scales of V and c below which the data cannot tell their values apart, until they are known.
UNRESOLVED = (1e-3, 1e-3)


#: How curved the pairwise likelihood is: as that of multinomial rows, or as it stands, which is
#: exact where each edge's total was fixed (its two counts are one binomial draw).
Curvature = Literal["multinomial", "pairwise"]


@dataclass(frozen=True, eq=False)
class KernelData:
    """One kernel as the models take it.

    Attributes
    ----------
    edges
        Its pairwise edges, M of them, adjusted or as they are; ``potential`` is (M, S).
    centred
        Orthonormal basis of potentials modulo a constant a component, (S, S − K).
    cycles
        Orthonormal basis of its cycles, (M, b).
    basis
        The same on every edge of its support, (E, b).
    place
        Position of its states in the union, (S,).
    """

    edges: AdjustedEdges
    centred: FloatArray
    cycles: FloatArray
    basis: FloatArray
    place: IntArray


def kernel_data(
    kernels: Kernels, *, curvature: Curvature = "multinomial"
) -> tuple[KernelData, ...]:
    """Return each kernel's likelihood, its curvature corrected unless told otherwise.

    Parameters
    ----------
    kernels
        The kernels.
    curvature
        ``"multinomial"``: as that of multinomial rows. ``"pairwise"``: as it is, for counts of
        which the total of each edge was fixed beforehand.

    Raises
    ------
    NotTrustedError
        If the potential of a kernel cannot be fitted.
    """
    found = []
    for counts, graph, place in zip(kernels.counts, kernels.graphs, kernels.places, strict=True):
        rows = pairwise(counts, graph, rejected=kernels.rejected)
        predictor = pairwise_predictor(rows, graph)
        found.append(
            KernelData(
                edges=AdjustedEdges(rows, predictor.potential)
                if curvature == "pairwise"
                else adjusted(rows, predictor.potential, _wide_mode(kernels, counts)),
                centred=centred(graph.component),
                cycles=predictor.cycle,
                basis=predictor.basis,
                place=place,
            )
        )
    return tuple(found)


def _wide_mode(kernels: Kernels, counts: TransitionCounts) -> FloatArray:
    """Return the mode of a kernel's potential under a wide prior, shape (S,)."""
    problem = problem_of(
        counts,
        priors=Priors(scales="fixed", fixed_potential_sd=_WIDE),
        likelihood="pairwise",
        rejected=kernels.rejected,
    )
    model = problem.reversible()
    return model.potential(find_mode(model, (), model.prior_mean).theta)


def separate_model(
    data: KernelData,
    priors: Priors,
    *,
    cycles: bool,
    resolutions: tuple[float, float] = UNRESOLVED,
) -> LatentModel:
    """Return one kernel with a potential, and a scale of it, of its own.

    With ``cycles`` it may break balance: ``at_cycle_scale`` sets σ_c.
    """
    potential = _Potential(data.centred, (data.edges.potential @ data.centred,))
    extra = (data.cycles, data.cycles) if cycles else None
    return _model((data,), potential, priors, None, resolutions, extra=extra)


def shared_model(
    kernels: Kernels,
    data: Sequence[KernelData],
    priors: Priors,
    *,
    cycle_scale: float | None,
    resolutions: tuple[float, float] = UNRESOLVED,
) -> LatentModel:
    """Return all kernels with one potential; cycles of each, all of the scale σ_c, or none."""
    return _model(data, _union(kernels, data), priors, cycle_scale, resolutions)


def pooled_model(
    kernels: Kernels,
    data: Sequence[KernelData],
    priors: Priors,
    *,
    cycle_scale: float | None,
    resolutions: tuple[float, float] = UNRESOLVED,
) -> LatentModel:
    """Return all kernels with ``Φ^m = Φ + δ^m``, ``δ^m ~ Normal(0, σ_δ)`` modulo its constants.

    The deviations stand where other models have their cycles: ``at_cycle_scale`` sets σ_δ, and
    ``cycles`` returns the stacked δ, each centred, Σ S_m of them.
    """
    deviations = block_diag(*(one.edges.potential @ one.centred for one in data))
    basis = block_diag(*(one.centred for one in data))
    return _model(
        data, _union(kernels, data), priors, cycle_scale, resolutions, extra=(deviations, basis)
    )


@dataclass(frozen=True, eq=False)
class _Potential:
    """Coordinates of a potential: their basis (U, n), and what they add to each kernel's edges."""

    basis: FloatArray
    design: tuple[FloatArray, ...]


def _union(kernels: Kernels, data: Sequence[KernelData]) -> _Potential:
    basis = centred(kernels.component)
    return _Potential(basis, tuple(one.edges.potential @ basis[one.place] for one in data))


def _model(
    data: Sequence[KernelData],
    potential: _Potential,
    priors: Priors,
    cycle_scale: float | None,
    resolutions: tuple[float, float],
    *,
    extra: tuple[FloatArray, FloatArray] | None = None,
) -> LatentModel:
    """Stack kernels: a potential, ``extra`` (what tells hypotheses apart, its basis), cycles."""
    top = np.vstack(potential.design)
    n_edges = len(top)
    shift, basis = extra if extra is not None else (np.zeros((n_edges, 0)), np.zeros((0, 0)))
    cycles = block_diag(*(one.cycles for one in data)).reshape(n_edges, -1)
    if cycle_scale is None:
        cycles = cycles[:, :0]
    ends = np.cumsum([0, top.shape[1], shift.shape[1], cycles.shape[1]]).tolist()
    if ends[-1] > MOST_PARAMETERS:
        raise UsageError(
            f"these kernels have {ends[-1]:,} parameters together, more than the "
            f"{MOST_PARAMETERS:,} that dense linear algebra can take: compare fewer of them at a "
            "time, or a part of the states"
        )
    learned = priors.scales == "learned"
    blocks: list[Block] = []
    if top.shape[1]:
        columns = slice(ends[0], ends[1])
        blocks.append(
            learned_block(columns, priors.potential_scale, resolution=resolutions[0])
            if learned
            else fixed_block(columns, priors.fixed_potential_sd)
        )
    if shift.shape[1]:
        blocks.append(fixed_block(slice(ends[1], ends[2]), 1.0))
    if cycles.shape[1]:
        blocks.append(fixed_block(slice(ends[2], ends[3]), cycle_scale or 1.0))
    return LatentModel(
        likelihood=_stacked([one.edges.edges for one in data]),
        design=np.hstack([top, shift, cycles]),
        basis=basis,
        lift=potential.basis,
        blocks=tuple(blocks),
    )


def _stacked(parts: Sequence[PairwiseEdges]) -> PairwiseEdges:
    """Return the edges of all kernels in a row; they belong to no one graph."""
    total = sum(len(part.forward) for part in parts)
    return PairwiseEdges(
        edges=np.arange(total),
        left_out=np.zeros(0, dtype=np.int64),
        forward=np.concatenate([part.forward for part in parts]),
        total=np.concatenate([part.total for part in parts]),
        exposure=np.concatenate([part.exposure for part in parts]),
        trials=np.concatenate([part.trials for part in parts]),
    )


def centred(component: IntArray) -> FloatArray:
    """Return an orthonormal basis of vectors that sum to 0 in each component, (S, S − K)."""
    blocks = []
    for label in range(int(component.max()) + 1):
        members = np.flatnonzero(component == label)
        n = len(members)
        if n > 1:
            columns = np.zeros((len(component), n - 1))
            centre = np.eye(n) - 1.0 / n
            columns[members] = np.linalg.svd(centre)[0][:, : n - 1]
            blocks.append(columns)
    return np.hstack(blocks) if blocks else np.zeros((len(component), 0))
