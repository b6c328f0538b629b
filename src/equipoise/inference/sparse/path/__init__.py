"""Evidence of large tables by path sampling: the headline of the sparse path.

As :mod:`equipoise.inference.evidence.path`, with the same likelihood and priors, but Hamiltonian
Monte Carlo about sparse factors instead of NUTS in a dense basis of the cycles: a step costs one
sparse solve.
"""

from equipoise.inference.sparse.path.fit import SparsePath, path_large

__all__ = ["SparsePath", "path_large"]
