"""Evidence about several kernels along paths: over σ_δ, from one potential, and over σ_c.

On every path one scale grows from 0, ``d log Z/d log σ = E|x|²/σ² − dim x`` under the posterior at
fixed σ, and all other scales are learned or held (:mod:`equipoise.inference.evidence.path`). So the
path over σ_c of deviating kernels, with σ_δ learned on the way, gives the evidence integrated over
both scales: no grid over the two is needed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from equipoise.inference.comparison.mcmc.walkers import Walkers
from equipoise.inference.comparison.scales import SCALES
from equipoise.inference.comparison.table import columns_of, latent_of
from equipoise.inference.evidence.cycle_scale import (
    LARGEST,
    CycleScaleCurve,
    lowest_cycle_scale,
)
from equipoise.inference.evidence.information import cycle_information, evidence_slope
from equipoise.inference.evidence.path import PathNode, measure_slope
from equipoise.inference.evidence.path.pilot import Pilot, pilot
from equipoise.inference.evidence.path.walk import in_turn, walk_nodes
from equipoise.inference.modes.mode import find_mode
from equipoise.likelihoods import FloatArray
from equipoise.models.hierarchical import DEVIATION_SCALE
from equipoise.models.latent import LatentModel

CHAINS, DRAWS, TUNE = 8, 100, 40
# Laplace's guess, which is taken off, leaves little between nodes; where it does they are halved.
_STEP, _TURNS = 0.7, 2
_SEEDS = 2**31
Along = Literal["deviation", "cycle"]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class _Leg:
    """One curve: the hypothesis at scale 0, the wider one, and where its coordinates stand."""

    base: LatentModel
    family: LatentModel
    columns: "np.ndarray[tuple[int, ...], np.dtype[np.int64]]"
    kernel: int


def path_of(
    sampler: Walkers,
    along: Along,
    *,
    other_sd: float | None = 0.0,
    draws: int = DRAWS,
    tune: int = TUNE,
    chains: int = CHAINS,
    rng: np.random.Generator,
    progress: Progress | None = None,
) -> tuple[CycleScaleCurve | None, ...]:
    """Walk a path.

    Parameters
    ----------
    sampler
        Chains on the kernels.
    along
        Which scale grows: σ_δ or σ_c.
    other_sd
        The other one: held, 0 where there is none, learned where None. Separate potentials have no
        σ_δ.
    draws, tune, chains
        At each scale.
    rng
        Source of randomness; it also places the nodes.
    progress
        Called with (nodes done, nodes planned).

    Returns
    -------
    tuple of CycleScaleCurve or None
        Evidence against the scale, less that at 0: of all kernels together, or of each where
        potentials are separate, for one walk of independent posteriors serves them all; None where
        there is nothing along which to walk.

    Raises
    ------
    NotTrustedError
        If a mode is not reached, or rounding spoils the curvature.
    """
    table, priors = sampler.table, sampler.priors

    def held(sd: float) -> tuple[float | None, float | None]:
        """Return σ_δ and σ_c where the path has come to a scale."""
        if along == "deviation":
            return sd, other_sd
        return (0.0 if table.separate else other_sd), sd

    legs = _legs(sampler, along, held(0.0), held(1.0))
    many = len(table.names) if table.separate else 1
    if not legs:
        return (None,) * many
    first_deviation, first_cycle = held(0.0)
    about = sampler.fitted(deviation_sd=first_deviation, cycle_sd=first_cycle)
    tau = DEVIATION_SCALE if along == "deviation" else priors.cycle_scale
    guides = _pilots(legs, about, tau)

    def visit(
        sd: float, first: FloatArray | None, more: int, accept: float
    ) -> tuple[tuple[PathNode, ...], FloatArray]:
        deviation, cycle = held(sd)
        found = sampler.draw(
            deviation_sd=deviation,
            cycle_sd=cycle,
            about=about,
            draws=more * draws,
            tune=more * tune,
            chains=chains,
            turns=_TURNS,
            random_seed=int(rng.integers(_SEEDS)),
            target_accept=accept,
            start=first,
        )
        nodes = []
        for leg in legs:
            sds = [
                found.scales[name][..., leg.kernel] if table.separate else found.scales[name]
                for name in SCALES
                if name in found.scales
            ]
            nodes.append(
                measure_slope(
                    leg.family,
                    found.x[..., leg.columns],
                    np.stack(sds, axis=-1) if sds else np.zeros((*found.x.shape[:2], 0)),
                    cycle_scale=sd,
                    divergences=found.divergences,
                    scale_name="σ_δ" if along == "deviation" else "σ_c",
                )
            )
        return tuple(nodes), found.walked[:, -1]

    _, curves = walk_nodes(in_turn(visit), guides, tau, rng=rng, step=_STEP, progress=progress)
    found: list[CycleScaleCurve | None] = [None] * many
    for leg, curve in zip(legs, curves, strict=True):
        found[leg.kernel] = curve
    return tuple(found)


def _legs(
    sampler: Walkers,
    along: Along,
    start: tuple[float | None, float | None],
    wide: tuple[float | None, float | None],
) -> list[_Leg]:
    table, priors = sampler.table, sampler.priors
    legs = []
    for m, (part, place) in enumerate(table.parts()):
        if not (part.deviation if along == "deviation" else part.cycle).shape[1]:
            continue
        base, family = (
            latent_of(part, priors, along=along, deviation_sd=deviation, cycle_sd=cycle)
            for deviation, cycle in (start, wide)
        )
        inside = columns_of(part, deviations=wide[0] != 0, cycles=wide[1] != 0)
        legs.append(_Leg(base, family, place[inside], m))
    return legs


def _pilots(legs: list[_Leg], about: dict[str, FloatArray], tau: float) -> list[Pilot]:
    """Return the pilot of every curve, all of one range: from where the first of them moves."""
    found = []
    for leg in legs:
        scales = tuple(float(about[name][leg.kernel]) for name in SCALES if name in about)
        scales = scales[: len(leg.base.learned)]
        theta = find_mode(leg.base, scales, leg.base.prior_mean).theta
        information = cycle_information(leg.base, leg.family.predictor, theta)
        slope = evidence_slope(leg.base, leg.family.predictor, theta)
        found.append((leg, scales, lowest_cycle_scale(slope, information, tau)))
    lowest = min(low for _, _, low in found)
    return [pilot(leg.base, leg.family, scales, lowest, LARGEST * tau) for leg, scales, _ in found]
