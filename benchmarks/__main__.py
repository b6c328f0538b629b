"""Measure, print, and write `results.md`: `python -m benchmarks`."""

import argparse
import os
import platform
from pathlib import Path

from benchmarks import breakdown, growth
from benchmarks.tables import Section, markdown

RESULTS = Path(__file__).with_name("results.md")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--repeats", type=int, default=5, help="runs behind each median")
    repeats = parser.parse_args().repeats
    sections: list[Section] = [*breakdown.measure(repeats), *growth.measure(repeats)]
    text = "\n".join(
        [
            "# Results",
            "",
            f"{os.cpu_count()} cores, one thread used; Python {platform.python_version()}. Written "
            "by `python -m benchmarks`; README.md says what is measured. Trust the ratios, not "
            "the seconds, which depend on the machine and on what else it does.",
            "",
            *(markdown(section) for section in sections),
        ]
    )
    RESULTS.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
