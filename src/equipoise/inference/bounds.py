"""One-sided bounds of a potential that the data limit from one side only."""

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit

from equipoise.errors import NotTrustedError
from equipoise.graph import SupportGraph, reachable
from equipoise.likelihoods import FloatArray, PairwiseEdges

# "Rule of three": 95 % of a likelihood that never saw an event lies below log 20 = 3.0 nats.
_DROP = float(np.log(20.0))
_RIDGE = 1e-9
_MAX_STEPS = 300
_LONGEST_STEP = 4.0
_FARTHEST = 60.0


def likelihood_bound(
    likelihood: PairwiseEdges, graph: SupportGraph, upper_state: int, lower_state: int
) -> float:
    """Return the least ``Φ_upper − Φ_lower`` the data allow, under detailed balance.

    For a state that is seen to lead to another, never back: the difference at which the profile
    likelihood of the pairwise model has fallen by log 20 from its supremum (at infinity). For one
    edge this is the rule of three: with all ``N`` trials forward and none of ``M`` back,
    ``log(M/3)``. Along several one-way edges balance makes the differences add up. No prior
    enters.

    Parameters
    ----------
    likelihood
        Pairwise likelihood of the counts.
    graph
        Their support graph.
    upper_state, lower_state
        State indices; ``lower_state`` can be reached from ``upper_state`` along observed arcs,
        not the other way round.

    Returns
    -------
    float
        Nats.

    Raises
    ------
    NotTrustedError
        If the optimisation fails.
    """
    between = _between(graph, upper_state, lower_state)
    edges = np.asarray(graph.edges)[likelihood.edges]
    kept = between[edges].all(axis=1) & (likelihood.total > 0)
    index = np.cumsum(between) - 1
    i, j = index[edges[kept]].T
    n, m, offset = likelihood.forward[kept], likelihood.total[kept], likelihood.exposure[kept]
    size = int(between.sum())
    pull = np.zeros(size)
    pull[index[upper_state]], pull[index[lower_state]] = 1.0, -1.0

    def cost(phi: FloatArray, force: float) -> float:
        eta = phi[i] - phi[j] + offset
        fall = n * np.logaddexp(0.0, -eta) + (m - n) * np.logaddexp(0.0, eta)
        return float(fall.sum() + force * pull @ phi + 0.5 * _RIDGE * phi @ phi)

    def minimise(phi: FloatArray, force: float) -> FloatArray:
        current = cost(phi, force)
        for _ in range(_MAX_STEPS):
            eta = phi[i] - phi[j] + offset
            p = expit(eta)
            slope = m * p - n
            gradient = force * pull + _RIDGE * phi
            np.add.at(gradient, i, slope)
            np.add.at(gradient, j, -slope)
            weight = m * p * (1.0 - p)
            curvature = np.diag(np.full(size, _RIDGE))
            np.add.at(curvature, (i, i), weight)
            np.add.at(curvature, (j, j), weight)
            np.add.at(curvature, (i, j), -weight)
            np.add.at(curvature, (j, i), -weight)
            step = _bounded_step(curvature, gradient)
            expected = -float(gradient @ step)
            if expected < 1e-7 or pull @ phi < -_FARTHEST:
                return phi
            length = 1.0
            while cost(phi + length * step, force) > current - 1e-4 * length * expected:
                length *= 0.5
                if length < 1e-10:
                    return phi
            phi = phi + length * step
            current = cost(phi, force)
        raise NotTrustedError(
            f"the bound of {graph.states[upper_state]!r} was not found in {_MAX_STEPS} steps"
        )

    # Edges within strongly connected parts keep a finite cost; the one-way ones cost 0 at infinity.
    strong = graph.strong[edges[kept]]
    within = strong[:, 0] == strong[:, 1]
    phi = np.zeros(size)
    best = 0.0
    if within.any():
        full = n, m, offset, i, j
        n, m, offset, i, j = (part[within] for part in full)
        best = cost(minimise(phi, 0.0), 0.0)
        n, m, offset, i, j = full

    def excess(log_force: float) -> float:
        """Return how far the likelihood lies below the wanted fall, at one pull on the states."""
        nonlocal phi
        reached = minimise(phi, float(np.exp(log_force)))
        if pull @ reached < -_FARTHEST:
            return _FARTHEST  # the pull outweighs all counts that hold the states apart
        phi = reached
        return cost(phi, 0.0) - best - _DROP

    low = np.log(1e-3)
    high = low + 1.0
    while excess(high) < 0:
        low, high = high, high + 1.0
        if high > _FARTHEST:
            raise NotTrustedError(f"no bound found for {graph.states[upper_state]!r}")
    excess(brentq(excess, low, high, xtol=1e-3))
    return float(pull @ phi)


def _bounded_step(curvature: FloatArray, gradient: FloatArray) -> FloatArray:
    """Return a Newton step of at most 4 nats a state.

    States that nothing holds drift off along nearly flat directions; damping shortens the step in
    those, and leaves it whole where the cost is curved.
    """
    damping = 0.0
    while True:
        step = -np.linalg.solve(curvature + damping * np.eye(len(gradient)), gradient)
        if np.abs(step).max() <= _LONGEST_STEP:
            return np.asarray(step)
        damping = max(10.0 * damping, 1e-9)


def _between(graph: SupportGraph, upper_state: int, lower_state: int) -> np.ndarray:
    """Return the states on observed paths between the two, shape (S,).

    Any other state can be moved to plus or minus infinity at no cost in likelihood.
    """
    forward = reachable(graph, upper_state)
    backward = _reverse_reachable(graph, lower_state)
    return np.asarray(forward & backward)


def _reverse_reachable(graph: SupportGraph, state: int) -> np.ndarray:
    seen = np.zeros(len(graph.states), dtype=bool)
    seen[state] = True
    arcs = np.asarray(graph.arcs)
    while True:
        new = arcs[seen[arcs[:, 1]], 0]
        if seen[new].all():
            return seen
        seen[new] = True
