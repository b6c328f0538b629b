"""Graphs too large for dense matrices: modes, evidence and draws by sparse factors.

From below upwards: :mod:`.pairs` is the likelihood, over edges; :mod:`.elimination`,
:mod:`.factor` and :mod:`.linear` solve by factors, :mod:`.pattern` and :mod:`.iterative` by
conjugate gradients, and :mod:`.solver` says which; :mod:`.balance`, :mod:`.cyclic` and
:mod:`.envelope` climb to modes, :mod:`.scale` integrates a scale; :mod:`.errors` and
:mod:`.violation` read a mode; :mod:`.motion` and :mod:`.scale_moves` move chains. On these stand
:mod:`.map`, :mod:`.laplace` (with random probes: :mod:`.probed`, :mod:`.probes`), :mod:`.path`,
:mod:`.posterior`, and over all of them :mod:`.verdict`.
"""

from equipoise.inference.sparse.laplace import LargeLaplace, laplace_large
from equipoise.inference.sparse.map import LargeMap, NamedViolation, map_large
from equipoise.inference.sparse.path import SparsePath, path_large
from equipoise.inference.sparse.posterior import posterior_large
from equipoise.inference.sparse.verdict import LargeTest, test_large

__all__ = [
    "LargeLaplace",
    "LargeMap",
    "LargeTest",
    "NamedViolation",
    "SparsePath",
    "laplace_large",
    "map_large",
    "path_large",
    "posterior_large",
    "test_large",
]
