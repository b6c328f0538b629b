"""Equipoise: a Bayesian test of detailed balance from transition counts.

::

    import equipoise as eq

    counts = eq.TransitionCounts.from_csv("counts.csv")   # source,target,count
    result = eq.test(counts, random_seed=1)
    print(eq.summary(result))

Layers, each importing only those before it: ``parallel``, ``io``; ``counts``; ``graph``,
``simulate``; ``datasets``, ``likelihoods``; ``models``; ``inference``; ``plots``; ``report``;
``cli``. Importing the package loads nothing: each name loads what it needs when it is first asked
for, the fast path NumPy and SciPy, MCMC PyMC.
"""

import typing as _typing
from importlib import import_module as _import_module

if _typing.TYPE_CHECKING:
    from equipoise import datasets, errors, graph, likelihoods, models, plots, simulate
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
        posterior_large,
        test_large,
    )
    from equipoise.inference.verdict import Verdict
    from equipoise.inference.violation import violation
    from equipoise.models import Priors
    from equipoise.report import cite, summary, to_dict, to_json

__version__: str

# Where each name is, its module being loaded when the name is first asked for.
_MODULES = ("datasets", "errors", "graph", "likelihoods", "models", "plots", "simulate")
_WHERE = {
    "TransitionCounts": "equipoise.counts",
    "load": "equipoise.inference.archive",
    "save": "equipoise.inference.archive",
    "BalanceTest": "equipoise.inference.balance",
    "test": "equipoise.inference.balance",
    "baselines": "equipoise.inference.baselines",
    "Comparison": "equipoise.inference.comparison",
    "compare": "equipoise.inference.comparison",
    "Diagnosis": "equipoise.inference.diagnosis",
    "diagnose": "equipoise.inference.diagnosis",
    "BayesFactor": "equipoise.inference.evidence",
    "Evidence": "equipoise.inference.evidence",
    "ExactEvidence": "equipoise.inference.evidence",
    "cross_check": "equipoise.inference.evidence",
    "exact": "equipoise.inference.evidence",
    "laplace": "equipoise.inference.evidence",
    "path": "equipoise.inference.evidence",
    "Explanation": "equipoise.inference.features",
    "explain": "equipoise.inference.features",
    "plan": "equipoise.inference.planning",
    "posterior": "equipoise.inference.posterior",
    "check_sampling": "equipoise.inference.sampling_checks",
    "repeat_verdict": "equipoise.inference.sampling_checks",
    "LargeMap": "equipoise.inference.sparse",
    "LargeTest": "equipoise.inference.sparse",
    "laplace_large": "equipoise.inference.sparse",
    "map_large": "equipoise.inference.sparse",
    "path_large": "equipoise.inference.sparse",
    "posterior_large": "equipoise.inference.sparse",
    "test_large": "equipoise.inference.sparse",
    "Verdict": "equipoise.inference.verdict",
    "violation": "equipoise.inference.violation",
    "Priors": "equipoise.models",
    "cite": "equipoise.report",
    "summary": "equipoise.report",
    "to_dict": "equipoise.report",
    "to_json": "equipoise.report",
}


def __getattr__(name: str) -> object:
    """Load what is asked for, and SciPy, matplotlib or PyMC with it only where it needs them."""
    if name == "__version__":
        return _version()
    if name in _MODULES:
        return _import_module(f"equipoise.{name}")
    if name not in _WHERE:
        raise AttributeError(f"module 'equipoise' has no attribute {name!r}")
    value = getattr(_import_module(_WHERE[name]), name)
    globals()[name] = value
    return value


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("equipoise")
    except PackageNotFoundError:  # run from a source tree that was never installed
        return "0+unknown"


def __dir__() -> list[str]:
    return sorted({*__all__, "__version__", *(name for name in globals() if name[:2] == "__")})


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
    "cite",
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
    "posterior_large",
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
