r"""What the entropy production would be estimated at, had balance held.

The null is parametric: the distribution of the *estimator*, the posterior mean under the cyclic
hypothesis, over tables that the fitted reversible model would give. Refitting a thousand tables
takes hours, so it is worked out near balance, where everything is Gaussian. For a draw of the
reversible posterior, with flows ``g_e = π_i P_ij = π_j P_ji`` and trials N_i:

- a table's estimate of z, everything else profiled out, is ``Normal(0, Λ⁻¹)``,
  ``Λ = (Bᵀ diag(w) B)⁻¹``, ``w_e = 1/(N_i P_ij) + 1/(N_j P_ji)`` (B: orthonormal cycle basis);
- with the prior ``z ~ Normal(0, σ_c)`` its posterior is Gaussian too, and the evidence of the table
  says how plausible each σ_c ~ HalfNormal(τ) is;
- to second order the entropy production is ``zᵀ Q z``, ``Q = (Bᵀ diag(1/g) B)⁻¹``: the least
  dissipation of all flows with these affinities (Schnakenberg 1976).

The posterior mean of ``zᵀ Q z``, averaged over σ_c, is one draw of the null. Neither the reversible
fit nor the prior is held against the data: both enter the null and the estimate alike.
"""

import numpy as np
from scipy.special import softmax

from equipoise.graph import SupportGraph, edge_subgraph, incidence, orthonormal_cycle_basis
from equipoise.inference.posterior.derived import arcs_of_edges, flows_of, kernel_of
from equipoise.inference.weighted import WeightedDraws
from equipoise.likelihoods import FloatArray, MultinomialRows
from equipoise.models.latent import half_normal_cells

#: Reversible kernels, and tables imagined of each.
KERNELS, TABLES = 100, 20
_CYCLE_SCALES = 40
# σ_c runs from where it hardly matters to the data to where the prior has mass 6e-7.
_LOWEST, _HIGHEST = 0.1, 5.0
# Directions of c about which a table says less than this (1/nats²) are left to the prior.
_LEAST_INFORMATION = 1e-12


def null_entropy_production(
    rows: MultinomialRows,
    graph: SupportGraph,
    reversible: WeightedDraws,
    cycle_scale: float,
    rng: np.random.Generator,
) -> FloatArray:
    """Return draws of the estimated entropy production had balance held, nats per trial.

    Parameters
    ----------
    rows, graph
        Likelihood and support graph; some cycle must be testable.
    reversible
        Draws of the reversible posterior.
    cycle_scale
        τ.
    rng
        Source of randomness.

    Returns
    -------
    array
        Shape (2000,).
    """
    theta = reversible.theta[_resampled(reversible.weights, rng)]
    inside = graph.strong[graph.edges[:, 0]] == graph.strong[graph.edges[:, 1]]
    part = edge_subgraph(graph, inside)
    basis, gradient = orthonormal_cycle_basis(part), incidence(part).T.toarray()
    flows = flows_of(rows, reversible.model, theta, graph.strong).forward[:, inside]
    along, _ = kernel_of(rows, reversible.model, theta)
    expected = rows.trials[rows.arcs.source] * along
    forward, backward = arcs_of_edges(rows)
    variances = 1.0 / expected[:, forward[inside]] + 1.0 / expected[:, backward[inside]]
    return np.concatenate(
        [
            _estimates(basis, gradient, flow, variance, cycle_scale, rng)
            for flow, variance in zip(flows, variances, strict=True)
        ]
    )


def _estimates(
    basis: FloatArray,
    gradient: FloatArray,
    flow: FloatArray,
    variance: FloatArray,
    cycle_scale: float,
    rng: np.random.Generator,
) -> FloatArray:
    """Return the estimate of each imagined table of one reversible kernel, shape (TABLES,)."""
    information, axes = np.linalg.eigh(_profiled(basis, gradient, 1.0 / variance))
    spread = 1.0 / np.maximum(information, _LEAST_INFORMATION)
    rate = axes.T @ _profiled(basis, gradient, flow) @ axes
    lowest = _LOWEST * min(cycle_scale, np.sqrt(spread[-1]))
    grid = np.geomspace(lowest, _HIGHEST * cycle_scale, _CYCLE_SCALES)
    found = rng.normal(size=(TABLES, len(spread))) * np.sqrt(spread)
    total = spread + grid[:, None] ** 2
    log_evidence = -0.5 * (found**2 @ (1.0 / total).T + np.log(total).sum(axis=1))
    weights = softmax(log_evidence + half_normal_cells(grid, cycle_scale), axis=1)
    kept = grid[:, None] ** 2 / total
    mean = found[:, None, :] * kept
    squared = ((mean @ rate) * mean).sum(axis=-1) + (kept * spread) @ np.diag(rate)
    return np.asarray((weights * squared).sum(axis=1))


def _profiled(basis: FloatArray, gradient: FloatArray, weight: FloatArray) -> FloatArray:
    """Return ``(Bᵀ diag(1/weight) B)⁻¹``, shape (b, b).

    It is also the least of ``Σ weight (Bz + ∇u)²`` over all u, as a quadratic form of z: so weights
    may differ by many orders of magnitude, and those of rare transitions do.
    """
    root = np.sqrt(weight)[:, None]
    cycles, slopes = root * basis, root * gradient
    left = cycles - slopes @ np.linalg.lstsq(slopes, cycles)[0]
    return left.T @ left


def _resampled(weights: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return indices of KERNELS draws, each in proportion to its weight (systematically)."""
    at = (np.arange(KERNELS) + rng.random()) / KERNELS
    return np.minimum(np.searchsorted(np.cumsum(weights), at), len(weights) - 1)
