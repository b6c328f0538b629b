"""Named kernels, and the draws that the informative policy needs for the width of even ones."""

from dataclasses import dataclass

import numpy as np
from simulated import random_kernel, sparse_edges

from equipoise import datasets
from equipoise.counts import TransitionCounts
from equipoise.inference.planning import allocate, allocate_draws
from equipoise.sampling.policies import Informative, View
from equipoise.simulate import Kernel, complete_edges, reversible_kernel

EVEN = 10_000


@dataclass(frozen=True)
class Known:
    """A kernel whose edges are known."""

    kernel: Kernel
    edges: np.ndarray

    @property
    def even(self):
        """The best split of 10,000 draws, the kernel known, and what an even one gives."""
        i, j = self.edges.T
        p = np.column_stack([self.kernel.matrix[i, j], self.kernel.matrix[j, i]])
        return allocate(self.edges, p, trials=np.zeros(self.kernel.n_states), further=EVEN)


def _sparse(symmetric_mean: float, symmetric_sd: float, seed: int) -> Known:
    """20 states: a random tree and 10 to 20 further edges; V ~ Normal(0, 2)."""
    rng = np.random.default_rng(seed)
    edges = sparse_edges(rng, 20)
    if (symmetric_mean, symmetric_sd) == (-2.5, 1.0):
        return Known(random_kernel(rng, 20, 2.0, edges=edges), edges)
    v, s = rng.normal(0, 2, 20), rng.normal(symmetric_mean, symmetric_sd, len(edges))
    return Known(reversible_kernel(v, s, edges=edges), edges)


def _eight_on_cycles(*, stay: bool, spread: float) -> Known:
    """30 states: a ring of 8 with a chord, and a chain of 22 behind it."""
    ring = [[k, k + 1] for k in range(7)] + [[0, 7], [2, 5]]
    edges = np.array(ring + [[k, k + 1] for k in range(7, 29)])
    rng = np.random.default_rng(4)
    v, s = rng.normal(0, spread, 30), rng.normal(-1, 0.5, len(edges))
    return Known(reversible_kernel(v, s, edges=edges, stay=stay), edges)


def named(name: str) -> Known:
    """Return a kernel by name."""
    if name == "weekday":
        return Known(datasets.smollm2_weekday_kernel(), complete_edges(7))
    return {
        "sparse": lambda: _sparse(-1.0, 0.5, 5),
        "eight of thirty": lambda: _eight_on_cycles(stay=False, spread=0.5),
        "sparse, rare edges": lambda: _sparse(-2.5, 1.0, 20),
        "eight of thirty, mostly staying": lambda: _eight_on_cycles(stay=True, spread=1.0),
    }[name]()


def sources_shown(kernel: Kernel, draws: int, policy: Informative, seed: int) -> np.ndarray:
    """Return the source of each draw that a policy makes of a kernel, in order."""
    rng, n = np.random.default_rng(seed), kernel.n_states
    rows = np.column_stack([kernel.matrix, kernel.other])
    rows /= rows.sum(axis=1, keepdims=True)
    table, order = np.zeros((n, n + 1), dtype=int), []

    def counts():
        states = list(kernel.states)
        return TransitionCounts.from_matrix(table[:, :n], states=states, other=table[:, n])

    while len(order) < draws:
        view = View(
            seed=seed,
            laid=len(order),
            remaining=draws - len(order),
            outstanding=0,
            room=8,
            pool=kernel.states,
            last=None,
            counts=counts,
        )
        shown = [kernel.index(state) for state in policy.plan(view)]
        for k, number in zip(*np.unique(shown, return_counts=True), strict=True):
            table[k] += rng.multinomial(number, rows[k])
        order += shown
    return np.array(order)


def share_of_even(known: Known, seed: int, policy: Informative | None = None) -> float:
    """Return the draws for the width of 10,000 even ones, as a share of them; infinite beyond 1.2.

    The width is that of the true kernel, whatever the policy believes.
    """
    even, n = known.even, known.kernel.n_states
    policy = policy or Informative(allocate_draws)
    order = sources_shown(known.kernel, int(1.2 * EVEN), policy, seed)

    def reached(draws: int) -> bool:
        trials = np.bincount(order[:draws], minlength=n).astype(float)
        return even._design.width(trials) <= even.width_even

    low, high = 0, len(order)
    if not reached(high):
        return np.inf
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle) else (middle, high)
    return high / EVEN
