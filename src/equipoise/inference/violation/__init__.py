"""Where balance breaks and by how much: cycles, edges, currents, entropy production.

One concept, one file. :func:`violation` computes all of it from a finished test.
"""

from equipoise.inference.violation.compute import ROPE_AFFINITY, violation
from equipoise.inference.violation.cycles import CycleViolation
from equipoise.inference.violation.edges import EdgeViolation
from equipoise.inference.violation.entropy_production import EntropyProduction
from equipoise.inference.violation.estimate import Estimate
from equipoise.inference.violation.result import Violation

__all__ = [
    "ROPE_AFFINITY",
    "CycleViolation",
    "EdgeViolation",
    "EntropyProduction",
    "Estimate",
    "Violation",
    "violation",
]
