"""Sentences of the page that hang on the verdict: what a figure is to be read as."""

import numpy as np

from equipoise.inference.balance import BalanceTest

_NO_FINDING = (
    "What follows is given the cyclic hypothesis: violations that the counts leave room for, not "
    "findings."
)


def of_potential(result: BalanceTest) -> str | None:
    """Say what the potential is worth under this verdict.

    None where balance is rejected: :func:`equipoise.report.tables.potential_caveats` says it.
    """
    if not result.verdict.trusted:
        return "No verdict can be given, so it is open whether these counts have this potential."
    return {
        "balance": "The counts favour balance, and Φ is the potential that they follow.",
        "undecided": "Whether balance holds is undecided; Φ is the potential if it does.",
        "untestable": "No cycle is testable: a potential fits these counts whatever drives them, "
        "and this is it.",
        "non-reversible": None,
    }[result.verdict.favours]


def of_violation(result: BalanceTest) -> str:
    """Say whether the violations shown are findings."""
    return {
        "balance": f"The counts favour balance. {_NO_FINDING}",
        "undecided": f"Whether balance breaks is undecided. {_NO_FINDING}",
        "non-reversible": "Balance is rejected. Given the cyclic hypothesis, this is where it "
        "breaks, and by how much.",
        "untestable": _NO_FINDING,
    }[result.verdict.favours]


def of_log_ratios(result: BalanceTest) -> str:
    """Say how the picture of the log-ratios is to be read; only of what stands in it."""
    from equipoise.plots.log_ratio import observed_ratios

    ratios = observed_ratios(result)
    testable = np.array([edge.testable for edge in result.edges], dtype=np.bool_)
    shown = testable[ratios.edge] if len(testable) else np.zeros(len(ratios.edge), np.bool_)
    text = (
        "Observed log-ratios against differences of the potential, every edge taken downhill; bars "
        "are 95 %. Under balance all points lie on the line, up to noise"
    )
    rejected = result.verdict.trusted and result.verdict.favours == "non-reversible"
    text += "; here they do not." if rejected else "."
    if ratios.side.any():
        text += (
            " Triangles are one-sided bounds, open ones of edges with no way back, whose "
            "difference is bounded only."
        )
    if not shown.any() and len(shown):
        text += (
            " None lies on a testable cycle, and some potential fits them whatever their counts."
        )
    elif not shown.all():
        text += (
            " Grey points lie on no testable cycle, and some potential fits them whatever their "
            "counts."
        )
    return text + of_trust(result)


def of_network(result: BalanceTest) -> str:
    """Say how the picture of the network is to be read; only of what stands in it."""
    text = "The states at their potential given balance; horizontal positions have no meaning."
    testable = [edge for edge in result.edges if edge.testable] if result.converged else []
    clear = [edge for edge in testable if edge.lower > 0 or edge.upper < 0]
    if clear:
        text += (
            " Arrows run along c, the part of the log-ratio that no potential explains, on edges "
            "where it is clear of 0 (95 % interval); wider and darker where it is larger."
        )
    elif testable:
        text += " On no edge is c, the part that no potential explains, clear of 0 (95 % interval)."
    if len(clear) < len(result.graph.edges):
        lines = "Other lines" if clear else "Lines"
        text += f" {lines} are wider where more transitions were counted"
        dotted = len(testable) < len(result.graph.edges) and result.converged
        text += ", and dotted where they lie on no testable cycle." if dotted else "."
    return text + of_trust(result)


def of_trust(result: BalanceTest) -> str:
    """Say below a figure that the test behind it is not to be trusted; empty where it is."""
    if result.verdict.trusted:
        return ""
    return f" The test is not to be trusted: {result.distrust or 'see the verdict'}."
