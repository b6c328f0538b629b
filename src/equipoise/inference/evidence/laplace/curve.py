"""The curve log Z(σ_c): nodes, interpolation between them, and integrals over σ_c for every τ."""

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicHermiteSpline, CubicSpline
from scipy.special import erf, logsumexp

from equipoise.inference.evidence.laplace.node import Node
from equipoise.likelihoods import FloatArray
from equipoise.models.latent import LatentModel

# In units of the prior's τ: HalfNormal(4τ) has mass 6e-7 beyond.
_LARGEST = 20.0
_STEP = 0.8
_SMALLEST_CYCLE_SCALE = 1e-5
_FINE = 600
# A gap between nodes is halved where it carries this much probability for some τ while two
# interpolations, one through values alone and one with slopes, differ by this many nats there.
_GAP_MASS, _GAP_ERROR = 0.02, 0.03


@dataclass(frozen=True, eq=False)
class EvidenceCurve:
    """``log Z(σ_c)`` at nodes, from the reversible model (σ_c = 0) upwards.

    Attributes
    ----------
    reversible
        The node at σ_c = 0.
    nodes
        Nodes at increasing σ_c > 0; empty where the graph has no cycle.
    """

    reversible: Node
    nodes: tuple[Node, ...]

    @property
    def cycle_scales(self) -> FloatArray:
        """σ_c of the nodes, shape (n,)."""
        return np.array([node.cycle_scale for node in self.nodes])

    @property
    def log_bayes_factors(self) -> FloatArray:
        """Log Bayes factor for balance at each node's fixed σ_c, nats, shape (n,)."""
        return self.reversible.log_evidence - np.array([node.log_evidence for node in self.nodes])

    @property
    def mcse(self) -> FloatArray:
        """Monte Carlo standard errors of ``log_bayes_factors``, shape (n,)."""
        nodes = np.array([node.mcse for node in self.nodes])
        return np.asarray(np.hypot(self.reversible.mcse, nodes))

    def interpolate(self, cycle_scale: FloatArray) -> FloatArray:
        """Return the log Bayes factor at any σ_c within the nodes, nats; NaN outside them."""
        x = np.log(self.cycle_scales)
        spline = CubicSpline(x, self.log_bayes_factors, extrapolate=False)
        return np.asarray(spline(np.log(cycle_scale)))


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
    mean, lower, upper, mean_mcse
        Posterior mean and 95 % interval of σ_c, and the Monte Carlo error of the mean, nats.
    node_weights
        Posterior weight of each node for mixing draws, shape (n,), summing to 1.
    """

    tau: float
    log_bayes_factor: float
    mcse: float
    grid: FloatArray
    density: FloatArray
    mean: float
    lower: float
    upper: float
    mean_mcse: float
    node_weights: FloatArray


def integrate(curve: EvidenceCurve, tau: float) -> CycleScalePosterior:
    """Integrate the curve over ``σ_c ~ HalfNormal(tau)``.

    Between nodes ``log Z`` is a cubic spline of ``log σ_c``; below the first node ``Z`` is
    quadratic in σ_c, as its even expansion says. The Monte Carlo errors of the nodes are
    independent and propagated exactly through the (linear) interpolation.
    """
    x = np.log(curve.cycle_scales)
    rise = -curve.log_bayes_factors
    log_grid = np.linspace(x[0], x[-1], _FINE)
    grid = np.exp(log_grid)
    spline = CubicSpline(x, np.eye(len(x)), axis=0)(log_grid)
    width = np.full(_FINE, log_grid[1] - log_grid[0])
    width[[0, -1]] /= 2
    log_prior = 0.5 * np.log(2 / np.pi) - np.log(tau) - 0.5 * (grid / tau) ** 2
    log_mass = log_prior + log_grid + np.log(width)
    below = np.log(erf(grid[0] / (tau * np.sqrt(2.0))))
    terms = np.concatenate(
        [[below + np.log(2 / 3)], [below + np.log(1 / 3) + rise[0]], log_mass + spline @ rise]
    )
    total = float(logsumexp(terms))
    share = np.exp(terms - total)
    pull = share[2:] @ spline
    pull[0] += share[1]
    node_mcse = np.array([node.mcse for node in curve.nodes])
    variance = float(((pull * node_mcse) ** 2).sum())
    variance += ((1.0 - share[0]) * curve.reversible.mcse) ** 2
    # Below the first node σ_c is taken as half of it, without error.
    at = np.concatenate([grid[:1] / 2, grid[:1] / 2, grid])
    mean = float(share @ at)
    lean = (share[2:] * (grid - mean)) @ spline
    cumulative = np.cumsum(share) - share / 2
    lower, upper = np.interp((0.025, 0.975), cumulative, at)
    hats = np.array([np.interp(log_grid, x, row) for row in np.eye(len(x))])
    node_weights = hats @ share[2:]
    node_weights[0] += share[0] + share[1]
    return CycleScalePosterior(
        tau=tau,
        log_bayes_factor=-total,
        mcse=float(np.sqrt(variance)),
        grid=grid,
        density=share[2:] / width / grid,
        mean=mean,
        lower=float(lower),
        upper=float(upper),
        mean_mcse=float(np.sqrt(((lean * node_mcse) ** 2).sum())),
        node_weights=node_weights,
    )


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
    return float(np.clip(bound, _SMALLEST_CYCLE_SCALE, 0.05 * tau))


def first_nodes(lowest: float, tau: float) -> FloatArray:
    """Return logarithmically spaced σ_c from ``lowest`` to 20 τ; ``gaps_to_halve`` adds to them."""
    highest = _LARGEST * tau
    count = int(np.ceil(np.log(highest / lowest) / _STEP)) + 1
    return np.geomspace(lowest, highest, max(count, 5))


def gaps_to_halve(
    curve: EvidenceCurve, model: LatentModel, integrals: list[CycleScalePosterior]
) -> FloatArray:
    """Return σ_c where the curve needs further nodes."""
    x = np.log(curve.cycle_scales)
    rise = -curve.log_bayes_factors
    width = np.diff(x)
    middle = (x[1:] + x[:-1]) / 2
    slopes, errors = np.array([_slope(model, node) for node in curve.nodes]).T
    by_value = CubicSpline(x, rise)(middle)
    by_slope = CubicHermiteSpline(x, rise, slopes)(middle)
    noise = width / 8 * np.hypot(errors[1:], errors[:-1])
    mass = np.max(
        [(post.node_weights[1:] + post.node_weights[:-1]) / 2 for post in integrals], axis=0
    )
    rough = np.abs(by_value - by_slope) > _GAP_ERROR + 3 * noise
    return np.asarray(np.exp(middle[(mass > _GAP_MASS) & rough]))


def _slope(model: LatentModel, node: Node) -> tuple[float, float]:
    """Return ``d log Z / d log σ_c = E|c|²/σ_c² − b`` from a node's draws, and its error."""
    square = (model.cycles(node.theta) ** 2).sum(axis=1) / node.cycle_scale**2
    weights = np.exp(node.log_weights - node.log_weights.max())
    weights /= weights.sum()
    mean = float(weights @ square)
    return mean - model.n_cycles, float(np.sqrt((weights**2) @ (square - mean) ** 2))
