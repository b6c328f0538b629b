"""Every public name says what it takes, gives and raises, in numpydoc, as its signature has it."""

import dataclasses
import inspect
import re
import types
from importlib import import_module

import pytest

PACKAGES = (
    "equipoise",
    "equipoise.counts",
    "equipoise.datasets",
    "equipoise.errors",
    "equipoise.graph",
    "equipoise.inference.baselines",
    "equipoise.inference.calibration",
    "equipoise.inference.comparison",
    "equipoise.inference.evidence",
    "equipoise.inference.features",
    "equipoise.inference.planning",
    "equipoise.inference.posterior",
    "equipoise.inference.sampling_checks",
    "equipoise.inference.sparse",
    "equipoise.inference.violation",
    "equipoise.likelihoods",
    "equipoise.models",
    "equipoise.parallel",
    "equipoise.plots",
    "equipoise.report",
    "equipoise.sampling",
    "equipoise.simulate",
)
# The face of the package: here every parameter has its type, and every function what it returns.
FACE = tuple(name for name in PACKAGES if ".inference." not in name)
ARRAYS = re.compile(r"FloatArray|IntArray|NDArray|ArrayLike|ndarray")
SECTION = re.compile(r"^(\w[\w ]*)\n-+\n", re.M)


def public(package):
    module = import_module(package)
    for name in module.__all__:
        value = getattr(module, name)
        if inspect.isfunction(value) or inspect.isclass(value):
            yield name, value


def objects(packages):
    seen = set()
    for package in packages:
        for name, value in public(package):
            if value not in seen and value.__module__.startswith("equipoise"):
                seen.add(value)
                yield pytest.param(value, id=f"{package}.{name}")


def sections(value):
    """Return the parts of a docstring by their titles; "" is what stands before them."""
    parts = SECTION.split(inspect.getdoc(value) or "")
    return {"": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


def described(text):
    """Return the names of a section, and those that have neither a type nor "As in ..."."""
    names, untyped, lines = [], [], text.splitlines()
    for line, below in zip(lines, [*lines, ""][1:], strict=True):
        if line and not line.startswith(" "):
            before, found, _ = line.partition(" : ")
            names += [name.strip().lstrip("*") for name in before.split(",")]
            untyped += [] if found or below.startswith("    As ") else [line]
    return names, untyped


def signature_problems(function, *, face):
    said, problems = sections(function), []
    asked = [name for name in inspect.signature(function).parameters if name not in ("self", "cls")]
    names, untyped = described(said.get("Parameters", ""))
    if face and asked and names != asked:
        problems.append(f"takes {asked}, describes {names}")
    elif names and set(names) != set(asked):
        problems.append(f"takes {asked}, describes {names}")
    problems += [f"no type: {line}" for line in untyped if face]
    annotations = inspect.get_annotations(function)
    returns = annotations.get("return")
    if face and returns not in (None, "None") and not {"Returns", "Yields"} & set(said):
        problems.append("does not say what it returns")
    source = inspect.getsource(function)
    if re.search(r"^\s+raise \w", source, re.M) and "Raises" not in said:
        problems.append("raises, and does not say so")
    told = " ".join(said.values())
    arrays = [n for n, kind in annotations.items() if ARRAYS.search(str(kind))]
    if face and arrays and not re.search(r"shape|\(\w+,|array_like", told):
        problems.append(f"no shape of {arrays}")
    return problems


def class_problems(kind, *, face):
    said, problems = sections(kind), []
    names, untyped = described(said.get("Attributes", "") + said.get("Parameters", ""))
    if dataclasses.is_dataclass(kind):
        fields = [f.name for f in dataclasses.fields(kind) if not f.name.startswith("_")]
        missing = [name for name in fields if name not in names]
        if fields != ["name"] and missing and (face or names):
            problems.append(f"attributes not described: {missing}")
        problems += [f"no type: {line}" for line in untyped if face]
    if face and "__post_init__" in vars(kind) and "Raises" not in said:
        problems.append("refuses values, and does not say so")
    for name, member in vars(kind).items():
        function = getattr(member, "__func__", getattr(member, "fget", member))
        if name.startswith("_") or not inspect.isfunction(function):
            continue
        if not inspect.getdoc(getattr(kind, name)):
            problems.append(f"{name} has no docstring")
        if inspect.getdoc(function) and "Parameters" in sections(function):
            problems += [f"{name}: {p}" for p in signature_problems(function, face=face)]
    return problems


@pytest.mark.parametrize("package", PACKAGES)
def test_all_is_what_is_public(package):
    module = import_module(package)
    listed = list(module.__all__)
    assert len(set(listed)) == len(listed)
    defined = {
        name
        for name, value in vars(module).items()
        if not name.startswith("_")
        and not isinstance(value, types.ModuleType)
        and getattr(value, "__module__", "").startswith(package)
    }
    assert defined <= set(listed)
    assert all(hasattr(module, name) for name in listed)
    assert listed == sorted(listed, key=lambda n: (not n.isupper(), n.islower(), n))


@pytest.mark.parametrize("value", list(objects(PACKAGES)))
def test_docstring(value):
    face = any(value is member for package in FACE for _, member in public(package))
    first = (inspect.getdoc(value) or "").split("\n")[0]
    assert first.endswith((".", ":")), "no summary in one line"
    problems = class_problems if inspect.isclass(value) else signature_problems
    assert problems(value, face=face) == []


@pytest.mark.parametrize("value", list(objects(PACKAGES)))
def test_a_formula_has_its_source(value):
    """Beside it, or at the top of its module: a year, or the page that derives it."""
    text = inspect.getdoc(value) or ""
    if ".. math::" in text:
        module = import_module(value.__module__).__doc__ or ""
        assert re.search(r"\b(1[89]|20)\d\d\b|docs/", text + module)


def test_what_is_missing_is_seen():
    def returns_nothing_said(counts: int, rope: float) -> float:
        """Return a number.

        Parameters
        ----------
        counts
            No type.
        """
        raise ValueError(counts, rope)

    found = " / ".join(signature_problems(returns_nothing_said, face=True))
    assert "takes ['counts', 'rope'], describes ['counts']" in found
    assert "no type: counts" in found
    assert "does not say what it returns" in found
    assert "raises, and does not say so" in found
