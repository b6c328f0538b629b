"""What the totals of rows know of Φ besides the pairs."""

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from equipoise.inference.sparse.posterior.landscape import Reference

# A block of draws at a time: all at once take arrays of all edges by all draws.
_COLUMNS = 64


def with_totals[P: np.floating](
    reference: Reference,
    potential: npt.NDArray[P],
    rng: np.random.Generator,
    out: npt.NDArray[P] | None = None,
) -> npt.NDArray[P]:
    """Take the excess ``diag(1/N_i)`` off the covariance of pairwise draws; their mean stays.

    The pairwise likelihood takes every ``m_e`` and ``N_i`` as given, the rows let them vary
    together: it knows less of Φ than they do, by ``D = diag(1/N)`` in the covariance
    (docs/model.md).
    With L the curvature of the likelihood at the mode, C the covariance and ``A = C L``, which is 1
    where the data and not the prior decide, ``x − A (D L x − e)`` has the covariance ``C − A D Aᵀ``
    if e is Gaussian of covariance ``D − D L D``. Such an e is made of one number for each edge and
    one for each row's trials that went along none: that these are needed, and no root of a matrix,
    is because ``diag(N) − L`` is a sum of squares, ``Σ_e (a_e x_i + b_e x_j)²/m_e + Σ_i n_i0 x_i²``
    with a and b the transitions expected either way.

    Parameters
    ----------
    reference
        The Gaussian at the mode.
    potential
        Φ of all chains, (n, draws).
    rng
        Source of randomness.
    out
        Where to write it; ``potential`` itself may be.

    Returns
    -------
    array
        Shape (n, draws), in the precision of ``potential``.
    """
    pairs = reference.pairs
    share = expit(reference.eta + pairs.exposure)
    forward, backward = pairs.total * share, pairs.total * (1.0 - share)
    left = np.bincount(pairs.source, forward, pairs.n_states)
    left += np.bincount(pairs.target, backward, pairs.n_states)
    stayed = np.maximum(pairs.trials - left, 0.0)
    # abs(incidence) splits into the ends that a and b belong to.
    begins, ends = pairs.incidence.maximum(0.0), (-pairs.incidence).maximum(0.0)
    mean = potential.mean(axis=1, keepdims=True, dtype=float)
    out = np.empty_like(potential) if out is None else out
    for begin in range(0, potential.shape[1], _COLUMNS):
        part = potential[:, begin : begin + _COLUMNS].astype(float)
        size = part.shape[1]
        noise = rng.standard_normal((pairs.n_edges, size)) / np.sqrt(pairs.total)[:, None]
        varied = begins.T @ (forward[:, None] * noise) + ends.T @ (backward[:, None] * noise)
        varied += np.sqrt(stayed)[:, None] * rng.standard_normal((pairs.n_states, size))
        along = pairs.incidence @ (part - mean)
        pull = pairs.divergence @ (reference.weight[:, None] * along)
        excess = (pull - varied) / pairs.trials[:, None]
        settled = reference.ridge * reference.mode.factor.solve(excess)
        out[:, begin : begin + _COLUMNS] = part - excess + settled
    return out
