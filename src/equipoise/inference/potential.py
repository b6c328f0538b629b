"""The potential of every state: estimate, interval, and what kind of interval the data allow."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from equipoise.errors import NotTrustedError
from equipoise.graph import SupportGraph, reachable
from equipoise.inference.bounds import likelihood_bound
from equipoise.inference.reference import above_reference
from equipoise.inference.weighted import WeightedDraws, potential_of
from equipoise.likelihoods import FloatArray, PairwiseEdges

Bound = Literal["two-sided", "lower", "upper", "none"]


@dataclass(frozen=True)
class StatePotential:
    """Φ of one state above the reference state of its component, in nats.

    Attributes
    ----------
    state, component
        Label, and number of its connected component; potentials of different components cannot be
        compared.
    mean, mode, sd, mcse
        Posterior mean, mode (at the best scales of a coarse lattice, where they are learned) and
        standard deviation, and the Monte Carlo error of the mean. None
        where ``bound`` is not ``"two-sided"``: there they would rest on the prior.
    lower, upper
        95 % interval, or the one-sided bound of the likelihood; None where there is none, or where
        it was not found.
    bound
        ``"two-sided"`` if the state and the reference can be reached from each other along
        observed arcs; ``"lower"`` if only the reference from the state, ``"upper"`` if only the
        state from the reference, ``"none"`` otherwise.
    reference
        Whether it is the reference state, at 0 by definition.
    """

    state: str
    component: int
    mean: float | None
    mode: float | None
    sd: float | None
    mcse: float | None
    lower: float | None
    upper: float | None
    bound: Bound
    reference: bool


def potential_table(
    draws: WeightedDraws,
    mode: FloatArray,
    references: Sequence[int],
    pairs: PairwiseEdges | None = None,
) -> tuple[StatePotential, ...]:
    """Return the potential of every state, in the order of the states.

    Parameters
    ----------
    draws : WeightedDraws
        Of the reversible hypothesis for ``Φ = −log π``, of the cyclic one for the gradient part.
    mode : array
        Parameter vector of the posterior mode, shape (d,).
    references : sequence of int
        From :func:`equipoise.inference.reference.reference_states`.
    pairs : PairwiseEdges, optional
        Pairwise likelihood of the counts, for one-sided bounds under balance. Without it no state
        gets a bound: under the cyclic hypothesis differences need not add up along a path, and
        one-way edges bound nothing.

    Returns
    -------
    tuple of StatePotential
        Nats.
    """
    graph = draws.graph
    summary = draws.summarise(above_reference(draws.gradient_potential, graph, references))
    at_mode = above_reference(potential_of(draws.model, mode), graph, references)
    by_component = {int(graph.component[state]): state for state in references}
    rows = []
    for state, label in enumerate(graph.states):
        component = int(graph.component[state])
        reference = by_component[component]
        bound = interval_kind(graph, state, reference)
        if pairs is None and bound != "two-sided":
            bound = "none"
        known = bound == "two-sided"
        lower: float | None = None
        upper: float | None = None
        if known:
            lower, upper = float(summary.lower[state]), float(summary.upper[state])
        elif pairs is not None and bound == "lower":
            lower = _bound_or_none(pairs, graph, state, reference)
        elif pairs is not None and bound == "upper":
            least = _bound_or_none(pairs, graph, reference, state)
            upper = None if least is None else -least
        rows.append(
            StatePotential(
                state=label,
                component=component,
                mean=float(summary.mean[state]) if known else None,
                mode=float(at_mode[state]) if known else None,
                sd=float(summary.sd[state]) if known else None,
                mcse=float(summary.mcse[state]) if known else None,
                lower=lower,
                upper=upper,
                bound=bound,
                reference=state == reference,
            )
        )
    return tuple(rows)


def _bound_or_none(
    pairs: PairwiseEdges, graph: SupportGraph, upper_state: int, lower_state: int
) -> float | None:
    """Return the bound, or None where it cannot be computed: a verdict does not hang on it."""
    try:
        return likelihood_bound(pairs, graph, upper_state, lower_state)
    except NotTrustedError:
        return None


def interval_kind(graph: SupportGraph, state: int, reference: int) -> Bound:
    """Return which interval of Φ the data allow (Ford 1957: strong connection)."""
    if graph.strong[state] == graph.strong[reference]:
        return "two-sided"
    if reachable(graph, state)[reference]:
        return "lower"
    if reachable(graph, reference)[state]:
        return "upper"
    return "none"
