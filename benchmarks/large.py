"""Simulated counts of any size: sparse graphs, heavy-tailed visits, known truth."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

from equipoise.counts import TransitionCounts

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LargeTable:
    """Simulated draws from a sparse kernel.

    Attributes
    ----------
    source, target, count
        Transitions seen, shape (A,): axis order (from, to), no pair twice.
    potential
        The true Φ, shape (S,).
    ends, circulation
        Pairs (i, j), i < j, of the kernel's graph, shape (E, 2), and c_ij along them, shape (E,):
        0 for a reversible kernel.
    """

    source: IntArray
    target: IntArray
    count: IntArray
    potential: FloatArray
    ends: IntArray
    circulation: FloatArray

    def counts(self) -> TransitionCounts:
        """Return the counts; states are called s0, s1, …, padded so that they sort by number."""
        n = len(self.potential)
        width = len(str(n - 1))
        matrix = csr_array(
            coo_array((self.count, (self.source, self.target)), shape=(n, n), dtype=np.int64)
        )
        return TransitionCounts(
            states=tuple(f"s{k:0{width}d}" for k in range(n)),
            counts=matrix,
            other=np.zeros(n, dtype=np.int64),
        )


def simulate(
    n_states: int,
    n_edges: int,
    n_draws: int,
    random_seed: int,
    *,
    potential_sd: float = 2.0,
    violation: float = 0.0,
    pool: float = 1.0,
    poisson: bool = False,
) -> LargeTable:
    """Draw transitions from a sparse kernel.

    The graph joins ``n_edges`` random pairs, each state weighted by a Pareto variable of index 1.5,
    besides a random tree: few hubs, many leaves. Rates are
    ``exp(s_e + (V_i − V_j + c_ij)/2)``, ``s ~ Normal(0, 1)``; a trial always moves, so that
    ``Φ = V − log Z``. Sources
    are visited in proportion to another Pareto variable, independent of the first.

    Parameters
    ----------
    n_states, n_edges, n_draws
        Of the kernel's graph, and how many trials.
    random_seed
        Same seed, same table.
    potential_sd
        Standard deviation of V, nats.
    violation
        ρ, root mean square of c over the edges; c is a random field projected on the cycles.
    pool
        Share of the states that are ever a source.
    poisson
        Poisson counts of the same means instead of a given number of draws: quicker by far.
    """
    rng = np.random.default_rng(random_seed)
    weight = rng.pareto(1.5, n_states) + 1.0
    weight /= weight.sum()
    children = np.arange(1, n_states)
    parents = (rng.random(n_states - 1) ** 2 * children).astype(np.int64)
    extra = max(n_edges - n_states + 1, 0)
    a = rng.choice(n_states, int(1.1 * extra), p=weight)
    b = rng.choice(n_states, len(a), p=weight)
    pairs = np.sort(np.concatenate([np.stack([parents, children]), np.stack([a, b])], axis=1), 0)
    codes = pairs[0] * n_states + pairs[1]
    codes = codes[pairs[0] != pairs[1]]
    _, first = np.unique(codes, return_index=True)
    codes = codes[np.sort(first)[:n_edges]]
    ends = np.stack([codes // n_states, codes % n_states], axis=1)
    potential = rng.normal(0.0, potential_sd, n_states)
    circulation = np.zeros(len(ends))
    if violation:
        circulation = _circulation(ends, n_states, violation, rng)
    half = (potential[ends[:, 0]] - potential[ends[:, 1]] + circulation) / 2
    symmetric = rng.normal(0.0, 1.0, len(ends))
    source = np.concatenate([ends[:, 0], ends[:, 1]])
    target = np.concatenate([ends[:, 1], ends[:, 0]])
    rate = np.exp(np.concatenate([symmetric + half, symmetric - half]))
    order = np.argsort(source, kind="stable")
    source, target, rate = source[order], target[order], rate[order]
    visits = rng.pareto(1.2, n_states) + 0.2
    visits[rng.random(n_states) > pool] = 0.0
    total = np.bincount(source, rate, n_states)
    phi = potential - np.log(total)
    if poisson:
        mean = n_draws * (visits / visits.sum() / total)[source] * rate
        count = rng.poisson(mean)
        seen = count > 0
        rows = source[seen], target[seen], count[seen]
    else:
        trials = rng.multinomial(n_draws, visits / visits.sum())
        rows = _rows(source, target, rate, trials, rng)
    return LargeTable(*rows, phi, ends, circulation)


def _rows(
    source: IntArray, target: IntArray, rate: FloatArray, trials: IntArray, rng: np.random.Generator
) -> tuple[IntArray, IntArray, IntArray]:
    """Draw every row's trials at once, by inverting the cumulated rates."""
    total = np.bincount(source, rate, len(trials))
    end = np.cumsum(total)
    cumulated = np.cumsum(rate)
    begun = np.repeat(np.arange(len(trials)), trials)
    at = end[begun] - total[begun] * rng.random(len(begun))
    arc = np.clip(np.searchsorted(cumulated, at), 0, len(source) - 1)
    # Rounding at the end of a row may fall into its neighbour.
    first = np.searchsorted(source, begun, side="left")
    last = np.searchsorted(source, begun, side="right") - 1
    arc = np.clip(arc, first, last)
    arcs, count = np.unique(arc, return_counts=True)
    return source[arcs], target[arcs], count


def _circulation(
    ends: IntArray, n_states: int, violation: float, rng: np.random.Generator
) -> FloatArray:
    """Return a random field without divergence, of the given root mean square."""
    from scipy.sparse.linalg import cg

    edges = np.arange(len(ends))
    incidence = csr_array(
        coo_array(
            (np.repeat([1.0, -1.0], len(ends)), (np.tile(edges, 2), ends.T.ravel())),
            shape=(len(ends), n_states),
        )
    )
    field = rng.normal(size=len(ends))
    laplacian = csr_array(incidence.T @ incidence)
    diagonal = laplacian.diagonal()
    gradient, failed = cg(
        laplacian, incidence.T @ field, rtol=1e-8, maxiter=5000, M=_jacobi(diagonal)
    )
    if failed:
        raise RuntimeError("the random field was not made divergence-free")
    field -= incidence @ gradient
    return np.asarray(field * violation / np.sqrt(np.mean(field**2)))


def _jacobi(diagonal: FloatArray) -> csr_array:
    from scipy.sparse import diags_array

    return csr_array(diags_array(1.0 / diagonal))
