"""The default path: posteriors of several kernels by MCMC, their evidence along paths.

What has to be known are six evidences. Those of one potential and of separate potentials, given
balance, come from bridge sampling of their posteriors; all others from these along paths.
"""

from dataclasses import dataclass
from math import hypot

import numpy as np
from scipy.special import logsumexp

from equipoise.errors import NotTrustedError, UsageError
from equipoise.inference.comparison.draws import KernelDraws
from equipoise.inference.comparison.hypotheses import Hypothesis, factor_of
from equipoise.inference.comparison.kernels import Kernels
from equipoise.inference.comparison.mcmc import paths
from equipoise.inference.comparison.mcmc.settled import settled
from equipoise.inference.comparison.mcmc.walkers import Walkers
from equipoise.inference.comparison.models import KernelData
from equipoise.inference.comparison.potentials import Potentials, mixed_potentials
from equipoise.inference.comparison.table import latent_of, potentials_at, table_of
from equipoise.inference.evidence.averages import log_mean
from equipoise.inference.evidence.bridge import bridge
from equipoise.inference.evidence.cycle_scale import CycleScaleCurve
from equipoise.inference.evidence.psis import smooth
from equipoise.inference.evidence.result import Evidence
from equipoise.inference.findings import Stages
from equipoise.inference.modes.lattice import data_resolutions
from equipoise.inference.posterior.convergence import Convergence
from equipoise.inference.weighted import weighted_quantiles
from equipoise.likelihoods import FloatArray
from equipoise.models import Priors
from equipoise.models.hierarchical import DEVIATION_SCALE
from equipoise.models.kernels import KernelTable, PotentialsName

METHOD = "path"
#: Parameters up to which chains are asked to walk: a step costs their cube.
MOST_FOR_MCMC = 1000
_SEEDS = 2**31
# Without cycles a draw costs little: the path over σ_δ need not leave the larger error.
_MORE = 2
_POTENTIALS: tuple[PotentialsName, ...] = ("shared", "pooled", "separate")


@dataclass(frozen=True)
class Estimate:
    """A log evidence, or a difference of two, nats, its error, and why not to report it."""

    value: float
    mcse: float
    doubt: str | None = None

    def __add__(self, other: "Estimate") -> "Estimate":
        """Return the sum of two that err independently."""
        return Estimate(
            self.value + other.value, hypot(self.mcse, other.mcse), self.doubt or other.doubt
        )


@dataclass(frozen=True, eq=False)
class ChainFits:
    """Everything that MCMC says about several kernels.

    Attributes
    ----------
    table, priors
        The question; the table of shared and pooled potentials.
    base
        Log evidence of one potential, and of separate ones, given balance.
    deviation
        Evidence against σ_δ given balance, from one potential upwards.
    shared_cycles, pooled_cycles
        Evidence against σ_c, from balance upwards: of one potential, and with deviations whose σ_δ
        is learned; None where no kernel has a cycle.
    separate_cycles
        Of each kernel alone; None where it has no cycle.
    balance, cyclic
        Posterior of deviating potentials, σ_δ learned, given balance and with cycles; the latter
        None where there are none.
    convergence
        Of these, and of the posteriors that were bridged.
    """

    table: KernelTable
    priors: Priors
    base: tuple[Estimate, Estimate]
    deviation: CycleScaleCurve
    shared_cycles: CycleScaleCurve | None
    pooled_cycles: CycleScaleCurve | None
    separate_cycles: tuple[CycleScaleCurve | None, ...]
    balance: KernelDraws
    cyclic: KernelDraws | None
    convergence: tuple[Convergence, ...]

    def hypotheses(self, scale: float = DEVIATION_SCALE) -> tuple[Hypothesis, ...]:
        """Return shared, pooled, separate, given balance, then with cycles."""
        shared, separate = self.base
        pooled = shared + _gain(self.deviation, scale)
        given_balance = (shared, pooled, separate)
        found = [self._stated(k, False, part) for k, part in enumerate(given_balance)]
        if self.shared_cycles is not None and self.pooled_cycles is not None:
            own = shared + _gain(self.deviation) + _gain(self.pooled_cycles)
            for curve in self.separate_cycles:
                separate = separate if curve is None else separate + _gain(curve)
            with_cycles = (
                shared + _gain(self.shared_cycles),
                own + self._rescaled(scale),
                separate,
            )
            found += [self._stated(k, True, part) for k, part in enumerate(with_cycles)]
        return tuple(found)

    def factor(self, scale: float) -> tuple[float, float]:
        """Return the log BF of shared against pooled potentials, and its error, nats."""
        return factor_of(self.hypotheses(scale))

    def _stated(self, which: int, cyclic: bool, part: Estimate) -> Hypothesis:
        doubt = self.distrust or part.doubt
        return Hypothesis(_POTENTIALS[which], cyclic, part.value, part.mcse, None, doubt)

    def potentials(self, kernels: Kernels) -> Potentials:
        """Mix the draws given balance and with cycles by their evidence, even prior odds."""
        parts = []
        for draws, share in self._mixture():
            shared, own = potentials_at(self.table, draws.x.reshape(-1, draws.x.shape[-1]))
            parts.append((shared, own, np.full(len(shared), share / len(shared))))
        return mixed_potentials(kernels, parts)

    def size(self) -> tuple[float, float, float]:
        """Return mean and 95 % interval of σ_δ, averaged over balance and its violation."""
        values = [(draws.scales["sigma_delta"].ravel(), part) for draws, part in self._mixture()]
        x = np.concatenate([found for found, _ in values])
        w = np.concatenate([np.full(len(found), part / len(found)) for found, part in values])
        (lower,), (upper,) = weighted_quantiles(x[:, None], w, (0.025, 0.975))
        return float(w @ x), float(lower), float(upper)

    @property
    def effort(self) -> str:
        """How it was computed, in words."""
        n, many = self.balance.x.shape[:2]
        curves = (self.deviation, self.shared_cycles, self.pooled_cycles, *self.separate_cycles)
        nodes = sum(len(curve.nodes) for curve in curves[:3] if curve is not None)
        return (
            f"Hamiltonian Monte Carlo, {n} chains of {many:,} draws a posterior; paths over σ_δ "
            f"and σ_c ({nodes} scales) and bridge sampling"
        )

    @property
    def worst(self) -> Convergence:
        """The worst diagnostics of all posteriors; divergences of all of them."""
        return Convergence(
            r_hat_max=max(state.r_hat_max for state in self.convergence),
            ess_bulk_min=min(state.ess_bulk_min for state in self.convergence),
            divergences=sum(state.divergences for state in self.convergence),
        )

    @property
    def distrust(self) -> str | None:
        """Why the draws must not be reported, in words; None where they may be."""
        return next((state.distrust for state in self.convergence if state.distrust), None)

    def _mixture(self) -> list[tuple[KernelDraws, float]]:
        if self.cyclic is None:
            return [(self.balance, 1.0)]
        evidence = np.array([h.log_evidence for h in self.hypotheses() if h.potentials == "pooled"])
        share = np.exp(evidence - logsumexp(evidence))
        both = ((self.balance, float(share[0])), (self.cyclic, float(share[1])))
        return [(draws, part) for draws, part in both if part > 0]

    def _rescaled(self, scale: float) -> Estimate:
        """Return by how much another prior of σ_δ changes the evidence of pooled, cyclic kernels.

        ``log E[p'(σ_δ)/p(σ_δ)]`` over the posterior, for the likelihood cancels.
        """
        if scale == DEVIATION_SCALE or self.cyclic is None:
            return Estimate(0.0, 0.0)
        sigma = self.cyclic.scales["sigma_delta"]
        log_ratio = -0.5 * sigma**2 * (scale**-2 - DEVIATION_SCALE**-2)
        log_ratio += np.log(DEVIATION_SCALE / scale)
        smoothed = smooth(log_ratio.ravel())
        mean = log_mean(smoothed.log_weights.reshape(sigma.shape))
        return Estimate(mean.log_value, mean.mcse)


def solve_by_mcmc(
    kernels: Kernels,
    data: tuple[KernelData, ...],
    priors: Priors,
    *,
    draws: int,
    rng: np.random.Generator,
    stages: Stages,
    start: float,
    until: float,
) -> ChainFits:
    """Sample all posteriors and walk all paths.

    Parameters
    ----------
    kernels, data
        The kernels, and what the models make of them.
    priors
        Prior scales.
    draws
        A fourth of those of every posterior.
    rng
        Source of randomness.
    stages
        Progress.
    start, until
        Fractions of the whole at which this begins and ends.

    Raises
    ------
    NotTrustedError
        If a posterior mode cannot be reached, or rounding spoils the curvature.
    """
    table = table_of(kernels, data)
    own = table_of(kernels, data, "separate")

    def step(name: str, fraction: float) -> paths.Progress:
        return stages.next(name, start + (until - start) * fraction)

    together, apart = Walkers(table, priors), Walkers(own, priors)
    states: list[Convergence] = []

    def posterior(
        sampler: Walkers,
        name: str,
        fraction: float,
        deviation_sd: float | None,
        cycle_sd: float | None,
    ) -> KernelDraws:
        found, state = settled(
            sampler,
            deviation_sd=deviation_sd,
            cycle_sd=cycle_sd,
            draws=draws,
            rng=rng,
            progress=step(name, fraction),
        )
        states.append(state)
        return found

    one = posterior(together, "posterior of one potential", 0.04, 0.0, 0.0)
    several = posterior(apart, "posterior of separate potentials", 0.08, 0.0, 0.0)
    balance = posterior(together, "posterior of deviations", 0.12, None, 0.0)
    base = _bridged(table, one.x, priors, rng), _apart(own, several.x, priors, rng)
    (deviation,) = paths.path_of(
        together,
        "deviation",
        draws=_MORE * paths.DRAWS,
        rng=rng,
        progress=step("evidence along deviations", 0.22),
    )
    shared = pooled = cyclic = None
    alone: tuple[CycleScaleCurve | None, ...] = (None,) * len(kernels.names)
    if table.cycle.shape[1]:
        cyclic = posterior(together, "posterior with cycles", 0.32, None, None)
        (shared,) = paths.path_of(
            together, "cycle", rng=rng, progress=step("cycles, one potential", 0.5)
        )
        (pooled,) = paths.path_of(
            together,
            "cycle",
            other_sd=None,
            rng=rng,
            progress=step("cycles, with deviations", 0.85),
        )
        alone = paths.path_of(apart, "cycle", rng=rng, progress=step("cycles, separate", 1.0))
    assert deviation is not None  # noqa: S101 - kernels_of refuses kernels without a comparison
    return ChainFits(
        table, priors, base, deviation, shared, pooled, alone, balance, cyclic, tuple(states)
    )


def n_parameters(kernels: Kernels, data: tuple[KernelData, ...]) -> int:
    """Return how many coordinates a shared potential, deviations and cycles have together."""
    shared = len(kernels.states) - int(kernels.component.max()) - 1
    return shared + int(sum(one.centred.shape[1] + one.cycles.shape[1] for one in data))


def check_size(kernels: Kernels, data: tuple[KernelData, ...]) -> None:
    """Refuse kernels too large for dense chains.

    Raises
    ------
    UsageError
        If they have more than 1,000 parameters together.
    """
    size = n_parameters(kernels, data)
    if size > MOST_FOR_MCMC:
        raise UsageError(
            f"these kernels have {size:,} parameters together, more than the {MOST_FOR_MCMC:,} "
            "that MCMC is offered for: use the fast path (--fast, fast=True)"
        )


def _gain(curve: CycleScaleCurve, scale: float | None = None) -> Estimate:
    """Return by how much the wider hypothesis has more evidence than the one it starts from."""
    post = curve.posterior(scale)
    return Estimate(-post.log_bayes_factor, post.mcse, curve.doubt)


def _bridged(
    table: KernelTable, x: FloatArray, priors: Priors, rng: np.random.Generator
) -> Estimate:
    """Return the evidence of one potential, or of one kernel alone, given balance."""
    rough = latent_of(table, priors, deviation_sd=0.0, cycle_sd=0.0)
    if not rough.size:
        return Estimate(float(rough.likelihood.log_likelihood(rough.design @ np.zeros(0))), 0.0)
    model = latent_of(
        table, priors, deviation_sd=0.0, cycle_sd=0.0, resolution=data_resolutions(rough)[0]
    )
    theta = x[..., table.blocks[0]]
    try:
        found = bridge(model, theta, random_seed=int(rng.integers(_SEEDS)))
    except NotTrustedError as error:
        if not isinstance(error.result, Evidence):
            raise
        return Estimate(error.result.log_value, error.result.mcse, str(error))
    return Estimate(found.log_value, found.mcse)


def _apart(table: KernelTable, x: FloatArray, priors: Priors, rng: np.random.Generator) -> Estimate:
    total = Estimate(0.0, 0.0)
    for part, place in table.parts():
        total = total + _bridged(part, x[..., place], priors, rng)
    return total
