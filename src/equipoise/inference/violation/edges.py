"""Where balance breaks edge by edge: circulation and net current."""

from collections.abc import Sequence
from dataclasses import dataclass

from equipoise.inference.cycles import EdgeCirculation
from equipoise.inference.posterior.derived import Flows
from equipoise.inference.violation.estimate import Estimate, estimates_of
from equipoise.inference.weighted import WeightedDraws


@dataclass(frozen=True)
class EdgeViolation:
    """What one edge does to balance, under the cyclic hypothesis.

    Attributes
    ----------
    circulation
        Source, target, and the posterior of c from source to target, nats.
    current
        Posterior of the net current ``π_i P_ij − π_j P_ji`` from source to target, in transitions
        per trial, π being the stationary law of each draw's own kernel. None where it is not known:
        for the pairwise likelihood, and on edges on no testable cycle.
    """

    circulation: EdgeCirculation
    current: Estimate | None


def violations_of_edges(
    edges: Sequence[EdgeCirculation], draws: WeightedDraws, flows: Flows | None
) -> tuple[EdgeViolation, ...]:
    """Put circulation and current of each edge together, in the graph's order of edges."""
    if flows is None or not edges:
        return tuple(EdgeViolation(edge, None) for edge in edges)
    currents = estimates_of(draws, flows.current)
    return tuple(
        EdgeViolation(edge, current if edge.testable else None)
        for edge, current in zip(edges, currents, strict=True)
    )
