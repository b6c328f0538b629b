"""Reinforced walks and urns written out step by step, and paths to try them on."""

from itertools import combinations, pairwise
from math import log, prod

import numpy as np

from equipoise.counts import TransitionCounts


def walk_log_probability(path, edges, weight):
    """Log probability of a path of the edge-reinforced walk: `edges` holds pairs and (v, v)."""
    at = {frozenset(edge): w for edge, w in zip(edges, weight, strict=True)}
    total = 0.0
    for here, there in pairwise(path):
        edge = frozenset((here, there))
        total += log(at[edge] / sum(w for e, w in at.items() if here in e))
        at[edge] += 2 if here == there else 1
    return total


def urns_log_probability(path, alpha):
    """Log probability of a path when every state draws its next from a Pólya urn of its own."""
    balls = {source: dict(row) for source, row in alpha.items()}
    total = 0.0
    for here, there in pairwise(path):
        total += log(balls[here][there] / sum(balls[here].values()))
        balls[here][there] += 1
    return total


def unnormalised_density(n_states, edges, weight, start, x):
    """The density of the edge weights less its constant, spanning trees listed one by one."""
    pairs = [k for k, (i, j) in enumerate(edges) if i != j]
    value = 1.0
    for k, (i, j) in enumerate(edges):
        value *= x[k] ** (weight[k] - 0.5 if i != j else weight[k] / 2 - 1)
    for v in range(n_states):
        at = [k for k, edge in enumerate(edges) if v in edge]
        power = (sum(weight[k] for k in at) + (v != start)) / 2
        value *= sum(x[k] for k in at) ** -power
    trees = [tree for tree in combinations(pairs, n_states - 1) if spans(n_states, edges, tree)]
    return value * sum(prod(1 / x[k] for k in pairs if k not in tree) for tree in trees) ** 0.5


def spans(n_states, edges, tree):
    """Say whether as many edges as a tree has reach every vertex."""
    reached = {0}
    for _ in range(n_states):
        for k in tree:
            if reached & set(edges[k]):
                reached |= set(edges[k])
    return len(reached) == n_states


def random_path(rng, n_states, length, edges=None):
    """Walk at random from a random state, among all states or along edges; staying is possible."""
    here = int(rng.integers(n_states))
    path = [here]
    for _ in range(length):
        if edges is None:
            choice = list(range(n_states))
        else:
            choice = sorted({here} | {v for edge in edges if here in edge for v in edge})
        here = int(rng.choice(choice))
        path.append(here)
    return path


def random_tree(rng, n_states):
    return [(int(rng.integers(k)), k) for k in range(1, n_states)]


def counted(path, names="abcdefgh", **more):
    """Counts of a path of numbers, the states by letter."""
    return TransitionCounts.from_sequences([names[k] for k in path], **more)


def edges_of(path):
    """Edges of a path and a loop at each state: the support that its counts stand for."""
    pairs = {tuple(sorted(step)) for step in pairwise(path)}
    return sorted(pair for pair in pairs if pair[0] != pair[1]) + [(v, v) for v in sorted({*path})]


def path_from_counts(counts):
    """A path that has these counts (Hierholzer's algorithm); its order is not that of the data."""
    left = {k: [] for k in range(counts.n_states)}
    table = counts.counts.tocoo()
    for i, j, n in zip(table.row.tolist(), table.col.tolist(), table.data.tolist(), strict=True):
        left[i] += [j] * n
    stack, path = [counts.states.index(counts.starts[0])], []
    while stack:
        if left[stack[-1]]:
            stack.append(left[stack[-1]].pop())
        else:
            path.append(stack.pop())
    return path[::-1]


def simulated_path(n_states, length=400, seed=0):
    """Counts of a path of a random chain that is not reversible."""
    rng = np.random.default_rng(seed)
    kernel = rng.dirichlet(np.full(n_states, 0.8), size=n_states)
    path = [0]
    for _ in range(length):
        path.append(int(rng.choice(n_states, p=kernel[path[-1]])))
    return counted(path)
