"""Exact facts about a kernel: stationary law, log-ratios, affinities, entropy production."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from equipoise.errors import DataError, UsageError
from equipoise.simulate.kernels import Kernel
from equipoise.text import listed, quoted


def stationary_distribution(kernel: Kernel) -> NDArray[np.float64]:
    """Compute the stationary law of the chain in which a failed trial stays.

    Trials that end in `other` leave the chain where it is, so only the transitions
    between different states matter.

    Parameters
    ----------
    kernel : Kernel

    Returns
    -------
    ndarray, shape (S,)
        Adds up to 1; 0 at transient states.

    Raises
    ------
    DataError
        If the chain has more than one closed class: the stationary law is then not
        unique.

    Notes
    -----
    By the elimination of Grassmann, Taksar and Heyman (Oper. Res. 33, 1985, 1107-1116),
    which subtracts nothing: each probability is right to nearly full relative precision,
    however small it is. Dense, time S³.
    """
    members = _closed_class(kernel)
    rates = kernel.matrix[np.ix_(members, members)].copy()
    size = len(members)
    for k in range(size - 1, 0, -1):
        rates[:k, k] /= rates[k, :k].sum()
        rates[:k, :k] += np.outer(rates[:k, k], rates[k, :k])
    law = np.zeros(size)
    law[0] = 1.0
    for k in range(1, size):
        law[k] = law[:k] @ rates[:k, k]
    pi = np.zeros(kernel.n_states)
    pi[members] = law / law.sum()
    return pi


def log_ratio(kernel: Kernel, i: str | int, j: str | int) -> float:
    """Compute ``log(P_ij / P_ji)``, nats.

    Parameters
    ----------
    kernel : Kernel
    i, j : str or int
        Two states, by label or index.

    Returns
    -------
    float
        ``inf`` or ``-inf`` if only one direction is possible.

    Raises
    ------
    DataError
        If neither direction is possible.
    UsageError
        If a state does not exist.
    """
    a, b = kernel.index(i), kernel.index(j)
    forward, backward = kernel.matrix[a, b], kernel.matrix[b, a]
    if forward == 0 and backward == 0:
        raise DataError(
            f"no transition joins {quoted(kernel.states[a])} and "
            f"{quoted(kernel.states[b])}, so their log-ratio is not defined"
        )
    with np.errstate(divide="ignore"):
        return float(np.log(forward) - np.log(backward))


def affinity(kernel: Kernel, cycle: Sequence[str | int]) -> float:
    """Compute the affinity of a cycle: the sum of its log-ratios, nats.

    Parameters
    ----------
    kernel : Kernel
    cycle : sequence of str or int
        At least three different states in order, by label or index; the first is not
        repeated.

    Returns
    -------
    float
        0 for every cycle if and only if the kernel is reversible (Kolmogorov);
        ``inf`` or ``-inf`` if the cycle can be walked in one direction only.

    Raises
    ------
    DataError
        If the cycle can be walked in neither direction.
    UsageError
        If fewer than three states are listed, one twice, or one does not exist.
    """
    walk = np.array([kernel.index(state) for state in cycle], dtype=np.int64)
    if len(walk) < 3 or len(np.unique(walk)) < len(walk):
        raise UsageError(
            "a cycle must list at least three different states, the first not repeated at "
            f"the end, got {listed(cycle)}"
        )
    after = np.roll(walk, -1)
    with np.errstate(divide="ignore"):
        forward = np.log(kernel.matrix[walk, after])
        backward = np.log(kernel.matrix[after, walk])
    if np.isneginf(forward).any() and np.isneginf(backward).any():
        raise DataError(
            "the affinity is not defined, since the cycle can be walked in neither direction: "
            "each way has a step of probability 0"
        )
    return float(np.sum(forward - backward))


def entropy_production(kernel: Kernel) -> float:
    """Compute the entropy production rate in the stationary state, nats per trial.

    ``½ Σ_ij J_ij log(F_ij / F_ji)`` with fluxes ``F_ij = pi_i P_ij`` and currents
    ``J_ij = F_ij - F_ji`` (Schnakenberg, Rev. Mod. Phys. 48, 1976, 571).

    Parameters
    ----------
    kernel : Kernel

    Returns
    -------
    float
        0 if and only if the kernel is reversible (up to rounding); ``inf`` if a
        recurrent state can be left for another with no way straight back.

    Raises
    ------
    DataError
        If the stationary law is not unique.
    """
    flux = stationary_distribution(kernel)[:, None] * kernel.matrix
    i, j = np.nonzero(np.triu(flux + flux.T, 1))
    forward, backward = flux[i, j], flux[j, i]
    with np.errstate(divide="ignore"):
        return float(np.sum((forward - backward) * (np.log(forward) - np.log(backward))))


def metropolised(kernel: Kernel) -> Kernel:
    """Make a kernel reversible with respect to its own stationary law.

    Each transition is taken as a proposal and accepted with the probability of
    Metropolis and Hastings, so ``pi_i P'_ij = min(pi_i P_ij, pi_j P_ji)``; what is
    refused stays. Transitions that have no way straight back vanish.

    Parameters
    ----------
    kernel : Kernel

    Returns
    -------
    Kernel
        Same states, `other` and stationary law; rows of transient states unchanged.
        ``stay`` is True, since refused proposals stay.

    Raises
    ------
    DataError
        If the stationary law is not unique.
    """
    pi = stationary_distribution(kernel)
    flux = pi[:, None] * kernel.matrix
    recurrent = pi > 0
    matrix = kernel.matrix.copy()
    matrix[recurrent] = np.minimum(flux, flux.T)[recurrent] / pi[recurrent, None]
    refused = (kernel.matrix - matrix).sum(axis=1)
    matrix[np.diag_indices_from(matrix)] += np.maximum(refused, 0.0)
    return Kernel(kernel.states, matrix, kernel.other, stay=True)


def _closed_class(kernel: Kernel) -> NDArray[np.int64]:
    """Find the states of the one closed class."""
    row, col = np.nonzero(kernel.matrix)
    n = kernel.n_states
    n_classes, label = connected_components(
        csr_array((np.ones(len(row)), (row, col)), shape=(n, n)),
        directed=True,
        connection="strong",
    )
    closed = np.ones(n_classes, dtype=np.bool_)
    closed[label[row[label[row] != label[col]]]] = False
    if np.count_nonzero(closed) != 1:
        raise DataError(
            f"the stationary law is not unique: the chain has {np.count_nonzero(closed)} closed "
            "classes of states with no way from one to another, so take one class at a time"
        )
    return np.flatnonzero(closed[label])
