"""The verdict on detailed balance: computed from graph, evidence and posterior, never hand-set."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, exp, floor
from typing import Literal

import numpy as np

from equipoise.graph import SupportGraph
from equipoise.inference.evidence import information_nats
from equipoise.inference.evidence.result import BayesFactor
from equipoise.inference.findings import Findings
from equipoise.inference.weighted import WeightedDraws

Favours = Literal["balance", "non-reversible", "undecided", "untestable"]
Strength = Literal["positive", "strong", "very strong"]
Reason = Literal["prior", "too_few_data", "no_testable_cycle"]
Call = Literal["negligible", "material", "unresolved"]

# Kass & Raftery (1995): the word from so many nats of the log Bayes factor on.
STRENGTHS: dict[Strength, float] = {"positive": 1.0, "strong": 3.0, "very strong": 5.0}
_CERTAIN = 0.95


@dataclass(frozen=True)
class ViolationSize:
    """How large the violation is, apart from whether there is one.

    Attributes
    ----------
    mean, lower, upper
        Posterior mean and 95 % interval of ρ, nats: the typical part of a log-ratio that no
        potential explains, under the cyclic hypothesis.
    mcse
        Monte Carlo error of the mean.
    rope
        ρ below this counts as negligible.
    below
        Posterior probability that ρ < rope.
    call
        ``"negligible"`` if that probability is at least 0.95, ``"material"`` if it is at most
        0.05, else ``"unresolved"``; None where no cycle is testable.
    """

    mean: float
    lower: float
    upper: float
    mcse: float
    rope: float
    below: float
    call: Call | None


@dataclass(frozen=True)
class Verdict:
    """What the counts say about detailed balance.

    Attributes
    ----------
    favours, strength, reason : Favours and Strength or None and Reason or None
        By the rules of docs/model.md; ``strength`` after Kass & Raftery, None where nothing is
        decided.
        Where the numbers are not trusted, ``"undecided"`` without a reason.
    lower, upper : float
        Range of the log Bayes factor over τ × {½, 1, 2}, widened by two Monte Carlo errors, nats.
    p_balance : float or None
        Posterior probability of balance at even prior odds; None where untestable or untrusted.
    reversing_odds : float or None
        Prior odds (for the other side) that would make the two hypotheses equally likely.
    ceiling : BayesFactor or None
        Log Bayes factor, at the prior's own τ, that these trials would give had the counts
        equalled their fitted reversible expectation. None without cycles; it has
        its own error and its own reason for distrust.
    information_nats : float
        ``½ Σ log(1 + τ² λ_k)``.
    size : ViolationSize or None
        How large the violation is.
    trusted : bool
        False where the numbers must not be reported.
    text : str
        One or two sentences.
    """

    favours: Favours
    strength: Strength | None
    reason: Reason | None
    lower: float
    upper: float
    p_balance: float | None
    reversing_odds: float | None
    ceiling: BayesFactor | None
    information_nats: float
    size: ViolationSize | None
    trusted: bool
    text: str


#: ρ below this counts as negligible unless said otherwise, nats.
ROPE = 0.1


def violation_size(draws: WeightedDraws, rope: float) -> ViolationSize:
    """Summarise ρ from draws of the cyclic posterior, and call its size.

    Negligible or material only where the probability exceeds 0.95 by two Monte Carlo errors.
    """
    rho = draws.violation
    summary = draws.summarise(rho[:, None])
    below, error = draws.probability(rho < rope)
    return ViolationSize(
        mean=float(summary.mean[0]),
        lower=float(summary.lower[0]),
        upper=float(summary.upper[0]),
        mcse=float(summary.mcse[0]),
        rope=rope,
        below=below,
        call=size_call(below, error) if draws.graph.n_testable_cycles else None,
    )


def size_call(below: float, error: float) -> Call:
    """Call a violation's size by the probability that it lies below the rope, and its error."""
    if below - 2 * error >= _CERTAIN:
        return "negligible"
    if 1.0 - below - 2 * error >= _CERTAIN:
        return "material"
    return "unresolved"


def strength_of(nats: float) -> Strength | None:
    """Return Kass & Raftery's word for evidence of so many nats; None below 1."""
    if nats > STRENGTHS["very strong"]:
        return "very strong"
    if nats > STRENGTHS["strong"]:
        return "strong"
    return "positive" if nats >= STRENGTHS["positive"] else None


def verdict_of(findings: Findings, *, others: Sequence[BayesFactor], rope: float) -> Verdict:
    """Return the verdict on what an engine found.

    Parameters
    ----------
    findings
        Evidence, posterior draws and diagnostics.
    others
        Log Bayes factors with one setting changed.
    rope
        ρ below this counts as negligible, nats.
    """
    graph, priors = findings.problem.graph, findings.problem.priors
    return decide(
        graph,
        findings.headline,
        findings.deciding,
        others=others,
        ceiling=findings.ceiling,
        information_nats=information_nats(findings.information, priors.cycle_scale),
        size=violation_size(findings.cyclic, rope) if graph.n_testable_cycles else None,
        distrust=findings.distrust,
    )


def decide(
    graph: SupportGraph,
    headline: BayesFactor,
    range_over: Sequence[BayesFactor],
    *,
    others: Sequence[BayesFactor] = (),
    ceiling: BayesFactor | None,
    information_nats: float,
    size: ViolationSize | None,
    distrust: str | None,
) -> Verdict:
    """Return the verdict.

    Parameters
    ----------
    graph
        Decides whether the counts can test balance at all.
    headline
        Log Bayes factor at the prior's own τ.
    range_over
        Log Bayes factors at τ × {½, 1, 2}.
    others
        Log Bayes factors with one setting changed.
    ceiling, information_nats, size
        Printed beside it.
    distrust
        Why the numbers must not be reported, in words; None where they may be.
    """
    trusted = distrust is None
    lower = min(factor.log_value - 2 * factor.mcse for factor in range_over)
    upper = max(factor.log_value + 2 * factor.mcse for factor in range_over)
    testable = graph.n_testable_cycles > 0
    favours: Favours = "undecided"
    strength: Strength | None = None
    reason: Reason | None = None
    if not testable:
        favours, reason = "untestable", "no_testable_cycle"
    elif not trusted:
        pass  # nothing is concluded from numbers that are withheld
    elif upper <= -STRENGTHS["positive"]:
        favours, strength = "non-reversible", strength_of(-upper)
    elif lower >= STRENGTHS["positive"]:
        favours, strength = "balance", strength_of(lower)
    else:
        wide = lower <= -STRENGTHS["positive"] and upper >= STRENGTHS["positive"]
        reason = "prior" if wide else "too_few_data"
    decided = testable and trusted
    return Verdict(
        favours=favours,
        strength=strength,
        reason=reason,
        lower=lower,
        upper=upper,
        p_balance=_logistic(headline.log_value) if decided else None,
        reversing_odds=exp(min(abs(headline.log_value), 700.0)) if decided else None,
        ceiling=ceiling,
        information_nats=information_nats,
        size=size,
        trusted=trusted or not testable,
        text=_withheld(headline, distrust)
        if testable and distrust is not None
        else _text(graph, favours, strength, reason, lower, upper, others, ceiling, size),
    )


def _logistic(x: float) -> float:
    return 1.0 / (1.0 + exp(-x)) if x >= 0 else exp(max(x, -700.0)) / (1.0 + exp(max(x, -700.0)))


def _withheld(headline: BayesFactor, distrust: str) -> str:
    if headline.pareto_k is not None:  # the fast path
        advice = "MCMC may well do: run this without --fast (fast=False)."
    else:
        advice = "More draws or more trials a state may help."
    return f"Not to be trusted: {distrust}, so the log Bayes factor is withheld. {advice}"


def _text(
    graph: SupportGraph,
    favours: Favours,
    strength: Strength | None,
    reason: Reason | None,
    lower: float,
    upper: float,
    others: Sequence[BayesFactor],
    ceiling: BayesFactor | None,
    size: ViolationSize | None,
) -> str:
    if favours == "untestable":
        if not graph.n_cycles:
            return (
                "Untestable: the states seen to be joined form no cycle, and without one every "
                "kernel obeys balance."
            )
        return (
            "Untestable: no cycle lies among states seen to lead to each other and back, so some "
            "potential fits these counts as closely as any kernel, and a log Bayes factor tells "
            "how the priors fit, not whether balance holds."
        )
    span = span_text(lower, upper)
    tail = _size_text(size)
    if favours != "non-reversible":
        tail = tail.replace("The violation is material", "If there is a violation it is material")
    if favours == "non-reversible":
        if size is not None and size.call == "negligible":
            tail = tail.replace("If there is a violation it is", "The violation is real, and")
        return f"Non-reversible, {strength} evidence ({span}{_contrary(others, -1)}). {tail}"
    if favours == "balance":
        return f"Detailed balance, {strength} evidence ({span}{_contrary(others, 1)}). {tail}"
    if reason == "prior":
        return f"Undecided: the answer depends on the prior of the cycles ({span}). {tail}"
    hope = ""
    if ceiling is not None and ceiling.distrust is None:
        best = f"{ceiling.log_value:.1f} at τ = {ceiling.cycle_scale:g}"
        hope = f"; had they matched balance exactly, {best}"
    return f"Undecided: too few data ({span}{hope}). {tail}"


def span_text(lower: float, upper: float) -> str:
    """Return "log BF between -6.1 and -4.8": rounded outwards, never narrower than it is."""
    low, high = floor(10 * lower) / 10 + 0.0, ceil(10 * upper) / 10 + 0.0
    return f"log BF between {low:.1f} and {high:.1f}"


def _contrary(others: Sequence[BayesFactor], side: int) -> str:
    """Say whether other settings change the sign of the log Bayes factor."""
    known = [factor for factor in others if factor.distrust is None]
    against = [f for f in known if side * f.log_value + 2 * f.mcse < 0]
    if against:
        return f"; the sign is the other at {len(against)} of {len(known)} settings tried"
    if not known:
        return ""
    withheld = len(others) - len(known)
    but = f", {withheld} more withheld" if withheld else ""
    return f"; the same sign at all {len(known)} settings tried{but}"


def _size_text(size: ViolationSize | None) -> str:
    if size is None or size.call is None:
        return ""
    places = max(2, 1 - int(np.floor(np.log10(max(size.upper, 1e-6)))))
    interval = f"ρ = {size.mean:.{places}f} [{size.lower:.{places}f}, {size.upper:.{places}f}] nats"
    if size.call == "negligible":
        return f"If there is a violation it is negligible: {interval}, below {size.rope:g}."
    if size.call == "material":
        return f"The violation is material: {interval}, above {size.rope:g}."
    return f"The size of a violation is unresolved: {interval}."
