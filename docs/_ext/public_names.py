"""Public names: the list the reference must hold, and links to them from wherever they are said.

`equipoise.test` is defined in a module that nobody needs to know; annotations and docstrings name
it by that module. Here such names lead to the page of the public one.
"""

import inspect
import types
from functools import cache
from importlib import import_module
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

# Modules whose `__all__` is promised to users. A name in several belongs to the first.
MODULES = (
    "equipoise",
    "equipoise.datasets",
    "equipoise.errors",
    "equipoise.graph",
    "equipoise.simulate",
    "equipoise.likelihoods",
    "equipoise.models",
    "equipoise.inference.evidence",
    "equipoise.inference.violation",
    "equipoise.inference.sampling_checks",
    "equipoise.inference.baselines",
    "equipoise.inference.planning",
    "equipoise.inference.comparison",
    "equipoise.inference.features",
    "equipoise.inference.sparse",
    "equipoise.inference.calibration",
    "equipoise.parallel",
    "equipoise.plots",
    "equipoise.report",
    "equipoise.sampling",
)


def names_of(module: str) -> list[str]:
    """Return what a module promises: its `__all__`, or what it defines without an underscore."""
    found = import_module(module)
    if hasattr(found, "__all__"):
        return list(found.__all__)
    return [
        name
        for name, value in vars(found).items()
        if name[0] != "_" and getattr(value, "__module__", None) == module
    ]


@cache
def public_names() -> dict[str, object]:
    """Return every public function and class by the name that users import it by, once."""
    found: dict[str, object] = {}
    seen: set[int] = set()
    for module in MODULES:
        for name in names_of(module):
            value = getattr(import_module(module), name)
            if not (inspect.isfunction(value) or inspect.isclass(value)) or id(value) in seen:
                continue
            seen.add(id(value))
            found[f"{module}.{name}"] = value
    return found


@cache
def _targets() -> dict[str, str]:
    """Return, for the names a thing is known by inside, the public one."""
    known: dict[str, str] = {}
    for public, value in public_names().items():
        inside = f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', '')}"
        known[inside] = public
        known.setdefault(public.rsplit(".", 1)[1], public)
        package = inside
        while package.count(".") > 1:  # equipoise.inference.violation.violation, and such
            package = package.rsplit(".", 2)[0] + "." + inside.rsplit(".", 1)[1]
            known.setdefault(package, public)
    return known


class PublicModule(SphinxDirective):
    """The public names of a module: a table of them all, then each in full."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return what autosummary and autodoc make of the names."""
        module = self.arguments[0]
        here = {
            name.rsplit(".", 1)[1]: value
            for name, value in public_names().items()
            if name.rsplit(".", 1)[0] == module
        }
        functions = [name for name, value in here.items() if inspect.isfunction(value)]
        classes = [name for name in here if name not in functions]
        lines = [f".. py:module:: {module}", ""]
        for group in (functions, classes):
            if group:
                lines += [".. autosummary::", "   :nosignatures:", ""]
                lines += [*(f"   {name}" for name in group), ""]
        for name in functions:
            lines += [f".. autofunction:: {module}.{name}", ""]
        for name in classes:
            lines += [f".. autoclass:: {module}.{name}", "   :members:", ""]
        rest = [name for name in names_of(module) if name not in here]
        rest = [
            n for n in rest if not isinstance(getattr(import_module(module), n), types.ModuleType)
        ]
        told = [f"``{name}``" for name in sorted(rest) if f"{module}.{name}" not in public_names()]
        if told:
            lines += ["Also there: " + ", ".join(told) + ".", ""]
        box = nodes.container(classes=["public-names"])
        source = StringList(lines, f"names of {module}")
        self.parse_rst(source, box)
        return box.children

    def parse_rst(self, lines: StringList, box: nodes.Element) -> None:
        """Parse reStructuredText, for autodoc writes that, whatever the page is written in."""
        from docutils.parsers.rst import Parser
        from docutils.utils import new_document

        document = new_document(self.state.document["source"], self.state.document.settings)
        document.reporter = self.state.document.reporter
        Parser().parse("\n".join(lines), document)
        box += document.children


def _resolve(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, content: nodes.TextElement
) -> nodes.reference | None:
    """Link a name that is known inside to the page of the public one."""
    if node.get("refdomain") != "py":
        return None
    target = node.get("reftarget", "").lstrip("~.")
    public = _targets().get(target)
    if public is None:  # a method of a public class
        owner, _, method = target.rpartition(".")
        public = f"{_targets()[owner]}.{method}" if owner in _targets() else None
    if public is None or public == target:
        return None
    domain = env.domains["py"]
    return domain.resolve_xref(  # type: ignore[return-value]
        env, node["refdoc"], app.builder, node.get("reftype", "obj"), public, node, content
    )


def _mend(app: Sphinx, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """Turn the path of a page, as a docstring of the repository names it, into a link."""
    for k, line in enumerate(lines):
        lines[k] = line.replace("docs/model.md", ":doc:`the mathematics </model>`")


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to Sphinx."""
    app.add_directive("public-module", PublicModule)
    app.connect("missing-reference", _resolve)
    app.connect("autodoc-process-docstring", _mend)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
