"""What the pages show runs: Python from beginning to end, each command, and output where shown.

Conventions: a fenced ``python`` block runs in the names of those before it on its page, and a
fenced ``text`` block right below is what it prints. Commands are lines that begin with
``equipoise`` in an indented or ``sh`` block, or behind ``$`` in a ``console`` block, where the
lines below are what it prints; ``...`` stands for anything. Commands of a page run in order, in
one folder. By default all take the fast path, at fixed scales where they show no output; the slow
test leaves every command as it stands.
"""

import re
import shlex
from functools import partial
from pathlib import Path

import pytest
from typer.main import get_command

import equipoise
from equipoise.cli import app, main

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"^```([^`\n]*)\n(.*?)^```$", re.M | re.S)
# On a page with this mark options are checked, and nothing is run: lists of what might be typed.
NOT_RUN = "<!-- commands here are not run -->"
# What one test cannot have: a server, a scheduler, hours.
OUTSIDE = re.compile(r"--scheduler|--client anthropic|--model|calibrate|equipoise (fetch|doctor)")
FAST = ("test", "report", "compare", "large")


def blocks(page):
    """Return (language, text) of all code of a page in order; indented code has "sh"."""
    text, found, end = page.read_text(encoding="utf-8"), [], 0
    for fence in FENCE.finditer(text):
        found += [("sh", part) for part in indented(text[end : fence.start()])]
        found.append((fence[1].strip(), fence[2]))
        end = fence.end()
    return found + [("sh", part) for part in indented(text[end:])]


def indented(text):
    return re.findall(r"(?:^    .*\n)+", text, flags=re.M)


def commands(page):
    """Return (words, output shown or None) of every command of a page."""
    found = []
    for language, text in blocks(page):
        if language == "console":
            for part in re.split(r"^\$ ", text, flags=re.M)[1:]:
                command, _, output = part.partition("\n")
                found.append((command, output or None))
        elif language in ("sh", "bash", ""):
            found += [(line.strip(), None) for line in text.splitlines()]
    words = [(shlex.split(command, comments=True), shown) for command, shown in found]
    return [(w[1:], shown) for w, shown in words if w and Path(w[0]).name == "equipoise"]


def matches(shown, out):
    """Whether a text is what is shown, `...` standing for anything."""
    pattern = r"[\s\S]*?".join(re.escape(part) for part in shown.strip().split("..."))
    return re.fullmatch(pattern, out.strip()) is not None


def prepared(folder):
    """Put the files there that pages name."""
    draws = equipoise.datasets.smollm2_weekday()
    draws.to_csv(folder / "counts.csv")
    lines = [f"{day},{k},{int(day[0] == 'S')}" for k, day in enumerate(draws.states)]
    (folder / "features.csv").write_text("\n".join(["state,place,weekend", *lines]) + "\n")
    for name, counts in zip(
        "ab", equipoise.datasets.small_models("weekday").values(), strict=False
    ):
        counts.to_csv(folder / f"{name}.csv")
    (folder / "path.txt").write_text("sunny\nrainy\nfoggy\nsunny\nfoggy\nrainy\nrainy\nsunny\n" * 9)
    (folder / "replies.txt").write_text("Friday.\nI think it is Monday\n")


def given(words, *, fast, shown):
    """Return what a command is given; a local model is replaced by a simulated agent."""
    given = ["simulated" if word == "local" else word for word in words]
    if fast and given[0] in FAST and not {"--save", "--again"} & set(given):
        given += [option for option in ("--fast",) if option not in given]
        if given[0] in ("test", "report") and shown is None and "--scales" not in given:
            given += ["--scales", "fixed"]  # a third of the work
    if given[0] == "collect":
        given += [option for option in ("--yes", "--quiet") if option not in given]
    return given


def check_commands(page, capsys, *, fast):
    if NOT_RUN in page.read_text(encoding="utf-8"):
        return
    done = []
    for words, shown in commands(page):
        if OUTSIDE.search("equipoise " + " ".join(words)) or (fast and words[0] == "demo"):
            continue
        if fast and {"--save", "--again"} & set(words):
            continue
        arguments = given(words, fast=fast, shown=shown)
        if fast and shown is None and arguments in done:
            continue  # a page that shows what --fast is instead of
        done.append(arguments)
        assert main(arguments) == 0, (words, capsys.readouterr().err)
        out = capsys.readouterr().out
        assert shown is None or matches(shown, out), (words, out)


def check_python(page, capsys):
    names = {"__name__": "__main__"}
    parts = blocks(page)
    for (language, text), (after, shown) in zip(parts, [*parts[1:], ("", "")], strict=True):
        if language == "python":
            exec(compile(text, page.name, "exec"), names)
            out = capsys.readouterr().out
            assert after != "text" or matches(shown, out), out
    return names


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_are_known_with_their_options(page):
    text = page.read_text(encoding="utf-8")
    inline = re.findall(r"`(?:\.venv/bin/)?(equipoise [a-z][^`]*)`", text)
    shown = [shlex.split(command.replace("…", ""))[1:] for command in inline]
    for words in [*shown, *(words for words, _ in commands(page))]:
        command = get_command(app)
        while hasattr(command, "list_commands") and words:
            assert words[0] in command.list_commands(None), words
            command, words = command.get_command(None, words[0]), words[1:]
        known = {option for one in command.params for option in one.opts} | {"--help"}
        assert {word for word in words if re.match(r"--\w", word)} <= known, words


def test_a_wrong_option_or_output_is_seen(tmp_path, capsys, monkeypatch):
    page = tmp_path / "page.md"
    page.write_text("Try `equipoise test counts.csv --fats`.\n")
    with pytest.raises(AssertionError):
        test_commands_are_known_with_their_options(page)
    page.write_text("```console\n$ equipoise --version\nequipoise 99\n```\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(AssertionError):
        check_commands(page, capsys, fast=True)
    page.write_text("```console\n$ equipoise --version\nequipoise ...\n```\n")
    check_commands(page, capsys, fast=True)
    page.write_text("```{note} Mind\nthis\n```\n\n    equipoise test nothing.csv\n")
    with pytest.raises(AssertionError):
        check_commands(page, capsys, fast=True)
    page.write_text(NOT_RUN + page.read_text())
    check_commands(page, capsys, fast=True)
    page.write_text("```python\nprint(1 + 1)\n```\n\n```text\n3\n```\n")
    with pytest.raises(AssertionError):
        check_python(page, capsys)


def test_the_first_readme_example_runs_on_the_fast_path(capsys, monkeypatch):
    monkeypatch.setattr(equipoise, "test", partial(equipoise.test, fast=True))
    example = next(text for kind, text in blocks(ROOT / "README.md") if kind == "python")
    exec(compile(example, "README.md", "exec"), {})
    assert "Non-reversible, very strong" in capsys.readouterr().out
    assert len(example.strip().splitlines()) <= 12


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_run_on_the_fast_path(page, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    prepared(tmp_path)
    check_commands(page, capsys, fast=True)


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_runs_as_it_stands(page, capsys, monkeypatch, tmp_path):
    """By MCMC: a minute and more."""
    monkeypatch.chdir(tmp_path)
    prepared(tmp_path)
    names = check_python(page, capsys)
    if page.name == "README.md" and "again" in names:
        assert (tmp_path / "run.nc").stat().st_size > 100_000
        assert equipoise.summary(names["again"]) == equipoise.summary(names["result"])
    check_commands(page, capsys, fast=False)
