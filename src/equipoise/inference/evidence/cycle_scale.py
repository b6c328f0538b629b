"""Evidence as a function of the cycle scale σ_c, and its integral over the prior of σ_c."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.special import erf, logsumexp

from equipoise.errors import UsageError
from equipoise.inference.evidence.result import BayesFactor
from equipoise.inference.weighted import weighted_quantiles
from equipoise.likelihoods import FloatArray

#: Prior scales over which a verdict must hold, in units of the prior's own.
DECIDING = (0.5, 1.0, 2.0)
#: τ may be this many times that of the priors at most: the grid of σ_c reaches no farther.
WIDEST_TAU = 4.0
#: In units of the prior's τ: HalfNormal(4τ) has mass 6e-7 beyond.
LARGEST = 20.0
FINE = 600
_SMALLEST = 1e-5


@dataclass(frozen=True, eq=False)
class CycleScalePosterior:
    """The integral over σ_c under ``HalfNormal(τ)``.

    Attributes
    ----------
    tau
        τ.
    log_bayes_factor, mcse
        Of balance against the cyclic rival with this τ, nats.
    grid, density
        Posterior density of σ_c on a logarithmic grid, shape (m,).
    mass
        Posterior probability of each grid point's cell, shape (m,), summing to 1; the first reaches
        down to 0.
    mean, lower, upper, mean_mcse
        Posterior mean and 95 % interval of σ_c, and the Monte Carlo error of the mean, nats.
    """

    tau: float
    log_bayes_factor: float
    mcse: float
    grid: FloatArray
    density: FloatArray
    mass: FloatArray
    mean: float
    lower: float
    upper: float
    mean_mcse: float

    def shares(self, nodes: FloatArray) -> FloatArray:
        """Return the posterior probability nearest to each of some σ_c, shape (n,), adding to 1."""
        x, fine = np.log(nodes), np.log(self.grid)
        hats = np.array([np.interp(fine, x, row) for row in np.eye(len(x))])
        return np.asarray(hats @ self.mass)


@dataclass(frozen=True, eq=False)
class CycleScaleCurve:
    """``log Z(σ_c) − log Z(0)``: evidence of the rival at fixed σ_c against that of balance.

    Attributes
    ----------
    method
        ``"path"`` or ``"laplace"``.
    prior_tau
        τ of the priors.
    nodes
        σ_c at which it was computed, shape (n,), increasing.
    grid
        Fine logarithmic grid of σ_c, shape (m,), from the first node to the last.
    rise
        ``log Z(σ_c) − log Z(0)`` there, nats, shape (m,).
    loadings, node_mcse
        Its Monte Carlo error is ``loadings @ ε``, ε independent with standard deviations
        ``node_mcse``, one a node where each has draws of its own: shapes (m, n) and (n,).
    common_mcse
        Standard deviation of an error common to the whole curve: that of log Z(0).
    doubt
        Why it must not be reported, in words; None where it may be.
    backend
        What ran the chains at the nodes; None where none ran.
    """

    method: str
    prior_tau: float
    nodes: FloatArray
    grid: FloatArray
    rise: FloatArray
    loadings: FloatArray
    node_mcse: FloatArray
    common_mcse: float = 0.0
    doubt: str | None = None
    backend: str | None = None

    @property
    def mcse(self) -> FloatArray:
        """Monte Carlo standard error of ``rise``, shape (m,)."""
        square = (self.loadings**2) @ self.node_mcse**2
        return np.asarray(np.sqrt(square + self.common_mcse**2))

    def log_bayes_factor_at(self, cycle_scale: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the log Bayes factor for balance at fixed σ_c and its error; NaN off the grid."""
        x, at = np.log(self.grid), np.log(np.asarray(cycle_scale, dtype=float))
        inside = (at >= x[0] - 1e-9) & (at <= x[-1] + 1e-9)
        value = np.where(inside, -np.interp(at, x, self.rise), np.nan)
        return value, np.where(inside, np.interp(at, x, self.mcse), np.nan)

    def posterior(self, tau: float | None = None) -> CycleScalePosterior:
        """Integrate over ``σ_c ~ HalfNormal(tau)``; default: the τ of the priors.

        Below the first node ``Z`` is quadratic in σ_c, as its even expansion says.

        Raises
        ------
        UsageError
            If τ exceeds four times that of the priors, beyond which the nodes do not reach.
        """
        tau = self.prior_tau if tau is None else tau
        largest = WIDEST_TAU * self.prior_tau
        if not 0 < tau <= largest * (1 + 1e-9):
            raise UsageError(f"the cycle scale must lie in (0, {largest:g}], not {tau!r}")
        grid, log_grid = self.grid, np.log(self.grid)
        width = np.gradient(log_grid)
        width[[0, -1]] /= 2
        log_prior = 0.5 * np.log(2 / np.pi) - np.log(tau) - 0.5 * (grid / tau) ** 2
        log_mass = log_prior + log_grid + np.log(width)
        below = np.log(erf(grid[0] / (tau * np.sqrt(2.0))))
        terms = np.concatenate(
            [
                [below + np.log(2 / 3), below + np.log(1 / 3) + self.rise[0]],
                log_mass + self.rise,
            ]
        )
        total = float(logsumexp(terms))
        share = np.exp(terms - total)
        pull = share[2:] @ self.loadings + share[1] * self.loadings[0]
        variance = float(((pull * self.node_mcse) ** 2).sum())
        variance += ((1.0 - share[0]) * self.common_mcse) ** 2
        # Below the first node the density is flat, as its even expansion says.
        at = np.concatenate([grid[:1] / 2, grid[:1] / 2, grid])
        mean = float(share @ at)
        lean = (share[2:] * (grid - mean)) @ self.loadings
        to_node = np.cumsum(share[2:]) - share[2:] / 2
        to_node[0] = 0.0
        reached = share[0] + share[1] + to_node
        lower, upper = np.interp(
            (0.025, 0.975), np.append(0.0, reached), np.append(0.0, grid)
        ).tolist()
        mass = share[2:].copy()
        mass[0] += share[0] + share[1]
        return CycleScalePosterior(
            tau=tau,
            log_bayes_factor=-total,
            mcse=float(np.sqrt(variance)),
            grid=grid,
            density=share[2:] / width / grid,
            mass=mass,
            mean=mean,
            lower=lower,
            upper=upper,
            mean_mcse=float(np.sqrt(((lean * self.node_mcse) ** 2).sum())),
        )

    def log_bayes_factor(self, tau: float | None = None) -> BayesFactor:
        """Return the log Bayes factor of balance against the cyclic rival."""
        post = self.posterior(tau)
        return BayesFactor(
            post.log_bayes_factor,
            post.mcse,
            self.method,
            cycle_scale=post.tau,
            doubt=self.doubt,
            backend=self.backend,
        )


def mixed(parts: Sequence[tuple[CycleScalePosterior, float]]) -> tuple[float, float, float]:
    """Return mean and 95 % interval of a scale whose posteriors have the given shares, nats."""
    grid = np.concatenate([post.grid for post, _ in parts])
    mass = np.concatenate([share * post.mass for post, share in parts])
    (lower,), (upper,) = weighted_quantiles(grid[:, None], mass / mass.sum(), (0.025, 0.975))
    mean = sum(share * post.mean for post, share in parts) / sum(share for _, share in parts)
    return float(mean), float(lower), float(upper)


def posterior_over(curve: CycleScaleCurve | None, tau: float | None = None) -> CycleScalePosterior:
    """Return the posterior of σ_c for one τ (default: that of the priors).

    Raises
    ------
    UsageError
        If there is no curve, for want of cycles, or τ exceeds four times that of the priors.
    """
    if curve is None:
        raise UsageError("this graph has no cycle, and no scale of cycles to infer")
    return curve.posterior(tau)


def factor_over(
    curve: CycleScaleCurve | None, method: str, prior_tau: float, tau: float | None = None
) -> BayesFactor:
    """Return the log Bayes factor of balance against the cyclic rival; 0 without cycles."""
    if curve is None:
        return BayesFactor(0.0, 0.0, method, prior_tau if tau is None else tau)
    return curve.log_bayes_factor(tau)


def curve_through_values(
    method: str,
    tau: float,
    nodes: FloatArray,
    rise: FloatArray,
    node_mcse: FloatArray,
    *,
    common_mcse: float = 0.0,
) -> CycleScaleCurve:
    """Return the curve on a fine grid: a cubic spline of log Z in log σ_c.

    The Monte Carlo errors of the nodes are independent and pass through the spline, which is
    linear in them, exactly.

    Parameters
    ----------
    method, tau, nodes
        As in :class:`CycleScaleCurve`.
    rise, node_mcse
        ``log Z(σ_c) − log Z(0)`` at the nodes and its errors, shape (n,).
    common_mcse
        Error of log Z(0).
    """
    grid = fine_grid(nodes)
    spline = CubicSpline(np.log(nodes), np.eye(len(nodes)), axis=0)(np.log(grid))
    return CycleScaleCurve(
        method=method,
        prior_tau=tau,
        nodes=nodes,
        grid=grid,
        rise=spline @ rise,
        loadings=spline,
        node_mcse=node_mcse,
        common_mcse=common_mcse,
    )


def fine_grid(nodes: FloatArray) -> FloatArray:
    """Return a logarithmic grid of σ_c from the first node to the last, shape (600,)."""
    return np.geomspace(nodes[0], nodes[-1], FINE)


def lowest_cycle_scale(slope: float, information: FloatArray, tau: float) -> float:
    """Return a σ_c below which the evidence differs from the reversible one by about 0.01 nats.

    Parameters
    ----------
    slope
        ``d log Z / d(σ_c²)`` at 0.
    information
        Eigenvalues of the profiled information of c.
    tau
        τ: σ_c below a twentieth of it hardly matters to the prior either.
    """
    top = max(float(np.max(information, initial=0.0)), 1e-12)
    bound = min(0.1 / np.sqrt(top), np.sqrt(0.01 / max(abs(slope), 1e-12)))
    return float(np.clip(bound, _SMALLEST, 0.05 * tau))
