"""The linear predictor: from a potential, edge terms and cycles to a likelihood's argument."""

from dataclasses import dataclass

import numpy as np

from equipoise.graph import SupportGraph, edge_subgraph, orthonormal_cycle_basis
from equipoise.likelihoods.arcs import Arcs
from equipoise.likelihoods.pairwise import PairwiseEdges
from equipoise.likelihoods.protocol import FloatArray


@dataclass(frozen=True, eq=False)
class Predictor:
    """A linear map ``eta = potential @ V + symmetric @ s + cycle @ z``, with ``c = basis @ z``.

    Attributes
    ----------
    potential : ndarray of float
        Shape (M, S).
    symmetric : ndarray of float
        Shape (M, E); (M, 0) where the likelihood has no symmetric edge terms.
    cycle : ndarray of float
        Shape (M, b); (M, 0) for the reversible hypothesis.
    basis : ndarray of float
        Cycle basis, shape (E, b): ``c = basis @ z``, stored as i → j values of each edge.
    """

    potential: FloatArray
    symmetric: FloatArray
    cycle: FloatArray
    basis: FloatArray

    def reversible(self) -> "Predictor":
        """Return the same map without its cycles: detailed balance for every argument."""
        return Predictor(self.potential, self.symmetric, self.cycle[:, :0], self.basis[:, :0])


def multinomial_predictor(arcs: Arcs, basis: FloatArray) -> Predictor:
    """Return ``eta_ij = s_e + (V_i − V_j + c_ij)/2`` along every arc i → j.

    Parameters
    ----------
    arcs : Arcs
        The support's arcs, M = 2E of them.
    basis : ndarray of float
        Cycle basis, shape (E, b); columns divergence-free for the cyclic hypothesis.

    Returns
    -------
    Predictor
        Of M = 2E arcs.
    """
    index = np.arange(len(arcs.source))
    potential = np.zeros((len(index), arcs.n_states))
    potential[index, arcs.source] = 0.5
    potential[index, arcs.target] = -0.5
    symmetric = np.zeros((len(index), arcs.n_edges))
    symmetric[index, arcs.edge] = 1.0
    cycle = 0.5 * arcs.sign[:, None] * basis[arcs.edge]
    return Predictor(potential, symmetric, cycle, basis)


def pairwise_predictor(likelihood: PairwiseEdges, graph: SupportGraph) -> Predictor:
    """Return ``eta_e = Φ_i − Φ_j + c_ij`` for every edge the pairwise likelihood uses.

    Where edges were left out, the cycles are those of the remaining graph, and c is 0 on the
    others.

    Parameters
    ----------
    likelihood : PairwiseEdges
        Which edges are used.
    graph : SupportGraph
        S states and E edges.

    Returns
    -------
    Predictor
        Of the M edges used; ``basis`` has a row for each of the E.
    """
    used = np.zeros(len(graph.edges), dtype=np.bool_)
    used[likelihood.edges] = True
    part = edge_subgraph(graph, used)
    edges = part.edges
    index = np.arange(len(edges))
    potential = np.zeros((len(edges), len(graph.states)))
    potential[index, edges[:, 0]] = 1.0
    potential[index, edges[:, 1]] = -1.0
    basis_used = orthonormal_cycle_basis(part)
    basis = np.zeros((len(graph.edges), basis_used.shape[1]))
    basis[likelihood.edges] = basis_used
    return Predictor(potential, np.zeros((len(edges), 0)), basis_used, basis)
