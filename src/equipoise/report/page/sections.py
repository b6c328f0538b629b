"""What stands in the report, section by section, in the order a referee reads."""

import json
from collections.abc import Callable
from platform import python_version

from equipoise.inference.balance import BalanceTest
from equipoise.io.metadata import thaw_metadata
from equipoise.report.bibliography import bibtex, cited
from equipoise.report.evidence import evidence_beside, headline
from equipoise.report.exact import exact_entries
from equipoise.report.facts import assumed, data, method, size_of_violation, testability
from equipoise.report.methods import methods, versions
from equipoise.report.page.blocks import (
    Block,
    Entries,
    Methods,
    References,
    Section,
    Shown,
    Words,
    facts_blocks,
)
from equipoise.report.page.pictures import picture
from equipoise.report.printed import (
    cycle_table,
    edge_table,
    potential_table,
    sensitivity_table,
)
from equipoise.report.tables import SEVERAL, bound_notes, potential_caveats
from equipoise.text import printable

_MOST, _WIDTH = 60, 40
_STEPS = (
    "Grey bands end at ±1, ±3 and ±5 nats. The green mark is the ceiling: what these trials would "
    "give had the counts equalled their reversible fit."
)
_PRIOR = "No cycle is testable, so this tells how the priors fit, not whether balance holds."
_COLOURED = (
    "Edges are coloured by c from the higher to the lower state, the part of the log-ratio that no "
    "potential explains. "
)
_PACKAGES = (
    "equipoise",
    "numpy",
    "scipy",
    "numba",
    "pymc",
    "pytensor",
    "nutpie",
    "arviz",
    "matplotlib",
)


def verdict(result: BalanceTest) -> Section:
    """Give the verdict, whether it may be trusted before all else, and the violation's size."""
    blocks: list[Block] = [
        Words(result.verdict.text, "verdict" if result.verdict.trusted else "warning")
    ]
    blocks += facts_blocks(size_of_violation(result), "Size of the violation")
    return Section("verdict", "Verdict", tuple(blocks))


def counted(result: BalanceTest) -> Section:
    """Say what was counted, and whether it can test balance."""
    found = data(result)
    blocks: list[Block] = [Entries(found.entries)]
    said = sorted(thaw_metadata(result.counts.metadata).items())
    if said:
        pairs = tuple((printable(name, 30), printable(_plain(value), 300)) for name, value in said)
        blocks.append(Entries(pairs, "As said with the data"))
    blocks += facts_blocks(testability(result), "Can these counts test balance?")
    return Section("data", "Data", tuple(blocks))


def model(result: BalanceTest) -> Section:
    """Say what was assumed."""
    return Section("model", "Model and assumptions", facts_blocks(assumed(result)))


def evidence(result: BalanceTest) -> Section:
    """Give the log Bayes factor, its curve, and what stands beside it."""
    from equipoise.plots import plot_evidence

    testable = bool(result.graph.n_testable_cycles)
    blocks: list[Block] = [Entries(tuple(headline(result)))]
    if result.graph.n_cycles and result.converged:
        blocks.append(
            picture(
                plot_evidence,
                result,
                "Curve of the log Bayes factor against the size of the cycles.",
                "Log Bayes factor at fixed σ_c (line; the band is two Monte Carlo errors) and "
                f"averaged over σ_c ~ HalfNormal(τ) (diamonds). {_STEPS if testable else _PRIOR}",
            )
        )
        blocks.append(Entries(tuple(evidence_beside(result))))
    exact = exact_entries(result)
    if exact:
        blocks.append(
            Entries(
                tuple(exact),
                "Exact evidence of the path",
                "in closed form, nats; its priors are others, and nothing in them is learned",
            )
        )
    return Section("evidence", "Evidence", tuple(blocks))


def potential(result: BalanceTest) -> Section:
    """Show the potential of every state, as a ladder and a table."""
    from equipoise.plots import plot_log_ratio, plot_potential

    table = potential_table(result, _MOST, _WIDTH)
    notes = [*potential_caveats(result)]
    blocks: list[Block] = [Words(note) for note in notes]
    blocks.append(
        picture(
            plot_potential,
            result,
            "Ladder of the states by potential, with intervals.",
            "Potential of the states given balance, lowest (most preferred) at the bottom: "
            "posterior mean and 95 % interval, or the one-sided bound that the counts allow.",
        )
    )
    blocks.append(
        picture(
            plot_log_ratio,
            result,
            "Observed log-ratio of every edge against its difference of potential.",
            "Observed log-ratios against differences of the potential, every edge taken downhill; "
            "bars are 95 %. Under balance all points lie on the line. Triangles are one-sided "
            "bounds, open ones of edges with no way back, whose difference is bounded only. Grey "
            "points lie on no testable cycle, and some potential fits them whatever their counts.",
        )
    )
    blocks.append(Shown(table))
    below = bound_notes(result.potential)
    below += [SEVERAL] if result.graph.n_components > 1 else []
    blocks += [Words(note) for note in below]
    return Section("potential", "Potential", tuple(blocks))


def violation(result: BalanceTest) -> Section:
    """Show the cycles and edges that break balance most clearly."""
    from equipoise.plots import plot_cycles, plot_network

    shown = bool(result.graph.n_testable_cycles) and result.converged
    if not result.graph.n_testable_cycles:
        text = "No cycle is testable: where balance breaks, these counts cannot tell."
        blocks: list[Block] = [Words(text)]
    elif not result.converged:
        blocks = [Words("Withheld, for it rests on draws that did not converge.", "warning")]
    else:
        blocks = [
            Words(
                "Under the cyclic hypothesis, whatever the verdict: where balance is not rejected, "
                "these are the violations that the counts leave room for, not findings."
            ),
            picture(
                plot_cycles,
                result,
                "The clearest cycles as rings, with their affinities.",
                "The clearest testable cycles, each clockwise in the direction in which it runs "
                "rather than back: posterior mean of the affinity and 95 % interval, nats. Grey "
                "where the interval holds 0.",
            ),
            Shown(cycle_table(result, _MOST // 3, _WIDTH)),
        ]
    blocks.append(
        picture(
            plot_network,
            result,
            "The states at their potential, joined by edges coloured by c.",
            "The states at their potential given balance; horizontal positions have no meaning. "
            f"{_COLOURED if shown else ''}Lines are wider where more transitions were counted, "
            "and dotted where they lie on no testable cycle.",
        )
    )
    if shown:
        blocks.append(Shown(edge_table(result, _MOST // 2, _WIDTH)))
    return Section("violation", "Where balance breaks", tuple(blocks))


def diagnostics(result: BalanceTest) -> Section:
    """Say how it was computed, and how far that may be trusted."""
    facts = method(result)
    kept = tuple(pair for pair in facts.entries if pair[0] not in ("run", "terms"))
    blocks: list[Block] = [Entries(kept)]
    if result.distrust is not None:
        blocks.insert(0, Words(f"Not to be trusted: {result.distrust}.", "warning"))
    return Section("diagnostics", "Computation and diagnostics", tuple(blocks))


def sensitivity(result: BalanceTest) -> Section:
    """Give the log Bayes factor under every setting tried."""
    from equipoise.plots import plot_sensitivity

    if not result.graph.n_cycles or not result.converged:
        why = "both hypotheses are one" if not result.graph.n_cycles else f"{result.distrust}"
        blocks: tuple[Block, ...] = (Words(f"There is nothing to compare: {why}."),)
    else:
        blocks = (
            picture(
                plot_sensitivity,
                result,
                "Log Bayes factor under each setting tried.",
                "Log Bayes factor with one setting changed at a time; the diamond is the headline.",
            ),
            Shown(sensitivity_table(result)),
        )
    return Section("sensitivity", "Priors and sensitivity", blocks)


def paragraph(result: BalanceTest) -> Section:
    """Write a methods paragraph to copy, generated from what was done."""
    return Section("methods", "Methods paragraph", (Methods(methods(result)),))


def references(result: BalanceTest) -> Section:
    """List the sources that the methods paragraph cites."""
    sources = cited(key for sentence in methods(result) for key in sentence.keys)
    return Section("references", "References", (References(sources, bibtex(sources)),))


def provenance(result: BalanceTest) -> Section:
    """Give versions and seed: what is needed to compute this again."""
    seed = "none: not reproducible" if result.random_seed is None else str(result.random_seed)
    pairs = [("seed", seed), ("computed in", f"{result.seconds:.1f} s")]
    pairs.append(("Python", python_version()))
    pairs += versions(_PACKAGES).items()
    return Section("versions", "Versions and seed", (Entries(tuple(pairs)),))


def _plain(value: object) -> str:
    """Return what was said with the data as text: text as it is, all else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


#: The report, in order: each returns a section, or None where it has nothing to say.
SECTIONS: tuple[Callable[[BalanceTest], Section | None], ...] = (
    verdict,
    counted,
    model,
    evidence,
    potential,
    violation,
    diagnostics,
    sensitivity,
    paragraph,
    references,
    provenance,
)
