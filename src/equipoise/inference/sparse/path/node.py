"""One node of the path: draws at fixed σ_c, the slope of log Z from them, and its error."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from equipoise.inference.sparse.cyclic import CyclicMode, cyclic_mode
from equipoise.inference.sparse.linear import DirectSystem
from equipoise.inference.sparse.motion import Stride, adapted, turn
from equipoise.inference.sparse.pairs import Pairs
from equipoise.inference.sparse.path.controls import controls, drift_of, prior_trace
from equipoise.inference.sparse.path.landscape import Reference, cyclic_landscape
from equipoise.inference.sparse.scale_moves import draw_scale, follow_of, stretched, with_level
from equipoise.likelihoods import FloatArray
from equipoise.models import Priors

R_HAT_TRUSTED, ESS_TRUSTED, ACCEPTANCE_TRUSTED = 1.05, 100.0, 0.5
# Of some hundred means of known value 0, in standard errors: beyond once in 10⁴ runs.
_ZERO_TRUSTED = 6.0
_SPREAD = 0.15
_FIRST, _ACCEPTANCE = Stride(log_steps=1.65, fewest=2), 0.8


@dataclass(frozen=True, eq=False)
class SparseNode:
    """The slope of the evidence at one σ_c.

    Attributes
    ----------
    cycle_scale
        σ_c, nats.
    slope, mcse
        ``d log Z/d log σ_c`` and its Monte Carlo standard error, nats.
    plain, plain_mcse
        The same without control variates.
    ess
        Bulk effective sample size of ``|c|²``.
    r_hat
        Greatest rank R-hat of ``|c|²`` and ``log σ_Φ``.
    acceptance
        Mean acceptance of the trajectories.
    zero
        Greatest mean of a control variate, which is known to be 0, in its standard errors.
    violation
        ρ of each draw, shape (chains, draws), nats.
    log_potential_sd
        ``log σ_Φ`` of each draw, shape (chains, draws).
    potential, cycles
        Φ (n,) and c (M,) at the posterior mode that the draws were made about.
    weight
        Curvature of each edge there, shape (M,).
    potential_sd
        σ_Φ of that mode.
    stride
        Step sizes found, for a neighbour to begin with.
    """

    cycle_scale: float
    slope: float
    mcse: float
    plain: float
    plain_mcse: float
    ess: float
    r_hat: float
    acceptance: float
    zero: float
    violation: FloatArray
    log_potential_sd: FloatArray
    potential: FloatArray
    cycles: FloatArray
    weight: FloatArray
    potential_sd: float
    stride: Stride

    @property
    def doubt(self) -> str | None:
        """Why it must not be believed, in words; None where it may be."""
        at = f"at σ_c = {self.cycle_scale:.3g} of the path"
        if not np.isfinite([self.slope, self.mcse]).all():
            return f"the slope is not finite {at}"
        if not self.r_hat <= R_HAT_TRUSTED:  # NaN too
            return f"the chains disagree {at} (R-hat {self.r_hat:.2f})"
        if not self.ess >= ESS_TRUSTED:
            return f"only {self.ess:.0f} effective draws {at}"
        if not self.acceptance >= ACCEPTANCE_TRUSTED:
            return f"only {self.acceptance:.0%} of the trajectories were accepted {at}"
        if not self.zero <= _ZERO_TRUSTED:
            return f"an average known to be 0 lies {self.zero:.1f} standard errors off {at}"
        return None


def sample_node(
    pairs: Pairs,
    system: DirectSystem,
    priors: Priors,
    cycle_scale: float,
    *,
    potential_sd: float,
    near: SparseNode | None,
    rho: Callable[[FloatArray], FloatArray],
    chains: int,
    tune: int,
    draws: int,
    rng: np.random.Generator,
) -> SparseNode:
    """Sample at one σ_c.

    Parameters
    ----------
    pairs, system, priors
        The question.
    cycle_scale
        σ_c, nats.
    potential_sd
        σ_Φ of the Gaussian the chains move about, nats.
    near
        The neighbouring node, whose mode and step sizes are a beginning.
    rho
        From c (M, chains) to ρ (chains,).
    chains, tune, draws
        Of each chain; the first ``tune`` trajectories are thrown away.
    rng
        Source of randomness.
    """
    start = None if near is None else (near.potential, near.cycles)
    mode = cyclic_mode(pairs, system, potential_sd, cycle_scale, start)
    reference = Reference(mode.potential, mode.cycles, mode.curvature)
    stride = _FIRST if near is None else near.stride
    learned = priors.scales == "learned"
    centre = mode.potential[:, None], mode.cycles[:, None]
    away = mode.curvature.sample(rng, chains)
    # Chains begin apart, also in σ_Φ: whether they forget it is what R-hat asks. Φ and c go along
    # as far as the prior holds them; farther, where data do, a chain could stay out for long.
    stretch = _SPREAD * np.linspace(-1, 1, chains) if learned else np.zeros(chains)
    along = mode.curvature.solve(away[0] + 2.0 * centre[0], np.zeros_like(away[1]))
    phi, c = (
        x + y + stretch / potential_sd**2 * z for x, y, z in zip(centre, away, along, strict=True)
    )
    phi, sd = pairs.centred(phi), potential_sd * np.exp(stretch)
    follow = follow_of(system, mode.curvature.weight, potential_sd, mode.potential)
    trace, drift = prior_trace(pairs, system, reference), drift_of(reference)
    plain = np.empty((chains, draws))
    sds, rhos, accepted = np.empty_like(plain), np.empty_like(plain), np.empty_like(plain)
    zeros: list[FloatArray] = []
    for k in range(-tune, draws):
        landscape = cyclic_landscape(reference, sd)
        phi = with_level(pairs, phi, sd, rng)
        here, accept = turn(landscape, (phi - centre[0], c - centre[1]), stride.steps(rng), rng)
        phi, c = pairs.centred(centre[0] + here[0]), centre[1] + here[1]
        if learned:
            sd = draw_scale(pairs, phi, sd, priors.potential_scale, rng)
            phi, sd = stretched(follow, phi, c, sd, priors.potential_scale, rng)
        if k < 0:
            done = (k + tune + 1) / tune
            stride = adapted(stride, float(accept.mean()), _ACCEPTANCE, done)
            continue
        accepted[:, k] = accept
        plain[:, k] = (c**2).sum(axis=0) / cycle_scale**2 - pairs.n_cycles
        sds[:, k], rhos[:, k] = np.log(sd), rho(c)
        zeros.append(controls(reference, drift, trace, phi, c, sd, priors.potential_scale))
    # (chains, draws, controls); those of σ_Φ vary only where it is learned.
    control = np.stack(zeros, axis=1)[..., : 5 if learned else 3]
    return _node(cycle_scale, plain, control, sds, rhos, accepted, mode, stride, learned)


def _node(
    cycle_scale: float,
    plain: FloatArray,
    control: FloatArray,
    sds: FloatArray,
    rhos: FloatArray,
    accepted: FloatArray,
    mode: CyclicMode,
    stride: Stride,
    learned: bool,
) -> SparseNode:
    from arviz_stats.base import array_stats

    def mean_error(x: FloatArray) -> float:
        effective = min(float(array_stats.ess(x, method="mean")), x.size)
        return float(x.std(ddof=1) / np.sqrt(effective))

    settled = np.empty_like(plain)
    halves = (slice(0, None, 2), slice(1, None, 2))
    for half, other in (halves, halves[::-1]):
        known = control[other].reshape(-1, control.shape[-1])
        target = plain[other].ravel()
        centred = known - known.mean(axis=0)
        # Columns of very different size: in units of their spread.
        size = np.maximum(centred.std(axis=0), 1e-300)
        fitted = np.linalg.lstsq(centred / size, target - target.mean(), rcond=1e-8)[0] / size
        settled[half] = plain[half] - control[half] @ fitted
    watched = [plain, sds] if learned else [plain]
    moving = [x for x in np.moveaxis(control, -1, 0) if x.std() > 0]
    return SparseNode(
        cycle_scale=cycle_scale,
        slope=float(settled.mean()),
        mcse=mean_error(settled),
        plain=float(plain.mean()),
        plain_mcse=mean_error(plain),
        ess=float(array_stats.ess(plain, method="bulk")),
        r_hat=max(float(array_stats.rhat(x)) for x in watched),
        acceptance=float(accepted.mean()),
        zero=max((abs(float(x.mean())) / mean_error(x) for x in moving), default=0.0),
        violation=rhos,
        log_potential_sd=sds,
        potential=mode.potential,
        cycles=mode.cycles,
        weight=mode.curvature.weight,
        potential_sd=mode.curvature.potential_sd,
        stride=stride,
    )
