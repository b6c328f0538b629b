"""All kernels together: their hypotheses weighed, on the fast path, one by one, or by MCMC."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from equipoise.inference.comparison.fast.evidence import Fits, ceiling, solve
from equipoise.inference.comparison.hypotheses import Hypothesis
from equipoise.inference.comparison.kernels import Kernels
from equipoise.inference.comparison.mcmc.evidence import MOST_FOR_MCMC, n_parameters, solve_by_mcmc
from equipoise.inference.comparison.models import MOST_PARAMETERS, KernelData
from equipoise.inference.comparison.one_by_one import ManyFits, solve_many
from equipoise.inference.comparison.potentials import Potentials
from equipoise.inference.comparison.verdict import SharingVerdict, sharing_verdict
from equipoise.inference.evidence.cycle_scale import mixed
from equipoise.inference.findings import Stages
from equipoise.inference.posterior.convergence import Convergence
from equipoise.models import Priors
from equipoise.parallel import RunTasks

_MORE = 4
_MOST_DRAWS = 1000
_BY_MCMC = (
    "MCMC may well do: run this without --fast (fast=False), about a minute for two kernels of "
    "seven states."
)
_FEWER = (
    f"Leave out a kernel that is named here, or compare fewer at a time: up to {MOST_FOR_MCMC:,} "
    "parameters together MCMC may do, without --fast (fast=False)."
)
_FAST = "Laplace and importance sampling"
#: What is left out of a comparison of many kernels.
MANY_NOTE = (
    "So many kernels are taken one by one: given the shared potential and the scales each one's "
    "deviations and cycles are integrated by themselves. Each kernel's own balance is weighed with "
    "pairwise edges; its entropy production, single cycles, ceiling and sensitivity to other "
    "priors are left out, and so are differences of all pairs (eq.test and eq.violation of one "
    "kernel give the former, eq.compare of a few the latter)."
)


@dataclass(frozen=True, eq=False)
class Together:
    """What was computed about all kernels together; attributes as those of a comparison."""

    verdict: SharingVerdict
    hypotheses: tuple[Hypothesis, ...]
    deviation: tuple[float, float, float]
    potentials: Potentials
    notes: tuple[str, ...]
    method: str = "laplace"
    effort: str = _FAST
    cross_check: SharingVerdict | None = None
    diagnostics: Convergence | None = None


def on_the_fast_path(
    kernels: Kernels,
    data: tuple[KernelData, ...],
    priors: Priors,
    *,
    draws: int,
    rng: np.random.Generator,
    stages: Stages,
    until: float,
    again: bool = True,
) -> Together:
    """Weigh all hypotheses by Laplace and importance sampling, all parameters at once.

    Where importance sampling fails, ``again``: once more with more draws, and if that does not do
    either, MCMC is advised.
    """
    fits, notes = _solved(kernels, data, priors, draws, rng, stages, until, again)
    stages.next("ceiling", 1.4 * until)(0, 1)
    return Together(
        verdict=sharing_verdict(
            fits,
            ceiling(fits, draws=draws, rng=rng),
            advice=_BY_MCMC if again and n_parameters(kernels, data) <= MOST_FOR_MCMC else "",
        ),
        hypotheses=fits.hypotheses(),
        # σ_δ averaged over σ_c, balance among its values.
        deviation=mixed([(part.posterior(), share) for part, share in fits.mixture()]),
        potentials=fits.potentials(kernels),
        notes=notes,
    )


def one_kernel_after_another(
    kernels: Kernels,
    data: Sequence[KernelData],
    priors: Priors,
    *,
    draws: int,
    rng: np.random.Generator,
    stages: Stages,
    until: float,
    run: RunTasks,
) -> tuple[Together, ManyFits]:
    """Weigh all hypotheses of many kernels, each integrated by itself."""
    fits = solve_many(
        kernels,
        data,
        priors,
        n_draws=min(draws, _MOST_DRAWS),
        rng=rng,
        progress=stages.next("potentials", until),
        run=run,
    )
    found = Together(
        verdict=sharing_verdict(fits, fits.ceiling, advice=_FEWER),
        hypotheses=fits.hypotheses(),
        deviation=fits.deviation,
        potentials=fits.potentials,
        notes=(MANY_NOTE,),
    )
    return found, fits


def by_mcmc(
    kernels: Kernels,
    data: tuple[KernelData, ...],
    priors: Priors,
    fast: Together,
    *,
    draws: int,
    rng: np.random.Generator,
    stages: Stages,
    start: float,
    until: float,
) -> Together:
    """Weigh all hypotheses by MCMC and path sampling; the fast path gives the ceiling, and checks.

    Raises
    ------
    NotTrustedError
        If a mode is not reached, or rounding spoils the curvature.
    """
    chains = solve_by_mcmc(
        kernels, data, priors, draws=draws, rng=rng, stages=stages, start=start, until=until
    )
    return Together(
        verdict=sharing_verdict(chains, fast.verdict.ceiling),
        hypotheses=chains.hypotheses(),
        deviation=chains.size(),
        potentials=chains.potentials(kernels),
        notes=fast.notes,
        method="path",
        effort=chains.effort,
        cross_check=fast.verdict,
        diagnostics=chains.worst,
    )


def _solved(
    kernels: Kernels,
    data: tuple[KernelData, ...],
    priors: Priors,
    draws: int,
    rng: np.random.Generator,
    stages: Stages,
    until: float,
    again: bool,
) -> tuple[Fits, tuple[str, ...]]:
    """Weigh all hypotheses; once more with more draws where importance sampling failed."""
    size = sum(len(one.place) + one.cycles.shape[1] for one in data) + len(kernels.states)
    notes: tuple[str, ...] = ()
    if size > MOST_PARAMETERS:
        notes = (
            f"With cycles these kernels have {size:,} parameters together, more than the "
            f"{MOST_PARAMETERS:,} that dense linear algebra can take: potentials are compared "
            "given balance only.",
        )

    def run(many: int, name: str, until: float) -> Fits:
        return solve(
            kernels,
            data,
            priors,
            cycles=not notes,
            draws=many,
            rng=rng,
            progress=stages.next(name, until),
        )

    fits = run(draws, "potentials", until)
    if again and any(h.distrust for h in fits.hypotheses()):
        fits = run(_MORE * draws, "more draws", 1.25 * until)
    return fits, notes
