"""Pages of several sections, each written by the script that measured it."""

from pathlib import Path

from benchmarks.tables import Section, markdown

SCALE = Path(__file__).with_name("scale.md")


def put(section: Section, page: Path = SCALE) -> None:
    """Write a section in the place of the one of the same title, or at the end."""
    head, *known = page.read_text(encoding="utf-8").rstrip("\n").split("\n## ")
    text = markdown(section).rstrip("\n").removeprefix("## ") + "\n"
    titles = [part.split("\n", 1)[0] for part in known]
    if section.title in titles:
        known[titles.index(section.title)] = text
    else:
        known.append(text)
    whole = "\n## ".join([head.rstrip("\n") + "\n", *(part.rstrip("\n") + "\n" for part in known)])
    page.write_text(whole, encoding="utf-8")
