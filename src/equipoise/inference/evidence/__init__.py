"""Evidence for and against balance: one method, one file (or folder)."""

from equipoise.inference.evidence.bridge import bridge
from equipoise.inference.evidence.cross_check import Answer, CrossCheck, cross_check
from equipoise.inference.evidence.exact import ExactEvidence, exact
from equipoise.inference.evidence.importance import importance
from equipoise.inference.evidence.information import cycle_information, information_nats
from equipoise.inference.evidence.laplace import LaplaceFit, laplace
from equipoise.inference.evidence.path import PathFit, path
from equipoise.inference.evidence.result import BayesFactor, Evidence
from equipoise.inference.evidence.savage_dickey import savage_dickey
from equipoise.inference.evidence.smc import smc
from equipoise.inference.evidence.target import EdgeWeightTarget, Target

__all__ = [
    "Answer",
    "BayesFactor",
    "CrossCheck",
    "EdgeWeightTarget",
    "Evidence",
    "ExactEvidence",
    "LaplaceFit",
    "PathFit",
    "Target",
    "bridge",
    "cross_check",
    "cycle_information",
    "exact",
    "importance",
    "information_nats",
    "laplace",
    "path",
    "savage_dickey",
    "smc",
]
