"""From kernels to the table of a PyMC model, and from that to the same hypotheses in NumPy."""

from typing import Literal

import numpy as np
from scipy.linalg import block_diag

from equipoise.errors import UsageError
from equipoise.inference.comparison.kernels import Kernels
from equipoise.inference.comparison.models import (
    Curvature,
    KernelData,
    kernel_data,
    pooled_model,
    separate_model,
)
from equipoise.likelihoods import FloatArray, IntArray, PairwiseEdges
from equipoise.models import Priors
from equipoise.models.hierarchical import DEVIATION_SCALE
from equipoise.models.kernels import KernelTable, PotentialsName
from equipoise.models.latent import Block, LatentModel, fixed_block, learned_block
from equipoise.models.rows import joined_labels

_UNRESOLVED = 1e-3


def kernel_table(
    kernels: Kernels, potentials: PotentialsName = "pooled", *, curvature: Curvature = "multinomial"
) -> KernelTable:
    """Lay kernels out for :func:`equipoise.models.hierarchical`.

    Parameters
    ----------
    kernels
        From :func:`equipoise.inference.comparison.kernels_of`.
    potentials
        ``"shared"`` and ``"pooled"`` are laid out alike.
    curvature
        See :func:`equipoise.inference.comparison.models.kernel_data`.

    Raises
    ------
    UsageError
        If they have more than 3,000 parameters together.
    NotTrustedError
        If the potential of a kernel cannot be fitted.
    """
    return table_of(kernels, kernel_data(kernels, curvature=curvature), potentials)


def table_of(
    kernels: Kernels, data: tuple[KernelData, ...], potentials: PotentialsName = "pooled"
) -> KernelTable:
    """Lay kernels out whose likelihoods are known; see :func:`kernel_table`."""
    separate = potentials == "separate"
    priors = Priors()
    if separate:
        models = [separate_model(one, priors, cycles=True) for one in data]
        starts = [model.lift.shape[1] for model in models]
        pairs = list(zip(models, starts, strict=True))
        design = np.hstack(
            [
                block_diag(*(m.design[:, :n] for m, n in pairs)),
                block_diag(*(m.design[:, n:] for m, n in pairs)),
            ]
        )
        potential = block_diag(*(one.centred for one in data))
        deviation = np.zeros((len(potential), 0))
        sizes = starts, [model.n_cycles for model in models]
        whose = tuple(np.repeat(np.arange(len(data)), size) for size in sizes)
    else:
        model = pooled_model(kernels, data, priors, cycle_scale=1.0)
        design, potential, deviation = model.design, model.lift, model.basis
        n, d = potential.shape[1], deviation.shape[1]
        whose = np.zeros(n, dtype=np.int64), np.zeros(design.shape[1] - n - d, dtype=np.int64)
    edges = [one.edges.edges for one in data]
    forward = np.concatenate([one.forward for one in edges])
    total = np.concatenate([one.total for one in edges])
    return KernelTable(
        names=kernels.names,
        states=kernels.states,
        own_states=_own_states(kernels),
        pairs=_pairs(kernels, edges),
        counts=np.column_stack([forward, total - forward]),
        exposure=np.concatenate([one.exposure for one in edges]),
        design=design,
        potential=potential,
        deviation=deviation,
        cycle=block_diag(*(one.cycles for one in data)).reshape(len(forward), -1),
        place=np.concatenate(kernels.places),
        state_kernel=_numbers([len(place) for place in kernels.places]),
        pair_kernel=_numbers([len(one.forward) for one in edges]),
        potential_scale_of=whose[0],
        cycle_scale_of=whose[1],
    )


def latent_of(
    table: KernelTable,
    priors: Priors,
    *,
    deviation_sd: float | None,
    cycle_sd: float | None,
    along: Literal["deviation", "cycle"] = "cycle",
    resolution: float = _UNRESOLVED,
) -> LatentModel:
    """Return a hypothesis of a table in NumPy.

    Parameters
    ----------
    table
        The kernels; of separate potentials one alone (:meth:`KernelTable.of`).
    priors
        Prior scales.
    deviation_sd, cycle_sd
        σ_δ and σ_c: learned where None, left out with what they belong to where 0.
    along
        What stands where ``at_cycle_scale`` sets the scale: the deviations, or the cycles. It must
        be held, not learned; where it is 0 this is the hypothesis at the start of the path.
    resolution
        σ_V below which the data cannot tell its values apart.

    Raises
    ------
    UsageError
        If the table has separate potentials of several kernels.
    """
    if table.separate and len(table.names) > 1:
        raise UsageError("separate potentials are one hypothesis for each kernel; take one of them")
    kept = [True, deviation_sd != 0, cycle_sd != 0]
    bases = [table.potential, table.deviation, table.cycle]
    columns = columns_of(table, deviations=kept[1], cycles=kept[2])
    learned = priors.scales == "learned"
    scales = (None if learned else priors.fixed_potential_sd, deviation_sd, cycle_sd)
    widths = (priors.potential_scale, DEVIATION_SCALE, priors.cycle_scale)
    blocks: list[Block] = []
    at = 0
    for k, keep in enumerate(kept):
        size = table.sizes[k]
        if not keep or not size:
            continue
        part, sd = slice(at, at + size), scales[k]
        blocks.append(
            learned_block(part, widths[k], resolution=_UNRESOLVED if k else resolution)
            if sd is None
            else fixed_block(part, sd)
        )
        at += size
    path = 1 if along == "deviation" else 2
    return LatentModel(
        likelihood=pairs_of(table),
        design=table.design[:, columns],
        basis=bases[path] if kept[path] else np.zeros((0, 0)),
        lift=block_diag(*(bases[k] for k in range(path) if kept[k])),
        blocks=tuple(blocks),
    )


def pairs_of(table: KernelTable) -> PairwiseEdges:
    """Return the likelihood of a table; its edges belong to no one graph."""
    n = len(table.counts)
    return PairwiseEdges(
        edges=np.arange(n),
        left_out=np.zeros(0, dtype=np.int64),
        forward=table.counts[:, 0],
        total=table.counts.sum(axis=1),
        exposure=table.exposure,
        trials=np.zeros(0),
    )


def columns_of(table: KernelTable, *, deviations: bool, cycles: bool) -> IntArray:
    """Return which coordinates of a table a hypothesis has, in order."""
    kept = (True, deviations, cycles)
    parts = [
        np.arange(part.start, part.stop)
        for part, keep in zip(table.blocks, kept, strict=True)
        if keep
    ]
    return np.concatenate(parts)


def potentials_at(table: KernelTable, x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return Φ and δ at coordinates (..., D), shapes (..., U) and (..., P); δ is 0 if separate."""
    potential, deviation, _ = table.blocks
    return x[..., potential] @ table.potential.T, x[..., deviation] @ table.deviation.T


def _own_states(kernels: Kernels) -> tuple[str, ...]:
    return tuple(
        label
        for name, counts in zip(kernels.names, kernels.counts, strict=True)
        for label in joined_labels((name, *counts.states), _with(len(counts.states)), ": ")
    )


def _with(n: int) -> list[tuple[int, int]]:
    return [(0, k + 1) for k in range(n)]


def _pairs(kernels: Kernels, edges: list[PairwiseEdges]) -> tuple[str, ...]:
    found: list[str] = []
    for name, graph, own in zip(kernels.names, kernels.graphs, edges, strict=True):
        ends = np.asarray(graph.edges)[own.edges].reshape(-1, 2).tolist()
        labels = joined_labels(graph.states, ends, " ~ ")
        found += joined_labels((name, *labels), _with(len(labels)), ": ")
    return tuple(found)


def _numbers(sizes: list[int]) -> IntArray:
    return np.repeat(np.arange(len(sizes)), sizes)
