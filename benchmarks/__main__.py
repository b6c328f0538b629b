"""Measure parts, and write RESULTS.md: `python -m benchmarks [NAME ...]`; without a name, all."""

import argparse
import os
from collections.abc import Callable

from benchmarks import action, breakdown, evidence, growth, samples, startup
from benchmarks.results import keep, write
from benchmarks.tables import Section, markdown

PARTS: dict[str, Callable[[int], list[Section]]] = {
    "samples": samples.measure,
    "evidence": evidence.measure,
    "action": action.measure,
    "startup": startup.measure,
    "stages": breakdown.measure,
    "growth": growth.measure,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(PARTS))
    parser.add_argument("--repeats", type=int, default=5, help="runs behind each median, at most")
    asked = parser.parse_args()
    unknown = [name for name in asked.names if name not in PARTS]
    if unknown:
        parser.error(f"there is no part {unknown[0]!r}; there are {', '.join(PARTS)}")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    for name in asked.names or PARTS:
        sections = PARTS[name](asked.repeats)
        # After each: what was measured is kept, whatever happens to the next.
        keep(name, sections)
        write(list(PARTS))
        print("\n".join(markdown(section) for section in sections), flush=True)


if __name__ == "__main__":
    main()
