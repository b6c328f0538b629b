"""Evidence for and against balance: one method, one file (or folder)."""

from equipoise.inference.evidence.information import cycle_information, information_nats
from equipoise.inference.evidence.laplace import LaplaceFit, laplace
from equipoise.inference.evidence.problem import Problem, problem_of
from equipoise.inference.evidence.result import BayesFactor, Evidence

__all__ = [
    "BayesFactor",
    "Evidence",
    "LaplaceFit",
    "Problem",
    "cycle_information",
    "information_nats",
    "laplace",
    "problem_of",
]
