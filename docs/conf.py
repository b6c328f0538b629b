"""Sphinx: how the documentation is built. `make docs` runs it; `CONTRIBUTING.md` says the rest."""

import hashlib
import re
import shutil
import sys
from importlib.metadata import distribution
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
sys.path.insert(0, str(HERE / "_ext"))

import equipoise  # noqa: E402

project = "Equipoise"
author = "Equipoise developers"
project_copyright = "Equipoise developers, MIT licence"
version = release = equipoise.__version__
language = "en"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "numpydoc",
    "commands",  # these three: docs/_ext
    "public_names",
    "records",
]
# `.py` is for the examples, which are copied here to become pages.
exclude_patterns = [
    "_build",
    "_ext",
    "_templates",
    "conf.py",
    "figures",
    "reference/generated/*.py",
]
templates_path = ["_templates"]

# Pages that compute: run once, kept until they or the source of Equipoise change.
nb_custom_formats = {".py": ["jupytext.reads", {"fmt": "py:percent"}]}
nb_execution_mode = "cache"
nb_execution_raise_on_error = True
nb_execution_show_tb = True
nb_execution_timeout = 1800
nb_execution_in_temp = True
nb_merge_streams = True
nb_number_source_lines = False


def _fingerprint() -> str:
    """Return a name for the source of Equipoise as it is."""
    digest = hashlib.sha256()
    for path in sorted((ROOT / "src").rglob("*")):
        if path.suffix in {".py", ".csv", ".toml"}:
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


computed = HERE / "_build" / "computed" / _fingerprint()
nb_execution_cache_path = str(computed / "notebooks")
console_cache = str(computed / "console")

myst_enable_extensions = ["amsmath", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
myst_dmath_double_inline = True

# Names are found under the name that users import; what is not public is no link.
autosummary_generate = True
autosummary_ignore_module_all = False
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
nitpick_ignore_regex = [("py:.*", ".*")]
suppress_warnings = ["misc.highlighting_failure"]

html_theme = "furo"
html_title = f"Equipoise {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
pygments_style = "friendly"
pygments_dark_style = "monokai"

# MathJax comes from a wheel (extra `docs`), and with it the site reads without a network.
mathjax_path = "mathjax/tex-chtml.js"
mathjax3_config = {
    "chtml": {"mtextInheritFont": True},
    "options": {"enableMenu": False},
}


def _copy_examples() -> None:
    """Copy the scripts of `examples/`, whatever is there, to where pages are looked for."""
    pages = HERE / "examples"
    scripts = {path.name: path for path in (ROOT / "examples").glob("*.py")}
    for path in pages.glob("*.py"):
        if path.name not in scripts:
            path.unlink()
    for name, script in scripts.items():
        page = pages / name
        if not page.exists() or page.read_bytes() != script.read_bytes():
            shutil.copyfile(script, page)


def _copy_mathjax(app: object, exception: Exception | None) -> None:
    """Copy what the pages need of MathJax: the program, its fonts, its licence."""
    if exception is not None:
        return
    found = find_spec("mathjax")
    if found is None or not found.submodule_search_locations:
        raise RuntimeError("no MathJax: `make docs` installs it (extra docs)")
    source = Path(next(iter(found.submodule_search_locations))) / "static" / "mathjax"
    target = Path(app.outdir) / "_static" / "mathjax"  # type: ignore[attr-defined]
    target.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source / "LICENSE", target / "LICENSE")
    shutil.copyfile(source / "es5" / "tex-chtml.js", target / "tex-chtml.js")
    fonts = Path("output", "chtml", "fonts", "woff-v2")
    shutil.copytree(source / "es5" / fonts, target / fonts, dirs_exist_ok=True)
    wheel = distribution("django-static-mathjax")
    (target / "README").write_text(f"MathJax of {wheel.name} {wheel.version}\n", encoding="utf-8")


def _read_pages(app: object, page: str, source: list[str]) -> None:
    """Make CHANGELOG.md a page, its links from the root; put the records behind their list."""
    if page == "changelog":
        text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").replace("](docs/", "](")
        source[0] = re.sub(r"\[([^]]+)\]\(benchmarks/[^)]*\)", r"`\1`", text)
    if page == "checks/README":  # the list that `make slow` writes, and behind it the records
        source[0] += "\n```{check-records}\n```\n"


def setup(app: object) -> None:
    """Copy MathJax when the pages are written, and read the changelog from its place."""
    app.connect("source-read", _read_pages)  # type: ignore[attr-defined]
    app.connect("build-finished", _copy_mathjax)  # type: ignore[attr-defined]


_copy_examples()
