"""``equipoise doctor``: what is installed, what works, what is missing and how to get it."""

import os
import platform
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.util import cache_from_source, find_spec
from pathlib import Path
from typing import Annotated

import typer

from equipoise.cli import console
from equipoise.report.layout import entry, table, wrap

# Extra: what it is for, and the modules that it brings. Extras of developers are left out.
_EXTRAS = {
    "jax": ("NUTS through JAX, on a GPU if there is one", ("jax", "numpyro")),
    "dask": ("calibration and bootstrap on many machines", ("distributed",)),
    "local": ("small language models on this machine", ("xllamacpp",)),
    "providers": ("other providers of language models", ("pydantic_ai",)),
}
_ENGINES = ("nutpie", "numba", "pymc")
# Packages large enough that starting without bytecode is felt.
_LARGE = ("numpy", "scipy", "pandas", "pymc", "pytensor", "numba", "anthropic", "equipoise")
_COMPILED = 0.9
_LEAST_MEMORY = 2.0


@dataclass(frozen=True)
class Need:
    """A package that Equipoise, or an extra of it, asks for.

    Attributes
    ----------
    name
        Of the package.
    wanted
        Versions asked for, such as ``">=2.12,<3"``.
    found
        The version installed; None where there is none.
    extras
        Of the package, in brackets, such as ``"[openai]"``; or nothing.
    """

    name: str
    wanted: str
    found: str | None
    extras: str = ""

    @property
    def right(self) -> bool:
        """Whether it is there in a version asked for."""
        return self.found is not None and satisfies(self.found, self.wanted)


def needs(extra: str | None = None) -> list[Need]:
    """Return what Equipoise's own metadata asks for, without an extra or for one.

    Raises
    ------
    PackageNotFoundError
        If Equipoise was never installed.
    """
    asked = []
    for line in requires("equipoise") or []:
        requirement, _, marker = line.partition(";")
        belongs = re.search(r"extra == ['\"]([\w-]+)['\"]", marker)
        if (belongs[1] if belongs else None) != extra:
            continue
        found = re.findall(r"^([\w.-]+)(\[[^]]*\])?\s*(.*)$", requirement.strip())
        for name, extras, wanted in found:
            asked.append(Need(name, wanted.strip("() "), _installed(name), extras))
    return asked


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def satisfies(found: str, wanted: str) -> bool:
    """Say whether a version lies between the bounds asked for; only ``>=`` and ``<`` are read."""
    bounds = re.findall(r"(>=|<)\s*([\d.]+)", wanted)
    return all(
        _order(found) >= _order(bound) if sign == ">=" else _order(found) < _order(bound)
        for sign, bound in bounds
    )


def _order(text: str) -> tuple[int, ...]:
    leading = re.split(r"[^\d.]", text, maxsplit=1)[0]
    parts = [int(part) for part in re.findall(r"\d+", leading)]
    return tuple(parts + [0] * (4 - len(parts)))


def compiled_share(package: str) -> float | None:
    """Return the share of a package's files whose bytecode is there; None without the package."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    files = [
        path for place in spec.submodule_search_locations for path in Path(place).rglob("*.py")
    ]
    files = [path for path in files if "tests" not in path.parts]
    there = sum(Path(cache_from_source(str(path))).exists() for path in files)
    return there / max(len(files), 1)


def free_memory() -> float | None:
    """Return the memory that programs may still take, GiB; None where that is not told."""
    try:
        told = Path("/proc/meminfo").read_text(encoding="ascii")
    except OSError:
        return None
    found = re.search(r"MemAvailable:\s+(\d+) kB", told)
    return int(found[1]) / 2**20 if found else None


def loads(modules: Sequence[str]) -> Mapping[str, str | None]:
    """Import modules; return for each None, or why it cannot be imported, in words."""
    found: dict[str, str | None] = {}
    for name in modules:
        try:
            import_module(name)
        except (ImportError, OSError, RuntimeError, AttributeError) as error:
            found[name] = console.one_line(error) or type(error).__name__
        else:
            found[name] = None
    return found


def doctor(
    load: Annotated[
        bool,
        typer.Option(
            "--load",
            help="Import what runs the models too, which takes some seconds, and say what fails "
            "and what JAX computes on.",
        ),
    ] = False,
) -> None:
    """Say what is installed, what is missing, and how to get it.

    Versions, compilers, backends, whether Python's bytecode is compiled, memory and cores.
    """
    lines: list[str] = []
    missing = _packages(lines)
    _extras(lines)
    if load:
        missing += _loaded(lines)
    _machine(lines)
    _language_models(lines)
    head = ["All that Equipoise needs is here."]
    if missing:
        head = [f"Equipoise is not complete: {len(missing)} to mend.", ""]
        head += [line for what in missing for line in wrap(f"- {what}", hang=2)]
    console.write("\n".join([*head, "", *lines]))
    raise typer.Exit(console.UNTRUSTED if missing else 0)


def _packages(lines: list[str]) -> list[str]:
    """Tell what is needed and there; return what is not."""
    lines += ["Needed"]
    lines += entry("python", f"{platform.python_version()}, {sys.executable}")
    try:
        asked = needs()
    except PackageNotFoundError:
        lines += entry("equipoise", "not installed")
        return ["Equipoise is not installed: pip install . in its repository."]
    lines += entry("equipoise", version("equipoise"))
    rows = [[need.name, need.found or "missing", need.wanted] for need in asked]
    lines += table([["package", "here", "asked for"], *rows], right=[False] * 3)
    wrong = [need for need in asked if not need.right]
    missing = []
    for need in wrong:
        lacks = "missing" if need.found is None else f"here as {need.found}"
        missing.append(
            f"{need.name} is {lacks}: pip install '{need.name}{need.extras}{need.wanted}', or make "
            "environment in a clone."
        )
    return missing


def _extras(lines: list[str]) -> None:
    """Tell which extras are there. None is needed."""
    lines += ["", "Extras  none of them is needed"]
    rows = [["extra", "for", "here"]]
    for extra, (what, _) in _EXTRAS.items():
        asked = _asked_by(extra)
        right = bool(asked) and all(need.right for need in asked)
        here = ", ".join(f"{need.name} {need.found}" for need in asked)
        wanted = " ".join(f"'{need.name}{need.extras}{need.wanted}'" for need in asked)
        rows.append([extra, what, here if right else f"no: pip install {wanted}"])
    lines += table(rows, right=[False] * 3)
    lines += wrap("pip is uv pip in an environment that uv made.", indent=2)


def _asked_by(extra: str) -> list[Need]:
    try:
        return needs(extra)
    except PackageNotFoundError:
        return []


def _loaded(lines: list[str]) -> list[str]:
    """Import the engines and what extras are there; return which engines do not load."""
    lines += ["", "Loaded"]
    extra = [name for _, modules in _EXTRAS.values() for name in modules if find_spec(name)]
    said = loads([*_ENGINES, *extra])
    for name, failure in said.items():
        lines += entry(name, failure or "loads")
    if said.get("jax", "") is None:
        jax = import_module("jax")
        lines += entry("JAX uses", ", ".join(sorted({d.platform for d in jax.devices()})))
    return [
        f"{name} does not load ({said[name]}): install it anew."
        for name in _ENGINES
        if said[name] is not None
    ]


def _machine(lines: list[str]) -> None:
    """Tell of compilers, bytecode, memory and cores."""
    lines += ["", "This machine"]
    compiler = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    lines += entry(
        "C compiler", f"{compiler or 'none'}; not needed, Numba compiles what is compiled"
    )
    shares = {name: compiled_share(name) for name in _LARGE}
    poor = [name for name, share in shares.items() if share is not None and share < _COMPILED]
    if poor:
        place = Path(find_spec(poor[0]).submodule_search_locations[0])  # type: ignore[union-attr, index]
        said = (
            f"not compiled: {', '.join(poor)}; every start takes two to four times as long. "
            f"{sys.executable} -m compileall -q {place.parent}"
        )
        if os.environ.get("PYTHONDONTWRITEBYTECODE"):
            said += "; PYTHONDONTWRITEBYTECODE is set, which keeps Python from writing it"
    else:
        said = "compiled"
    lines += entry("bytecode", said)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    threads = os.environ.get("OMP_NUM_THREADS")
    lines += entry("cores", f"{cores}" + (f"; OMP_NUM_THREADS={threads}" if threads else ""))
    memory = free_memory()
    if memory is not None:
        few = "; MCMC may need more" if memory < _LEAST_MEMORY else ""
        lines += entry("free memory", f"{memory:.1f} GiB{few}")


def _language_models(lines: list[str]) -> None:
    """Tell what `equipoise collect` could ask; keys are never shown."""
    from equipoise.sampling.clients.models import MODELS, is_fetched

    lines += ["", "Language models  for equipoise collect"]
    key = "set" if os.environ.get("ANTHROPIC_API_KEY") else "not set: only local and simulated"
    lines += entry("API key", f"ANTHROPIC_API_KEY is {key}")
    for model in MODELS.values():
        here = "here" if is_fetched(model) else f"not here: equipoise fetch {model.name}"
        lines += entry(model.name, f"{here} ({model.megabytes} MB)")
