"""Draws about several kernels, from chains or from the prior, and whether chains agree."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from equipoise.inference.comparison.scales import SCALES, held_scales, widths
from equipoise.inference.comparison.table import potentials_at
from equipoise.inference.posterior.convergence import Convergence, convergence_over
from equipoise.likelihoods import FloatArray
from equipoise.models import Priors
from equipoise.models.kernels import KernelTable

_STILL = 1e-9


@dataclass(frozen=True, eq=False)
class KernelDraws:
    """What chains returned, chain by chain.

    Attributes
    ----------
    x
        Coordinates of the table: potential, deviations, cycles; (chains, draws, D), nats. Those of
        what is held at 0 are 0.
    scales
        ``sigma_V``, ``sigma_delta``, ``sigma_c`` where they are learned, (chains, draws), or
        (chains, draws, M) where each kernel has one of its own.
    stats
        Statistics of the sampler by name, (chains, draws).
    walked
        The sampler's own coordinates: where others may start.
    """

    x: FloatArray
    scales: dict[str, FloatArray]
    stats: dict[str, Any]
    walked: FloatArray

    @property
    def divergences(self) -> int:
        """Divergent transitions."""
        return int(np.sum(self.stats["diverging"]))


def convergence_of(table: KernelTable, draws: KernelDraws) -> Convergence:
    """Diagnose draws: every Φ, δ and c, and the learned scales."""
    shared, own = potentials_at(table, draws.x)
    cycles = draws.x[..., table.blocks[2]] @ table.cycle.T
    scales = [x[..., None] if x.ndim == 2 else x for x in draws.scales.values()]
    values = np.concatenate([shared, own, cycles, *scales], axis=-1)
    # What is held at 0, or by its component alone, stands still, up to rounding.
    moving = np.ptp(values, axis=(0, 1)) > _STILL
    return convergence_over(values[..., moving], draws.stats["diverging"])


def prior_draws(
    table: KernelTable,
    priors: Priors,
    *,
    deviation_sd: float | None,
    cycle_sd: float | None,
    draws: int,
    rng: np.random.Generator,
) -> KernelDraws:
    """Draw parameters from the prior: one chain of independent draws."""
    groups = (len(table.names),) if table.separate else ()
    wide, held = widths(priors), held_scales(priors, deviation_sd, cycle_sd)
    whose = (table.potential_scale_of, None, table.cycle_scale_of)
    scales: dict[str, FloatArray] = {}
    parts = []
    for k, name in enumerate(SCALES):
        sd = held[name]
        unit = rng.normal(size=(1, draws, table.sizes[k]))
        if not unit.shape[-1] or sd is not None:
            parts.append((sd or 0.0) * unit)
            continue
        scales[name] = np.abs(rng.normal(0.0, wide[name], (1, draws, *groups)))
        parts.append((scales[name][..., whose[k]] if groups else scales[name][..., None]) * unit)
    return KernelDraws(np.concatenate(parts, axis=-1), scales, {}, np.zeros((1, draws, 0)))
