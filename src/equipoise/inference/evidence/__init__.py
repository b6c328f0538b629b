"""Evidence for and against balance: one method, one file (or folder)."""

from equipoise.inference.evidence.bridge import bridge
from equipoise.inference.evidence.information import cycle_information, information_nats
from equipoise.inference.evidence.laplace import LaplaceFit, laplace
from equipoise.inference.evidence.path import PathFit, path
from equipoise.inference.evidence.result import BayesFactor, Evidence
from equipoise.inference.evidence.savage_dickey import savage_dickey

__all__ = [
    "BayesFactor",
    "Evidence",
    "LaplaceFit",
    "PathFit",
    "bridge",
    "cycle_information",
    "information_nats",
    "laplace",
    "path",
    "savage_dickey",
]
