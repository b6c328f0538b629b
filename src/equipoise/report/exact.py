"""The exact evidence of one path, in the text summary."""

from equipoise.inference.balance import BalanceTest
from equipoise.report.layout import INDENT, entry, wrap
from equipoise.report.numbers import aligned, fixed

_PLACES = 2


def exact_lines(result: BalanceTest) -> list[str]:
    """Return the exact evidence of a trajectory, or why there is none; nothing for draws."""
    if result.counts.protocol != "trajectory":
        return []
    lines = ["Exact  the path's own evidence in closed form, nats, without Monte Carlo error"]
    evidence = result.exact
    if evidence is None:
        why = result.exact_refusal or "the result was concluded without it"
        return lines + entry("log BF", f"not given: {why}.")
    if evidence.on_tree:
        return lines + entry(
            "log BF", "0 by construction: no cycle, so that both hypotheses are one"
        )
    numbers = aligned(
        [
            fixed(evidence.log_bayes_factor, _PLACES, sign=True),
            fixed(evidence.reinforced, _PLACES, sign=True),
            fixed(evidence.unrestricted_matched, _PLACES, sign=True),
        ]
    )
    width = max(map(len, numbers))
    factor, balance, rival = (number.rjust(width) for number in numbers)
    weight = f"{evidence.edge_weight:g}"
    for name, number, text in (
        ("log BF", factor, "their difference; above 0 favours balance"),
        ("balance", balance, f"reinforced walk, every edge and loop of weight {weight}"),
        ("unrestricted", rival, "Dirichlet rows of matched strength"),
    ):
        lines.append(" " * INDENT + f"{name:<14} {number}   {text}")
    return lines + wrap(
        "These priors are not those of the evidence above, and nothing in them is learned: the two "
        "log Bayes factors need not agree. Where their signs differ, the prior decides.",
        indent=INDENT,
    )
