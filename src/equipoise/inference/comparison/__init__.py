"""Several kernels: one potential or many.

One question, one file: :mod:`.kernels` puts tables together, :mod:`.models` states the hypotheses,
:mod:`.evidence` weighs them, :mod:`.verdict` decides, :mod:`.potentials` tells how far apart the
kernels are, :mod:`.many` which of them obey balance. By MCMC: :mod:`.table`, :mod:`.axes` and
:mod:`.sampler` make one compiled model walk well, :mod:`.chains` samples posteriors with it;
:mod:`.walkers` samples them without compiling, by :mod:`equipoise.inference.hamilton`, and with
these :mod:`.paths` and :mod:`.mcmc` weigh the hypotheses.
"""

from equipoise.inference.comparison.chains import sample_potentials
from equipoise.inference.comparison.compare import Comparison, compare
from equipoise.inference.comparison.differences import Difference
from equipoise.inference.comparison.evidence import Hypothesis
from equipoise.inference.comparison.kernels import Kernels, kernels_of
from equipoise.inference.comparison.many import ManyBalances, many_balances
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
