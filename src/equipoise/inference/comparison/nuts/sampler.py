"""One compiled model for shared and pooled potentials, one for separate ones; at any scales."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from equipoise.inference.comparison.draws import KernelDraws
from equipoise.inference.comparison.nuts.axes import Spot, fit_spot
from equipoise.inference.comparison.scales import SCALES, held_scales, widths
from equipoise.inference.posterior.backends import CompiledModel, Effort
from equipoise.inference.posterior.compiled import compiled_once
from equipoise.inference.posterior.sampler import (
    TARGET_ACCEPT,
    TUNE,
    Progress,
    check_sampling,
)
from equipoise.likelihoods import FloatArray
from equipoise.models import Priors
from equipoise.models.hierarchical import hierarchical, hierarchical_data
from equipoise.models.kernels import KernelTable

_LARGEST = 30.0


@dataclass(frozen=True, eq=False)
class KernelSampler:
    """A compiled model with kernels in it; made by :func:`compile_kernels`.

    Attributes
    ----------
    table, priors
        The question.
    """

    table: KernelTable
    priors: Priors
    _compiled: CompiledModel

    def draw(
        self,
        *,
        deviation_sd: float | None = None,
        cycle_sd: float | None = None,
        draws: int = 1000,
        tune: int = TUNE,
        chains: int = 4,
        cores: int | None = None,
        random_seed: int = 0,
        target_accept: float = TARGET_ACCEPT,
        progress: Callable[[float], None] | None = None,
    ) -> KernelDraws:
        """Run NUTS.

        Parameters
        ----------
        deviation_sd, cycle_sd
            σ_δ and σ_c where they are held, 0 for a shared potential and for balance; None:
            learned. Separate potentials have no σ_δ.
        draws, tune, chains, cores, random_seed, target_accept, progress
            As of :meth:`equipoise.inference.posterior.sampler.Sampler.draw`.

        Raises
        ------
        UsageError
            If a number is out of its range.
        NotTrustedError
            If a mode is not reached, or no chain could be started.
        """
        check_sampling(draws=draws, tune=tune, chains=chains, target_accept=target_accept)
        spot = fit_spot(self.table, self.priors, deviation_sd=deviation_sd, cycle_sd=cycle_sd)
        data = hierarchical_data(
            self.table,
            self.priors,
            deviation_sd=deviation_sd,
            cycle_sd=cycle_sd,
            axes=spot.axes,
        )
        # Nothing that is sampled hangs on the maps to Φ, δ and c.
        walk = self._compiled.sample(
            {name: value for name, value in data.items() if not name.endswith("_map")},
            self._centre(spot),
            None,
            Effort(draws, tune, chains, cores, random_seed, target_accept),
            progress,
        )
        x, scales = self._collect(walk.values, spot, deviation_sd, cycle_sd)
        return KernelDraws(x=x, scales=scales, stats=walk.stats, walked=walk.walked)

    def _centre(self, spot: Spot) -> FloatArray:
        """Return the fitted mode, shape (D,)."""
        wide = widths(self.priors)
        centre = []
        for name, shape in self._compiled.layout:
            size = int(np.prod(shape))
            variable = name.removesuffix("_softplus__")
            at = np.zeros(size)
            if variable in spot.scales:
                ratio = np.clip(spot.scales[variable] / wide[variable], 1e-3, _LARGEST)
                at = np.broadcast_to(np.log(np.expm1(ratio)), size)
            centre.append(at)
        return np.concatenate(centre)

    def _collect(
        self,
        found: dict[str, FloatArray],
        spot: Spot,
        deviation_sd: float | None,
        cycle_sd: float | None,
    ) -> tuple[FloatArray, dict[str, FloatArray]]:
        table = self.table
        held = held_scales(self.priors, deviation_sd, cycle_sd)
        whose = (table.potential_scale_of, None, table.cycle_scale_of)
        blocks = zip(SCALES, _UNITS, whose, strict=True)
        scales, parts = {}, []
        for scale, unit, group in blocks:
            if unit not in found:
                continue
            sd = held[scale]
            if sd is not None:
                parts.append(sd * found[unit])
                continue
            scales[scale] = found[scale]
            own = found[scale][..., group] if table.separate else found[scale][..., None]
            parts.append(own * found[unit])
        return np.concatenate(parts, axis=-1) @ spot.axes.turn.T, scales


_UNITS = ("potential_unit", "deviation_unit", "cycle_unit")


def compile_kernels(
    table: KernelTable, priors: Priors, *, progress: Progress | None = None
) -> KernelSampler:
    """Compile the model of a table, or find it compiled.

    It serves shared and pooled potentials, or separate ones, with cycles and without, and every
    table of the same sizes.

    Parameters
    ----------
    table, priors
        The question.
    progress
        Called with ("compiling", 0 or 1).
    """
    compiled = compiled_once(
        ("kernels", *table.shape),
        lambda: hierarchical(table, "separate" if table.separate else "pooled", priors=priors),
        _kept(table),
        progress=progress,
    )
    return KernelSampler(table, priors, compiled)


def _kept(table: KernelTable) -> list[str]:
    has = (True, not table.separate, bool(table.cycle.shape[1]))
    return [
        name for names in (SCALES, _UNITS) for name, there in zip(names, has, strict=True) if there
    ]
