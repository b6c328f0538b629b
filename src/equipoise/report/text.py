"""The summary in plain text: what a referee reads line by line."""

from equipoise.inference.balance import BalanceTest
from equipoise.inference.comparison import Comparison
from equipoise.inference.diagnosis import Diagnosis, diagnose
from equipoise.inference.features import Explanation
from equipoise.inference.sparse import LargeMap, LargeTest
from equipoise.report.caveats import caveats, warnings
from equipoise.report.comparison import comparison_summary
from equipoise.report.evidence import evidence_lines
from equipoise.report.exact import exact_lines
from equipoise.report.facts import (
    assumed,
    data,
    fact_lines,
    method,
    size_of_violation,
    testability,
)
from equipoise.report.features import features_summary
from equipoise.report.large import large_summary
from equipoise.report.layout import wrap
from equipoise.report.sampling_checks import sampling_facts
from equipoise.report.tables import potential_lines
from equipoise.report.violation import violation_lines


def summary(
    result: BalanceTest | Comparison | Explanation | LargeTest | LargeMap,
    diagnosis: Diagnosis | None = None,
) -> str:
    """Return the result in words and tables: plain text, lines of at most 100 columns.

    The verdict comes first (before it, whether it may be trusted, and labels that look like one),
    then the data, how they were drawn, whether they can test balance, the evidence with its error
    and sensitivity, the size of the violation, the potential, where balance breaks, what was
    assumed, and how it was computed. Digits end about where Monte Carlo error begins. State names
    are not trusted: control characters are escaped.

    Parameters
    ----------
    result : BalanceTest or Comparison or Explanation or LargeTest or LargeMap
        From :func:`equipoise.test`, :func:`equipoise.compare`, :func:`equipoise.explain`,
        :func:`equipoise.test_large` or :func:`equipoise.map_large`.
    diagnosis : Diagnosis, optional
        From :func:`equipoise.diagnose`; default: computed here. Of a test only.

    Returns
    -------
    str
        Without a line feed at its end.
    """
    if isinstance(result, Explanation):
        return features_summary(result)
    if isinstance(result, Comparison):
        return comparison_summary(result)
    if isinstance(result, LargeMap):
        return large_summary(result)
    if isinstance(result, LargeTest):
        return large_summary(result.map, result)
    beside = diagnose(result) if diagnosis is None else diagnosis
    sections = (
        *(wrap(warning) for warning in warnings(beside)),
        wrap(result.verdict.text),
        *(wrap(caveat) for caveat in caveats(beside)),
        fact_lines(data(result)),
        fact_lines(sampling_facts(beside)),
        fact_lines(testability(result)),
        evidence_lines(result),
        exact_lines(result),
        fact_lines(size_of_violation(result)),
        potential_lines(result),
        violation_lines(beside.violation),
        fact_lines(assumed(result)),
        fact_lines(method(result)),
    )
    return "\n\n".join("\n".join(section) for section in sections if section)
