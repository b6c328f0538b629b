"""From draws of the parameters to kernels, their stationary probabilities and flows."""

from dataclasses import dataclass

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


@dataclass(frozen=True, eq=False)
class Flows:
    """Stationary flows of kernels along the edges {i, j}, i < j, in the graph's order.

    Attributes
    ----------
    forward, backward
        ``F_ij = π_i P_ij`` and ``F_ji = π_j P_ji``, shape (..., E), transitions per trial.
    force
        ``log F_ij/F_ji``, shape (..., E), nats.
    """

    forward: FloatArray
    backward: FloatArray
    force: FloatArray

    @property
    def current(self) -> FloatArray:
        """Net current ``J_ij = F_ij − F_ji`` from i to j, shape (..., E), transitions per trial."""
        return self.forward - self.backward

    @property
    def entropy_production(self) -> FloatArray:
        """``J_ij log F_ij/F_ji`` of every edge, shape (..., E), nats per trial.

        Its sum over the edges is ``½ Σ_ij J_ij log F_ij/F_ji``, the rate of Schnakenberg (1976,
        Rev. Mod. Phys. 48, 571).
        """
        return self.current * self.force


def arcs_of_edges(rows: MultinomialRows) -> tuple[IntArray, IntArray]:
    """Return the places of the arcs i → j and j → i of every edge {i, j}, i < j, shape (E,)."""
    arcs = rows.arcs
    forward = np.flatnonzero(arcs.sign > 0)
    backward = np.flatnonzero(arcs.sign < 0)
    return forward[np.argsort(arcs.edge[forward])], backward[np.argsort(arcs.edge[backward])]


def flows_of(
    rows: MultinomialRows, model: LatentModel, theta: FloatArray, group: IntArray
) -> Flows:
    """Return the stationary flows of kernels.

    Parameters
    ----------
    rows, model
        Likelihood and hypothesis.
    theta
        Parameter vectors, shape (..., d).
    group
        Group of each state, shape (S,); as in :func:`stationary`. Edges between groups carry
        nothing.
    """
    along, _ = kernel_of(rows, model, theta)
    arcs = rows.arcs
    pi = stationary(rows, along, group)
    flux = pi[..., arcs.source] * along
    forward, backward = arcs_of_edges(rows)
    i, j = arcs.source[forward], arcs.target[forward]
    eta = theta @ model.design.T
    log_ratio = eta[..., forward] - eta[..., backward]
    # log F_ij/F_ji without dividing what may have underflowed.
    log_z = rows.log_normaliser(eta)
    log_pi = np.log(np.maximum(pi, np.finfo(float).tiny)) - log_z
    force = log_ratio + log_pi[..., i] - log_pi[..., j]
    inside = group[i] == group[j]
    return Flows(
        forward=flux[..., forward] * inside,
        backward=flux[..., backward] * inside,
        force=force * inside,
    )


def stationary(rows: MultinomialRows, along: FloatArray, group: IntArray) -> FloatArray:
    """Return stationary probabilities of kernels, (..., S); they add up to 1 in each group.

    By the elimination of Grassmann, Taksar & Heyman (1985), all draws at once: nothing is
    subtracted, so small probabilities keep their relative precision.

    Parameters
    ----------
    rows
        Whose arcs the kernels run along.
    along
        ``P_ij`` along every arc, shape (..., 2E).
    group
        Connected component of each state, shape (S,); or a finer division into groups whose states
        lead to each other: a transition to another group then counts as staying.
    """
    lead, n_states = along.shape[:-1], rows.arcs.n_states
    flat = along.reshape(-1, along.shape[-1])
    slab = max(_NUMBERS_AT_ONCE // n_states**2, 1)
    parts = [_stationary(rows, flat[k : k + slab], group) for k in range(0, len(flat), slab)]
    return np.concatenate(parts).reshape(*lead, n_states)


def _stationary(rows: MultinomialRows, flat: FloatArray, group: IntArray) -> FloatArray:
    out = np.ones((len(flat), rows.arcs.n_states))
    for label in np.unique(group):
        states = np.flatnonzero(group == label)
        index = np.full(len(group), -1)
        index[states] = np.arange(len(states))
        used = (index[rows.arcs.source] >= 0) & (index[rows.arcs.target] >= 0)
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
