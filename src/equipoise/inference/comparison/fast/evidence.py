"""Evidence of one shared potential, of deviations from it, and of separate potentials.

Two scales tell six hypotheses apart: σ_δ, of the deviations from a shared potential, and σ_c, of
the cycles that break balance. Along σ_δ the evidence is computed at fixed σ_c, from the shared
potential (σ_δ = 0) upwards; along σ_c from balance (σ_c = 0) upwards; then either is integrated
over its half-normal prior.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import hypot, log

import numpy as np
from scipy.special import logsumexp

from equipoise.inference.comparison.fast.edgewise import suited_node
from equipoise.inference.comparison.hypotheses import Hypothesis, factor_of
from equipoise.inference.comparison.kernels import Kernels
from equipoise.inference.comparison.models import (
    KernelData,
    pooled_model,
    separate_model,
    shared_model,
)
from equipoise.inference.comparison.potentials import Potentials, mixed_potentials
from equipoise.inference.evidence.cycle_scale import (
    LARGEST,
    CycleScaleCurve,
    CycleScalePosterior,
    curve_through_values,
)
from equipoise.inference.evidence.laplace.curve import METHOD, NodeCurve, spline_doubt
from equipoise.inference.evidence.laplace.fit import pooled_draws, raw_log_weights, solve_curve
from equipoise.inference.evidence.psis import smooth
from equipoise.inference.modes.lattice import data_resolutions
from equipoise.likelihoods import FloatArray
from equipoise.models import Priors
from equipoise.models.hierarchical import DEVIATION_SCALE
from equipoise.models.kernels import PotentialsName
from equipoise.models.latent import LatentModel

Progress = Callable[[int, int], None]
# σ_c from where it hardly matters to where its prior ends, in units of τ.
_LOWEST, _HIGHEST, _NODES = 0.01, 5.0, 8
_MASS = 1e-4
# Between two σ_c one more is put where there is so much probability and the curve may err by so
# many nats there; beyond the last one where that has so much.
_ROUNDS, _GAP_MASS, _KNOWN, _END_MASS = 2, 0.02, 0.03, 1e-3


@dataclass(frozen=True)
class Weight:
    """A log evidence, its Monte Carlo error, and k̂ of the weights behind it."""

    log_evidence: float
    mcse: float
    pareto_k: float


@dataclass(frozen=True, eq=False)
class Slice:
    """Shared and pooled potentials at one σ_c.

    Attributes
    ----------
    cycle_scale
        σ_c; 0: balance.
    curve
        Evidence of the pooled hypothesis against σ_δ, from shared (0) upwards.
    shared, pooled
        The latent models.
    """

    cycle_scale: float
    curve: NodeCurve
    shared: LatentModel
    pooled: LatentModel

    def posterior(self, scale: float = DEVIATION_SCALE) -> CycleScalePosterior:
        """Return the posterior of σ_δ under ``HalfNormal(scale)``."""
        return self.curve.smooth(DEVIATION_SCALE).posterior(scale)

    def weight(self, potentials: PotentialsName, scale: float = DEVIATION_SCALE) -> Weight:
        """Return the evidence of a shared potential, or of deviations from it."""
        base = self.curve.reversible
        own_k = smooth(self.log_weights(potentials, scale)).pareto_k
        if potentials == "shared":
            return Weight(float(base.log_evidence), base.mcse, own_k)
        own = replace(self.curve.smooth(DEVIATION_SCALE), common_mcse=0.0).posterior(scale)
        return Weight(float(base.log_evidence - own.log_bayes_factor), own.mcse, own_k)

    def log_weights(self, potentials: PotentialsName, scale: float = DEVIATION_SCALE) -> FloatArray:
        """Return log-weights of all draws behind that evidence, which sum to about 1, (n,)."""
        base = self.curve.reversible
        if potentials == "shared":
            return np.asarray(base.log_weights - base.log_evidence - log(len(base.theta)))
        raw = raw_log_weights(self.curve, self.posterior(scale))
        return np.asarray(raw - log(len(self.curve.nodes[0].theta)))

    def draws(self) -> tuple[FloatArray, FloatArray]:
        """Return draws of the pooled posterior, (n, d), and their weights, (n,)."""
        return pooled_draws(self.curve, self.posterior(), self.pooled)


@dataclass(frozen=True, eq=False)
class Fits:
    """Everything computed about several kernels.

    Attributes
    ----------
    tau
        τ of ``σ_c ~ HalfNormal(τ)``.
    balance
        At σ_c = 0.
    slices
        At increasing σ_c; empty where cycles were left out or there are none.
    separate
        Each kernel alone, given balance and with cycles; the latter None where there are no slices.
    """

    tau: float
    balance: Slice
    slices: tuple[Slice, ...]
    separate: tuple[Weight, Weight | None]

    @property
    def cycle_scales(self) -> FloatArray:
        """σ_c of the slices, shape (n,)."""
        return np.array([one.cycle_scale for one in self.slices])

    def hypotheses(self, scale: float = DEVIATION_SCALE) -> tuple[Hypothesis, ...]:
        """Return shared, pooled, separate, given balance, then with cycles."""
        found = [
            _hypothesis("shared", False, self.balance.weight("shared")),
            _hypothesis("pooled", False, self.balance.weight("pooled", scale)),
            _hypothesis("separate", False, self.separate[0]),
        ]
        if self.slices and self.separate[1] is not None:
            found += [
                _hypothesis("shared", True, self._over_cycles("shared", scale)),
                _hypothesis("pooled", True, self._over_cycles("pooled", scale)),
                _hypothesis("separate", True, self.separate[1]),
            ]
        return tuple(found)

    def factor(self, scale: float) -> tuple[float, float]:
        """Return the log BF of shared against pooled potentials, and its error, nats."""
        return factor_of(self.hypotheses(scale))

    def mixture(self) -> list[tuple[Slice, float]]:
        """Return the slices with their posterior probabilities, given deviations, balance first.

        Balance and its violation have even prior odds.
        """
        evidence = [self.balance.weight("pooled").log_evidence]
        if not self.slices:
            return [(self.balance, 1.0)]
        curve = self._curve("pooled", DEVIATION_SCALE)
        post = curve.posterior()
        evidence.append(evidence[0] - post.log_bayes_factor)
        share = np.exp(np.array(evidence) - logsumexp(evidence))
        mass = share[1] * post.shares(self.cycle_scales)
        parts = [(self.balance, float(share[0])), *zip(self.slices, mass.tolist(), strict=True)]
        return [(one, part) for one, part in parts if part > _MASS]

    def potentials(self, kernels: Kernels) -> Potentials:
        """Mix the pooled draws of all scales of the cycles by their evidence."""
        parts = []
        for one, share in self.mixture():
            theta, w = one.draws()
            parts.append((one.pooled.potential(theta), one.pooled.cycles(theta), share * w))
        total = np.concatenate([w for _, _, w in parts]).sum()
        return mixed_potentials(kernels, [(phi, own, w / total) for phi, own, w in parts])

    def unknown(self) -> list[float]:
        """Return σ_c at which the evidence is still to be computed, in increasing order."""
        if not self.slices:
            return []
        scales = self.cycle_scales
        x, found = np.log(scales), set()
        middle = 0.5 * (x[1:] + x[:-1])
        for potentials in ("shared", "pooled"):
            curve = self._curve(potentials, DEVIATION_SCALE)
            post = curve.posterior()
            doubt = spline_doubt(x, np.interp(x, np.log(curve.grid), curve.rise))
            gap = np.searchsorted(x[1:-1], np.log(post.grid))
            inside = np.bincount(gap, post.mass, len(middle))
            found |= {*middle[(inside > _GAP_MASS) & (doubt > _KNOWN)].tolist()}
            if post.shares(scales)[-1] > _END_MASS and scales[-1] < LARGEST * self.tau:
                found.add(float(x[-1] + x[1] - x[0]))
        return sorted(np.exp(list(found)).tolist())

    def _curve(self, potentials: PotentialsName, scale: float) -> CycleScaleCurve:
        base = self.balance.weight(potentials, scale)
        weights = [one.weight(potentials, scale) for one in self.slices]
        rise = np.array([weight.log_evidence for weight in weights]) - base.log_evidence
        # The evidence at the base is taken off here and added again: its error cancels.
        mcse = np.array([weight.mcse for weight in weights])
        return curve_through_values(METHOD, self.tau, self.cycle_scales, rise, mcse)

    def _over_cycles(self, potentials: PotentialsName, scale: float) -> Weight:
        base = self.balance.weight(potentials, scale)
        post = self._curve(potentials, scale).posterior()
        # One k̂ of all draws, each slice's as heavy as it counts: a slice without probability must
        # not spoil the whole, nor one of many look bad by chance.
        mixed = [
            one.log_weights(potentials, scale) + log(share)
            for one, share in zip(self.slices, post.shares(self.cycle_scales).tolist(), strict=True)
            if share > _MASS
        ]
        value = base.log_evidence - post.log_bayes_factor
        return Weight(value, post.mcse, smooth(np.concatenate(mixed)).pareto_k)


def solve(
    kernels: Kernels,
    data: Sequence[KernelData],
    priors: Priors,
    *,
    cycles: bool,
    draws: int,
    rng: np.random.Generator,
    progress: Progress | None = None,
) -> Fits:
    """Compute the evidence of all hypotheses by Laplace and importance sampling.

    Parameters
    ----------
    kernels, data
        The kernels, and what the models make of them.
    priors
        Prior scales.
    cycles
        Whether kernels may break balance.
    draws
        Importance draws at each pair of scales.
    rng
        Source of randomness.
    progress
        Called with (steps done, steps planned).

    Raises
    ------
    UsageError
        If they have more parameters than dense linear algebra can take.
    NotTrustedError
        If a posterior mode cannot be reached.
    """
    tau = priors.cycle_scale
    scales: list[float] = np.geomspace(_LOWEST * tau, _HIGHEST * tau, _NODES).tolist()
    cycles = cycles and any(one.cycles.shape[1] for one in data)
    planned = 1 + len(data) + (len(scales) if cycles else 0)
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, planned)

    def at(cycle_scale: float | None) -> Slice:
        found = _slice(kernels, data, priors, cycle_scale, draws, rng)
        step()
        return found

    balance = at(None)
    alone = []
    for one in data:
        alone.append(_alone(one, priors, draws, rng, cycles=cycles))
        step()
    slices = [at(scale) for scale in scales] if cycles else []
    fits = Fits(tau, balance, tuple(slices), _together(alone, cycles))
    for _ in range(_ROUNDS):
        spots = fits.unknown()
        if not spots:
            break
        planned += len(spots)
        slices = sorted([*slices, *map(at, spots)], key=lambda one: one.cycle_scale)
        fits = replace(fits, slices=tuple(slices))
    return fits


def ceiling(fits: Fits, *, draws: int, rng: np.random.Generator) -> float:
    """Return the log BF for sharing had the counts equalled their shared expectation."""
    balance = fits.balance
    eta = balance.shared.design @ balance.curve.reversible.mode.theta
    rows = balance.shared.likelihood.expected(eta)
    curve, _ = solve_curve(
        replace(balance.shared, likelihood=rows),
        replace(balance.pooled, likelihood=rows),
        balance.pooled.predictor,
        tau=DEVIATION_SCALE,
        draws=draws,
        rng=rng,
        evaluate=suited_node,
    )
    return curve.smooth(DEVIATION_SCALE).posterior().log_bayes_factor


def _hypothesis(potentials: PotentialsName, cyclic: bool, weight: Weight) -> Hypothesis:
    return Hypothesis(potentials, cyclic, weight.log_evidence, weight.mcse, weight.pareto_k)


def _slice(
    kernels: Kernels,
    data: Sequence[KernelData],
    priors: Priors,
    cycle_scale: float | None,
    draws: int,
    rng: np.random.Generator,
) -> Slice:
    rough = shared_model(kernels, data, priors, cycle_scale=cycle_scale)
    resolutions = data_resolutions(rough)
    shared, pooled = (
        make(kernels, data, priors, cycle_scale=cycle_scale, resolutions=resolutions)
        for make in (shared_model, pooled_model)
    )
    curve, _ = solve_curve(
        shared,
        pooled,
        pooled.predictor,
        tau=DEVIATION_SCALE,
        draws=draws,
        rng=rng,
        evaluate=suited_node,
    )
    return Slice(cycle_scale or 0.0, curve, shared, pooled)


def _alone(
    data: KernelData, priors: Priors, draws: int, rng: np.random.Generator, *, cycles: bool
) -> tuple[Weight, Weight]:
    """Return the evidence of one kernel given balance, and with cycles (or the same once more)."""
    resolutions = data_resolutions(separate_model(data, priors, cycles=False))
    base, family = (
        separate_model(data, priors, cycles=with_cycles, resolutions=resolutions)
        for with_cycles in (False, cycles)
    )
    tau = priors.cycle_scale
    curve, _ = solve_curve(
        base, family, family.predictor, tau=tau, draws=draws, rng=rng, evaluate=suited_node
    )
    node = curve.reversible
    balance = Weight(float(node.log_evidence), node.mcse, node.pareto_k)
    if not curve.nodes:
        return balance, balance
    post = replace(curve.smooth(tau), common_mcse=0.0).posterior()
    own_k = smooth(raw_log_weights(curve, post)).pareto_k
    return balance, Weight(balance.log_evidence - post.log_bayes_factor, post.mcse, own_k)


def _together(alone: Sequence[tuple[Weight, Weight]], cycles: bool) -> tuple[Weight, Weight | None]:
    both = [
        Weight(
            float(sum(weight.log_evidence for weight in part)),
            hypot(*(weight.mcse for weight in part)),
            max(weight.pareto_k for weight in part),
        )
        for part in zip(*alone, strict=True)
    ]
    return both[0], both[1] if cycles else None
