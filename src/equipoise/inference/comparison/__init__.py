"""Several kernels: one potential or many.

One question, one file: :mod:`.kernels` puts tables together, :mod:`.models` states the hypotheses,
:mod:`.verdict` decides between them, :mod:`.potentials` tells how far apart the kernels are,
:mod:`.own` and :mod:`.many` which of them obey balance, :mod:`.added` what their sum would say.
The :mod:`.hypotheses` are weighed by one of three engines, called in :mod:`.together`:
:mod:`.fast` without MCMC, :mod:`.mcmc` by the chains of :mod:`equipoise.inference.hamilton` along
paths, :mod:`.one_by_one` for very many kernels; :mod:`.nuts` samples the same posteriors with
PyMC, for ArviZ. Chains of either kind take the kernels as a :mod:`.table`, with :mod:`.scales`,
and return :mod:`.draws`; :mod:`.sites` are Gaussians in the place of edges, for fast and mcmc.
"""

from equipoise.inference.comparison.compare import Comparison, compare
from equipoise.inference.comparison.differences import Difference
from equipoise.inference.comparison.hypotheses import Hypothesis
from equipoise.inference.comparison.kernels import Kernels, kernels_of
from equipoise.inference.comparison.many import ManyBalances, many_balances
from equipoise.inference.comparison.nuts.posterior import sample_potentials
from equipoise.inference.comparison.own import OwnBalance
from equipoise.inference.comparison.potentials import (
    Distance,
    KernelDeviation,
    Potentials,
    StateSpread,
)
from equipoise.inference.comparison.table import kernel_table
from equipoise.inference.comparison.verdict import SharingVerdict

__all__ = [
    "Comparison",
    "Difference",
    "Distance",
    "Hypothesis",
    "KernelDeviation",
    "Kernels",
    "ManyBalances",
    "OwnBalance",
    "Potentials",
    "SharingVerdict",
    "StateSpread",
    "compare",
    "kernel_table",
    "kernels_of",
    "many_balances",
    "sample_potentials",
]
