"""Laplace's evidence against σ_c where factors would fill up: determinants by random probes."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy.interpolate import CubicSpline, PchipInterpolator

from equipoise.inference.evidence.cycle_scale import LARGEST, CycleScaleCurve, fine_grid
from equipoise.inference.sparse.balance import balance_mode
from equipoise.inference.sparse.envelope import envelope_mode
from equipoise.inference.sparse.iterative import Conjugate, iterative_system
from equipoise.inference.sparse.pairs import Pairs
from equipoise.inference.sparse.probes import balance_log_det, cycle_log_det, on_cycles, signs
from equipoise.inference.sparse.solver import learned_mode
from equipoise.inference.sparse.violation import violation_map
from equipoise.likelihoods import FloatArray
from equipoise.models import Priors

# Of σ_c at which the evidence begins to move: there it has moved by a hundredth.
_BEGIN, _STEP, _DEPTH, _SMALLEST = 0.25, 0.5, 25.0, 1e-5
# Solves, relative; modes, the longest step of a potential, nats; quadratures, nats.
_SOLVES, _LOOSE, _MODES, _QUADRATURE = 1e-6, 1e-5, 1e-4, 0.01


def probed_rises(
    pairs: Pairs,
    priors: Priors,
    probes: int,
    rng: np.random.Generator,
    progress: Callable[[int, int], None] | None,
) -> tuple[FloatArray, FloatArray]:
    """Return σ_c (n,), and the rise of the log evidence there by every probe, (n, probes).

    ``log Z(σ_c) − log Z(0)`` is a difference of three parts: the log density at the two modes,
    exact; ``log det(1 + σ_c² PVP)`` at the mode with cycles; and the change of the log-determinant
    of Φ alone between the two modes. σ_Φ is held where balance has it.

    Parameters
    ----------
    pairs, priors
        The question.
    probes
        How many.
    rng
        Source of randomness.
    progress
        Called with (nodes done, nodes planned).

    Raises
    ------
    NotTrustedError
        If a mode, a solve or a quadrature is not reached.
    """
    system = iterative_system(pairs, _SOLVES)
    sd = priors.fixed_potential_sd
    start = np.zeros(pairs.n_states)
    if priors.scales == "learned":
        learned = learned_mode(pairs, system, priors.potential_scale, rng)
        sd, start = learned.potential_sd, learned.potential
    balance = balance_mode(pairs, system, sd, start)
    ridge = 1.0 / sd**2
    flat = Conjugate(
        system.pattern.matrix(system.pattern.laplacian(np.ones(pairs.n_edges))), _SOLVES
    )
    z_edges = signs(rng, pairs.n_edges, probes)
    z_states = signs(rng, pairs.n_states, probes)

    def density(phi: FloatArray, cycles: FloatArray, cycle_sd: float) -> float:
        eta = pairs.incidence @ phi + cycles
        pull = ridge * float(phi @ phi) + float(cycles @ cycles) / cycle_sd**2
        return float(pairs.log_likelihood(eta)) - 0.5 * pull

    def alone(eta: FloatArray) -> FloatArray:
        return balance_log_det(system, pairs.weight(eta), ridge, z_states, _QUADRATURE)

    zero = np.zeros(pairs.n_edges)
    base = density(balance.potential, zero, 1.0)
    base_log_det = alone(pairs.incidence @ balance.potential)
    phi = balance.potential

    def rise(cycle_sd: float) -> FloatArray:
        nonlocal phi
        loose = replace(system, tolerance=_LOOSE)
        phi, cycles = envelope_mode(pairs, loose, sd, cycle_sd, phi, _MODES)
        # What is not quite divergence-free would count to first order.
        cycles = on_cycles(pairs, flat, cycles)
        eta = pairs.incidence @ phi + cycles
        weight = pairs.weight(eta)
        both = cycle_log_det(
            pairs, flat, system.factorise(weight, ridge), weight, cycle_sd, z_edges, _QUADRATURE
        )
        gain = density(phi, cycles, cycle_sd) - base
        return np.asarray(gain - 0.5 * (both + alone(eta) - base_log_det))

    free = pairs.weight(pairs.incidence @ balance.potential) * violation_map(pairs, balance).free
    moves = float(((free**2).sum() / 4) ** -0.25) if free.any() else priors.cycle_scale
    tau = priors.cycle_scale
    highest = float(np.log(LARGEST * tau))
    x = [float(np.log(np.clip(_BEGIN * moves, _SMALLEST, 0.05 * tau)))]
    rises: list[FloatArray] = []
    while True:
        rises.append(rise(float(np.exp(x[-1]))))
        if progress is not None:
            progress(len(rises), len(rises) + 1)
        level = [float(each.mean()) for each in rises]
        fallen = len(level) > 5 and level[-2] > level[-1] and level[-1] < max(level) - _DEPTH
        if fallen or x[-1] >= highest:
            break
        x.append(min(x[-1] + _STEP, highest))
    phi = balance.potential
    while abs(float(rises[0].mean())) > 0.02 and x[0] > np.log(_SMALLEST):
        x.insert(0, x[0] - _STEP)
        rises.insert(0, rise(float(np.exp(x[0]))))
    return np.exp(x), np.array(rises)


def curve_of(
    nodes: FloatArray, rises: FloatArray, *, method: str, tau: float, doubt: str
) -> CycleScaleCurve:
    """Return the curve through every probe's rises, with the error of their mean.

    Parameters
    ----------
    nodes, rises
        σ_c (n,) and the rise there by each probe, (n, probes).
    method, tau, doubt
        As in :class:`CycleScaleCurve`.

    Returns
    -------
    CycleScaleCurve
        Its independent errors are one a probe, common to all σ_c, and one for interpolation: how
        far a cubic spline and one that keeps the shape differ.
    """
    probes = rises.shape[1]
    grid = fine_grid(nodes)
    x, at = np.log(nodes), np.log(grid)
    mean = rises.mean(axis=1)
    apart = (rises - mean[:, None]) / np.sqrt(probes * (probes - 1))
    smooth = CubicSpline(x, mean)(at)
    between = smooth - PchipInterpolator(x, mean)(at)
    return CycleScaleCurve(
        method=method,
        prior_tau=tau,
        nodes=nodes,
        grid=grid,
        rise=smooth,
        loadings=np.column_stack([CubicSpline(x, apart)(at), between]),
        node_mcse=np.ones(probes + 1),
        doubt=doubt,
    )
