"""The site as built: warnings are errors, code is run, nothing is asked of a network."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_the_site_builds_without_a_warning_and_reads_offline(tmp_path):
    """Minutes where nothing is kept from an earlier build: pages and examples are computed."""
    pytest.importorskip("sphinx", reason="the extra docs is not installed: make docs")
    out = tmp_path / "html"
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-W", "--keep-going", "-n", "-q"]
    subprocess.run([*command, "docs", str(out)], cwd=ROOT, env={**os.environ}, check=True)
    assert (out / "_static" / "mathjax" / "tex-chtml.js").stat().st_size > 500_000
    pages = list(out.rglob("*.html"))
    assert len(pages) > 60
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert not re.findall(r'<(?:script|link|img)[^>]+(?:src|href)="(?:https?:)?//', text), page
        assert "Traceback (most recent call last)" not in text, page
    evidence = (out / "mathematics" / "evidence.html").read_text(encoding="utf-8")
    assert r"\frac{\mathrm{d}\log Z}{\mathrm{d}\log\sigma_c}" in evidence
    commands = (out / "commands.html").read_text(encoding="utf-8")
    assert "Usage: equipoise calibrate run" in commands
