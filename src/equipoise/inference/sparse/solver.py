"""Which solver a graph gets, and σ_Φ where determinants are out of reach."""

from dataclasses import replace

import numpy as np

from equipoise.errors import NotTrustedError, UsageError
from equipoise.inference.sparse.balance import BalanceMode, balance_mode
from equipoise.inference.sparse.iterative import IterativeSystem, iterative_system
from equipoise.inference.sparse.linear import DirectSystem, direct_system
from equipoise.inference.sparse.pairs import Pairs
from equipoise.inference.sparse.scale import scale_posterior
from equipoise.likelihoods import FloatArray
from equipoise.models import Priors

#: States on cycles, chains counted as edges, up to which factors are affordable on any graph: their
#: worst, a dense core of all of them, takes 0.3 GB, and for saddle points four times that.
MOST_FOR_FACTORS = 6000
_PROBES = 2
_ROUNDS = 100
# Solves of a Newton step, relative; what error they leave the next step takes off.
_TOLERANCE, _CLOSE = 1e-2, 1e-3


def core_size(pairs: Pairs) -> int:
    """Return how many states have three neighbours or more once trees are stripped off.

    Leaves, and then chains, are eliminated without fill: only these states can cause any.
    """
    source, target = pairs.source, pairs.target
    while True:
        degree = np.bincount(source, minlength=pairs.n_states)
        degree += np.bincount(target, minlength=pairs.n_states)
        kept = (degree[source] > 1) & (degree[target] > 1)
        if kept.all():
            return int(np.count_nonzero(degree > 2))
        source, target = source[kept], target[kept]


def check_core(pairs: Pairs) -> None:
    """Refuse a graph whose factors would fill up.

    Raises
    ------
    UsageError
        If too many states lie on cycles with three neighbours or more.
    """
    core = core_size(pairs)
    if core > MOST_FOR_FACTORS:
        raise UsageError(
            f"{core:,} states of this graph lie on cycles with three neighbours or more, and "
            f"factors of more than {MOST_FOR_FACTORS:,} may fill the memory: take equipoise."
            "map_large, laplace_large with determinants='probes' for approximate evidence, or test "
            "a part of the states"
        )


def solver_of(pairs: Pairs) -> DirectSystem | IterativeSystem:
    """Return sparse factors where they stay affordable, else conjugate gradients."""
    if core_size(pairs) <= MOST_FOR_FACTORS:
        return direct_system(pairs)
    return iterative_system(pairs)


def learned_mode(
    pairs: Pairs,
    system: DirectSystem | IterativeSystem,
    half_normal: float,
    rng: np.random.Generator,
) -> BalanceMode:
    """Return the mode of Φ under balance at the likeliest σ_Φ.

    With factors, σ_Φ is the mode of its posterior on a grid. With conjugate gradients it solves
    ``σ_Φ² (n − tr A⁻¹/σ_Φ²) = |Φ|²``, where the evidence is stationary (MacKay 1992), the trace by
    Rademacher probes: of 10⁵ states and more a few give it to a thousandth.

    Parameters
    ----------
    pairs, system
        The edges and their solver.
    half_normal
        Of the prior of σ_Φ.
    rng
        For the probes.
    """
    if isinstance(system, DirectSystem):
        phi: FloatArray = np.zeros(pairs.n_states)

        def evidence(sd: float) -> float:
            nonlocal phi
            mode = balance_mode(pairs, system, sd, phi)
            phi = mode.potential
            return mode.log_evidence

        found = scale_posterior(evidence, half_normal, 2.0, pairs.n_states)
        return balance_mode(pairs, system, float(np.exp(found.mode)), phi)
    return _by_gradients(pairs, system, half_normal, rng)


def mode_under_balance(
    pairs: Pairs,
    system: DirectSystem | IterativeSystem,
    priors: Priors,
    rng: np.random.Generator,
) -> BalanceMode:
    """Return the mode of Φ under balance, σ_Φ the likeliest or as the priors fix it.

    With factors ``rng`` is not drawn from: see :func:`learned_mode`.
    """
    if priors.scales == "learned":
        return learned_mode(pairs, system, priors.potential_scale, rng)
    return balance_mode(pairs, system, priors.fixed_potential_sd)


def _by_gradients(
    pairs: Pairs, system: IterativeSystem, half_normal: float, rng: np.random.Generator
) -> BalanceMode:
    """Take Newton steps in Φ and steps of σ_Φ together, a block of solves each."""
    loose = replace(system, tolerance=_TOLERANCE)
    probes = rng.choice([-1.0, 1.0], size=(pairs.n_states, _PROBES))
    free = pairs.n_states - pairs.n_components
    phi, sd = np.zeros(pairs.n_states), 1.0
    for _ in range(_ROUNDS):
        eta = pairs.incidence @ phi
        ridge = 1.0 / sd**2
        gradient = pairs.divergence @ pairs.residual(eta) - ridge * phi
        conjugate = loose.factorise(pairs.weight(eta), ridge)
        found = conjugate.solve(np.column_stack([gradient, probes]))
        step = found[:, 0]
        farthest = float(np.abs(pairs.incidence @ step).max())
        # The curvature of an edge changes by at most e^t over t nats; a first step may be long.
        phi = phi + (np.log1p(farthest) / farthest if farthest > 1 else 1.0) * step
        # The constant of each component, which no edge sees, has all of its prior variance.
        trace = float(np.mean((probes * found[:, 1:]).sum(axis=0))) - pairs.n_components * sd**2
        # d/d log σ of evidence and prior: (|Φ|² + trace)/σ² − n + 1 − (σ/half-normal)².
        pull = max(free - 1 + (sd / half_normal) ** 2, 1.0)
        last, sd = sd, float(np.sqrt((float(phi @ phi) + trace) / pull))
        sd = float(np.clip(sd, 1e-3, 5 * half_normal))
        if farthest < _CLOSE and abs(np.log(sd / last)) < _CLOSE:
            factor = system.factorise(pairs.weight(pairs.incidence @ phi), 1.0 / sd**2)
            return BalanceMode(pairs.centred(phi), sd, float("nan"), factor)
    raise NotTrustedError(
        f"the mode was not reached in {_ROUNDS} steps; perhaps one count is too extreme"
    )
