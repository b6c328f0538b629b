"""What a result says in pairs of a name and a sentence: for the text summary and the page alike."""

from collections import Counter
from dataclasses import dataclass
from math import hypot, inf

import numpy as np

from equipoise.inference.balance import BalanceTest
from equipoise.inference.evidence.psis import K_TRUSTED
from equipoise.inference.findings import Findings
from equipoise.inference.posterior.convergence import ESS_TRUSTED, R_HAT_TRUSTED
from equipoise.likelihoods import PairwiseEdges
from equipoise.report.layout import INDENT, entry, wrap
from equipoise.report.numbers import (
    decimals,
    equals,
    error_decimals,
    estimate,
    fixed,
    probability,
    shown_error,
    with_error,
)
from equipoise.text import listed, printable


@dataclass(frozen=True)
class Facts:
    """One section: its title, what the title means, its entries, and remarks below them."""

    title: str
    note: str
    entries: tuple[tuple[str, str], ...]
    remarks: tuple[str, ...] = ()


def fact_lines(facts: Facts) -> list[str]:
    """Return a section as lines of at most 100 columns."""
    lines = [f"{facts.title}  {facts.note}" if facts.note else facts.title]
    for name, text in facts.entries:
        lines += entry(name, text)
    for remark in facts.remarks:
        lines += wrap(remark, indent=INDENT)
    return lines


def data(result: BalanceTest) -> Facts:
    """Say what was counted."""
    title = result.counts.metadata.get("title")
    entries = []
    for line in result.counts.summary().splitlines():
        name, _, text = line.partition("  ")
        entries.append((name, text.strip()))
    return Facts("Data", printable(title, 90) if title else "", tuple(entries))


def testability(result: BalanceTest) -> Facts:
    """Say whether a cycle was seen to close both ways, and which states stand apart."""
    graph = result.graph
    support = (
        f"{_number(graph.n_states, 'state')}, {_number(graph.n_edges, 'edge')}, "
        f"{_number(graph.n_components, 'component')}, so b1 = "
        f"{_number(graph.n_cycles, 'independent cycle')}"
    )
    if graph.n_testable_cycles:
        text = (
            f"yes, b1* = {graph.n_testable_cycles:,} of {graph.n_cycles:,}: cycles among states "
            "seen to lead to each other and back"
        )
    elif graph.n_cycles:
        text = "no, b1* = 0: no cycle lies among states seen to lead to each other and back"
    else:
        text = "no: without a cycle every kernel on this support obeys balance"
    entries = [("support", support), ("testable", text), *_one_way(result)]
    if graph.n_components > 1:
        sizes = Counter(graph.component.tolist())
        parts = ", ".join(f"{sizes[k]:,}" for k in sorted(sizes)[:12])
        more = ", …" if len(sizes) > 12 else ""
        entries.append(("components", f"of {parts}{more} states; nothing is said across them"))
    return Facts("Can these counts test balance?", "", tuple(entries))


def _one_way(result: BalanceTest) -> list[tuple[str, str]]:
    """Name the strongly connected groups, and states left for good, kept or never left."""
    counts, graph = result.counts, result.graph
    found: list[tuple[str, str]] = []
    sizes = Counter(graph.strong.tolist())
    groups = [k for k, size in sorted(sizes.items()) if size > 1]
    if len(sizes) > 1:
        members = [_named(np.flatnonzero(graph.strong == k), result) for k in groups[:4]]
        more = f" and {len(groups) - 4:,} more groups" if len(groups) > 4 else ""
        found.append(("both ways", "; ".join(members) + more if members else "no two states"))
    left, into = graph.strong[np.asarray(graph.arcs).reshape(-1, 2)].T
    transient = np.flatnonzero(np.isin(graph.strong, left[left != into]))
    if len(transient):
        found.append(
            ("transient", f"{_named(transient, result)}: seen to lead on, no way back seen")
        )
    leaving = np.asarray(counts.counts.sum(axis=1)) - counts.self_transitions
    neighbours = np.bincount(np.asarray(graph.edges).ravel(), minlength=graph.n_states)
    stuck = graph.sources & (leaving == 0)
    for name, states, why in (
        ("absorbing", stuck & (neighbours > 0), "trials were made, none of them left"),
        ("isolated", neighbours == 0, "no transition from or to another state"),
        ("no source", ~graph.sources, "no trial began there; can only be reached"),
    ):
        if states.any():
            found.append((name, f"{_named(np.flatnonzero(states), result)}: {why}"))
    return found


def _named(states: np.ndarray, result: BalanceTest) -> str:
    return f"{len(states):,} ({listed(result.graph.states[k] for k in states)})"


def size_of_violation(result: BalanceTest) -> Facts:
    """Say how large the violation is, apart from whether there is one."""
    note = "ρ = sqrt(Σ c²/E), nats: the part of a log-ratio that no potential explains"
    size, graph = result.verdict.size, result.graph
    remark = None
    if not graph.n_cycles:
        remark = "0 by definition: without a cycle nothing is left to explain."
    elif size is None:
        remark = "Not testable: its posterior is set by the priors, not measured."
    elif not result.converged:
        remark = "Withheld, for it rests on the same draws."
    if remark is not None or size is None:
        return Facts("Size", note, (), (remark or "",))
    places = decimals(size.mcse, (size.upper - size.lower) / 4)
    entries = [
        (
            "ρ",
            f"{estimate(size.mean, size.lower, size.upper, places)}, "
            "given the cyclic hypothesis (mean, 95 % interval)",
        )
    ]
    if graph.n_testable_cycles < graph.n_cycles:
        inside = int((graph.strong[graph.edges[:, 0]] == graph.strong[graph.edges[:, 1]]).sum())
        entries.append(
            (
                "over",
                f"the {inside:,} edges among states that lead to each other and back; the other "
                "cycles cannot be tested",
            )
        )
    entries.append(("call", f"{size.call}: P(ρ < {size.rope:g}) {equals(probability(size.below))}"))
    return Facts("Size", note, tuple(entries))


def assumed(result: BalanceTest) -> Facts:
    """Say what was assumed: likelihood, support, protocol, priors."""
    entries: list[tuple[str, str]] = []
    counts, priors, problem = result.counts, result.priors, result.findings.problem
    if isinstance(problem.likelihood, PairwiseEdges):
        text = "pairwise: each edge's transitions split binomially given their sum, exposure N_i"
        out = np.asarray(problem.graph.edges)[problem.likelihood.left_out]
        if len(out):
            names = [f"{counts.states[i]} - {counts.states[j]}" for i, j in out.tolist()]
            text += f"; left out, with an end that was never a source: {listed(names, width=40)}"
    else:
        text = "multinomial: trials from one state are independent and alike"
        if counts.blocks is None:
            text += " (unchecked: no blocks)"
    entries.append(("likelihood", text))
    declared = "the observed and declared support" if counts.support else "the observed support"
    entries.append(("support", f"conditional on {declared}: other pairs have probability 0"))
    if not counts.other.any():
        text = "none: every trial ended in a state"
    elif result.rejected == "drop":
        text = "trials that ended in no state are left out"
    else:
        text = "trials that ended in no state count as staying"
    entries.append(("rejected", text))
    entries.append(
        (
            "protocol",
            "sources chosen, each trial a draw of its own; a path needs --protocol trajectory"
            if counts.protocol == "draws"
            else "trajectory: each step depends on the state it leaves and on nothing before it",
        )
    )
    entries.append(
        (
            "staying",
            "a trial may end where it began"
            if counts.stay
            else "impossible by protocol: no trial ends where it began",
        )
    )
    entries.append(("trials", _trials(result)))
    if priors.scales == "learned":
        entries.append(
            (
                "priors",
                f"V ~ Normal(0, σ_V), σ_V ~ HalfNormal({priors.potential_scale:g}); "
                f"s ~ Normal(μ_s, σ_s), μ_s ~ Normal({priors.symmetric_mean:g}, "
                f"{priors.symmetric_mean_sd:g}), σ_s ~ HalfNormal({priors.symmetric_scale:g}); "
                "scales learned, alike under both hypotheses",
            )
        )
    else:
        entries.append(
            (
                "priors",
                f"V ~ Normal(0, {priors.fixed_potential_sd:g}), "
                f"s ~ Normal({priors.symmetric_mean:g}, {priors.fixed_symmetric_sd:g}); "
                "scales fixed, alike under both hypotheses",
            )
        )
    entries.append(
        (
            "cycles",
            "c ~ Normal(0, σ_c) in the cycle space, σ_c ~ HalfNormal(τ), "
            f"τ = {priors.cycle_scale:g}; the balance hypothesis is c = 0",
        )
    )
    entries.append(("prior odds", "even, wherever a probability of balance is given"))
    return Facts("Assumed", "", tuple(entries))


def _trials(result: BalanceTest) -> str:
    known = result.counts.metadata.get("trials")
    if known == "imputed":
        return (
            "imputed, not observed: how often a reply was no state is a guess, and rates of leaving"
            " a state, hence Φ, depend on it"
        )
    if known == "observed":
        return "observed: every trial was counted, failed ones too"
    return "not said whether observed or imputed (metadata); taken as observed"


def method(result: BalanceTest) -> Facts:
    """Say how it was computed, and how far the computation may be trusted."""
    from equipoise import __version__  # the package imports this module

    findings = result.findings
    entries: list[tuple[str, str]] = []
    entries.append(
        ("evidence", f"{findings.effort}; {findings.problem.likelihood.name} likelihood")
    )
    entries.append(("diagnostics", _diagnostics(result)))
    if findings.cross_check is not None:
        entries.append(("cross-check", _cross_check(findings)))
        entries.append(("beside it", "ceiling and fixed scales are the fast path's too"))
    seed = "none (not reproducible)" if result.random_seed is None else str(result.random_seed)
    entries.append(("run", f"seed {seed}, {result.seconds:.1f} s, equipoise {__version__}"))
    terms = "docs/glossary.md of the source explains E, b1, c, V, s and the others"
    entries.append(("terms", terms))
    return Facts("Method", "", tuple(entries))


def _diagnostics(result: BalanceTest) -> str:
    state = result.findings.diagnostics
    converged = "converged" if result.converged else f"not converged: {result.distrust}"
    if state.reversible is not None and state.reversible != result.distrust:
        converged += f"; not converged, the potential given balance: {state.reversible}"
    if state.r_hat_max is None or state.ess_bulk_min is None:
        return f"k̂ = {_k_hat(state.pareto_k)} (limit {K_TRUSTED:g}); {converged}"
    return (
        f"R-hat at most {state.r_hat_max:.3f} (limit {R_HAT_TRUSTED:g}), bulk ESS at least "
        f"{state.ess_bulk_min:,.0f} (limit {ESS_TRUSTED:g}), {state.divergences} divergences; "
        f"{converged}"
    )


def _cross_check(findings: Findings) -> str:
    """Say how the headline compares with the fast path's log Bayes factor."""
    other = findings.cross_check
    how = "without MCMC, by nested Laplace and importance sampling"
    if other is None or other.distrust is not None:
        return f"none {how}: {other.distrust if other else 'not run'}"
    if findings.distrust is not None:
        return (
            f"{how} log BF is {with_error(other.log_value, other.mcse)} "
            f"(k̂ = {_k_hat(findings.diagnostics.pareto_k)}), not withheld; --fast reports it"
        )
    places = error_decimals(max(other.mcse, findings.headline.mcse))
    gap = findings.headline.log_value - other.log_value
    error = hypot(other.mcse, findings.headline.mcse)
    agrees = "agrees" if abs(gap) <= 3 * error else "DISAGREES beyond three Monte Carlo errors"
    return (
        f"log BF {with_error(other.log_value, other.mcse)} {how} "
        f"(k̂ = {_k_hat(findings.diagnostics.pareto_k)}): {agrees}, "
        f"difference {fixed(gap, places, sign=True)} ± {shown_error(error, places)}"
    )


def _k_hat(value: float) -> str:
    return "undefined, weights all alike" if value == -inf else f"{value:.2f}"


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
