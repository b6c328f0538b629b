"""The support graph of a table of counts: its pieces, its cycles, its spanning trees.

Detailed balance is a statement about cycles: it holds when the log-ratios
``log(P_ij / P_ji)`` add up to zero round every closed path (Kolmogorov). Which cycles
there are, and which of them the data can test at all, depends on the graph alone; this
package computes both, with NumPy and SciPy only.

An antisymmetric quantity of an edge ``(i, j)``, ``i < j``, is always stored as its value
from ``i`` to ``j``.
"""

from equipoise.graph.cycles import (
    cycle_vector,
    fundamental_cycle_basis,
    orthonormal_cycle_basis,
)
from equipoise.graph.minimum import minimum_cycle_basis
from equipoise.graph.spanning import log_spanning_trees
from equipoise.graph.support import (
    SupportGraph,
    edge_index,
    edge_subgraph,
    incidence,
    reachable,
    reduced_incidence,
    support_graph,
)

__all__ = [
    "SupportGraph",
    "cycle_vector",
    "edge_index",
    "edge_subgraph",
    "fundamental_cycle_basis",
    "incidence",
    "log_spanning_trees",
    "minimum_cycle_basis",
    "orthonormal_cycle_basis",
    "reachable",
    "reduced_incidence",
    "support_graph",
]
