"""Evidence by path sampling: the headline (Gelman & Meng 1998).

From the reversible model at σ_c = 0 a path of models leads to any σ_c, and

    d log Z/d log σ_c = E|c|²/σ_c² − b1

under the posterior at fixed σ_c. MCMC gives the right side at some twenty σ_c, and its integral is
the log Bayes factor as a function of σ_c: no proposal, no limit of dimension. Control variates made
of the score take away nearly all Monte Carlo error, and an analytic pilot nearly all error of
interpolation; neither changes what is estimated.
"""

from equipoise.inference.evidence.path.fit import PathFit, node_of, path, walk_path
from equipoise.inference.evidence.path.slope import PathNode, measure_slope

__all__ = ["PathFit", "PathNode", "measure_slope", "node_of", "path", "walk_path"]
