"""Checks of the sampling: whether the trials are what every model of them takes them for.

One check, one file; each is *fine*, *suspect* or *not checkable*.
"""

from equipoise.inference.sampling_checks.check import SUSPECT, Check, Status
from equipoise.inference.sampling_checks.drift import check_drift
from equipoise.inference.sampling_checks.homogeneity import check_blocks
from equipoise.inference.sampling_checks.order import check_order, log_order_factor
from equipoise.inference.sampling_checks.overdispersion import Dispersion, check_overdispersion
from equipoise.inference.sampling_checks.repeat import RepeatedVerdict, repeat_verdict
from equipoise.inference.sampling_checks.run import SamplingChecks, check_sampling
from equipoise.inference.sampling_checks.windows import check_windows

__all__ = [
    "SUSPECT",
    "Check",
    "Dispersion",
    "RepeatedVerdict",
    "SamplingChecks",
    "Status",
    "check_blocks",
    "check_drift",
    "check_order",
    "check_overdispersion",
    "check_sampling",
    "check_windows",
    "log_order_factor",
    "repeat_verdict",
]
