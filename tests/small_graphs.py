"""Support graphs of a few states: of a list of transitions, of edges, and those of known tables."""

from itertools import combinations

import numpy as np

from equipoise.counts import TransitionCounts
from equipoise.graph import SupportGraph, support_graph


def make(rows: list[tuple[str, str, int]], **more) -> SupportGraph:
    """Build the graph of a list of (source, target, count); an empty target is other."""
    labels = sorted({r[0] for r in rows} | {r[1] for r in rows} - {""} | set(more.pop("extra", ())))
    place = {label: k for k, label in enumerate(labels)}
    matrix = np.zeros((len(labels), len(labels)), dtype=int)
    other = np.zeros(len(labels), dtype=int)
    for source, target, count in rows:
        if target:
            matrix[place[source], place[target]] += count
        else:
            other[place[source]] += count
    return support_graph(TransitionCounts.from_matrix(matrix, states=labels, other=other, **more))


def from_edges(n: int, edges) -> SupportGraph:
    """Build the graph of undirected edges, each seen both ways, over n states."""
    matrix = np.eye(n, dtype=int)
    for i, j in edges:
        matrix[i, j] = matrix[j, i] = 1
    labels = [f"s{k:03d}" for k in range(n)]
    return support_graph(TransitionCounts.from_matrix(matrix, states=labels))


def random_edges(rng: np.random.Generator, n: int, p: float) -> list[tuple[int, int]]:
    return [pair for pair in combinations(range(n), 2) if rng.random() < p]


CLAUDE = [
    ("ATTITUDE", "PERSONAL", 66), ("ATTITUDE", "PROBLEMS", 20), ("ATTITUDE", "", 3914),
    ("TURKEY", "ATTITUDE", 4122), ("PERSONAL", "ATTITUDE", 3879), ("PERSONAL", "", 121),
    ("PROBLEMS", "ATTITUDE", 3558), ("PROBLEMS", "", 442), ("BUZZY", "ATTITUDE", 3859),
    ("BUZZY", "TURKEY", 238),
]  # fmt: skip
GEMINI = [
    (word, "ATTITUDE", 100)
    for word in (
        "ACCUMULATE BLISSFUL BOYCOTT BUZZY DISCIPLINE EXCELLENT FLURRY GRUMPY QUARTER SCUTTLE "
        "TENSELY TURKEY"
    ).split()
] + [
    ("ATTITUDE", "DISCIPLINE", 564), ("ATTITUDE", "EXCELLENT", 7), ("ATTITUDE", "BLISSFUL", 2),
    ("BUZZY", "EXCELLENT", 12), ("BUZZY", "BLISSFUL", 1), ("BUZZY", "GRUMPY", 3),
    ("BUZZY", "TENSELY", 1), ("BUZZY", "BOYCOTT", 7), ("BUZZY", "ACCUMULATE", 1),
    ("BUZZY", "SCUTTLE", 1), ("BUZZY", "QUARTER", 1), ("BUZZY", "FLURRY", 3),
    ("FLURRY", "GRUMPY", 3), ("FLURRY", "TURKEY", 2),
]  # fmt: skip
ALOFI = [(a, b, 9) for a in ("0", "1-5", "6+") for b in ("0", "1-5", "6+")]
WEEKDAY = [(a, b, 9) for a in "MTWHFSU" for b in "MTWHFSU"]
