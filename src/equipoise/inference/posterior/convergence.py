"""Whether the chains converged: R-hat, effective sample sizes, divergences."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from equipoise.inference.posterior.sampler import Draws
from equipoise.inference.problem import Problem
from equipoise.inference.reference import above_reference
from equipoise.inference.weighted import potential_of
from equipoise.likelihoods import FloatArray

R_HAT_TRUSTED, ESS_TRUSTED = 1.01, 400.0


@dataclass(frozen=True)
class Convergence:
    """Worst diagnostics over every Φ (gradient part), c and learned scale.

    Attributes
    ----------
    r_hat_max, ess_bulk_min
        Rank-normalised split R-hat and bulk effective sample size (Vehtari et al. 2021).
    divergences
        Divergent transitions after tuning.
    """

    r_hat_max: float
    ess_bulk_min: float
    divergences: int

    @property
    def distrust(self) -> str | None:
        """Why the draws must not be reported, in words; None where they may be."""
        if self.divergences:
            return f"{self.divergences} divergent transitions"
        if not self.r_hat_max <= R_HAT_TRUSTED:
            return f"the chains disagree (R-hat {self.r_hat_max:.3f}, limit {R_HAT_TRUSTED:g})"
        if not self.ess_bulk_min >= ESS_TRUSTED:
            return f"only {self.ess_bulk_min:.0f} effective draws (at least {ESS_TRUSTED:g} needed)"
        return None


def convergence(problem: Problem, draws: Draws, *, cyclic: bool) -> Convergence:
    """Diagnose draws of one hypothesis.

    Parameters
    ----------
    problem
        The question.
    draws
        Of several chains.
    cyclic
        Whether the draws have cycle amplitudes; then every c is looked at too.
    """
    model = problem.cyclic() if cyclic else problem.reversible()
    theta = draws.theta(problem, cyclic=cyclic)
    potential = above_reference(potential_of(model, theta), problem.graph, problem.references)
    columns = [np.delete(potential, problem.references, axis=-1), model.cycles(theta)]
    columns += [scale[..., None] for scale in draws.scales.values()]
    values = np.concatenate(columns, axis=-1)
    # An edge on no cycle has c = 0, up to rounding, in every draw.
    bridges = np.zeros(values.shape[-1], dtype=np.bool_)
    start = columns[0].shape[-1]
    bridges[start : start + len(model.basis)] = (model.basis**2).sum(axis=1) < 1e-18
    return convergence_over(values[..., ~bridges], draws.stats["diverging"])


def convergence_over(values: FloatArray, diverging: npt.ArrayLike) -> Convergence:
    """Diagnose draws of many quantities.

    Parameters
    ----------
    values
        Shape (chains, draws, k); none of them stands still.
    diverging
        Whether each transition diverged.
    """
    from arviz_stats.base import array_stats

    columns: list[FloatArray] = list(np.moveaxis(values, -1, 0))
    return Convergence(
        # A NaN of any of them comes through.
        r_hat_max=float(np.max([float(array_stats.rhat(x)) for x in columns])),
        ess_bulk_min=float(np.min([float(array_stats.ess(x, method="bulk")) for x in columns])),
        divergences=int(np.asarray(diverging).sum()),
    )
