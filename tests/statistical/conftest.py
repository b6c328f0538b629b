"""The record of a statistical check: its figures in `docs/checks/`, beside what they must hold."""

import json
import os
import platform
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy
import pytest
import scipy

import equipoise

CHECKS = Path(__file__).parents[2] / "docs" / "checks"
DIGITS = 6
WIDEST = 250

# A statement, its figure, and the least and greatest that the figure may be (None: any).
Claim = tuple[str, float, float | None, float | None]
Record = Callable[..., list[str]]


@pytest.fixture
def record(request: pytest.FixtureRequest) -> Record:
    """Return a function that writes down a completed check and returns what does not hold.

    To be called once, at the end, whether or not the claims hold: a check that fails shows in the
    figures that are committed, and one that was cut short leaves them as they were.
    """

    def write(
        name: str,
        what: str,
        *,
        settings: Mapping[str, Any],
        claims: list[Claim],
        numbers: Mapping[str, Any],
    ) -> list[str]:
        held = [_claim(claim) for claim in claims]
        content = {
            "check": name,
            "what": what,
            "command": f"make slow ARGS='-k {request.function.__name__}'",
            "versions": {
                "equipoise": equipoise.__version__,
                "numpy": numpy.__version__,
                "python": platform.python_version(),
                "scipy": scipy.__version__,
            },
            "settings": settings,
            "claims": held,
            "numbers": numbers,
        }
        CHECKS.mkdir(parents=True, exist_ok=True)
        text = json.dumps(_rounded(content), ensure_ascii=False, indent=1)
        _replace(CHECKS / f"{name}.json", _short_lines(text) + "\n")
        _write_contents()
        return [f"{claim['statement']}: {claim['value']}" for claim in held if not claim["holds"]]

    return write


def _claim(claim: Claim) -> dict[str, Any]:
    statement, value, least, greatest = claim
    return {
        "statement": statement,
        "value": value,
        "least": least,
        "greatest": greatest,
        "holds": bool(
            (least is None or value >= least) and (greatest is None or value <= greatest)
        ),
    }


def _write_contents() -> None:
    """Write the page that lists the records; again, while another process has added one."""
    listed: set[Path] = set()
    while (files := set(CHECKS.glob("*.json"))) != listed:
        listed = files
        lines = [
            "# Statistical checks",
            "",
            "Figures of the checks in `tests/statistical/`, written by `make slow`, and of",
            "`make calibration`; not by hand.",
            "Each file holds settings, versions, what must hold with its figure, and the numbers.",
            "",
        ]
        for file in sorted(files):
            content = json.loads(file.read_text(encoding="utf-8"))
            held = sum(claim["holds"] for claim in content["claims"])
            lines.append(
                f"- [{file.name}]({file.name}): {content['what']} "
                f"({held} of {len(content['claims'])} statements hold)"
            )
        _replace(CHECKS / "README.md", "\n".join(lines) + "\n")


def _replace(path: Path, text: str) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def _rounded(value: Any) -> Any:
    """Round every number to a few digits, arrays to lists: the record is for people."""
    if isinstance(value, Mapping):
        return {str(key): _rounded(item) for key, item in value.items()}
    if isinstance(value, numpy.ndarray | list | tuple):
        return [_rounded(item) for item in value]
    if isinstance(value, float | numpy.floating):
        return float(f"{value:.{DIGITS}g}")
    return value.item() if isinstance(value, numpy.generic) else value


def _short_lines(text: str) -> str:
    """Put each list or dictionary that holds no other on one line, where it fits on one."""

    def joined(found: re.Match[str]) -> str:
        line = found[1] + re.sub(r"\s+", " ", found[2]).strip() + found[3]
        return line if len(line) < WIDEST else found[0]

    return re.sub(r"([\[{])\n([^][{}]*)([]}])", joined, text)
