"""Sections put into the template: the one place where text becomes HTML."""

from collections.abc import Callable, Sequence

from equipoise.inference.balance import BalanceTest
from equipoise.report.bibliography import SOURCES
from equipoise.report.page.blocks import Section
from equipoise.text import printable


def html(
    result: BalanceTest,
    *,
    title: str | None = None,
    sections: Sequence[Callable[[BalanceTest], Section | None]] | None = None,
) -> str:
    """Return the report of a result as one self-contained HTML page.

    No script, no network: figures are data inside it, and its content policy forbids everything
    else. State names and everything said with the data are not trusted: they are escaped, control
    characters and bidirectional overrides are made visible. Long tables are cut;
    :mod:`equipoise.report.records` has all rows.

    Parameters
    ----------
    result
        From :func:`equipoise.test`.
    title
        Of the page; default: what the data are called, if they say so.
    sections
        Functions that return a section each, or None; default: ``SECTIONS`` of
        :mod:`equipoise.report.page.sections`.

    Returns
    -------
    str
        The page, UTF-8. Nothing is written.
    """
    # Not at module level: neither is needed before a report is.
    from jinja2 import Environment, PackageLoader, StrictUndefined

    from equipoise import __version__
    from equipoise.report.page.sections import SECTIONS

    environment = Environment(
        loader=PackageLoader("equipoise.report.page", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found = [make(result) for make in (SECTIONS if sections is None else sections)]
    named = (
        title or result.counts.metadata.get("title") or "Detailed balance of counted transitions"
    )
    return environment.get_template("page.html").render(
        title=printable(named, 120),
        sections=[section for section in found if section is not None],
        sources=SOURCES,
        version=__version__,
    )
