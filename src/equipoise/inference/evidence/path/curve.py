"""The curve through the slopes at nodes of a path, and where it needs further nodes."""

import numpy as np
from scipy.interpolate import CubicSpline, PchipInterpolator

from equipoise.inference.evidence.cycle_scale import DECIDING, CycleScaleCurve, fine_grid
from equipoise.inference.evidence.path.pilot import METHOD, Pilot
from equipoise.likelihoods import FloatArray


def interpolation(nodes: FloatArray, grid: FloatArray) -> FloatArray:
    """Return the matrix from slopes at nodes to their integral over ``log σ_c``, shape (m, n).

    A cubic spline through the nodes, integrated from −∞ to each point of the grid; below the first
    node the slope falls off like σ_c².
    """
    x, at = np.log(nodes), np.log(grid)
    integral = CubicSpline(x, np.eye(len(x)), axis=0).antiderivative()
    loadings = integral(at) - integral(x[0])
    loadings[:, 0] += 0.5
    return np.asarray(loadings)


def curve_through_slopes(
    scales: FloatArray,
    slopes: FloatArray,
    mcse: FloatArray,
    guide: Pilot,
    tau: float,
    *,
    doubt: str | None = None,
) -> CycleScaleCurve:
    """Return the curve whose slope is the pilot's plus a spline through what it misses at nodes.

    Parameters
    ----------
    scales, slopes, mcse
        σ_c of the nodes, ``d log Z/d log σ_c`` there and its errors, shape (n,).
    guide
        The pilot.
    tau, doubt
        As in :class:`CycleScaleCurve`.
    """
    grid = fine_grid(scales)
    loadings = interpolation(scales, grid)
    missed = slopes - guide.slope(np.log(scales))
    return CycleScaleCurve(
        method=METHOD,
        prior_tau=tau,
        nodes=scales,
        grid=grid,
        rise=guide.at(np.log(grid)) + loadings @ missed,
        loadings=loadings,
        node_mcse=mcse,
        doubt=doubt,
    )


def doubtful_gaps(nodes: FloatArray, missed: FloatArray, mcse: FloatArray) -> FloatArray:
    """Return by how many nats two interpolations of what the pilot missed differ in each gap.

    Shape (n − 1,); what the Monte Carlo error of the nodes may cause is taken off.
    """
    x = np.log(nodes)
    by_spline = np.diff(CubicSpline(x, missed).antiderivative()(x))
    by_pieces = np.diff(PchipInterpolator(x, missed).antiderivative()(x))
    noise = np.diff(x) / 8 * np.hypot(mcse[1:], mcse[:-1])
    return np.asarray(np.maximum(np.abs(by_spline - by_pieces) - 3 * noise, 0.0))


def gaps_to_halve(
    slopes: FloatArray, guide: Pilot, curve: CycleScaleCurve, most: float
) -> list[float]:
    """Return σ_c in the middle of gaps whose interpolation could move a deciding Bayes factor.

    Parameters
    ----------
    slopes
        At the nodes of the curve, shape (n,).
    guide
        The pilot.
    curve
        Through them.
    most
        By how many nats it may.
    """
    nodes = curve.nodes
    doubt = doubtful_gaps(nodes, slopes - guide.slope(np.log(nodes)), curve.node_mcse)
    middle = np.sqrt(nodes[1:] * nodes[:-1])
    return list(middle[doubt * probable_beyond(curve, nodes[:-1]) > most].tolist())


def probable_beyond(curve: CycleScaleCurve, scales: FloatArray) -> FloatArray:
    """Return the greatest posterior mass, over the deciding τ, beyond each of some σ_c, shape (n,).

    What a slope, or interpolation, gets wrong moves the evidence at every larger σ_c.
    """
    posteriors = [curve.posterior(factor * curve.prior_tau) for factor in DECIDING]
    beyond = [
        np.interp(scales, post.grid, 1.0 - np.cumsum(post.mass) + post.mass) for post in posteriors
    ]
    return np.asarray(np.max(beyond, axis=0))
