"""One potential or several: the verdict, by the same rules as that on balance."""

from dataclasses import dataclass
from math import expm1
from typing import Literal, Protocol

from equipoise.inference.comparison.hypotheses import Hypothesis
from equipoise.inference.evidence.cycle_scale import DECIDING
from equipoise.inference.evidence.result import MCSE_TRUSTED
from equipoise.inference.verdict import STRENGTHS, Strength, span_text, strength_of
from equipoise.models.hierarchical import DEVIATION_SCALE

Sharing = Literal["one potential", "several potentials", "undecided"]


class Weights(Protocol):
    """Evidence of all hypotheses, however it was got."""

    def hypotheses(self, scale: float = DEVIATION_SCALE) -> tuple[Hypothesis, ...]:
        """Return them, deviations having the prior ``σ_δ ~ HalfNormal(scale)``."""

    def factor(self, scale: float) -> tuple[float, float]:
        """Return the log BF of one potential against deviations, and its error."""


@dataclass(frozen=True)
class SharingVerdict:
    """Whether all kernels have one potential.

    Attributes
    ----------
    favours, strength
        In words; the strength of Kass & Raftery 1995, None where undecided.
    log_bayes_factor, mcse
        Of one potential against deviations from it, ``σ_δ ~ HalfNormal(1)``, balance and its
        violation averaged at even odds; nats, positive for one potential.
    lower, upper
        Least and greatest of it for half and twice the scale too, two Monte Carlo errors added.
    ceiling
        What it would be had the counts equalled their expectation under one potential; None where
        that is not known.
    distrust
        Why none of this must be reported, in words; None where it may be.
    text
        One or two sentences.
    """

    favours: Sharing
    strength: Strength | None
    log_bayes_factor: float
    mcse: float
    lower: float
    upper: float
    ceiling: float | None
    distrust: str | None
    text: str


def sharing_verdict(fits: Weights, ceiling: float | None, *, advice: str = "") -> SharingVerdict:
    """Decide by the least and greatest log BF over scales of σ_δ: at least 1 nat either way.

    ``advice`` is said where the result must not be trusted.
    """
    factors = [fits.factor(scale * DEVIATION_SCALE) for scale in DECIDING]
    value, error = factors[DECIDING.index(1.0)]
    lower = min(v - 2 * e for v, e in factors)
    upper = max(v + 2 * e for v, e in factors)
    parts = [h for h in fits.hypotheses() if h.potentials != "separate"]
    distrust = next((h.distrust for h in parts if h.distrust), None)
    if distrust is None and not error <= MCSE_TRUSTED:
        distrust = f"its Monte Carlo error is {error:.1f} nats (limit {MCSE_TRUSTED:g})"
    favours: Sharing = "undecided"
    strength: Strength | None = None
    if distrust is None and upper <= -STRENGTHS["positive"]:
        favours, strength = "several potentials", strength_of(-upper)
    elif distrust is None and lower >= STRENGTHS["positive"]:
        favours, strength = "one potential", strength_of(lower)
    text = _text(favours, strength, lower, upper, ceiling, distrust)
    if distrust is not None and advice:
        text = f"{text} {advice}"
    return SharingVerdict(favours, strength, value, error, lower, upper, ceiling, distrust, text)


def p_differing(verdict: SharingVerdict) -> float:
    """Return the probability of deviations from one potential, at even prior odds."""
    x = verdict.log_bayes_factor
    if x > 700:
        return 0.0
    return float(1.0 / (2.0 + expm1(x)))


def _text(
    favours: Sharing,
    strength: Strength | None,
    lower: float,
    upper: float,
    ceiling: float | None,
    distrust: str | None,
) -> str:
    if distrust is not None:
        return f"Not to be trusted: {distrust}."
    between = span_text(lower, upper)
    if favours == "one potential":
        return f"One potential, {strength} evidence ({between})."
    if favours == "several potentials":
        return f"Several potentials, {strength} evidence ({between})."
    held = (
        "" if ceiling is None else f"; had the counts matched one potential exactly, {ceiling:.1f}"
    )
    return f"Undecided between one potential and several ({between}{held})."
