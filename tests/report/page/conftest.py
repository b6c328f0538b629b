"""Pages, made once, and a browser where there is one."""

import os
import shutil
from functools import cache

import pytest

from equipoise.report import html

# As root there is no sandbox; the rest keeps Chromium from looking for the outside world.
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def page(result):
    """Return the page of a result by its name."""
    return cache(lambda name: html(result(name)))


# Playwright keeps an event loop running until it is closed: not beyond the tests of one file.
@pytest.fixture(scope="module")
def browser():
    """Start headless Chromium: EQUIPOISE_CHROMIUM, or the first one found on the path."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    names = ("chromium", "chromium-browser", "google-chrome")
    path = os.environ.get("EQUIPOISE_CHROMIUM") or next(filter(None, map(shutil.which, names)), "")
    if not path:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=path, args=_ARGUMENTS, timeout=300_000)
        yield chromium
        chromium.close()
