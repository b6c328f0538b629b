"""What to cite for a result: the BibTeX of exactly the methods and software that it used."""

from importlib.metadata import PackageNotFoundError, version
from typing import Any

from equipoise.errors import UsageError
from equipoise.inference.balance import BalanceTest
from equipoise.inference.comparison import Comparison
from equipoise.inference.diagnosis import Diagnosis
from equipoise.inference.evidence import (
    BayesFactor,
    CrossCheck,
    Evidence,
    ExactEvidence,
    LaplaceFit,
    PathFit,
)
from equipoise.inference.features import Explanation
from equipoise.inference.sparse import LargeLaplace, LargeMap, LargeTest, SparsePath
from equipoise.report.bibliography import bibtex, cited
from equipoise.report.methods import WALKS, methods, methods_of_test
from equipoise.report.source import Source

_DEVELOPERS = "{{{} developers}}"
#: Software, with its paper where it asks for one to be cited. Versions are those installed.
_SOFTWARE = {
    source.key: source
    for source in (
        Source(
            "equipoise",
            (_DEVELOPERS.format("Equipoise"),),
            "Equipoise: Bayesian tests of detailed balance on counted transitions",
            0,
        ),
        Source(
            "pymc",
            (
                "Abril-Pla, Oriol",
                "Andreani, Virgile",
                "Carroll, Colin",
                "Dong, Larry",
                "Fonnesbeck, Christopher J.",
                "Kochurov, Maxim",
                "Kumar, Ravin",
                "Lao, Jupeng",
                "Luhmann, Christian C.",
                "Martin, Osvaldo A.",
                "Osthege, Michael",
                "Vieira, Ricardo",
                "Wiecki, Thomas",
                "Zinkov, Robert",
            ),
            "PyMC: a modern and comprehensive probabilistic programming framework in Python",
            2023,
            "PeerJ Computer Science",
            "9",
            "",
            "e1516",
            doi="10.7717/peerj-cs.1516",
        ),
        Source(
            "nutpie",
            (_DEVELOPERS.format("PyMC"),),
            "nutpie: a fast sampler for Bayesian posteriors",
            0,
            url="https://github.com/pymc-devs/nutpie",
        ),
        Source(
            "numpyro",
            ("Phan, Du", "Pradhan, Neeraj", "Jankowiak, Martin"),
            "Composable effects for flexible and accelerated probabilistic programming in NumPyro",
            2019,
            arxiv="1912.11554",
        ),
        Source(
            "jax",
            (_DEVELOPERS.format("JAX"),),
            "JAX: composable transformations of Python+NumPy programs",
            0,
            url="https://github.com/jax-ml/jax",
        ),
        Source(
            "arviz",
            (
                "Martin, Osvaldo A.",
                "Abril-Pla, Oriol",
                "Deklerk, Jordan",
                "Axen, Seth D.",
                "Carroll, Colin",
                "Hartikainen, Ari",
                "Vehtari, Aki",
            ),
            "ArviZ: a modular and flexible library for exploratory analysis of Bayesian models",
            2026,
            "Journal of Open Source Software",
            "11",
            "119",
            "9889",
            doi="10.21105/joss.09889",
        ),
    )
}
_BACKENDS: dict[str, tuple[str, ...]] = {
    "numpy": ("arviz",),  # chains of our own; R-hat and ESS are ArviZ's
    "nutpie": ("pymc", "nutpie", "arviz"),
    "numpyro": ("pymc", "jax", "numpyro", "arviz"),
}
_LAPLACE = ("rue2009", "geweke1989", "vehtari2024")
_PATH = ("gelman1998", "mira2013")
_BRIDGE = ("meng1996", "gronau2017", "micaletto2025")
#: Sources and software of each method of evidence, without what sampled.
_EVIDENCE: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "path": (_PATH, ()),
    "laplace": (_LAPLACE, ()),
    "bridge": (_BRIDGE, ()),
    "savage_dickey": (("dickey1971",), ()),
    "smc": (("delmoral2006",), ("pymc",)),
    "importance": (("vehtari2024",), ()),
    "exact": (("diaconis2006",), ()),
}


def cite(result: Any) -> str:
    """Return what to cite for a result: BibTeX of exactly the methods and software it used.

    Parameters
    ----------
    result : BalanceTest, Diagnosis, Comparison, Explanation, LargeTest, LargeMap, SparsePath, \
LargeLaplace, CrossCheck, ExactEvidence, LaplaceFit, PathFit, Evidence or BayesFactor
        From :func:`equipoise.test`, `diagnose`, `compare`, `explain`, `test_large`, `map_large`,
        `path_large`, `laplace_large`, `cross_check`, `exact`, `laplace`, `path`, or another method
        of evidence. Of a test alone
        what it did; of a diagnosis the checks and baselines beside it too. Of evidence its method
        and what sampled, its ``backend``; no sampler where it was not told which made its draws.

    Returns
    -------
    str
        UTF-8, an entry a source, sorted by author, then software with the versions installed
        here. Equipoise itself and Song et al. (2025), whose question it answers, are always there.
        Keys are ``gelman1998`` and ``pymc``: they do not change from run to run. Ends in a line
        feed.

    Raises
    ------
    UsageError
        If it is no such result.
    """
    keys, software = _used(result)
    sources = cited({"song2025", *keys})
    packages = [_installed(_SOFTWARE[name]) for name in ("equipoise", *sorted(set(software)))]
    return bibtex([*sources, *packages])


def _used(result: Any) -> tuple[set[str], tuple[str, ...]]:
    """Return the keys of the sources of a result, and the software."""
    if isinstance(result, Diagnosis):
        sampled = _of_test(result.result)[1]
        return {key for sentence in methods(result) for key in sentence.keys}, sampled
    if isinstance(result, BalanceTest):
        return _of_test(result)
    if isinstance(result, Comparison):
        return _of_comparison(result)
    if isinstance(result, Explanation):
        # Pairwise edges with the curvature of rows, by the fast path; shares as a Bayesian R².
        return {"ford1957", "kass1995", "ribatet2012", "gelman2019", *_LAPLACE}, ()
    if isinstance(result, LargeTest):
        return {*_GRAPH, "kass1995", *_PATH, *_MOVES, "vehtari2021"}, ("arviz",)
    if isinstance(result, SparsePath):
        return {*_GRAPH, *_PATH, *_MOVES, "vehtari2021"}, ("arviz",)
    if isinstance(result, LargeLaplace):
        return {*_GRAPH, "rue2009", *(("ubaru2017",) if result.probes else ())}, ()
    if isinstance(result, LargeMap):
        return set(_GRAPH), ()
    if isinstance(result, ExactEvidence):
        return _of_method("exact")
    if isinstance(result, LaplaceFit):
        return _of_method("laplace")
    if isinstance(result, PathFit):
        return _of_method("path", result.backend)
    if isinstance(result, Evidence | BayesFactor):
        return _of_method(result.method, result.backend)
    if isinstance(result, CrossCheck):
        return _together(
            _of_method(answer.method, None if answer.factor is None else answer.factor.backend)
            for answer in result.answers
        )
    raise UsageError(
        f"there is nothing to cite for a {type(result).__name__}; give the result of "
        "equipoise.test, diagnose, compare, explain, test_large, map_large, path_large, "
        "laplace_large, cross_check, exact, laplace or path"
    )


_GRAPH = ("ford1957", "jiang2011")
_MOVES = ("shahbaba2014", "yu2011")


def _of_test(result: BalanceTest) -> tuple[set[str], tuple[str, ...]]:
    findings = result.findings
    sampled = result.chains is not None or findings.method == "path"
    software = _BACKENDS[findings.backend or "nutpie"] if sampled else ()
    return {key for sentence in methods_of_test(result) for key in sentence.keys}, software


def _of_comparison(result: Comparison) -> tuple[set[str], tuple[str, ...]]:
    """Each kernel alone and the counts added up are tested on the fast path in any case."""
    keys = {*_GRAPH, "kass1995", *_LAPLACE}
    if result.method != "path":
        return keys, ()
    # Chains of our own, of NumPy; R-hat and ESS are ArviZ's.
    return keys | {*_PATH, *_BRIDGE, "shahbaba2014", "vehtari2021"}, ("arviz",)


def _of_method(method: str, backend: str | None = None) -> tuple[set[str], tuple[str, ...]]:
    """Return sources and software of a method, or of two, and of what ran its chains."""
    unknown = [part for part in method.split("/") if part not in _EVIDENCE]
    if unknown:
        raise UsageError(f"no sources are known for the method {unknown[0]!r}")
    found = [_EVIDENCE[part] for part in method.split("/")]
    for name in (backend or "").split("/"):
        if name in _BACKENDS:
            found.append(((*WALKS[name].keys, "vehtari2021"), _BACKENDS[name]))
    return _together((set(keys), software) for keys, software in found)


def _together(parts: Any) -> tuple[set[str], tuple[str, ...]]:
    keys: set[str] = set()
    software: tuple[str, ...] = ()
    for some, packages in parts:
        keys |= some
        software += packages
    return keys, software


def _installed(source: Source) -> Source:
    """Return the entry of a package with the version that is installed here."""
    from dataclasses import replace

    if source.key == "equipoise":
        from equipoise import __version__  # the package imports this module

        return replace(source, note=f"Version {__version__}")
    try:
        return replace(source, note=f"Version {version(source.key)}")
    except PackageNotFoundError:  # a saved run, opened where it cannot be repeated
        return source
