"""The walk over σ_c: where nodes are placed, and the curve through them."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from equipoise.graph import SupportGraph
from equipoise.inference.evidence.cycle_scale import LARGEST, CycleScaleCurve
from equipoise.inference.evidence.path.curve import (
    curve_through_slopes,
    gaps_to_halve,
    probable_beyond,
)
from equipoise.inference.evidence.path.pilot import Pilot
from equipoise.inference.sparse.balance import balance_mode
from equipoise.inference.sparse.cyclic import CyclicMode, cyclic_mode
from equipoise.inference.sparse.linear import DirectSystem, direct_system
from equipoise.inference.sparse.pairs import Pairs
from equipoise.inference.sparse.path.node import SparseNode, sample_node
from equipoise.inference.sparse.path.violation import violation_of
from equipoise.likelihoods import FloatArray
from equipoise.models import Priors

_FLAT, _PILOT_STEP = 0.25, 0.3
_ROUNDS, _FEWEST = 4, 6
_NEGLIGIBLE = 0.01
_SECOND_MORE = 3


@dataclass(frozen=True)
class Effort:
    """How much is done for a path.

    Attributes
    ----------
    chains, tune, draws
        At each σ_c; where they do not suffice three times as many are made once.
    step
        Between nodes, in log σ_c; at small σ_c, where the slope grows like σ_c², twice as long.
    gap_error
        What interpolation may do to a deciding Bayes factor, nats.
    depth
        A path ends where the evidence has fallen this far below its best and goes on falling.
    """

    chains: int = 4
    tune: int = 30
    draws: int = 120
    step: float = 0.45
    gap_error: float = 0.05
    depth: float = 25.0


@dataclass(frozen=True, eq=False)
class Question:
    """What a path is asked, with the mode under balance, from which it begins.

    Attributes
    ----------
    graph, pairs, priors
        The table, and what was believed of it.
    potential, potential_sd
        Φ (n,) and σ_Φ of the mode under balance.
    """

    graph: SupportGraph
    pairs: Pairs
    priors: Priors
    potential: FloatArray
    potential_sd: float


def walk_nodes(
    question: Question,
    effort: Effort,
    rng: np.random.Generator,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[tuple[SparseNode, ...], CycleScaleCurve]:
    """Sample at increasing σ_c until the evidence has fallen, then where the curve is unsure.

    Parameters
    ----------
    question
        The table, and the mode to begin from.
    effort
        How much is done.
    rng
        Source of randomness. It also places the nodes.
    progress
        Called with (nodes done, nodes planned).

    Returns
    -------
    nodes, curve
        The nodes of the path, and the curve through them.

    Raises
    ------
    NotTrustedError
        If a mode is not reached.
    """
    pairs, priors, potential_sd = question.pairs, question.priors, question.potential_sd
    system, rho = direct_system(pairs), violation_of(question.graph, pairs)
    lowest = _lowest(pairs, system, potential_sd, question.potential, priors.cycle_scale)
    highest = float(np.log(LARGEST * priors.cycle_scale))

    def visit(spot: float, near: SparseNode | None, more: int = 1) -> SparseNode:
        sd = potential_sd
        if near is not None and priors.scales == "learned":
            sd = float(np.exp(near.log_potential_sd.mean()))
        return sample_node(
            pairs,
            system,
            priors,
            spot,
            potential_sd=sd,
            near=near,
            rho=rho,
            chains=effort.chains,
            tune=more * effort.tune,
            draws=more * effort.draws,
            rng=rng,
        )

    nodes: list[SparseNode] = []
    rise = best = 0.0
    x = float(np.log(lowest))
    while True:
        nodes.append(visit(float(np.exp(x)), nodes[-1] if nodes else None))
        if progress is not None:
            planned = len(nodes) + int(np.ceil(max(-x, 0.0) / effort.step)) + 1
            progress(len(nodes), planned)
        if len(nodes) > 1:
            gap = float(np.log(nodes[-1].cycle_scale / nodes[-2].cycle_scale))
            rise += gap * (nodes[-1].slope + nodes[-2].slope) / 2
            best = max(best, rise)
        fallen = rise < best - effort.depth and nodes[-1].slope < 0
        if x >= highest or (len(nodes) >= _FEWEST and fallen):
            break
        # Moved a little at random, so that repeats show what the placing costs.
        step = effort.step * rng.uniform(0.8, 1.2) * (2 if abs(nodes[-1].slope) < _FLAT else 1)
        x = min(x + step, highest)
    guide = _pilot(pairs, system, nodes)
    curve = _curve(nodes, guide, priors.cycle_scale)
    for k in _doubtful(nodes, curve):
        # Once more, and longer: only where it matters to a deciding number.
        nodes[k] = visit(nodes[k].cycle_scale, nodes[k], _SECOND_MORE)
    curve = _curve(nodes, guide, priors.cycle_scale)
    gaps: list[float] = []
    for _ in range(_ROUNDS):
        gaps = gaps_to_halve(_slopes(nodes), guide, curve, effort.gap_error)
        if not gaps:
            break
        for spot in gaps:
            near = min(nodes, key=lambda node: abs(np.log(node.cycle_scale / spot)))
            nodes.append(visit(spot, near))
            if nodes[-1].doubt is not None:
                nodes[-1] = visit(spot, nodes[-1], _SECOND_MORE)
        nodes.sort(key=lambda node: node.cycle_scale)
        curve = _curve(nodes, guide, priors.cycle_scale)
    else:
        gaps = gaps_to_halve(_slopes(nodes), guide, curve, effort.gap_error)
    if gaps and curve.doubt is None:
        at = ", ".join(f"{spot:.3g}" for spot in gaps)
        curve = replace(curve, doubt=f"the slope is still too rough to interpolate at σ_c = {at}")
    return tuple(nodes), replace(curve, backend="numpy")


def _lowest(
    pairs: Pairs, system: DirectSystem, potential_sd: float, phi: FloatArray, tau: float
) -> float:
    """Return a σ_c below which the evidence differs from that of balance by about 0.01 nats."""
    weight = pairs.weight(pairs.incidence @ phi)
    start = min(0.1 / np.sqrt(weight.max()), 0.05 * tau)
    mode: CyclicMode | None = None
    balance = balance_mode(pairs, system, potential_sd, phi)
    while True:
        begin = (phi, np.zeros(pairs.n_edges)) if mode is None else (mode.potential, mode.cycles)
        mode = cyclic_mode(pairs, system, potential_sd, float(start), begin)
        change = abs(mode.log_evidence - balance.log_evidence)
        if change < 0.02 or start < 1e-5:
            return float(start)
        start *= max(np.sqrt(0.01 / change), 0.2)


def _pilot(pairs: Pairs, system: DirectSystem, nodes: list[SparseNode]) -> Pilot:
    """Return Laplace's curve with σ_Φ held, at the nodes and between them, for interpolation."""
    low, high = np.log(nodes[0].cycle_scale), np.log(nodes[-1].cycle_scale)
    x = np.linspace(low, high, max(int(np.ceil((high - low) / _PILOT_STEP)) + 1, 6))
    sd = nodes[0].potential_sd
    balance = balance_mode(pairs, system, sd, nodes[0].potential)
    start = (balance.potential, np.zeros(pairs.n_edges))
    rise = []
    for at in x:
        mode = cyclic_mode(pairs, system, sd, float(np.exp(at)), start)
        start = mode.potential, mode.cycles
        rise.append(mode.log_evidence - balance.log_evidence)
    return Pilot(x, np.array(rise))


def _curve(nodes: list[SparseNode], guide: Pilot, tau: float) -> CycleScaleCurve:
    curve = curve_through_slopes(
        np.array([node.cycle_scale for node in nodes]),
        _slopes(nodes),
        np.array([node.mcse for node in nodes]),
        guide,
        tau,
    )
    doubt = next((nodes[k].doubt for k in _doubtful(nodes, curve)), None)
    return replace(curve, doubt=doubt)


def _doubtful(nodes: list[SparseNode], curve: CycleScaleCurve) -> list[int]:
    """Return which nodes must not be believed and matter.

    A slope moves the evidence at every larger σ_c: it matters where any of that is probable.
    """
    before = np.concatenate([[0.0], curve.nodes[:-1]])
    beyond = probable_beyond(curve, before)
    return [k for k, node in enumerate(nodes) if node.doubt is not None and beyond[k] > _NEGLIGIBLE]


def _slopes(nodes: list[SparseNode]) -> FloatArray:
    return np.array([node.slope for node in nodes])
