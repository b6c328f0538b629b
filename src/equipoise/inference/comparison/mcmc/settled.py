"""Chains that settle: once more, harder, where they did not converge."""

from collections.abc import Callable
from typing import Any

import numpy as np

from equipoise.inference.comparison.draws import KernelDraws, convergence_of
from equipoise.inference.comparison.mcmc.walkers import Walkers
from equipoise.inference.posterior.convergence import Convergence

_SEEDS = 2**31
# So many times the draws asked for, shared by the chains; once more, with so many times these.
_SHARE, _WALKERS, _SECOND_ACCEPT, _SECOND_MORE = 4, 8, 0.95, 4


def settled(
    sampler: Walkers,
    *,
    deviation_sd: float | None,
    cycle_sd: float | None,
    draws: int,
    rng: np.random.Generator,
    progress: Callable[[int, int], None],
) -> tuple[KernelDraws, Convergence]:
    """Sample a posterior, 4 × draws; once more, harder, where it did not converge."""
    about = sampler.fitted(deviation_sd=deviation_sd, cycle_sd=cycle_sd)

    def run(**options: Any) -> tuple[KernelDraws, Convergence]:
        found = sampler.draw(
            deviation_sd=deviation_sd,
            cycle_sd=cycle_sd,
            about=about,
            chains=_WALKERS,
            random_seed=int(rng.integers(_SEEDS)),
            progress=lambda fraction: progress(round(1000 * fraction), 1000),
            **options,
        )
        return found, convergence_of(sampler.table, found)

    each = _SHARE * draws // _WALKERS
    found, state = run(draws=each)
    if state.distrust is not None:
        more = _SECOND_MORE * each
        found, state = run(draws=more, tune=each, target_accept=_SECOND_ACCEPT)
    return found, state
