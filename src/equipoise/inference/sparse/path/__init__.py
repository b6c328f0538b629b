"""Evidence of large tables by path sampling: the headline of the sparse path.

As :mod:`equipoise.inference.evidence.path`, with the priors of pairwise edges, but Hamiltonian
Monte Carlo about sparse factors instead of in a dense basis of the cycles: a step costs one sparse
solve.
"""

from equipoise.inference.sparse.path.fit import SparsePath, path_large

__all__ = ["SparsePath", "path_large"]
