"""What stands in the report, section by section, in the order a referee reads."""

import json
from collections.abc import Callable
from platform import python_version

from equipoise.inference.diagnosis import Diagnosis
from equipoise.inference.posterior.backends import Backend
from equipoise.io.metadata import thaw_metadata
from equipoise.report.baselines import what_is_wrong
from equipoise.report.bibliography import cited
from equipoise.report.caveats import caveats, warnings
from equipoise.report.citation import cite
from equipoise.report.evidence import evidence_beside, headline
from equipoise.report.exact import exact_entries
from equipoise.report.facts import assumed, data, method, size_of_violation, testability
from equipoise.report.methods import methods, versions
from equipoise.report.page import words
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
from equipoise.report.page.matrix import count_matrix
from equipoise.report.page.pictures import picture
from equipoise.report.printed import (
    asked_table,
    baseline_table,
    current_table,
    cycle_table,
    edge_table,
    least_action_table,
    potential_table,
    sensitivity_table,
)
from equipoise.report.sampling_checks import blind_entries, checked_facts
from equipoise.report.tables import SEVERAL, bound_notes, potential_caveats
from equipoise.report.violation import named_entries, rate_facts
from equipoise.text import printable

_MOST, _WIDTH = 60, 40
_STEPS = "Grey bands end at ±1, ±3 and ±5 nats."
_CEILING = (
    " The green mark is the ceiling: what these trials would give had the counts equalled their "
    "reversible fit."
)
_PRIOR = "No cycle is testable, so this tells how the priors fit, not whether balance holds."
#: What computes, beside NumPy and SciPy, by what runs the chains.
_ENGINES: dict[Backend | None, tuple[str, ...]] = {
    None: (),
    "numpy": ("arviz",),
    "nutpie": ("arviz", "numba", "nutpie", "pymc", "pytensor"),
    "numpyro": ("arviz", "jax", "numpyro", "pymc", "pytensor"),
}


def verdict(found: Diagnosis) -> Section:
    """Give the verdict, whether it may be trusted before all else, and the violation's size."""
    result = found.result
    blocks: list[Block] = [Words(warning, "warning") for warning in warnings(found)]
    blocks.append(Words(result.verdict.text, "verdict" if result.verdict.trusted else "warning"))
    blocks += [Words(caveat, "warning") for caveat in caveats(found)]
    blocks += facts_blocks(size_of_violation(result), "Size of the violation")
    return Section("verdict", "Verdict", tuple(blocks))


def counted(found: Diagnosis) -> Section:
    """Say what was counted, and whether it can test balance."""
    result = found.result
    blocks: list[Block] = [Entries(data(result).entries), count_matrix(result.counts)]
    said = sorted(thaw_metadata(result.counts.metadata).items())
    if said:
        pairs = tuple((printable(name, 30), printable(_plain(value), 300)) for name, value in said)
        blocks.append(Entries(pairs, "As said with the data"))
    blocks += facts_blocks(testability(result), "Can these counts test balance?")
    return Section("data", "Data", tuple(blocks))


def model(found: Diagnosis) -> Section:
    """Say what was assumed."""
    result = found.result
    return Section("model", "Model and assumptions", facts_blocks(assumed(result)))


def evidence(found: Diagnosis) -> Section:
    """Give the log Bayes factor, its curve, and what stands beside it."""
    result = found.result
    from equipoise.plots import plot_evidence

    best = result.verdict.ceiling
    marked = _CEILING if best is not None and best.distrust is None else ""
    steps = _STEPS + marked if result.graph.n_testable_cycles else _PRIOR
    blocks: list[Block] = [Entries(tuple(headline(result)))]
    if result.graph.n_cycles and result.converged:
        blocks.append(
            picture(
                plot_evidence,
                result,
                "Curve of the log Bayes factor against the size of the cycles.",
                "Log Bayes factor at fixed σ_c (line; the band is two Monte Carlo errors) and "
                f"averaged over σ_c ~ HalfNormal(τ) (diamonds). {steps}",
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


def potential(found: Diagnosis) -> Section:
    """Show the potential of every state, as a ladder and a table."""
    result = found.result
    from equipoise.plots import plot_log_ratio, plot_potential

    table = potential_table(result, _MOST, _WIDTH)
    said = words.of_potential(result)
    blocks: list[Block] = [] if said is None else [Words(said)]
    blocks += [Words(note) for note in potential_caveats(result)]
    blocks.append(
        picture(
            plot_potential,
            result,
            "Ladder of the states by potential, with intervals.",
            "Potential of the states given balance, lowest (most preferred) at the bottom: "
            "posterior mean and 95 % interval, or the one-sided bound that the counts allow."
            f"{words.of_trust(result)}",
        )
    )
    blocks.append(
        picture(
            plot_log_ratio,
            result,
            "Observed log-ratio of every edge against its difference of potential.",
            words.of_log_ratios(result),
        )
    )
    blocks.append(Shown(table))
    below = bound_notes(result.potential)
    below += [SEVERAL] if result.graph.n_components > 1 else []
    blocks += [Words(note) for note in below]
    return Section("potential", "Potential", tuple(blocks))


def sampling(found: Diagnosis) -> Section:
    """Say whether the trials may be taken as independent draws from one kernel."""
    blocks = list(facts_blocks(checked_facts(found)))
    if blind := blind_entries(found):
        heading = "Not checkable"
        blocks.append(Entries(blind, heading, "not a fault: what these need is not in the counts"))
    return Section("sampling", "Checks of the sampling", tuple(blocks))


def violation(found: Diagnosis) -> Section:
    """Show the cycles and edges that break balance worst."""
    from equipoise.plots import plot_cycles, plot_network

    result, broken = found.result, found.violation
    shown = broken.size is not None and broken.distrust is None
    if broken.size is None:
        text = "No cycle is testable: where balance breaks, these counts cannot tell."
        blocks: list[Block] = [Words(text)]
    elif broken.distrust is not None:
        blocks = [Words(f"Withheld: {broken.distrust}.", "warning")]
    else:
        blocks = [
            Words(words.of_violation(result)),
            Entries(tuple(named_entries(broken))),
            picture(
                plot_cycles,
                broken,
                "The worst cycles as rings, with their affinities.",
                "The worst testable cycles, each clockwise in the direction in which it runs "
                "rather than back: posterior mean of the affinity and 95 % interval, nats. Grey "
                "where the interval holds 0.",
            ),
            Shown(cycle_table(broken, _MOST // 3, _WIDTH)),
            *([Shown(asked_table(broken, _WIDTH))] if broken.asked else []),
        ]
    blocks.append(
        picture(
            plot_network,
            result,
            "The states at their potential, joined by edges, with arrows along c.",
            words.of_network(result),
        )
    )
    if shown:
        blocks.append(Shown(edge_table(result, _MOST // 2, _WIDTH)))
    return Section("violation", "Where balance breaks", tuple(blocks))


def flows(found: Diagnosis) -> Section | None:
    """Show the net currents, and the entropy production beside what it would be under balance."""
    from equipoise.plots import plot_entropy_production

    broken = found.violation
    if broken.size is None or broken.distrust is not None:
        return None
    blocks = list(facts_blocks(rate_facts(broken)))
    if broken.entropy_production is not None:
        blocks.insert(
            0,
            picture(
                plot_entropy_production,
                broken,
                "Posterior of the entropy production beside what its mean would be under balance.",
                "Posterior of the entropy production, and what its mean (dashed line) would be "
                "from tables like this one had balance held. The lowest fiftieth of either is not "
                "shown.",
            ),
        )
        blocks.append(Shown(current_table(broken, _MOST // 3, _WIDTH)))
    return Section("flows", "Currents and entropy production", tuple(blocks))


def baselines(found: Diagnosis) -> Section:
    """Show what simpler methods say, and what each gets wrong."""
    if found.baselines is None:
        return Section("baselines", "Baselines", (Words(f"Not computed: {found.no_baselines}"),))
    return Section(
        "baselines",
        "Baselines",
        (
            Shown(baseline_table(found.baselines)),
            Shown(least_action_table(found.baselines.least_action, _MOST, _WIDTH)),
            Entries(tuple(what_is_wrong(found.baselines)), "What each gets wrong"),
        ),
    )


def diagnostics(found: Diagnosis) -> Section:
    """Say how it was computed, and how far that may be trusted."""
    result = found.result
    facts = method(result)
    kept = tuple(pair for pair in facts.entries if pair[0] not in ("run", "terms"))
    blocks: list[Block] = [Entries(kept)]
    if result.distrust is not None:
        blocks.insert(0, Words(f"Not to be trusted: {result.distrust}.", "warning"))
    return Section("diagnostics", "Computation and diagnostics", tuple(blocks))


def sensitivity(found: Diagnosis) -> Section:
    """Give the log Bayes factor under every setting tried."""
    result = found.result
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


def paragraph(found: Diagnosis) -> Section:
    """Write a methods paragraph to copy, generated from what was done."""
    return Section("methods", "Methods paragraph", (Methods(methods(found)),))


def references(found: Diagnosis) -> Section:
    """List the sources that the methods paragraph cites; in BibTeX the software too."""
    sources = cited(key for sentence in methods(found) for key in sentence.keys)
    return Section("references", "References", (References(sources, cite(found)),))


def provenance(found: Diagnosis) -> Section:
    """Give versions and seed: what is needed to compute this again, and no more."""
    result = found.result
    engine = (result.findings.backend or "nutpie") if result.findings.method == "path" else None
    seed = "none: not reproducible" if result.random_seed is None else str(result.random_seed)
    pairs = [("seed", seed), ("computed in", f"{result.seconds:.1f} s")]
    pairs.append(("Python", python_version()))
    names = ("equipoise", "numpy", "scipy", *_ENGINES[engine], "matplotlib")
    pairs += versions(names).items()
    return Section("versions", "Versions and seed", (Entries(tuple(pairs)),))


def _plain(value: object) -> str:
    """Return what was said with the data as text: text as it is, all else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


#: The report, in order: each returns a section, or None where it has nothing to say.
SECTIONS: tuple[Callable[[Diagnosis], Section | None], ...] = (
    verdict,
    counted,
    sampling,
    model,
    evidence,
    potential,
    violation,
    flows,
    baselines,
    diagnostics,
    sensitivity,
    paragraph,
    references,
    provenance,
)
