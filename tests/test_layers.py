"""Imports run downwards only: each layer imports what stands before it, inside functions too."""

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "equipoise"
# From below upwards; those of one line know nothing of each other. CONTRIBUTING.md has it in words.
ORDER = (
    ("errors", "text"),
    ("arguments", "parallel", "io"),
    ("counts",),
    ("graph", "simulate"),
    ("datasets", "likelihoods"),
    ("models",),
    ("inference",),
    ("plots",),
    ("report",),
    ("cli",),
)
LEVEL = {layer: level for level, layers in enumerate(ORDER) for layer in layers}
# Beside them: may import what stands below this line, and nothing but the last line imports it.
BESIDE = {"sampling": LEVEL["datasets"]}
# The face of the package names what all others hold, and the program starts from there.
FACE = ("__init__", "__main__")
# What the others may take from the face.
OF_THE_FACE = "__version__"


def layer_of(path):
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imported(text):
    """Yield (line, dotted name) of each import of a module of the package, by name or by string."""
    for node in ast.walk(ast.parse(text)):
        names = []
        if isinstance(node, ast.Import):
            names = [one.name for one in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [f"{node.module}.{one.name}" for one in node.names]
        elif isinstance(node, ast.Call) and node.args:
            called = getattr(node.func, "id", getattr(node.func, "attr", ""))
            first = node.args[0]
            if isinstance(first, ast.JoinedStr) and first.values:
                first = first.values[0]
            if called in ("import_module", "__import__") and isinstance(first, ast.Constant):
                names = [str(first.value)]
        yield from ((node.lineno, name) for name in names if name.split(".")[0] == "equipoise")


def faults(layer, text):
    """Return what a module of a layer imports from a layer that it must not know."""
    found = []
    for line, name in imported(text):
        parts = name.split(".")
        other = parts[1] if len(parts) > 1 else ""
        if other == layer or (other == OF_THE_FACE and layer not in ("errors", "text")):
            continue
        if other in BESIDE:
            allowed = layer == ORDER[-1][0]
        elif layer in BESIDE:
            allowed = LEVEL.get(other, len(ORDER)) < BESIDE[layer]
        else:
            allowed = LEVEL.get(other, len(ORDER)) < LEVEL[layer]
        if not allowed:
            found.append(f"line {line}: {layer} imports {name}")
    return found


def test_every_part_has_its_layer():
    parts = {layer_of(path) for path in SOURCE.rglob("*.py")}
    assert parts == {*LEVEL, *BESIDE, *FACE}


def test_imports_run_downwards_only():
    found = {}
    for path in SOURCE.rglob("*.py"):
        layer = layer_of(path)
        if layer not in FACE and (wrong := faults(layer, path.read_text(encoding="utf-8"))):
            found[str(path.relative_to(SOURCE))] = wrong
    assert found == {}


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        ("likelihoods", "from equipoise.models import Priors"),
        ("models", "def f():\n    from equipoise import inference"),
        ("inference", "import equipoise.report.text as text"),
        ("inference", "if TYPE_CHECKING:\n    from equipoise.sampling.store import Store"),
        ("sampling", "from equipoise.likelihoods import FloatArray"),
        ("report", "from equipoise.sampling import collect"),
        ("plots", "from equipoise.report.facts import fact"),
        ("io", "from equipoise.parallel import Workers"),
        ("parallel", "from equipoise.inference.balance import test"),
        ("report", "from equipoise import test"),
        ("graph", "import_module('equipoise.models')"),
        ("counts", "importlib.import_module(f'equipoise.cli.{name}')"),
        ("errors", "from equipoise import __version__"),
    ],
)
def test_an_import_upwards_or_sidewards_is_seen(layer, text):
    assert len(faults(layer, text)) == 1


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        ("inference", "from equipoise import __version__\nfrom equipoise.parallel import Workers"),
        ("cli", "from equipoise.sampling.store import Store\nimport equipoise.cli.options"),
        ("sampling", "from equipoise.simulate import Kernel\nfrom equipoisely import x"),
    ],
)
def test_an_import_downwards_is_none(layer, text):
    assert faults(layer, text) == []
