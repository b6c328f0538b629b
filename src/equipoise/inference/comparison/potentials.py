"""Posterior draws of every kernel's potential, and what they say about differences."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from equipoise.inference.comparison.kernels import Kernels
from equipoise.inference.weighted import summarise
from equipoise.likelihoods import FloatArray, IntArray

#: Kernels up to which distances of all pairs are worked out.
MOST_FOR_PAIRS = 40
_CERTAIN = 0.95


@dataclass(frozen=True, eq=False)
class Potentials:
    """Draws of the pooled posterior, averaged over balance and its violation.

    Attributes
    ----------
    kernels
        Whose.
    shared
        Φ, shape (n, U), nats, centred in each component of the union.
    deviations
        δ of each kernel, shape (n, S) each, centred in each of its components.
    weights
        Shape (n,), summing to 1.
    """

    kernels: Kernels
    shared: FloatArray
    deviations: tuple[FloatArray, ...]
    weights: FloatArray

    def of(self, kernel: int) -> FloatArray:
        """Return Φ of one kernel, shape (n, S), nats, up to a constant a component."""
        place = self.kernels.places[kernel]
        return np.asarray(self.shared[:, place] + self.deviations[kernel])


def mixed_potentials(
    kernels: Kernels, parts: Sequence[tuple[FloatArray, FloatArray, FloatArray]]
) -> Potentials:
    """Put draws together: of each part Φ (n, U), stacked δ (n, Σ S) and weights (n,).

    All weights together sum to 1.
    """
    shared, deviations, weights = (np.concatenate(part) for part in zip(*parts, strict=True))
    ends = np.cumsum([len(place) for place in kernels.places])[:-1]
    return Potentials(kernels, shared, tuple(np.split(deviations, ends, axis=1)), weights)


@dataclass(frozen=True)
class Distance:
    """How far two kernels are from each other, over states that both join.

    Attributes
    ----------
    first, second
        Names.
    n_states
        States over which they are compared; all below is None where these are fewer than needed.
    rms, rms_lower, rms_upper
        Root-mean-square difference of their potentials, constants removed, nats: posterior mean
        and 95 % interval. Never negative, so near 0 it lies too high.
    divergence, divergence_lower, divergence_upper
        Jensen-Shannon divergence of ``exp(−Φ)`` on these states, nats, at most log 2.
    rank, rank_lower, rank_upper
        Spearman's rank correlation of their potentials; of three states at least.
    """

    first: str
    second: str
    n_states: int
    rms: float | None
    rms_lower: float | None
    rms_upper: float | None
    divergence: float | None
    divergence_lower: float | None
    divergence_upper: float | None
    rank: float | None
    rank_lower: float | None
    rank_upper: float | None


@dataclass(frozen=True)
class StateSpread:
    """How much the potential of one state differs between the kernels that have it.

    Attributes
    ----------
    state
        Label.
    n_kernels
        Kernels that have it.
    spread, lower, upper
        Root-mean-square deviation from its mean over them, nats: posterior mean, 95 % interval.
    beyond
        P(spread > rope), averaged over a shared potential and deviations from it.
    named
        Whether it surely differs: ``beyond`` exceeds 0.95.
    """

    state: str
    n_kernels: int
    spread: float
    lower: float
    upper: float
    beyond: float
    named: bool


@dataclass(frozen=True)
class KernelDeviation:
    """How far one kernel's potential is from the shared one.

    Attributes
    ----------
    name
        Of the kernel.
    rms, lower, upper
        Root-mean-square δ over its states, constants removed, nats: posterior mean and 95 %
        interval. Never negative, so near 0 it lies too high.
    """

    name: str
    rms: float
    lower: float
    upper: float


def deviations_of(found: Potentials) -> tuple[KernelDeviation, ...]:
    """Return every kernel's deviation from the shared potential, in their order."""
    size = np.column_stack([np.sqrt((d**2).mean(axis=1)) for d in found.deviations])
    summary = summarise(size, found.weights)
    numbers = zip(
        summary.mean.tolist(), summary.lower.tolist(), summary.upper.tolist(), strict=True
    )
    return tuple(
        KernelDeviation(name, *row) for name, row in zip(found.kernels.names, numbers, strict=True)
    )


def distances_of(found: Potentials) -> tuple[Distance, ...]:
    """Return the distances of all pairs, in order; empty for more than 40 kernels."""
    if len(found.kernels.names) > MOST_FOR_PAIRS:
        return ()
    pairs = combinations(range(len(found.kernels.names)), 2)
    return tuple(_distance(found, a, b) for a, b in pairs)


def spreads_of(found: Potentials, *, p_differing: float, rope: float) -> tuple[StateSpread, ...]:
    """Return the spread of every state of two kernels or more, the least sure to agree first."""
    kernels = found.kernels
    rows = []
    for number, state in enumerate(kernels.states):
        own = []
        for k, place in enumerate(kernels.places):
            at = np.flatnonzero(place == number)
            if len(at) and kernels.graphs[k].n_edges and np.any(kernels.graphs[k].edges == at[0]):
                own.append(found.deviations[k][:, at[0]])
        if len(own) < 2:
            continue
        size = np.std(np.column_stack(own), axis=1)
        summary = summarise(size[:, None], found.weights)
        beyond = p_differing * float(found.weights @ (size > rope))
        rows.append(
            StateSpread(
                state,
                len(own),
                float(summary.mean[0]),
                float(summary.lower[0]),
                float(summary.upper[0]),
                beyond,
                beyond > _CERTAIN,
            )
        )
    return tuple(sorted(rows, key=lambda row: (-row.beyond, -row.spread, row.state)))


def _distance(found: Potentials, a: int, b: int) -> Distance:
    groups = joined_in_both(found.kernels, a, b)
    names = found.kernels.names[a], found.kernels.names[b]
    if not groups:
        return Distance(*names, 0, *(None,) * 9)
    first, second = found.of(a), found.of(b)
    square, n = np.zeros(len(found.weights)), 0
    for left, right in groups:
        gap = first[:, left] - second[:, right]
        square += ((gap - gap.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
        n += len(left)
    left, right = max(groups, key=lambda group: len(group[0]))
    columns = [np.sqrt(square / n), _divergence(first[:, left], second[:, right])]
    if len(left) >= 3:
        columns.append(_rank_correlation(first[:, left], second[:, right]))
    summary = summarise(np.column_stack(columns), found.weights)
    numbers: list[float | None] = []
    for k in range(3):
        numbers += (
            [float(summary.mean[k]), float(summary.lower[k]), float(summary.upper[k])]
            if k < len(columns)
            else [None] * 3
        )
    return Distance(*names, n, *numbers)


def joined_in_both(kernels: Kernels, a: int, b: int) -> list[tuple[IntArray, IntArray]]:
    """Return groups of states that two kernels both join: their positions in either."""
    place = {int(u): k for k, u in enumerate(kernels.places[b])}
    groups: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for k, u in enumerate(kernels.places[a].tolist()):
        if u in place:
            label = (
                int(kernels.graphs[a].component[k]),
                int(kernels.graphs[b].component[place[u]]),
            )
            groups.setdefault(label, []).append((k, place[u]))
    return [
        (np.array([p for p, _ in pairs]), np.array([q for _, q in pairs]))
        for pairs in groups.values()
        if len(pairs) > 1
    ]


def _divergence(first: FloatArray, second: FloatArray) -> FloatArray:
    p, q = _law(first), _law(second)
    middle = (p + q) / 2
    return np.asarray(
        0.5 * (p * np.log(p / middle)).sum(axis=1) + 0.5 * (q * np.log(q / middle)).sum(axis=1)
    )


def _law(potential: FloatArray) -> FloatArray:
    weight = np.exp(potential.min(axis=1, keepdims=True) - potential)
    return np.asarray(np.maximum(weight / weight.sum(axis=1, keepdims=True), 1e-300))


def _rank_correlation(first: FloatArray, second: FloatArray) -> FloatArray:
    ranks = [np.argsort(np.argsort(values, axis=1), axis=1) for values in (first, second)]
    n = first.shape[1]
    square = ((ranks[0] - ranks[1]) ** 2).sum(axis=1)
    return np.asarray(1.0 - 6.0 * square / (n * (n**2 - 1)))
