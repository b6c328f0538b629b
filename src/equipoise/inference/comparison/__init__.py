"""Several kernels: one potential or many.

One question, one file: :mod:`.kernels` puts tables together, :mod:`.models` states the hypotheses,
:mod:`.evidence` weighs them, :mod:`.verdict` decides, :mod:`.potentials` tells how far apart the
kernels are, :mod:`.many` which of them obey balance.
"""

from equipoise.inference.comparison.compare import Comparison, Difference, compare
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
    "kernels_of",
    "many_balances",
]
