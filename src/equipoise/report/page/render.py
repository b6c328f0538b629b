"""Sections put into the template: the one place where text becomes HTML."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from equipoise.inference.balance import BalanceTest
from equipoise.inference.comparison import Comparison
from equipoise.inference.diagnosis import Diagnosis, diagnose
from equipoise.report.bibliography import SOURCES
from equipoise.report.page.about import Made, Pairs, about_comparison, about_test
from equipoise.report.page.blocks import Section
from equipoise.text import listed, printable

_PER_CENT = re.compile(r"(\d) %")
_EITHER = "balance of a kernel, and one potential of all"


def html(
    result: BalanceTest,
    *,
    diagnosis: Diagnosis | None = None,
    title: str | None = None,
    made: Made | None = None,
    sections: Sequence[Callable[[Diagnosis], Section | None]] | None = None,
) -> str:
    """Return the report of a result as one self-contained HTML page.

    No script, no network: figures are data inside it, and its content policy forbids everything
    else. State names and everything said with the data are not trusted: they are escaped, control
    characters and bidirectional overrides are made visible. Long tables are cut;
    :mod:`equipoise.report.records` has all rows.

    Parameters
    ----------
    result : BalanceTest
        From :func:`equipoise.test`.
    diagnosis : Diagnosis, optional
        From :func:`equipoise.diagnose`; default: computed here.
    title : str, optional
        Of the page; default: what the data are called, if they say so, or their file.
    made : Made, optional
        File, date and command for the head of the page, which the result does not know.
    sections : sequence of callable, optional
        Functions that return a section each, or None; default: ``SECTIONS`` of
        :mod:`equipoise.report.page.sections`.

    Returns
    -------
    str
        The page, UTF-8. Nothing is written.
    """
    # Not at module level: it is not needed before a report is.
    from equipoise.report.page.sections import SECTIONS

    beside = diagnose(result, simpler=True) if diagnosis is None else diagnosis
    found = [make(beside) for make in (SECTIONS if sections is None else sections)]
    said = Made() if made is None else made
    called = listed(said.names, 1) if said.names else "counted transitions"
    named = title or result.counts.metadata.get("title") or f"Detailed balance of {called}"
    return _page(named, about_test(result, said), found, "balance")


def comparison_html(
    found: Comparison, *, title: str | None = None, made: Made | None = None
) -> str:
    """Return the report of a comparison as one self-contained HTML page, made as :func:`html`.

    Parameters
    ----------
    found
        From :func:`equipoise.compare`.
    title
        Of the page; default: how many kernels are compared.
    made
        As of :func:`html`.

    Returns
    -------
    str
        The page, UTF-8. Nothing is written.
    """
    from equipoise.report.page.comparison import COMPARISON_SECTIONS

    named = title or f"{len(found.kernels.names):,} kernels compared: one potential or many"
    about = about_comparison(found, Made() if made is None else made)
    return _page(named, about, [make(found) for make in COMPARISON_SECTIONS], _EITHER)


def _typeset(value: Any) -> Any:
    """Set what the terminal takes plainly: a number beside its %, and a minus as such."""
    if type(value) is not str:  # nor what is escaped already
        return value
    return _PER_CENT.sub("\\1\N{NO-BREAK SPACE}%", value).replace("-log π", "−log π")


def _page(title: str, about: Pairs, sections: Sequence[Section | None], favoured: str) -> str:
    # Not at module level: needed by no more than a report.
    from jinja2 import Environment, PackageLoader, StrictUndefined

    from equipoise import __version__

    # Finalised before it is escaped.
    environment = Environment(
        loader=PackageLoader("equipoise.report.page", ""),
        autoescape=True,
        finalize=_typeset,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html").render(
        title=printable(title, 120),
        about=about,
        sections=[section for section in sections if section is not None],
        sources=SOURCES,
        version=__version__,
        favoured=favoured,
    )
