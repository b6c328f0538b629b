"""The summary in plain text: what a referee reads line by line."""

from equipoise.inference.balance import BalanceTest
from equipoise.report.evidence import evidence_lines
from equipoise.report.exact import exact_lines
from equipoise.report.facts import (
    Facts,
    assumed,
    data,
    method,
    size_of_violation,
    testability,
)
from equipoise.report.layout import INDENT, entry, wrap
from equipoise.report.tables import cycle_lines, potential_lines


def summary(result: BalanceTest) -> str:
    """Return the result in words and tables: plain text, lines of at most 100 columns.

    The verdict comes first (whether it may be trusted, before all else), then the data, whether
    they can test balance, the evidence with its error and sensitivity, the size of the violation,
    the potential, the worst cycles, what was assumed, and how it was computed. Digits end about
    where Monte Carlo error begins. State names are not trusted: control characters are escaped.

    Parameters
    ----------
    result
        From :func:`equipoise.test`.

    Returns
    -------
    str
        Without a line feed at its end.
    """
    sections = (
        wrap(result.verdict.text),
        _lines(data(result)),
        _lines(testability(result)),
        evidence_lines(result),
        exact_lines(result),
        _lines(size_of_violation(result)),
        potential_lines(result),
        cycle_lines(result),
        _lines(assumed(result)),
        _lines(method(result)),
    )
    return "\n\n".join("\n".join(section) for section in sections if section)


def _lines(facts: Facts) -> list[str]:
    lines = [f"{facts.title}  {facts.note}" if facts.note else facts.title]
    for name, text in facts.entries:
        lines += entry(name, text)
    for remark in facts.remarks:
        lines += wrap(remark, indent=INDENT)
    return lines
