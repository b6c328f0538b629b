"""What an engine found, before any conclusion is drawn: the same record for MCMC and fast path."""

from collections.abc import Callable
from dataclasses import dataclass

from equipoise.inference.evidence.cycle_scale import DECIDING, CycleScaleCurve
from equipoise.inference.evidence.result import BayesFactor
from equipoise.inference.posterior.backends import Backend
from equipoise.inference.problem import Problem
from equipoise.inference.weighted import WeightedDraws
from equipoise.likelihoods import FloatArray

#: τ of the sensitivity, in units of the prior's own; the verdict rests on ``DECIDING``.
SENSITIVITY = (0.25, 0.5, 1.0, 2.0, 4.0)
FIXED_POTENTIAL_SDS = (1.5, 3.0, 6.0)
IMPUTED_MULTIPLES = (0.5, 2.0)

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Diagnostics:
    """How far the draws may be trusted.

    Attributes
    ----------
    pareto_k
        Worst k̂ of the importance weights behind the fast path's deciding numbers.
    r_hat_max, ess_bulk_min
        Worst rank R-hat and bulk effective sample size over every Φ and c, and the learned scales;
        None without MCMC.
    divergences
        Divergent transitions among the draws of both hypotheses; None without MCMC.
    reversible, cyclic
        Why the draws of either hypothesis must not be reported, in words; None where they may be.
    """

    pareto_k: float
    reversible: str | None
    cyclic: str | None
    r_hat_max: float | None = None
    ess_bulk_min: float | None = None
    divergences: int | None = None


@dataclass(frozen=True, eq=False)
class Findings:
    """Evidence, draws and diagnostics.

    Attributes
    ----------
    problem
        What was asked.
    method
        ``"path"`` (MCMC) or ``"laplace"`` (fast path).
    effort
        How it was computed, in words.
    draws
        Of each chain, or of importance sampling at each σ_c.
    reversible, cyclic
        Draws of either hypothesis; σ_c of the cyclic one has its prior.
    reversible_mode, cyclic_mode
        Parameter vectors of posterior modes at the likeliest scales, shape (d,).
    curve
        Evidence against σ_c; None where the graph has no cycle.
    sensitivity
        Log Bayes factors at τ × {¼, ½, 1, 2, 4}.
    cross_check
        The log Bayes factor at the prior's own τ by the fast path, where it is not the headline.
    ceiling
        Log Bayes factor had the counts equalled their reversible expectation, by the fast path;
        None where the graph has no cycle.
    fixed_scales
        Log Bayes factors under fixed scales, at σ_V = 1.5, 3 and 6, by the fast path.
    imputed_trials
        Log Bayes factors had the trials been half as many and twice as many, by the fast path;
        empty where they were not imputed.
    information
        Eigenvalues of the Fisher information of c with everything else profiled out, shape (b,).
    diagnostics
        How far to trust them.
    backend
        What ran the chains; None without MCMC.
    """

    problem: Problem
    method: str
    effort: str
    draws: int
    reversible: WeightedDraws
    cyclic: WeightedDraws
    reversible_mode: FloatArray
    cyclic_mode: FloatArray
    curve: CycleScaleCurve | None
    sensitivity: tuple[BayesFactor, ...]
    cross_check: BayesFactor | None
    ceiling: BayesFactor | None
    fixed_scales: tuple[tuple[float, BayesFactor], ...]
    imputed_trials: tuple[tuple[float, BayesFactor], ...]
    information: FloatArray
    diagnostics: Diagnostics
    backend: Backend | None = None

    @property
    def headline(self) -> BayesFactor:
        """The log Bayes factor at the prior's own τ."""
        return self.sensitivity[SENSITIVITY.index(1.0)]

    @property
    def deciding(self) -> tuple[BayesFactor, ...]:
        """The log Bayes factors on which the verdict rests."""
        return tuple(self.sensitivity[SENSITIVITY.index(factor)] for factor in DECIDING)

    @property
    def distrust(self) -> str | None:
        """Why the verdict must not be reported, in words; None where it may be."""
        if self.diagnostics.cyclic is not None:
            return self.diagnostics.cyclic
        return next((factor.distrust for factor in self.deciding if factor.distrust), None)


class Stages:
    """Turn fractions of stages into one fraction of the whole."""

    def __init__(self, report: Progress | None) -> None:
        self._report = report
        self._reached = 0.0
        self._shown = 0.0

    def next(self, name: str, until: float) -> Callable[[int, int], None]:
        """Return the progress callback of the next stage, which ends at a fraction ``until``."""
        low, self._reached = self._reached, until

        def done(steps: int, planned: int) -> None:
            if self._report is not None:
                # A stage that finds more to do than planned stands still rather than go back.
                fraction = low + (until - low) * steps / max(planned, 1)
                self._shown = max(self._shown, fraction)
                self._report(name, self._shown)

        return done
