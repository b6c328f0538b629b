"""Equipoise: a Bayesian test of detailed balance from transition counts.

::

    import equipoise as eq

    counts = eq.TransitionCounts.from_csv("counts.csv")   # source,target,count
    result = eq.test(counts, random_seed=1)
    print(eq.summary(result))

Layers, each importing only those before it: ``counts``, ``graph``, ``simulate``, ``likelihoods``;
``models``; ``inference``; ``plots`` and ``report``; ``cli``. Importing the package loads NumPy and
SciPy, and neither PyMC, matplotlib nor anthropic; MCMC loads PyMC when it is first used.
"""

from importlib import import_module as _import_module
from importlib.metadata import PackageNotFoundError as _PackageNotFoundError
from importlib.metadata import version as _version
from types import ModuleType as _ModuleType

from equipoise import datasets, errors, graph, likelihoods, models, simulate
from equipoise.counts import TransitionCounts
from equipoise.inference.archive import load, save
from equipoise.inference.balance import BalanceTest, test
from equipoise.inference.baselines import baselines
from equipoise.inference.comparison import Comparison, compare
from equipoise.inference.diagnosis import Diagnosis, diagnose
from equipoise.inference.evidence import (
    BayesFactor,
    Evidence,
    ExactEvidence,
    cross_check,
    exact,
    laplace,
    path,
)
from equipoise.inference.features import Explanation, explain
from equipoise.inference.planning import plan
from equipoise.inference.posterior import posterior
from equipoise.inference.sampling_checks import check_sampling, repeat_verdict
from equipoise.inference.sparse import (
    LargeMap,
    LargeTest,
    laplace_large,
    map_large,
    path_large,
    test_large,
)
from equipoise.inference.verdict import Verdict
from equipoise.inference.violation import violation
from equipoise.models import Priors
from equipoise.report import summary, to_dict, to_json


def __getattr__(name: str) -> _ModuleType:
    """Load ``equipoise.plots``, and matplotlib with it, when first asked for."""
    if name == "plots":
        return _import_module("equipoise.plots")
    raise AttributeError(f"module 'equipoise' has no attribute {name!r}")


try:
    __version__ = _version("equipoise")
except _PackageNotFoundError:  # run from a source tree that was never installed
    __version__ = "0+unknown"

__all__ = [
    "BalanceTest",
    "BayesFactor",
    "Comparison",
    "Diagnosis",
    "Evidence",
    "ExactEvidence",
    "Explanation",
    "LargeMap",
    "LargeTest",
    "Priors",
    "TransitionCounts",
    "Verdict",
    "baselines",
    "check_sampling",
    "compare",
    "cross_check",
    "datasets",
    "diagnose",
    "errors",
    "exact",
    "explain",
    "graph",
    "laplace",
    "laplace_large",
    "likelihoods",
    "load",
    "map_large",
    "models",
    "path",
    "path_large",
    "plan",
    "plots",
    "posterior",
    "repeat_verdict",
    "save",
    "simulate",
    "summary",
    "test",
    "test_large",
    "to_dict",
    "to_json",
    "violation",
]
