"""Directives for the command line: its help as it is, and commands run with their output shown."""

import hashlib
import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import Directive, directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

COLUMNS = "88"


def command_paths() -> list[tuple[str, ...]]:
    """Return every command, and those within commands: ``("test",)``, ``("task", "check")``."""
    app = import_module("equipoise.cli.app")
    paths: list[tuple[str, ...]] = []
    for name in app._COMMANDS:
        paths.append((name,))
        within = getattr(app._load(name), "commands", {})
        paths.extend((name, each) for each in within)
    return paths


def help_of(path: tuple[str, ...]) -> str:
    """Return the help of a command, as the program prints it."""
    return "".join(_helps([path]))


def _helps(paths: list[tuple[str, ...]]) -> Iterator[str]:
    from contextlib import redirect_stdout
    from io import StringIO

    app = import_module("equipoise.cli.app")
    before = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = COLUMNS
    try:
        for path in paths:
            out = StringIO()
            with redirect_stdout(out):
                app.main([*path, "--help"])
            yield out.getvalue()
    finally:
        os.environ.pop("COLUMNS") if before is None else os.environ.update(COLUMNS=before)


class CommandHelp(Directive):
    """Every command with its help: nothing to write, so nothing that could differ from it."""

    def run(self) -> list[nodes.Node]:
        """Return a section for each command."""
        paths = [(), *command_paths()]
        made: list[nodes.Node] = []
        for path, said in zip(paths, _helps(paths), strict=True):
            name = " ".join(["equipoise", *path])
            section = nodes.section(ids=[nodes.make_id(name)], names=[name])
            section += nodes.title("", name)
            section += nodes.literal_block(said, said.rstrip(), language="text")
            made.append(section)
        return made


class Console(SphinxDirective):
    """Commands of this program, run while the page is built, and what they print.

    One directory a page, so that a command finds what one before it wrote. ``:status:`` is the
    exit status expected of the last command (0 unless said otherwise); ``:lines:`` shows so many
    lines of output.
    """

    has_content = True
    option_spec: ClassVar[dict[str, Any]] = {
        "status": directives.nonnegative_int,
        "lines": directives.positive_int,
    }

    def run(self) -> list[nodes.Node]:
        """Run the commands, unless they and all before them on the page were run before."""
        lines = [line for line in self.content if line.strip()]
        page = self.env.temp_data.setdefault("console", [])
        page.extend(lines)
        key = hashlib.sha256(json.dumps(page).encode()).hexdigest()[:20]
        kept = Path(self.config.console_cache) / f"{key}.json"
        if kept.exists():
            done = json.loads(kept.read_text(encoding="utf-8"))
        else:
            done = [_run(line, self._folder(page[: -len(lines)])) for line in lines]
            if all(what["status"] == 0 for what in done[:-1]):
                kept.parent.mkdir(parents=True, exist_ok=True)
                kept.write_text(json.dumps(done), encoding="utf-8")
        expected = [0] * (len(lines) - 1) + [self.options.get("status", 0)]
        for line, what, status in zip(lines, done, expected, strict=True):
            if what["status"] != status:
                raise self.error(f"exit status {what['status']}: {line}\n{what['out']}")
        shown: list[str] = []
        for line, what in zip(lines, done, strict=True):
            out = what["out"].rstrip().splitlines()
            limit = self.options.get("lines", len(out))
            shown += [f"$ {line}", *out[:limit], *(["…"] if len(out) > limit else []), ""]
        text = "\n".join(shown).rstrip()
        return [nodes.literal_block(text, text, language="text", classes=["console"])]

    def _folder(self, before: list[str]) -> Path:
        """Return the directory of this page, what was run before in it run again if need be."""
        folders = self.env.temp_data.setdefault("console-folder", {})
        if "path" not in folders:
            made = tempfile.mkdtemp(prefix="equipoise-docs-")
            folders["path"] = Path(made)
            for line in before:
                _run(line, folders["path"])
        return folders["path"]


def _run(line: str, folder: Path) -> dict[str, Any]:
    """Run one line: `equipoise …` through this Python, `cat` and such as they are."""
    program, *arguments = shlex.split(line)
    known = {
        "equipoise": [sys.executable, "-m", "equipoise"],
        "python": [sys.executable],
        "cat": ["cat"],
        "head": ["head"],
        "ls": ["ls"],
    }
    done = subprocess.run(
        [*known[program], *arguments],
        cwd=folder,
        env={**os.environ, "COLUMNS": COLUMNS, "PYTHONUTF8": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    return {"status": done.returncode, "out": done.stdout}


class GivenFile(Console):
    """A file that commands of this page read: its text is shown, and written where they run."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Write the file before the next command of the page."""
        name, text = self.arguments[0], "\n".join(self.content) + "\n"
        page = self.env.temp_data.setdefault("console", [])
        code = f"import pathlib; pathlib.Path({name!r}).write_text({text!r}, encoding='utf-8')"
        page.append(f"python -c {shlex.quote(code)}")
        folder = self._folder(page[:-1])
        (folder / name).write_text(text, encoding="utf-8")
        block = nodes.literal_block(text, text.rstrip("\n"), language="text")
        caption = nodes.caption("", name)
        box = nodes.container("", caption, block, literal_block=True)
        box["classes"].append("literal-block-wrapper")
        return [box]


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the directives."""
    app.add_config_value("console_cache", "", "env")
    app.add_directive("command-help", CommandHelp)
    app.add_directive("console-run", Console)
    app.add_directive("given-file", GivenFile)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
