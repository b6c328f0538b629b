"""One-sided bounds of a potential that the data limit from one side only."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit

from equipoise.errors import NotTrustedError
from equipoise.graph import SupportGraph, reachable
from equipoise.likelihoods import FloatArray, IntArray, PairwiseEdges
from equipoise.text import quoted

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
    likelihood : PairwiseEdges
        Pairwise likelihood of the counts.
    graph : SupportGraph
        Their support graph.
    upper_state, lower_state : int
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
    edges = np.asarray(graph.edges)[likelihood.edges]
    # A state on no observed path between the two can be moved to plus or minus infinity at no cost.
    backwards = replace(graph, arcs=np.asarray(graph.arcs)[:, ::-1])
    between = reachable(graph, upper_state) & reachable(backwards, lower_state)
    kept = between[edges].all(axis=1) & (likelihood.total > 0)
    index = np.cumsum(between) - 1
    pull = np.zeros(int(between.sum()))
    pull[index[upper_state]], pull[index[lower_state]] = 1.0, -1.0
    pairs = _Comparisons(
        source=index[edges[kept, 0]],
        target=index[edges[kept, 1]],
        forward=likelihood.forward[kept],
        total=likelihood.total[kept],
        exposure=likelihood.exposure[kept],
    )
    # Edges within strongly connected parts keep a finite cost; the one-way ones cost 0 at infinity.
    strong = graph.strong[edges[kept]]
    within = pairs.only(strong[:, 0] == strong[:, 1])
    phi = np.zeros(len(pull))
    best = within.cost(_minimise(within, phi, 0.0 * pull))

    def excess(log_force: float) -> float:
        """Return how far the likelihood lies below the wanted fall, at one pull on the states."""
        nonlocal phi
        reached = _minimise(pairs, phi, np.exp(log_force) * pull)
        if pull @ reached < -_FARTHEST:
            return _FARTHEST  # the pull outweighs all counts that hold the states apart
        phi = reached
        return pairs.cost(phi) - best - _DROP

    try:
        low = np.log(1e-3)
        high = low + 1.0
        while excess(high) < 0 and high < _FARTHEST:
            low, high = high, high + 1.0
        excess(brentq(excess, low, high, xtol=1e-3))
    except ValueError as error:
        raise NotTrustedError(
            f"no bound of the potential was found for {quoted(graph.states[upper_state])}: {error}"
        ) from error
    return float(pull @ phi)


@dataclass(frozen=True, eq=False)
class _Comparisons:
    """Bradley–Terry comparisons between states: the pairwise likelihood of a part of the graph.

    ``forward`` of ``total`` trials went source → target; shapes (M,).
    """

    source: IntArray
    target: IntArray
    forward: FloatArray
    total: FloatArray
    exposure: FloatArray

    def only(self, kept: FloatArray) -> "_Comparisons":
        """Return a part of the comparisons."""
        return _Comparisons(
            self.source[kept],
            self.target[kept],
            self.forward[kept],
            self.total[kept],
            self.exposure[kept],
        )

    def cost(self, phi: FloatArray) -> float:
        """Return the negative log-likelihood, nats; never negative."""
        eta = phi[self.source] - phi[self.target] + self.exposure
        backward = self.total - self.forward
        return float((self.forward * np.logaddexp(0, -eta) + backward * np.logaddexp(0, eta)).sum())

    def derivatives(self, phi: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return gradient (S,) and Hessian (S, S) of the cost."""
        p = expit(phi[self.source] - phi[self.target] + self.exposure)
        slope, weight = self.total * p - self.forward, self.total * p * (1.0 - p)
        gradient = np.zeros(len(phi))
        np.add.at(gradient, self.source, slope)
        np.add.at(gradient, self.target, -slope)
        hessian = np.zeros((len(phi), len(phi)))
        for a, b, sign in (
            (self.source, self.source, 1.0),
            (self.target, self.target, 1.0),
            (self.source, self.target, -1.0),
            (self.target, self.source, -1.0),
        ):
            np.add.at(hessian, (a, b), sign * weight)
        return gradient, hessian


def _minimise(pairs: _Comparisons, start: FloatArray, force: FloatArray) -> FloatArray:
    """Minimise ``cost(Φ) + force · Φ`` by Newton; stop also where the pull tears states apart."""

    def value(phi: FloatArray) -> float:
        return pairs.cost(phi) + float(force @ phi + 0.5 * _RIDGE * phi @ phi)

    phi, current = start, value(start)
    size = np.abs(force).max(initial=0.0)
    for _ in range(_MAX_STEPS):
        gradient, hessian = pairs.derivatives(phi)
        gradient = gradient + force + _RIDGE * phi
        step = _bounded_step(hessian + _RIDGE * np.eye(len(phi)), gradient)
        expected = -float(gradient @ step)
        if expected < 1e-7 or force @ phi < -_FARTHEST * size:
            return phi
        length = 1.0
        while value(phi + length * step) > current - 1e-4 * length * expected:
            length *= 0.5
            if length < 1e-10:
                return phi
        phi = phi + length * step
        current = value(phi)
    raise NotTrustedError(f"a bound of the potential was not found in {_MAX_STEPS} steps")


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
