"""The Gaussian that a posterior resembles, and where chains stand in its white coordinates."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import blas, block_diag, lapack, solve_triangular

from equipoise.inference.modes.mode import find_mode
from equipoise.likelihoods import FloatArray, IntArray
from equipoise.models.latent import Block, LatentModel

BoolArray = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
# Of a log-scale, in nats from 1: what lies beyond has a prior mass of 1e-11.
_FARTHEST = 25.0


@dataclass(frozen=True, eq=False)
class Reference:
    r"""What the data say, as a Gaussian would, in coordinates w whose priors are independent.

    .. math:: \theta = m + T w, \qquad w_k \sim \mathrm{Normal}(0, \sqrt{\sigma_{b(k)}^2 + e_k})

    with m the mean of the prior and b(k) the block of k. T makes an oblique basis orthonormal, and
    turns the parameters of a block that share a shift so that their mean is one of the coordinates,
    with the shift's variance e: a precision with the shift integrated out would cancel itself at
    small scales.

    Attributes
    ----------
    model
        The hypothesis.
    widths
        Of the half-normal priors of its learned scales.
    axes, offset, design
        T, shape (d, d); and ``eta = offset + design w``.
    block, extra
        b and e of every coordinate, shape (d,).
    learned
        Which learned scale is that of which block, shape (k, blocks), 1 or 0.
    starts, first, sizes
        First coordinate of every block; first coordinate and number of coordinates of the blocks
        whose scale is learned, shape (k,).
    log_fixed
        Log-scale of every block, 0 where it is learned, shape (blocks,).
    information, natural
        H, shape (d, d), and h, shape (d,): information, and precision times value, of w.

    The last three may differ from chain to chain, with another axis in front: see :func:`stacked`.
    """

    model: LatentModel
    widths: FloatArray
    axes: FloatArray
    offset: FloatArray
    design: FloatArray
    block: IntArray
    extra: FloatArray
    learned: FloatArray
    starts: IntArray
    first: IntArray
    sizes: FloatArray
    log_fixed: FloatArray
    information: FloatArray
    natural: FloatArray

    def theta(self, w: FloatArray) -> FloatArray:
        """Return the parameters of the model at coordinates w, shape (..., d)."""
        return np.asarray(self.model.prior_mean + w @ self.axes.T)


@dataclass(frozen=True, eq=False)
class State:
    """Where the chains are.

    Attributes
    ----------
    u, log_sd
        White coordinates (chains, d), log-scales (chains, k).
    w
        Coordinates with independent priors, shape (chains, d).
    roots
        L of each chain, shape (chains, d, d).
    fit, rest
        Log density of log σ were the posterior that Gaussian, and by how much the log-likelihood
        exceeds that of the Gaussian, each up to a constant; the log density of (log σ, u) is their
        sum less ``|u|²/2``; shape (chains,).
    """

    u: FloatArray
    log_sd: FloatArray
    w: FloatArray
    roots: FloatArray
    fit: FloatArray
    rest: FloatArray


def reference_of(
    model: LatentModel, widths: Sequence[float], scales: tuple[float, ...]
) -> Reference:
    """Fit the Gaussian at the mode that belongs to some scales.

    Parameters
    ----------
    model
        The hypothesis.
    widths
        Of the half-normal priors of its learned scales, in the order of the blocks.
    scales
        One of each learned scale.

    Raises
    ------
    NotTrustedError
        If the mode is not reached.
    """
    top = find_mode(model, scales, model.prior_mean).theta
    axes = block_diag(*(_axes_of(block) for block in model.blocks))
    design = model.design @ axes
    eta = model.design @ top
    information = model.likelihood.information(eta, design)
    natural = information @ np.linalg.solve(axes, top - model.prior_mean)
    natural += design.T @ model.likelihood.gradient(eta)
    shared = [block.size * block.mean_sd**2 for block in model.blocks]
    starts = np.array([block.columns.start for block in model.blocks])
    sizes = np.array([block.size for block in model.blocks])
    extra = np.zeros(model.size)
    extra[starts] = shared
    known = np.array([block.scale is not None for block in model.blocks], dtype=bool)
    return Reference(
        model=model,
        widths=np.array(widths, dtype=float),
        axes=axes,
        offset=model.design @ model.prior_mean,
        design=design,
        block=np.repeat(np.arange(len(known)), sizes),
        extra=extra,
        learned=np.eye(len(known))[~known],
        starts=starts,
        first=starts[~known],
        sizes=sizes[~known].astype(float),
        log_fixed=np.log([1.0 if block.scale is None else block.scale for block in model.blocks]),
        information=information,
        natural=natural,
    )


def stacked(references: Sequence[Reference], chains: int) -> Reference:
    """Return one for chains of several hypotheses that differ in their fixed scales only.

    The first ``chains`` chains then belong to the first of them, and so on.
    """
    first = references[0]
    return replace(
        first,
        log_fixed=np.repeat([each.log_fixed for each in references], chains, axis=0),
        information=np.repeat([each.information for each in references], chains, axis=0),
        natural=np.repeat([each.natural for each in references], chains, axis=0),
    )


def state_at(reference: Reference, u: FloatArray, log_sd: FloatArray) -> State:
    """Return the chains at white coordinates (chains, d) and log-scales (chains, k).

    ``fit`` is −∞ at scales that are absurd, and where rounding makes the curvature useless.
    """
    possible = (np.abs(log_sd) < _FARTHEST).all(axis=1)
    log_sd = np.clip(log_sd, -_FARTHEST, _FARTHEST)
    variance = variance_at(reference, log_sd)
    chains, size = variance.shape
    curvature = np.broadcast_to(reference.information, (chains, size, size)).copy()
    curvature.reshape(chains, -1)[:, :: size + 1] += 1.0 / variance
    roots, sound = _roots(curvature)
    centre = forward(roots, np.broadcast_to(reference.natural, u.shape))
    w = back(roots, centre + u)
    diagonal = roots.reshape(chains, -1)[:, :: size + 1]
    fit = 0.5 * (centre**2).sum(axis=1) - np.log(diagonal * np.sqrt(variance)).sum(axis=1)
    fit += (log_sd - 0.5 * (np.exp(log_sd) / reference.widths) ** 2).sum(axis=1)
    rest = rest_of(reference, w)
    return State(u, log_sd, w, roots, np.where(sound & possible, fit, -np.inf), rest)


def variance_at(reference: Reference, log_sd: FloatArray) -> FloatArray:
    """Return the prior variance of every w at log-scales (chains, k), shape (chains, d)."""
    log_scales = reference.log_fixed + log_sd @ reference.learned
    return np.asarray(np.exp(2.0 * log_scales)[:, reference.block] + reference.extra)


def rest_of(reference: Reference, w: FloatArray) -> FloatArray:
    """Return by how much the log-likelihood exceeds that of the Gaussian, shape (chains,)."""
    eta = reference.offset + w @ reference.design.T
    value = reference.model.likelihood.log_likelihood(eta)
    return np.asarray(value + (w * (0.5 * _pull(reference, w) - reference.natural)).sum(axis=1))


def push_of(reference: Reference, w: FloatArray) -> FloatArray:
    """Return the gradient of that, shape (chains, d)."""
    eta = reference.offset + w @ reference.design.T
    score = reference.model.likelihood.gradient(eta) @ reference.design
    return np.asarray(score + _pull(reference, w) - reference.natural)


def _pull(reference: Reference, w: FloatArray) -> FloatArray:
    """Return ``H w`` of each chain."""
    if reference.information.ndim == 2:
        return np.asarray(w @ reference.information)
    return np.asarray((reference.information @ w[..., None])[..., 0])


def inverses(roots: FloatArray) -> FloatArray:
    """Return ``L⁻ᵀ`` of each chain: for many chains quicker than solving time and again."""
    # A transposed row-major factor is what LAPACK takes without a copy.
    return np.array([lapack.dtrtri(root.T)[0] for root in roots])


def forward(roots: FloatArray, x: FloatArray) -> FloatArray:
    """Return ``L⁻¹ x`` of each chain."""
    return np.array([blas.dtrsv(root.T, row, trans=1) for root, row in zip(roots, x, strict=True)])


def back(roots: FloatArray, x: FloatArray) -> FloatArray:
    """Return ``L⁻ᵀ x`` of each chain."""
    return np.array([blas.dtrsv(root.T, row) for root, row in zip(roots, x, strict=True)])


def _axes_of(block: Block) -> FloatArray:
    """Return axes of a block along which its prior is independent, shape (size, size)."""
    axes = np.eye(block.size)
    if block.metric is not None:
        # |x|² in the metric is |L'x|² for its Cholesky factor L.
        axes = solve_triangular(np.linalg.cholesky(block.metric), axes, lower=True).T
    if block.mean_sd:
        # The reflection that takes the first axis to the mean.
        normal = np.full(block.size, -1.0 / np.sqrt(block.size))
        normal[0] += 1.0
        square = float(normal @ normal)
        if square > 0:
            axes = axes - 2.0 / square * np.outer(normal, normal)
    return axes


def _roots(curvature: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Return lower Cholesky factors, and which of them exist: rounding may spoil absurd scales."""
    try:
        return np.linalg.cholesky(curvature), np.ones(len(curvature), dtype=bool)
    except np.linalg.LinAlgError:
        roots = np.empty_like(curvature)
        sound = np.ones(len(curvature), dtype=bool)
        for m, one in enumerate(curvature):
            try:
                roots[m] = np.linalg.cholesky(one)
            except np.linalg.LinAlgError:
                roots[m], sound[m] = np.eye(len(one)), False
        return roots, sound
