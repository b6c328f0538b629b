"""Tables with features of known effect, and the evidence of three states by brute force."""

import numpy as np
from compared import drawn
from numpy.typing import NDArray
from scipy.special import log_expit, logsumexp
from scipy.stats import halfnorm, norm

from equipoise.counts import TransitionCounts
from equipoise.inference.features.problem import FeatureProblem
from equipoise.likelihoods import AdjustedEdges

Array = NDArray[np.float64]
_SDS = np.geomspace(2e-3, 40.0, 70)


def explained(
    seed: int, n: int, trials: int, *, beta: Array, rest: float, edges: Array
) -> tuple[TransitionCounts, Array, Array]:
    """Return counts, features (n, K) and the potential Xβ + Normal(0, rest)."""
    rng = np.random.default_rng(seed)
    columns = rng.normal(size=(n, len(beta)))
    potential = columns @ beta + rest * rng.normal(size=n)
    return drawn(potential, edges, trials, rng), columns, potential


def log_mass(scale: float) -> Array:
    """Return the log prior mass of each standard deviation of the grid under HalfNormal(scale)."""
    mass = halfnorm.pdf(_SDS, scale=scale) * _SDS
    return np.log(mass / mass.sum())


def evidence_of_three(
    problem: FeatureProblem, rows: AdjustedEdges, basis: Array | None, half_normal: float = 1.0
) -> float:
    """Return the log evidence of three states by quadrature over Φ (two numbers) and all scales.

    ``Φ ~ Normal(0, σ_ε² + σ² basis basisᵀ)`` modulo its constant.
    """
    centred = problem.centred
    middle = centred.T @ problem.mode
    information = rows.edges.information(
        rows.potential @ problem.mode, rows.potential @ centred
    ) + 0.02 * np.eye(2)
    root = np.linalg.inv(np.linalg.cholesky(information)).T
    at = np.linspace(-6.5, 6.5, 45)
    grid = np.stack(np.meshgrid(at, at), axis=-1).reshape(-1, 2) @ root.T + middle
    cell = np.log((at[1] - at[0]) ** 2 * abs(np.linalg.det(root)))
    log_likelihood = rows.edges.log_likelihood(grid @ (rows.potential @ centred).T) + cell
    spread = np.zeros((2, 2)) if basis is None else centred.T @ basis @ basis.T @ centred
    values, axes = np.linalg.eigh(spread)
    turned = grid @ axes
    rest = log_mass(problem.priors.potential_scale)
    if basis is None:
        return float(
            logsumexp(
                [w + _at(turned, log_likelihood, [s, s]) for s, w in zip(_SDS, rest, strict=True)]
            )
        )
    signal = log_mass(half_normal)
    return float(
        logsumexp(
            [
                w + v + _at(turned, log_likelihood, np.sqrt(s**2 + t**2 * values))
                for s, w in zip(_SDS[::2], _halved(rest), strict=True)
                for t, v in zip(_SDS[::2], _halved(signal), strict=True)
            ]
        )
    )


def evidence_of_pair(
    problem: FeatureProblem, edge: int, basis: Array | None, half_normal: float = 1.0
) -> float:
    """Return the log evidence of one plain edge alone, by quadrature over its Φ_i − Φ_j."""
    i, j = problem.ends[edge]
    rows = problem.plain.edges
    there, back = rows.forward[edge], rows.total[edge] - rows.forward[edge]
    middle = np.log((there + 0.5) / (back + 0.5)) - rows.exposure[edge]
    gap = middle + np.sinh(np.linspace(-6.0, 6.0, 601)) * 0.2
    width = np.log(np.gradient(gap))
    logit = gap + rows.exposure[edge]
    log_likelihood = there * log_expit(logit) + back * log_expit(-logit) + width
    square = 0.0 if basis is None else float(((basis[i] - basis[j]) ** 2).sum())
    rest = _halved(log_mass(problem.priors.potential_scale))
    signal = _halved(log_mass(half_normal)) if basis is not None else np.zeros(1)
    terms = [
        w
        + v
        + logsumexp(log_likelihood + norm.logpdf(gap, scale=np.sqrt(2 * s**2 + t**2 * square)))
        for s, w in zip(_SDS[::2], rest, strict=True)
        for t, v in zip(_SDS[::2], signal, strict=False)
    ]
    return float(logsumexp(terms))


def _halved(log_masses: Array) -> Array:
    kept = log_masses[::2]
    return kept - logsumexp(kept)


def _at(turned: Array, log_likelihood: Array, sd: Array | list[float]) -> float:
    scaled = turned / np.asarray(sd)
    log_prior = -0.5 * (scaled**2).sum(axis=1) - np.log(sd).sum() - np.log(2 * np.pi)
    return float(logsumexp(log_likelihood + log_prior))
