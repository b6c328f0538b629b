"""Log BF of the pairwise likelihood by path sampling, where the fast path is not trusted.

Independent of it: no Laplace, no importance weights, no code of `equipoise.inference`. Hamiltonian
Monte Carlo of many chains at once, in NumPy, at values of σ_c that grow from nearly 0, gives
``d log Z/d log σ_c = E|c|²/σ_c² − b``, which is integrated (Gelman & Meng 1998). The error comes
from the spread of the chains. Half of them begin far too wide: that both halves agree shows that
where they began is forgotten.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.linalg import solve_triangular
from scipy.special import erf, expit, log_expit, logsumexp

from equipoise.counts import TransitionCounts

FloatArray = NDArray[np.float64]

# Of some twenty differences between the halves, in standard errors, all at most this: of samplers
# that are right some three in a thousand fail.
HALVES_TRUSTED = 4.5
MCSE_TRUSTED = 0.5
HALF_NORMAL = 5.0

_STEP = 0.5
_LARGEST = 20.0
# Where the posterior density of log σ_c has fallen to e^-12 of the prior's, the path ends.
_DEPTH = 12.0
_FIRST_BURN = 150
_TRAJECTORY = 1.5
_ACCEPTANCE = 0.85


@dataclass(frozen=True)
class PathEstimate:
    """Log BF and its standard error, nats; worst difference of the halves in standard errors."""

    log_bayes_factor: float
    mcse: float
    halves: float
    cycle_scales: FloatArray

    @property
    def trusted(self) -> bool:
        return self.halves <= HALVES_TRUSTED and self.mcse <= MCSE_TRUSTED


def path_estimate(
    counts: TransitionCounts,
    *,
    fixed_potential_sd: float | None = None,
    cycle_scale: float = 1.0,
    chains: int = 24,
    burn: int = 12,
    keep: int = 20,
    random_seed: int = 0,
) -> PathEstimate:
    """Return log BF of balance against the cyclic rival, σ_c ~ HalfNormal(cycle_scale)."""
    edges = Edges(counts)
    prior = PotentialPrior(edges.rank, fixed_potential_sd, edges.unseen())
    walk = Chains(edges, prior, chains, random_seed)
    # Where the log evidence is still of the order of a tenth of a nat from the reversible one.
    typical = float(np.mean(edges.total)) / 4.0
    scale = float(np.sqrt(0.1 / (typical * np.sqrt(2.0 * edges.n_cycles))))
    scale = min(0.1 * cycle_scale, scale)
    walk.settle(scale, _FIRST_BURN)
    x: list[float] = []
    slopes: list[float] = []
    errors: list[float] = []
    halves, height = 0.0, 0.0
    while True:
        walk.settle(scale, burn)
        draws = []
        for _ in range(keep):
            walk.advance(adapt=False)
            draws.append(walk.summary(scale))
        value, size = _controlled(np.array(draws))
        halves = max(halves, _difference(value), _difference(size))
        x.append(np.log(scale))
        slopes.append(float(value.mean()))
        errors.append(float(value.std(ddof=1)) / np.sqrt(chains))
        height += _STEP * (slopes[-1] + slopes[-2]) / 2 if len(x) > 1 else slopes[0] / 2
        depth = 0.5 * (scale / cycle_scale) ** 2 - np.log(scale / cycle_scale) - height
        if len(x) > 4 and (depth > _DEPTH or scale > _LARGEST * cycle_scale):
            break
        scale *= float(np.exp(_STEP))
    grid = np.array(x)
    value, mcse = integrate(grid, np.array(slopes), np.array(errors), cycle_scale)
    return PathEstimate(value, mcse, halves, np.exp(grid))


def integrate(
    x: FloatArray, slope: FloatArray, error: FloatArray, cycle_scale: float
) -> tuple[float, float]:
    """Integrate slopes at x = log σ_c to the curve, and the curve over σ_c, errors with them.

    Between the values a cubic spline of the slope; below the first the log evidence is
    ``a σ_c² + b σ_c⁴``, as its even expansion says, with a and b from the first two.
    """
    log_grid = np.linspace(x[0], x[-1], 1000)
    width = float(log_grid[1] - log_grid[0])
    each = np.eye(len(x))
    rise = np.stack([CubicSpline(x, row).antiderivative()(log_grid) for row in each], axis=1)
    growth = np.exp(2.0 * (x[1] - x[0]))
    quartic = (each[1] - growth * each[0]) / (growth**2 - growth)
    rise += each[0] / 2 - quartic / 4
    grid = np.exp(log_grid) / cycle_scale
    log_prior = 0.5 * np.log(2 / np.pi) - 0.5 * grid**2 + np.log(grid * width)
    log_prior[[0, -1]] -= np.log(2)
    # Below the first the mean of σ_c² is a third of its square.
    log_prior = np.append(log_prior, np.log(erf(grid[0] / np.sqrt(2.0))))
    rise = np.vstack([rise, each[0] / 6])
    terms = log_prior + rise @ slope
    total = float(logsumexp(terms))
    pull = np.exp(terms - total) @ rise
    return -total, float(np.sqrt(((pull * error) ** 2).sum()))


class Edges:
    """Counts of the M edges whose ends were both sources, and the two parts of any eta on them.

    ``eta = Φ_i − Φ_j + c`` is the sum of a gradient, ``up @ v``, and a circulation; v are
    orthonormal coordinates of the potentials that add up to 0 in each component.
    """

    def __init__(self, counts: TransitionCounts) -> None:
        table = counts.counts.toarray().astype(float)
        trials = np.asarray(counts.trials, dtype=float)
        i, j = np.nonzero(np.triu(table + table.T, 1))
        both = (trials[i] > 0) & (trials[j] > 0)
        i, j = i[both], j[both]
        self.forward = table[i, j][:, None]
        self.total = self.forward + table[j, i][:, None]
        self.exposure = np.log(trials[i] / trials[j])[:, None]
        gradient = np.zeros((len(i), len(trials)))
        gradient[np.arange(len(i)), i] = 1.0
        gradient[np.arange(len(i)), j] = -1.0
        left, values, _ = np.linalg.svd(gradient)
        self.rank = int((values > 1e-9).sum())
        values = values[: self.rank]
        self.up = left[:, : self.rank] * values
        self.down = (left[:, : self.rank] / values).T
        self.cycles = left[:, self.rank :]
        self.n_cycles = self.cycles.shape[1]

    def log_likelihood(self, eta: FloatArray) -> FloatArray:
        logit = eta + self.exposure
        value = self.forward * log_expit(logit) + (self.total - self.forward) * log_expit(-logit)
        return np.asarray(value.sum(axis=0))

    def score(self, eta: FloatArray) -> FloatArray:
        return np.asarray(self.forward - self.total * expit(eta + self.exposure))

    def curvature(self, eta: FloatArray) -> FloatArray:
        """Return minus the second derivative, the mean over chains, shape (M,)."""
        p = expit(eta + self.exposure)
        return np.asarray((self.total * p * (1.0 - p)).mean(axis=1))

    def unseen(self) -> float:
        """Return a scale of the potential that the counts cannot see, nats."""
        information = self.up.T @ (self.total / 4.0 * self.up)
        return 0.3 / float(np.sqrt(np.linalg.eigvalsh(information)[-1]))


class PotentialPrior:
    """``V ~ Normal(0, σ_V)`` given ``q = |V|²``, σ_V fixed or integrated over HalfNormal(5).

    To a learned σ_V² the square of `floor` is added, a scale of V that the counts cannot see:
    without it the density of V has a pole at 0, where chains get stuck.
    """

    def __init__(self, size: int, fixed_sd: float | None, floor: float) -> None:
        self.fixed_sd = fixed_sd
        log_sd = np.linspace(np.log(floor) - 5.0, np.log(6.0 * HALF_NORMAL), 1500)
        square = np.exp(2.0 * log_sd)
        variance = square + floor**2
        log_mass = log_sd - 0.5 * square / HALF_NORMAL**2 - 0.5 * size * np.log(variance)
        log_q = np.log(size * floor**2) + np.linspace(-5.0, 25.0, 1500)
        value = logsumexp(log_mass - 0.5 * np.exp(log_q)[:, None] / variance, axis=1)
        self._value = CubicSpline(log_q, value, extrapolate=False)
        self._slope = self._value.derivative()

    def log_density(self, q: FloatArray) -> FloatArray:
        """Return the log density of V up to a constant; NaN for absurd q."""
        if self.fixed_sd is not None:
            return -0.5 * q / self.fixed_sd**2
        return np.asarray(self._value(np.log(q)))

    def precision(self, q: FloatArray) -> FloatArray:
        """Return the mean of 1/σ_V² given q: ``−2 d log p/dq``."""
        if self.fixed_sd is not None:
            return np.full_like(q, self.fixed_sd**-2)
        return np.asarray(-2.0 * self._slope(np.log(q)) / q)


class Chains:
    """Chains of eta, shape (M, C), each a pair of a potential and a circulation."""

    def __init__(self, edges: Edges, prior: PotentialPrior, n: int, random_seed: int) -> None:
        self.edges, self.prior = edges, prior
        self.rng = np.random.default_rng(random_seed)
        wide = np.where(np.arange(n) < n // 2, 0.3, 3.0)
        self.eta = wide * self.rng.normal(size=(len(edges.total), n))
        self.step = 0.2
        self._learned = (edges.curvature(self.eta), 1.0)
        self._gradients = edges.down.T @ edges.down
        self._circulations = edges.cycles @ edges.cycles.T

    def precondition(self, cycle_scale: float) -> None:
        """Take coordinates x in which the posterior is about standard normal."""
        self.curvature, self.precision = self._learned
        information = self.precision * self._gradients + self._circulations / cycle_scale**2
        information[np.diag_indices_from(information)] += self.curvature
        self.root = np.linalg.cholesky(information)
        self.axes = solve_triangular(self.root, np.eye(len(self.root)), lower=True).T
        self.axes_potential = self.edges.down @ self.axes

    def settle(self, cycle_scale: float, burn: int) -> None:
        """Reach the posterior at another σ_c, learning coordinates and step length on the way."""
        self.precondition(cycle_scale)
        for k in range(burn):
            self.advance(adapt=True)
            curvature, precision = self._learned
            here = float(np.exp(np.log(self.prior.precision(self.square())).mean()))
            self._learned = (
                0.7 * curvature + 0.3 * self.edges.curvature(self.eta),
                precision**0.7 * here**0.3,
            )
            if k % 5 == 4:
                self.precondition(cycle_scale)

    def square(self) -> FloatArray:
        """Return q = |V|², shape (C,)."""
        return np.asarray(((self.edges.down @ self.eta) ** 2).sum(axis=0))

    def advance(self, adapt: bool) -> None:
        """Move every chain along one Hamiltonian trajectory, then stretch its potential."""
        rng = self.rng
        x = self.root.T @ self.eta
        value, gradient, _ = self._posterior(x)
        momentum = rng.normal(size=x.shape)
        start = value - 0.5 * (momentum**2).sum(axis=0)
        step = self.step * rng.uniform(0.8, 1.2)
        for _ in range(max(1, round(_TRAJECTORY * rng.uniform(0.7, 1.3) / step))):
            momentum += 0.5 * step * gradient
            x = x + step * momentum
            value, gradient, eta = self._posterior(x)
            momentum += 0.5 * step * gradient
        rate = self._accept(eta, value - 0.5 * (momentum**2).sum(axis=0) - start)
        if adapt:
            self.step *= float(np.exp(0.5 * (rate - _ACCEPTANCE)))
        if self.prior.fixed_sd is None:
            # A chain's potential changes its size slowly where the counts say little of it.
            for width in (0.05, 0.3):
                self._stretch(width)

    def _posterior(self, x: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return the log posterior (C,), its gradient, and eta, at x (M, C)."""
        eta, potential = self.axes @ x, self.axes_potential @ x
        q = (potential**2).sum(axis=0)
        weighted = self.curvature[:, None] * eta
        # |x|² is the Gaussian at hand: its likelihood and its potential are replaced by the true.
        value = self.edges.log_likelihood(eta) + self.prior.log_density(q)
        value += 0.5 * ((weighted * eta).sum(axis=0) + self.precision * q - (x**2).sum(axis=0))
        gradient = self.axes.T @ (self.edges.score(eta) + weighted) - x
        excess = self.precision - self.prior.precision(q)
        gradient += self.axes_potential.T @ (excess * potential)
        return value, gradient, eta

    def _stretch(self, width: float) -> None:
        """Multiply every potential by a random factor (Metropolis)."""
        log_factor = width * self.rng.normal(size=self.eta.shape[1])
        potential = self.edges.down @ self.eta
        eta = self.eta + self.edges.up @ (np.expm1(log_factor) * potential)
        q = (potential**2).sum(axis=0)
        gain = self.edges.log_likelihood(eta) - self.edges.log_likelihood(self.eta)
        gain += self.prior.log_density(q * np.exp(2.0 * log_factor)) - self.prior.log_density(q)
        self._accept(eta, gain + self.edges.rank * log_factor)

    def _accept(self, eta: FloatArray, gain: FloatArray) -> float:
        """Take eta where Metropolis does, and return how often it would."""
        rate = np.exp(np.minimum(np.nan_to_num(gain, nan=-np.inf), 0.0))
        self.eta = np.where(self.rng.random(len(rate)) < rate, eta, self.eta)
        return float(rate.mean())

    def summary(self, cycle_scale: float) -> FloatArray:
        """Return what is averaged, shape (4, C).

        ``|c|²/σ_c² − b``; two numbers whose posterior mean is 0 by Stein's identity
        ``E[x · ∇ log p] = −size``, for the circulation and for the potential; and log q.
        """
        edges, eta = self.edges, self.eta
        circulation = self._circulations @ eta
        square = (circulation**2).sum(axis=0) / cycle_scale**2
        q, score = self.square(), edges.score(eta)
        return np.stack(
            [
                square - edges.n_cycles,
                (circulation * score).sum(axis=0) - square + edges.n_cycles,
                ((eta - circulation) * score).sum(axis=0)
                - q * self.prior.precision(q)
                + edges.rank,
                np.log(q),
            ]
        )


def _controlled(draws: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return chain means (C,) of the slope, with what the zeros explain taken out, and of log q."""
    value, zeros = draws[:, 0], draws[:, 1:3]
    flat = zeros.transpose(1, 0, 2).reshape(2, -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    beta = np.linalg.lstsq(flat.T, value.ravel() - value.mean())[0]
    value = value - np.einsum("k,nkc->nc", beta, zeros)
    return value.mean(axis=0), draws[:, 3].mean(axis=0)


def _difference(means: FloatArray) -> float:
    """Return by how many standard errors the halves of the chains differ."""
    first, second = np.split(means, 2)
    error = np.sqrt((first.var(ddof=1) + second.var(ddof=1)) / len(first))
    return float(abs(first.mean() - second.mean()) / error)
