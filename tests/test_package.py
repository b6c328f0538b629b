"""The package as a whole: what it exports, what it loads, what its pages say."""

import re
import subprocess
import sys
import types
from pathlib import Path

import equipoise

ROOT = Path(__file__).parents[1]


def test_all_is_every_public_name_and_sorted():
    # subpackages become attributes once imported: only those meant for users are listed
    listed = set(equipoise.__all__)
    public = {
        name
        for name, value in vars(equipoise).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    } - {"import_module", "version", "PackageNotFoundError", "ModuleType"}
    assert public <= listed
    assert all(hasattr(equipoise, name) for name in listed)
    assert equipoise.__all__ == sorted(equipoise.__all__, key=lambda n: (n.islower(), n))


def test_importing_loads_no_heavy_package():
    code = (
        "import sys, equipoise, equipoise.likelihoods\n"
        "equipoise.test(equipoise.datasets.alofi_rain(), draws=100, random_seed=0)\n"
        "heavy = {'pymc', 'pytensor', 'arviz', 'matplotlib', 'anthropic', 'pandas'}\n"
        "heavy |= {'pyarrow', 'xarray', 'h5netcdf'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_plots_load_when_asked_for():
    code = "import equipoise; print(equipoise.plots.plot_potential.__name__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "plot_potential"


def test_python_m_equipoise_is_the_command_line():
    command = [sys.executable, "-m", "equipoise", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert equipoise.__version__ in done.stdout


def test_links_between_pages_lead_somewhere():
    for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text()):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_readme_example_runs(capsys):
    text = (ROOT / "README.md").read_text()
    (example,) = re.findall(r"```python\n(.*?)```", text, flags=re.S)
    exec(compile(example, "README.md", "exec"), {})
    assert "Non-reversible, very strong" in capsys.readouterr().out
    assert len(example.strip().splitlines()) <= 12


def test_nothing_here_names_this_machine():
    pages = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.split("\0")
    for name in filter(None, pages):
        path = ROOT / name
        if path.suffix in {".png", ".csv"} or not path.is_file():
            continue
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"(?<![\w.])/(root|home|work|tmp)/[A-Za-z]", text), name


def test_docstrings_cite_no_page_outside_the_repository():
    for path in (ROOT / "src").rglob("*.py"):
        assert not re.search(r"\(design,|\bdesign, section", path.read_text()), path
