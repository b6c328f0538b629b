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
    if result.exact is None or result.exact.on_tree:
        return lines + [x for name, text in exact_entries(result) for x in entry(name, text)]
    for name, text in exact_entries(result):
        lines.append(" " * INDENT + f"{name:<14} {text}")
    return lines + wrap(
        "These priors are not those of the evidence above, and nothing in them is learned: the two "
        "log Bayes factors need not agree. Where their signs differ, the prior decides.",
        indent=INDENT,
    )


def exact_entries(result: BalanceTest) -> list[tuple[str, str]]:
    """Return the same by name, numbers aligned; nothing for draws."""
    if result.counts.protocol != "trajectory":
        return []
    evidence = result.exact
    if evidence is None:
        why = result.exact_refusal or "the result was concluded without it"
        return [("log BF", f"not given: {why}.")]
    if evidence.on_tree:
        return [("log BF", "0 by construction: no cycle, so that both hypotheses are one")]
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
    return [
        ("log BF", f"{factor}   their difference; above 0 favours balance"),
        ("balance", f"{balance}   reinforced walk, every edge and loop of weight {weight}"),
        ("unrestricted", f"{rival}   Dirichlet rows of matched strength"),
    ]
