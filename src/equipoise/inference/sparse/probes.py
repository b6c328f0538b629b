"""Log-determinants of large graphs by random probes, for graphs whose factors would fill up.

Hutchinson's trace with Lanczos quadrature: ``zᵀ f(A) z`` from the tridiagonal matrix of a few
products with A (Ubaru, Chen & Saad 2017, SIAM J. Matrix Anal. Appl. 38, 1075), z of random signs.
The same probes at every σ_c, so that a difference has a small error where its terms have large
ones.
"""

from collections.abc import Callable

import numpy as np
from scipy.linalg import eigh_tridiagonal

from equipoise.errors import NotTrustedError
from equipoise.inference.sparse.iterative import Conjugate, IterativeSystem
from equipoise.inference.sparse.pairs import Pairs
from equipoise.likelihoods import FloatArray

_MAX_STEPS = 400
# The quadrature is looked at every so many products.
_EVERY = 4
_SMALL = 1e-12


def quadratic_form(
    apply: Callable[[FloatArray], FloatArray],
    start: FloatArray,
    function: Callable[[FloatArray], FloatArray],
    close: float,
) -> FloatArray:
    """Return ``zᵀ f(A) z`` for every column z of ``start``, by Lanczos quadrature.

    Parameters
    ----------
    apply
        Products of the symmetric A with columns (m, k).
    start
        z, shape (m, k).
    function
        f, of eigenvalues.
    close
        Greatest change over the last four products at which it stops.

    Returns
    -------
    array
        Shape (k,).

    Raises
    ------
    NotTrustedError
        If 400 products do not reach it.
    """
    square = (start**2).sum(axis=0)
    before = np.zeros_like(start)
    now = start / np.sqrt(np.maximum(square, 1e-300))
    diagonal: list[FloatArray] = []
    beside: list[FloatArray] = []
    last = np.full(len(square), np.nan)
    for step in range(1, _MAX_STEPS + 1):
        after = apply(now)
        if beside:
            after -= beside[-1] * before
        diagonal.append((now * after).sum(axis=0))
        after -= diagonal[-1] * now
        length = np.sqrt((after**2).sum(axis=0))
        # An invariant subspace was found: what follows has no weight.
        length = np.where(length > _SMALL * (1 + np.abs(diagonal[0])), length, 0.0)
        if step % _EVERY == 0 or not length.any():
            found = square * _quadrature(np.array(diagonal), np.array(beside), function)
            if not length.any() or np.abs(found - last).max() < close:
                return found
            last = found
        beside.append(length)
        before, now = now, after / np.where(length > 0, length, 1.0) * (length > 0)
    raise NotTrustedError(
        f"a log-determinant by probes did not converge in {_MAX_STEPS} products: weights of the "
        "edges are too unequal; test a part of the states"
    )


def _quadrature(
    diagonal: FloatArray, beside: FloatArray, function: Callable[[FloatArray], FloatArray]
) -> FloatArray:
    """Return ``e₁ᵀ f(T) e₁`` of tridiagonal matrices, one a column: (s, k) and (s − 1, k)."""
    out = np.empty(diagonal.shape[1])
    for k in range(len(out)):
        if len(diagonal) == 1:
            nodes, first = diagonal[:, k], np.ones(1)
        else:
            nodes, vectors = eigh_tridiagonal(diagonal[:, k], beside[:, k])
            first = vectors[0]
        out[k] = first**2 @ function(nodes)
    return out


def signs(rng: np.random.Generator, size: int, probes: int) -> FloatArray:
    """Return random signs, shape (size, probes)."""
    return np.asarray(rng.choice([-1.0, 1.0], size=(size, probes)), dtype=float)


def on_cycles(pairs: Pairs, flat: Conjugate, edges: FloatArray) -> FloatArray:
    """Return the divergence-free part of columns (M, ...) on the edges.

    Parameters
    ----------
    pairs
        The edges.
    flat
        ``Dᵀ D``.
    edges
        What to project.
    """
    return np.asarray(edges - pairs.incidence @ flat.solve(pairs.divergence @ edges))


def cycle_log_det(
    pairs: Pairs,
    flat: Conjugate,
    curvature: Conjugate,
    weight: FloatArray,
    cycle_sd: float,
    probes: FloatArray,
    close: float,
) -> FloatArray:
    """Return estimates of ``log det(1 + σ_c² PVP)``, one a probe.

    P projects on the cycles, and ``V = W − W D (DᵀWD + 1/σ_Φ²)⁻¹ DᵀW`` is what the counts say of
    c with Φ integrated: this is how much the log-determinant of the precision of (Φ, c), in units
    of the prior, exceeds that of Φ alone at the same weights.

    Parameters
    ----------
    pairs
        The edges.
    flat, curvature
        ``Dᵀ D`` and ``Dᵀ W D + 1/σ_Φ²``.
    weight
        W, shape (M,).
    cycle_sd
        σ_c.
    probes
        Random signs, shape (M, k).
    close
        Error allowed each quadrature, in units of the log-determinant.

    Returns
    -------
    array
        Shape (k,).
    """
    held = weight[:, None]

    def apply(edges: FloatArray) -> FloatArray:
        pulled = held * edges
        pulled -= held * (pairs.incidence @ curvature.solve(pairs.divergence @ pulled))
        return cycle_sd**2 * on_cycles(pairs, flat, pulled)

    start = on_cycles(pairs, flat, probes)
    found = quadratic_form(apply, start, lambda x: np.log1p(np.maximum(x, 0.0)), close)
    # The trace of P itself is known: what a probe misses of it, it misses of this in proportion.
    length = (start**2).sum(axis=0)
    share = found.sum() / max(length.sum(), 1e-300)
    return np.asarray(found - share * (length - pairs.n_cycles))


def balance_log_det(
    system: IterativeSystem, weight: FloatArray, ridge: float, probes: FloatArray, close: float
) -> FloatArray:
    """Return estimates of ``log det(DᵀWD + ridge)``, one a probe; its diagonal is taken out first.

    Parameters
    ----------
    system
        Of the graph.
    weight, ridge
        W, shape (M,), and ``1/σ_Φ²``.
    probes
        Random signs, shape (n, k).
    close
        Error allowed each quadrature.
    """
    matrix = system.factorise(weight, ridge).matrix
    size = matrix.diagonal()
    scale = (1.0 / np.sqrt(size))[:, None]
    lowest = ridge / float(size.max())

    def apply(states: FloatArray) -> FloatArray:
        return np.asarray(scale * (matrix @ (scale * states)))

    found = quadratic_form(apply, probes, lambda x: np.log(np.maximum(x, lowest)), close)
    return np.asarray(float(np.log(size).sum()) + found)
