r"""The chi-squares per degree of freedom of Song et al. 2025, as released and corrected."""

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc

from equipoise.counts import TransitionCounts
from equipoise.inference.baselines.baseline import STOPPING, Row
from equipoise.inference.baselines.least_action import least_action
from equipoise.likelihoods import FloatArray, IntArray, Rejected

_LARGEST_VARIANCE = 100.0
_RANK = 1e-9


@dataclass(frozen=True)
class ChiSquare:
    """A chi-square as released, and corrected.

    Attributes
    ----------
    over
        ``"triplets"`` or ``"pairs"``.
    n
        How many of these were seen in all directions.
    released
        The paper's chi-square; its number of degrees of freedom is n. None where n = 0.
    corrected
        Weighted by the right variances, what shares counts taken together.
    ndf
        Degrees of freedom of the corrected one.
    p_value
        Of the corrected one; None without degrees of freedom.
    """

    over: str
    n: int
    released: float | None
    corrected: float | None
    ndf: int
    p_value: float | None

    @property
    def released_per_ndf(self) -> float | None:
        """The figure the paper prints, chi-square over n."""
        return None if self.released is None else self.released / self.n

    @property
    def corrected_per_ndf(self) -> float | None:
        """The corrected chi-square over its degrees of freedom."""
        return self.corrected / self.ndf if self.corrected is not None and self.ndf else None

    @property
    def wrong(self) -> str:
        """What it gets wrong, in one sentence."""
        return _WRONG[self.over]

    def rows(self) -> tuple[Row, ...]:
        """Return its two lines of the table of baselines."""
        name = f"chi-square, {self.over}"
        return (
            Row(f"{name}, released", "χ²/ndf", self.released_per_ndf, self.n, None, self.wrong),
            Row(
                f"{name}, corrected",
                "χ²/ndf",
                self.corrected_per_ndf,
                self.ndf,
                self.p_value,
                _STILL_WRONG,
                STOPPING if self.ndf else "",
            ),
        )


_STILL_WRONG = (
    "Right for large counts, it still looks only at what was seen in all directions, which favours "
    "balance."
)
_WRONG = {
    "triplets": "It adds 1/N to every variance, where none is due, counts an edge once in each "
    "triplet that shares it as if these were independent, and sees no longer cycle: it comes out "
    "too small.",
    "pairs": "It is a mean squared residual that no error divides, takes off no degree of freedom "
    "for the potential fitted to the same pairs, and leaves out what was seen one way only.",
}


def triplet_chi_square(counts: TransitionCounts, *, threshold: int = 0) -> ChiSquare:
    r"""Compare the two ways round each triangle.

    Released: with ``a`` the sum of ``log(n_ij/n_ji)`` round a triangle (row totals N cancel),

    .. math:: \chi^2 = \sum_{ijk} a_{ijk}^2 \Big/ \sum_{\text{six arcs}} (1/n_{ij} + 1/N_i),
              \qquad n_{df} = \text{number of triangles}

    over triangles seen in all six directions whose variance, so reckoned, is below 100. Corrected:
    the variance of ``log(n_ij/n_ji)`` is ``1/n_ij + 1/n_ji``, whatever N, and triangles that share
    edges are correlated, so ``aᵀ (C D Cᵀ)⁺ a``, C the triangles as sums of edges and D these
    variances, on as many degrees of freedom as triangles are independent.

    Parameters
    ----------
    counts : TransitionCounts
        Axis 0 is from, axis 1 to.
    threshold : int
        Counts up to this one are as none; 0 for the paper's words, 1 for its expressions.

    Returns
    -------
    ChiSquare
    """
    moves = counts.counts.toarray().astype(float)
    total = moves.sum(axis=1)  # as released: self-transitions among them, lost trials not
    np.fill_diagonal(moves, 0.0)
    both = (moves > threshold) & (moves.T > threshold)
    both &= np.minimum.outer(total, total) > threshold
    corners = _triangles(both)
    i, j, k = corners.T
    # Every triangle walks i → j → k → i, i < j < k: the last edge against its direction.
    edges = np.stack([i * len(moves) + j, j * len(moves) + k, i * len(moves) + k], axis=1)
    names, column = np.unique(edges, return_inverse=True)
    a, b = np.divmod(names, len(moves))
    ratio = np.log(moves[a, b] / moves[b, a])
    variance = 1.0 / moves[a, b] + 1.0 / moves[b, a]
    design = np.zeros((len(corners), len(names)))
    place = column.reshape(-1, 3)
    design[np.arange(len(corners))[:, None], place] = np.array([1.0, 1.0, -1.0])
    affinity = design @ ratio
    reckoned = np.abs(design) @ variance + 2.0 * (1.0 / total[corners]).sum(axis=1)
    kept = reckoned < _LARGEST_VARIANCE
    released = float((affinity[kept] ** 2 / (reckoned[kept] + 1e-10)).sum())
    corrected, ndf = _together(design[kept] * np.sqrt(variance), ratio / np.sqrt(variance))
    return _chi_square("triplets", int(kept.sum()), released, corrected, ndf)


def pair_chi_square(
    counts: TransitionCounts,
    *,
    nominal_trials: float | None = None,
    rejected: Rejected = "stay",
) -> ChiSquare:
    r"""Compare log-ratios with differences of a potential, pair by pair.

    Released: the sum of ``(log(n_ij N_j / n_ji N_i) − (V_i − V_j))²`` over pairs seen more than
    once either way, V the least-action potential (its logistic form) of all counts, over the number
    of pairs; pairs farther apart than the log of the number of transitions are left out. N are row
    totals without lost trials, even where V counts these. Corrected: V fitted to these pairs, each
    weighted by its variance ``1/n_ij + 1/n_ji``, on as many degrees of freedom as these pairs have
    independent cycles; N then cancel.

    Parameters
    ----------
    counts : TransitionCounts
        Axis 0 is from, axis 1 to.
    nominal_trials, rejected
        As in :func:`least_action`.

    Returns
    -------
    ChiSquare

    Raises
    ------
    NotTrustedError
        If the least action is not reached.
    """
    found = least_action(
        counts, penalty="logistic", nominal_trials=nominal_trials, rejected=rejected
    )
    moves = counts.counts.toarray().astype(float)
    total = moves.sum(axis=1)
    np.fill_diagonal(moves, 0.0)
    i, j = np.nonzero(np.triu((moves > 1) & (moves.T > 1)))
    forward, backward = moves[i, j], moves[j, i]
    # Both ends lie in one strongly connected component, often not the reference's.
    difference = found.within[i] - found.within[j]
    near = np.abs(difference) <= np.log(counts.n_transitions)
    i, j, forward, backward = i[near], j[near], forward[near], backward[near]
    observed = np.log(forward / total[i]) - np.log(backward / total[j])
    released = float(((observed - difference[near]) ** 2).sum())
    deviation = np.sqrt(1.0 / forward + 1.0 / backward)
    gradient = np.zeros((len(i), len(moves)))
    gradient[np.arange(len(i)), i] = 1.0
    gradient[np.arange(len(i)), j] = -1.0
    explained, rank = _together((gradient / deviation[:, None]).T, observed / deviation)
    corrected = float(((observed / deviation) ** 2).sum()) - explained
    return _chi_square("pairs", len(i), released, max(corrected, 0.0), len(i) - rank)


def _chi_square(over: str, n: int, released: float, corrected: float, ndf: int) -> ChiSquare:
    return ChiSquare(
        over=over,
        n=n,
        released=released if n else None,
        corrected=corrected if ndf else None,
        ndf=ndf,
        p_value=float(chdtrc(ndf, corrected)) if ndf else None,
    )


def _together(rows: FloatArray, values: FloatArray) -> tuple[float, int]:
    """Return the squared length of the part of values (E,) in the span of rows, and its rank."""
    if not rows.size:
        return 0.0, 0
    u, singular, _ = np.linalg.svd(rows.T, full_matrices=False)
    spanned = singular > _RANK * singular[0]
    return float(((u[:, spanned].T @ values) ** 2).sum()), int(spanned.sum())


def _triangles(joined: "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]") -> IntArray:
    """Return all triangles i < j < k of a symmetric adjacency, shape (T, 3)."""
    upper = np.triu(joined, 1)
    i, j = np.nonzero(upper)
    pair, k = np.nonzero(upper[i] & upper[j])
    return np.stack([i[pair], j[pair], k], axis=1).astype(np.int64)
