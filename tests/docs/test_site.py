"""The documentation: what needs no build to be seen wrong. `test_site_build.py` builds it."""

import ast
import json
import re
import subprocess
import sys
import types
from importlib import import_module
from pathlib import Path

import pytest

from equipoise.cli import main

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(
    page
    for page in DOCS.rglob("*.md")
    if "_build" not in page.parts and page.parent != DOCS / "_ext"
)


def entries(page):
    """Yield what the toctrees of a page name, relative to docs, globs spelt out."""
    text = page.read_text(encoding="utf-8")
    for block in re.findall(r"```\{toctree\}\n(.*?)```", text, flags=re.S):
        for line in block.splitlines():
            if line and not line.startswith(":") and "*" not in line:
                yield (page.parent / f"{line}.md").resolve()


def test_every_page_is_in_a_toctree_and_every_entry_is_a_page():
    named = [entry for page in PAGES for entry in entries(page)]
    assert len(named) == len(set(named))
    assert set(named) == set(PAGES) - {DOCS / "index.md"}


def test_every_link_leads_somewhere():
    """Formulas and code aside; the files of the repository are there, and so are the pages."""
    checked = 0
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        text = re.sub(r"```.*?```|\$\$.*?\$\$|\$[^$\n]+\$|`[^`]+`", "", text, flags=re.S)
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if "://" in target or target.startswith("#"):
                continue
            checked += 1
            assert (page.parent / target.split("#")[0]).exists(), f"{page.name}: {target}"
    assert checked > 80


def test_every_formula_is_closed():
    for page in PAGES:
        text = re.sub(r"```.*?```|`[^`\n]+`", "", page.read_text(encoding="utf-8"), flags=re.S)
        assert text.count("$") % 2 == 0, page.name
        for formula in re.findall(r"\$\$(.*?)\$\$|\$([^$]+)\$", text, flags=re.S):
            said = "".join(formula).replace(r"\{", "").replace(r"\}", "")
            assert said.count("{") == said.count("}"), f"{page.name}: {said}"
            assert said.count(r"\left") - said.count(r"\leftarrow") == said.count(r"\right")


def test_every_public_module_has_its_page():
    source = (DOCS / "_ext" / "public_names.py").read_text(encoding="utf-8")
    listed = re.search(r"MODULES = \((.*?)\n\)", source, flags=re.S)[1]
    modules = re.findall(r'"([\w.]+)"', listed)
    shown = []
    for page in DOCS.glob("reference/*.md"):
        shown += re.findall(r"```\{public-module\} ([\w.]+)", page.read_text(encoding="utf-8"))
    assert sorted(shown) == sorted(modules)
    # what `equipoise` itself promises as a module is among them, or they would hold no names
    package = import_module("equipoise")
    inside = {f"equipoise.{name}" for name in package._MODULES}
    assert inside <= set(modules)
    for module in modules:
        assert import_module(module)


def test_every_command_is_made_from_the_program(monkeypatch, capsys):
    """The page holds a directive and no help; the program gives help for each command."""
    text = (DOCS / "commands.md").read_text(encoding="utf-8")
    assert "```{command-help}\n```" in text
    assert "Usage:" not in text
    monkeypatch.setenv("COLUMNS", "88")
    for name in import_module("equipoise.cli.app")._COMMANDS:
        assert name.isalpha()
    assert main(["doctor", "--help"]) == 0
    assert "Usage: equipoise doctor" in capsys.readouterr().out


def test_snippets_that_are_not_run_name_what_is_there():
    """Python that a page shows parses, and every ``eq.name.name`` in it exists."""
    package = import_module("equipoise")
    checked = 0
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for code in re.findall(r"```python\n(.*?)```", text, flags=re.S):
            ast.parse(code)
        for dotted in re.findall(r"\beq\.([\w.]*\w)", text):
            thing = package
            for name in dotted.split("."):
                assert hasattr(thing, name), f"{page.name}: eq.{dotted}"
                thing = getattr(thing, name)
                if not isinstance(thing, types.ModuleType | type):
                    break
            checked += 1
    assert checked > 30


def test_pages_show_no_output_that_was_typed():
    """A prompt with output below is made by `console-run`, never written."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        assert not re.search(r"^\s*\$ equipoise", text, flags=re.M), page.name
        assert "Usage: equipoise" not in text, page.name


def test_calibration_is_not_copied_by_hand():
    text = (DOCS / "calibration.md").read_text(encoding="utf-8")
    for engine in ("fast", "path"):
        assert f"```{{calibration-tables}} calibration-{engine}\n" in text
        record = json.loads((DOCS / "checks" / f"calibration-{engine}.json").read_text())
        assert record["holds"] is True


def test_directives_read_the_records():
    """In a process of its own, for Sphinx may not be there: the tables themselves need none."""
    pytest.importorskip("sphinx", reason="the extra docs is not installed")
    code = (
        "import sys; sys.path.insert(0, 'docs/_ext')\n"
        "import commands, public_names, records\n"
        "r = records.records()\n"
        "assert len(r) > 30 and all(len(row) == 5 for x in r.values()"
        " for row in records.claim_table(x))\n"
        "assert ('task', 'check') in commands.command_paths()\n"
        "assert 'Usage: equipoise plan' in commands.help_of(('plan',))\n"
        "assert 'equipoise.test' in public_names.public_names()\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


@pytest.mark.parametrize(
    "page", ["model.md", "mathematics/hypotheses.md", "mathematics/verdict.md"]
)
def test_pages_that_the_source_names_are_there(page):
    assert (DOCS / page).is_file()
