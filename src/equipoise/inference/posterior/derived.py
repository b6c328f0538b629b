"""From draws of the parameters to kernels and their stationary probabilities."""

import numpy as np

from equipoise.likelihoods import FloatArray, IntArray, MultinomialRows
from equipoise.models.latent import LatentModel

_NUMBERS_AT_ONCE = 10_000_000


def kernel_of(
    rows: MultinomialRows, model: LatentModel, theta: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return ``P_ij`` along every arc, (..., 2E), and of staying, (..., S), 0 where impossible."""
    eta = theta @ model.design.T
    along = rows.probabilities(eta)
    log_z = rows.log_normaliser(eta)
    return along, np.exp(-log_z) if rows.stay else np.zeros_like(log_z)


def stationary(rows: MultinomialRows, along: FloatArray, component: IntArray) -> FloatArray:
    """Return stationary probabilities of kernels, (..., S); they add up to 1 in each component.

    By the elimination of Grassmann, Taksar & Heyman (1985), all draws at once: nothing is
    subtracted, so small probabilities keep their relative precision.

    Parameters
    ----------
    rows
        Whose arcs the kernels run along.
    along
        ``P_ij`` along every arc, shape (..., 2E).
    component
        Connected component of each state, shape (S,).
    """
    lead, n_states = along.shape[:-1], rows.arcs.n_states
    flat = along.reshape(-1, along.shape[-1])
    slab = max(_NUMBERS_AT_ONCE // n_states**2, 1)
    parts = [_stationary(rows, flat[k : k + slab], component) for k in range(0, len(flat), slab)]
    return np.concatenate(parts).reshape(*lead, n_states)


def _stationary(rows: MultinomialRows, flat: FloatArray, component: IntArray) -> FloatArray:
    out = np.ones((len(flat), rows.arcs.n_states))
    for label in np.unique(component):
        states = np.flatnonzero(component == label)
        index = np.full(len(component), -1)
        index[states] = np.arange(len(states))
        used = index[rows.arcs.source] >= 0
        P = np.zeros((len(flat), len(states), len(states)))
        P[:, index[rows.arcs.source[used]], index[rows.arcs.target[used]]] = flat[:, used]
        for k in range(len(states) - 1, 0, -1):
            P[:, :k, k] /= P[:, k, :k].sum(axis=1)[:, None]
            P[:, :k, :k] += P[:, :k, k, None] * P[:, k, None, :k]
        weight = np.ones((len(flat), len(states)))
        for k in range(1, len(states)):
            weight[:, k] = np.einsum("nj,nj->n", weight[:, :k], P[:, :k, k])
        out[:, states] = weight / weight.sum(axis=1, keepdims=True)
    return out


def boltzmann(potential: FloatArray, component: IntArray) -> FloatArray:
    """Return ``π ∝ exp(−Φ)``, (..., S), adding up to 1 in each component."""
    out = np.empty_like(potential)
    for label in np.unique(component):
        inside = component == label
        weight = np.exp(-potential[..., inside] + potential[..., inside].min(-1, keepdims=True))
        out[..., inside] = weight / weight.sum(axis=-1, keepdims=True)
    return out
