"""Evidence of one shared potential, of deviations from it, and of separate potentials."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import hypot, log
from typing import Literal

import numpy as np
from scipy.special import logsumexp

from equipoise.inference.comparison.kernels import Kernels
from equipoise.inference.comparison.models import (
    DEVIATION_SCALE,
    KernelData,
    pooled_model,
    separate_model,
    shared_model,
)
from equipoise.inference.evidence.cycle_scale import CycleScaleCurve, CycleScalePosterior
from equipoise.inference.evidence.laplace.curve import NodeCurve
from equipoise.inference.evidence.laplace.fit import pooled_draws, raw_draws, solve_curve
from equipoise.inference.evidence.laplace.node import Node, evaluate_node
from equipoise.inference.evidence.psis import distrust, smooth
from equipoise.inference.modes.lattice import data_resolutions
from equipoise.likelihoods import FloatArray, Predictor
from equipoise.models import Priors
from equipoise.models.latent import LatentModel

Potentials = Literal["shared", "pooled", "separate"]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Hypothesis:
    """What may be true of all kernels together, and its evidence.

    Attributes
    ----------
    potentials
        ``"shared"``: one; ``"pooled"``: one with deviations ``δ ~ Normal(0, σ_δ)``,
        ``σ_δ ~ HalfNormal(1)``; ``"separate"``: each its own.
    cyclic
        Whether every kernel may have cycles that break balance.
    log_evidence, mcse
        Nats; of all kernels' pairwise likelihoods, binomial coefficients left out.
    pareto_k
        Worst k̂ of the importance weights behind it.
    """

    potentials: Potentials
    cyclic: bool
    log_evidence: float
    mcse: float
    pareto_k: float

    @property
    def distrust(self) -> str | None:
        """Why its evidence must not be reported, in words; None where it may be."""
        return distrust(self.pareto_k)


@dataclass(frozen=True, eq=False)
class Family:
    """The three hypotheses about potentials, with cycles or without.

    Attributes
    ----------
    cyclic
        With cycles.
    curve
        Evidence of the pooled hypothesis against σ_δ, from shared (0) upwards.
    shared, pooled
        The latent models.
    separate
        Node of each kernel alone.
    """

    cyclic: bool
    curve: NodeCurve
    shared: LatentModel
    pooled: LatentModel
    separate: tuple[Node, ...]

    def smooth(self) -> CycleScaleCurve:
        """Return the evidence against σ_δ on a fine grid."""
        return self.curve.smooth(DEVIATION_SCALE)

    def posterior(self, scale: float = DEVIATION_SCALE) -> CycleScalePosterior:
        """Return the posterior of σ_δ under ``HalfNormal(scale)``."""
        return self.smooth().posterior(scale)

    def hypotheses(self, scale: float = DEVIATION_SCALE) -> tuple[Hypothesis, ...]:
        """Return shared, pooled and separate with their evidence, ``σ_δ ~ HalfNormal(scale)``."""
        base, post = self.curve.reversible, self.posterior(scale)
        worst = max(base.pareto_k, smooth(raw_draws(self.curve, post)[0]).pareto_k)
        alone = self.separate
        return (
            Hypothesis("shared", self.cyclic, float(base.log_evidence), base.mcse, base.pareto_k),
            Hypothesis(
                "pooled",
                self.cyclic,
                float(base.log_evidence - post.log_bayes_factor),
                hypot(base.mcse, post.mcse),
                worst,
            ),
            Hypothesis(
                "separate",
                self.cyclic,
                float(sum(node.log_evidence for node in alone)),
                hypot(*(node.mcse for node in alone)),
                max(node.pareto_k for node in alone),
            ),
        )

    def draws(self) -> tuple[FloatArray, FloatArray]:
        """Return draws of the pooled posterior, (n, d), and their weights, (n,)."""
        return pooled_draws(self.curve, self.posterior())


def solve_family(
    kernels: Kernels,
    data: Sequence[KernelData],
    priors: Priors,
    *,
    cyclic: bool,
    draws: int,
    rng: np.random.Generator,
    progress: Progress | None = None,
) -> Family:
    """Compute the evidence of the three hypotheses by Laplace and importance sampling.

    Raises
    ------
    UsageError
        If they have more parameters than dense linear algebra can take.
    NotTrustedError
        If a posterior mode cannot be reached.
    """
    resolutions = data_resolutions(shared_model(kernels, data, priors, cyclic=cyclic))
    shared = shared_model(kernels, data, priors, cyclic=cyclic, resolutions=resolutions)
    pooled = pooled_model(kernels, data, priors, cyclic=cyclic, resolutions=resolutions)
    curve, _ = solve_curve(
        shared,
        pooled,
        deviations_of(pooled),
        tau=DEVIATION_SCALE,
        draws=draws,
        rng=rng,
        progress=progress,
    )
    alone = []
    for one in data:
        model = separate_model(one, priors, cyclic=cyclic)
        model = separate_model(one, priors, cyclic=cyclic, resolutions=data_resolutions(model))
        scales = (1.0,) * len(model.learned)
        alone.append(evaluate_node(model, 0.0, model.prior_mean, scales, draws, rng))
    return Family(cyclic, curve, shared, pooled, tuple(alone))


def expected_family(family: Family, *, draws: int, rng: np.random.Generator) -> float:
    """Return the log BF for sharing had the counts equalled their shared expectation: a ceiling."""
    eta = family.shared.design @ family.curve.reversible.mode.theta
    rows = family.shared.likelihood.expected(eta)
    curve, _ = solve_curve(
        replace(family.shared, likelihood=rows),
        replace(family.pooled, likelihood=rows),
        deviations_of(family.pooled),
        tau=DEVIATION_SCALE,
        draws=draws,
        rng=rng,
    )
    return curve.smooth(DEVIATION_SCALE).posterior().log_bayes_factor


def averaged(parts: Sequence[Hypothesis]) -> tuple[float, float]:
    """Return the log evidence of hypotheses of equal prior odds together, and its error."""
    values = np.array([part.log_evidence for part in parts])
    total = float(logsumexp(values)) - log(len(parts))
    share = np.exp(values - logsumexp(values))
    return total, float(np.sqrt(((share * [part.mcse for part in parts]) ** 2).sum()))


def deviations_of(pooled: LatentModel) -> Predictor:
    """Return the deviations as that which tells the pooled hypothesis from the shared one."""
    columns = pooled.cycle_columns
    return Predictor(
        potential=pooled.design[:, : columns.start],
        symmetric=pooled.design[:, columns.stop :],
        cycle=pooled.design[:, columns],
        basis=pooled.basis,
    )
