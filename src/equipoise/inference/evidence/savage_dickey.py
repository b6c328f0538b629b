r"""Savage–Dickey: the Bayes factor for balance from one run with σ_c learned.

Balance is the point σ_c = 0 of the cyclic model, so ``BF = p(σ_c = 0 | y) / p(σ_c = 0)``, for
``σ_c ~ HalfNormal(τ)`` the posterior density at 0 times ``τ √(π/2)`` (Dickey 1971). No kernel
estimates that density: as Gelfand, Smith & Lee (1992) and Chen (1994) propose, the conditional
density at 0 given all else, known up to a one-dimensional integral, is averaged over the draws.

A draw has V, s, scales, and cycle amplitudes ``z = σ_c ζ``. The density is conditional on the
direction ζ and on V and s *relative to the cycles*: with t in the place of σ_c,

.. math:: V(t) = V + T_V (t - σ_c) ζ, \qquad s(t) = s + T_s (t - σ_c) ζ, \qquad z(t) = t ζ,

a change of variables with Jacobian 1 for any T. Data pin sums of V, s and c, and T moves V and s
along so that the sums stay: without it the conditionals are far narrower than the marginal, and the
error several times larger. Any T gives the same Bayes factor; this one is exact for a Gaussian
posterior. It may depend on all that is held fixed, and does on the scales.

Two things differ from the usual estimate. As (σ_c, ζ) and (−σ_c, −ζ) are the same z, t may run
over the whole line with prior ``Normal(0, τ)``: both signs of ζ are averaged over, which makes the
error some three times smaller yet. And p(σ_c = 0) cancels draw by draw: what is averaged is

.. math:: \mathrm{BF} = E\Bigl[ L(0) \Big/ \int L(t)\, \mathrm{Normal}(t; 0, τ)\, dt \Bigr],
          \qquad L(t) = p(y \mid V(t), s(t), z(t))\, p(V(t), s(t) \mid \text{scales}),

the Bayes factors of one-dimensional questions. ``log L`` is concave, so its integral is easy.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from equipoise.errors import UsageError
from equipoise.inference.evidence.averages import log_mean
from equipoise.inference.evidence.psis import smooth
from equipoise.inference.evidence.result import BayesFactor
from equipoise.inference.modes.mode import find_mode
from equipoise.inference.posterior.backends import Backend
from equipoise.inference.problem import Problem
from equipoise.likelihoods import FloatArray, Likelihood

METHOD = "savage_dickey"
# Where fewer draws than this make up the average, the shape of its tail is a guess.
LEAST_CONTRIBUTING = 100
# The integrand ends where it has fallen by this many nats; a trapezoid rule with this many points
# between errs by less than 1e-6.
_DROP, _POINTS = 30.0, 129
# T changes in steps of this much of a log-scale.
_CELL = 0.25
# Terms none of which is more than this many times their average have no tail that could matter,
# whatever the shape of its last per mille: k̂ then says -inf, as for constant weights.
_NO_TAIL = 3.0
_NUMBERS_AT_ONCE = 4_000_000
_FEWEST_DRAWS = 4


def savage_dickey(
    problem: Problem,
    *,
    V: FloatArray,
    s: FloatArray,
    z: FloatArray,
    scales: Mapping[str, FloatArray],
    backend: Backend | None = None,
) -> BayesFactor:
    """Compute the log Bayes factor of balance from draws with σ_c learned.

    Parameters
    ----------
    problem
        The counts, their likelihood and the priors; τ is ``problem.priors.cycle_scale``.
    V
        Potentials, shape (chains, draws, S), nats, the common constant of each component as drawn.
    s
        Symmetric edge terms, shape (chains, draws, E); (chains, draws, 0) where the likelihood has
        none.
    z
        Cycle amplitudes with σ_c multiplied in, shape (chains, draws, b), nats.
    scales
        ``sigma_c``, and where the priors' scales are learned ``sigma_V``, ``sigma_s`` and ``mu_s``,
        each of shape (chains, draws).
    backend
        What sampled the draws, for the record and for :func:`equipoise.cite`; nothing else hangs
        on it.

    Returns
    -------
    BayesFactor
        Of method "savage_dickey". Its ``pareto_k`` is that of the terms averaged, −inf where none
        of them is far above the rest. Where fewer than 100 effective draws make up the average,
        as when balance is far from every draw, its ``doubt`` says so. Without cycles it is 0,
        without error.

    Raises
    ------
    UsageError
        If draws are missing, of the wrong shape or not finite, or σ_c is not above 0.
    NotTrustedError
        If the reversible mode, where T is taken, cannot be reached.
    """
    tau = problem.priors.cycle_scale
    if not problem.predictor.cycle.shape[1]:
        return BayesFactor(0.0, 0.0, METHOD, tau)
    draws = _checked(problem, V, s, z, scales)
    lead = np.shape(z)[:2]
    at_once = max(1, _NUMBERS_AT_ONCE // (_POINTS * len(problem.predictor.cycle)))
    lines = _lines(problem, draws)
    terms = [
        -_log_integral(lines.part(slice(start, start + at_once)), tau)
        for start in range(0, len(draws.z), at_once)
    ]
    log_terms = np.concatenate(terms)
    mean = log_mean(log_terms.reshape(lead))
    tailed = log_terms.max() - mean.log_value > np.log(_NO_TAIL)
    few = not mean.contributing >= LEAST_CONTRIBUTING
    return BayesFactor(
        log_value=mean.log_value,
        mcse=mean.mcse,
        method=METHOD,
        cycle_scale=tau,
        pareto_k=smooth(log_terms).pareto_k if tailed else -np.inf,
        doubt=f"Savage–Dickey rests on {mean.contributing:.0f} effective draws (at least "
        f"{LEAST_CONTRIBUTING} are needed): balance is far from most draws, or they are few"
        if few
        else None,
        backend=backend,
    )


@dataclass(frozen=True, eq=False)
class _Draws:
    """Draws in one row, shape (n, ...), with a mean and a standard deviation for V and s."""

    latent: FloatArray
    z: FloatArray
    sigma_c: FloatArray
    mean: FloatArray
    sd: FloatArray


@dataclass(frozen=True, eq=False)
class _Lines:
    """``log L(t) − log L(0)`` along the line of every draw.

    Attributes
    ----------
    likelihood
        Of eta.
    origin, direction
        ``eta(t) = origin + t direction``, shape (n, M).
    linear, quadratic
        Minus the log prior of V and s rises by ``linear t + quadratic t²/2``, shape (n,).
    """

    likelihood: Likelihood
    origin: FloatArray
    direction: FloatArray
    linear: FloatArray
    quadratic: FloatArray

    def part(self, rows: slice) -> "_Lines":
        """Return some of the lines."""
        fields = (self.origin, self.direction, self.linear, self.quadratic)
        return _Lines(self.likelihood, *(values[rows] for values in fields))

    def rise(self, t: FloatArray) -> FloatArray:
        """Return ``log L(t) − log L(0)`` at points t (n, points), shape (n, points)."""
        eta = self.origin[:, None] + t[..., None] * self.direction[:, None]
        prior = self.linear[:, None] * t + 0.5 * self.quadratic[:, None] * t**2
        base = self.likelihood.log_likelihood(self.origin)
        return np.asarray(self.likelihood.log_likelihood(eta) - base[:, None] - prior)

    def slope(self, t: FloatArray) -> FloatArray:
        """Return the derivative of ``rise`` at one point of each line, t and result (n,)."""
        gradient = self.likelihood.gradient(self.origin + t[:, None] * self.direction)
        return np.asarray(
            (gradient * self.direction).sum(axis=1) - self.linear - self.quadratic * t
        )


def _lines(problem: Problem, draws: _Draws) -> _Lines:
    """Return the line of every draw, along which V and s follow the cycles."""
    predictor, likelihood = problem.predictor, problem.likelihood
    design = np.hstack([predictor.potential, predictor.symmetric])
    zeta = draws.z / draws.sigma_c[:, None]
    step = np.empty_like(draws.latent)
    # Log-scales of V and, where there is any, of s: T is the same for all draws of a cell of them.
    n_symmetric = predictor.symmetric.shape[1]
    ends = [0, -1] if n_symmetric else [0]
    log_scales = np.log(draws.sd[:, ends])
    reversible = problem.reversible()
    centre = tuple(np.exp(log_scales.mean(axis=0)).tolist())[: len(reversible.learned)]
    mode = find_mode(reversible, centre, reversible.prior_mean)
    information = likelihood.information(
        reversible.design @ mode.theta, np.hstack([design, predictor.cycle])
    )
    size = design.shape[1]
    inner, cross = information[:size, :size], information[:size, size:]
    _, cell = np.unique(np.round(log_scales / _CELL), axis=0, return_inverse=True)
    owner = np.repeat(
        np.arange(len(ends)), [predictor.potential.shape[1], n_symmetric][: len(ends)]
    )
    for label in range(int(cell.max()) + 1):
        inside = cell == label
        precision = np.diag(np.exp(-2.0 * log_scales[inside].mean(axis=0)[owner]))
        step[inside] = -zeta[inside] @ np.linalg.solve(inner + precision, cross).T
    foot = draws.latent - draws.sigma_c[:, None] * step
    pull, rate = (foot - draws.mean) / draws.sd, step / draws.sd
    return _Lines(
        likelihood,
        origin=foot @ design.T,
        direction=step @ design.T + zeta @ predictor.cycle.T,
        linear=(pull * rate).sum(axis=1),
        quadratic=(rate**2).sum(axis=1),
    )


def _log_integral(lines: _Lines, tau: float) -> FloatArray:
    """Return ``log ∫ L(t)/L(0) Normal(t; 0, τ) dt`` for every line, shape (n,).

    The integrand is log-concave: from its top it falls faster and faster to either side.
    """

    def height(t: FloatArray) -> FloatArray:
        return np.asarray(lines.rise(t) - 0.5 * (t / tau) ** 2)

    n = len(lines.origin)
    low, high = np.full(n, -tau), np.full(n, tau)
    while np.any(short := lines.slope(high) > high / tau**2):
        high[short] *= 2.0
    while np.any(short := lines.slope(low) < low / tau**2):
        low[short] *= 2.0
    for _ in range(50):
        middle = (low + high) / 2
        rising = lines.slope(middle) > middle / tau**2
        low, high = np.where(rising, middle, low), np.where(rising, high, middle)
    top = (low + high) / 2
    least = height(top[:, None])[:, 0] - _DROP
    sides = [_reach(height, top, sign, least, tau) for sign in (-1.0, 1.0)]
    width = sides[0] + sides[1]
    share = np.linspace(0.0, 1.0, _POINTS)
    weight = np.full(_POINTS, 1.0 / (_POINTS - 1))
    weight[[0, -1]] /= 2
    grid = (top - sides[0])[:, None] + width[:, None] * share
    total = logsumexp(height(grid) + np.log(weight), axis=1)
    return np.asarray(total + np.log(width) - np.log(tau) - 0.5 * np.log(2 * np.pi))


def _reach(
    height: Callable[[FloatArray], FloatArray],
    top: FloatArray,
    sign: float,
    least: FloatArray,
    tau: float,
) -> FloatArray:
    """Return how far to one side of its top each integrand stays above ``least``, or a bit more."""

    def above(distance: FloatArray) -> FloatArray:
        return np.asarray(height((top + sign * distance)[:, None])[:, 0] > least)

    inner, outer = np.zeros_like(top), np.full_like(top, 1e-3 * tau)
    while np.any(short := above(outer)):
        inner, outer = np.where(short, outer, inner), np.where(short, 2.0 * outer, outer)
    for _ in range(6):
        middle = (inner + outer) / 2
        inside = above(middle)
        inner, outer = np.where(inside, middle, inner), np.where(inside, outer, middle)
    return outer


def _checked(
    problem: Problem,
    V: FloatArray,
    s: FloatArray,
    z: FloatArray,
    scales: Mapping[str, FloatArray],
) -> _Draws:
    """Return the draws in one row with their scales, or say what is wrong with them."""
    predictor, priors = problem.predictor, problem.priors
    lead = np.shape(z)[:2]
    if len(lead) < 2 or lead[0] < 1 or lead[1] < _FEWEST_DRAWS:
        raise UsageError(
            f"z must have the shape (chains, draws, {predictor.cycle.shape[1]}) with at least "
            f"{_FEWEST_DRAWS} draws a chain, not {np.shape(z)}"
        )

    def taken(name: str, values: object, *size: int) -> FloatArray:
        array = np.asarray(values, dtype=float)
        if array.shape != (*lead, *size):
            raise UsageError(f"{name} must have the shape {(*lead, *size)}, not {array.shape}")
        if not np.all(np.isfinite(array)):
            raise UsageError(f"{name} must be finite; give draws that are")
        return array.reshape(lead[0] * lead[1], *size)

    def scale(name: str) -> FloatArray:
        if name not in scales:
            raise UsageError(
                f"the draws have no {name!r} among their scales: Savage–Dickey needs a run that "
                "learned it"
            )
        array = taken(name, scales[name])
        if name != "mu_s" and not np.all(array > 0):
            raise UsageError(f"{name} must be above 0 in every draw")
        return array

    n_states, n_edges = predictor.potential.shape[1], predictor.symmetric.shape[1]
    latent = np.hstack([taken("V", V, n_states), taken("s", s, n_edges)])
    mean, sd = np.zeros_like(latent), np.empty_like(latent)
    learned = priors.scales == "learned"
    sd[:, :n_states] = scale("sigma_V")[:, None] if learned else priors.fixed_potential_sd
    if n_edges:
        sd[:, n_states:] = scale("sigma_s")[:, None] if learned else priors.fixed_symmetric_sd
        mean[:, n_states:] = scale("mu_s")[:, None] if learned else priors.symmetric_mean
    amplitudes = taken("z", z, predictor.cycle.shape[1])
    return _Draws(latent, amplitudes, scale("sigma_c"), mean, sd)
