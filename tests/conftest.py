"""Shared fixtures."""

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

import pytest

import equipoise
from equipoise import datasets
from equipoise.counts import TransitionCounts

HERE = Path(__file__).parent
# What these folders share is made once a process: compiled models, results to present.
TOGETHER = {"mcmc": "pymc", "models": "pymc", "report": "presented", "plots": "presented"}
# These begin first. A long file that began last would run while other processes wait.
LONG = (
    "mcmc",
    "models",
    "report",
    "plots",
    "inference/comparison",
    "inference/sparse",
    "inference/planning",
    "inference/calibration",
    "inference/test_balance.py",
    "test_examples.py",
    "test_pages.py",
    "test_parallel.py",
    "sampling",
    "cli",
)


def place(path: Path) -> int:
    """Return where among the long ones a file stands; behind all of them if it is none."""
    inside = path.relative_to(HERE)
    return next((k for k, part in enumerate(LONG) if inside.is_relative_to(part)), len(LONG))


def pytest_collection_modifyitems(items):
    """Put the long ones first; pytest-xdist keeps the order with `--no-loadscope-reorder`."""
    items.sort(key=lambda item: place(item.path))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Give a process a whole file, or folders that share much (`--dist loadfile`)."""
    if config.getvalue("dist") != "loadfile":
        return None
    # Marks of `--dist loadgroup` are lost with pytest 9.2: every test would go its own way.
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            file = nodeid.partition("::")[0]
            folder = (config.rootpath / file).relative_to(HERE).parts[0]
            return TOGETHER.get(folder, file)

    return Together(config, log)


@pytest.fixture(scope="session")
def alofi() -> TransitionCounts:
    return datasets.alofi_rain()


@pytest.fixture(scope="session")
def weekday() -> TransitionCounts:
    return datasets.smollm2_weekday()


@pytest.fixture(scope="session")
def claude() -> TransitionCounts:
    return datasets.claude_4()


@pytest.fixture(scope="session")
def gemini() -> TransitionCounts:
    return datasets.gemini_2_5_flash()


@dataclass(frozen=True)
class SavedRun:
    """A run by MCMC on the rain on Alofi: its file, and what it said before it was saved."""

    path: Path
    summary: str
    json: str


@pytest.fixture(scope="session")
def saved_run(alofi, tmp_path_factory) -> SavedRun:
    """Sample and save once, in whichever process comes first."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # of all workers
    path, text, json = (folder / f"alofi.{ending}" for ending in ("nc", "txt", "json"))
    with (folder / "alofi.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            result = equipoise.test(alofi, random_seed=1)
            text.write_text(equipoise.summary(result), encoding="utf-8")
            json.write_text(equipoise.to_json(result), encoding="utf-8")
            equipoise.save(result, path)
    return SavedRun(path, text.read_text(encoding="utf-8"), json.read_text(encoding="utf-8"))
