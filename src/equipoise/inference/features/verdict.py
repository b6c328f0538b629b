"""Do features explain the potential: the verdict, by the same rules as that on balance."""

from dataclasses import dataclass, replace
from math import hypot
from typing import Literal

import numpy as np

from equipoise.inference.evidence.cycle_scale import DECIDING
from equipoise.inference.evidence.result import MCSE_TRUSTED, BayesFactor
from equipoise.inference.features.fit import FeatureFit, solve
from equipoise.inference.verdict import STRENGTHS, Strength, span_text, strength_of

Explained = Literal["features", "none", "undecided"]


@dataclass(frozen=True)
class FeatureVerdict:
    """Whether features explain the potential.

    Attributes
    ----------
    favours, strength
        In words; the strength of Kass & Raftery 1995, None where undecided.
    log_bayes_factor, mcse
        Of features against none, nats: positive for features.
    lower, upper
        Least and greatest of it for half and twice the prior scale too, two Monte Carlo errors
        added.
    distrust
        Why none of this must be reported, in words; None where it may be.
    text
        One sentence.
    """

    favours: Explained
    strength: Strength | None
    log_bayes_factor: float
    mcse: float
    lower: float
    upper: float
    distrust: str | None
    text: str


@dataclass(frozen=True)
class WithCycles:
    """What becomes of the verdict where balance may be broken.

    Attributes
    ----------
    cycle_sd
        σ_c, held at the prior's τ, nats.
    log_bayes_factor, mcse
        Of features against none, both with cycles; nats. Of an embedding at its likeliest
        lengthscale, less what it is there without cycles, plus the log BF over all lengthscales.
    balance, balance_mcse
        Log BF of balance against cycles of this σ_c, given features: positive for balance.
    """

    cycle_sd: float
    log_bayes_factor: float
    mcse: float
    balance: float
    balance_mcse: float


def with_cycles(fit: FeatureFit, *, draws: int, rng: np.random.Generator) -> WithCycles | None:
    """Weigh features once more, cycles allowed; None without any, or if they are allowed already.

    None too where importance sampling fails: balance is then often far off.
    """
    problem = fit.problem
    if problem.cycle_sd is not None or not problem.cycles.shape[1]:
        return None
    sd = problem.priors.cycle_scale
    best = FeatureFit(problem, fit.none, (fit.slices[int(np.argmax(fit.shares()))],))
    other = solve(replace(problem, cycle_sd=sd), [best.slices[0].signal], draws=draws, rng=rng)
    there, here = other.log_bayes_factor(), best.log_bayes_factor()
    if there.distrust is not None or here.distrust is not None:
        return None
    (bent, bent_error), (straight, straight_error) = (
        one.log_evidence()[0] for one in (other, best)
    )
    whole = fit.log_bayes_factor()
    value = there.log_value if len(fit) == 1 else whole.log_value + there.log_value - here.log_value
    error = there.mcse if len(fit) == 1 else hypot(whole.mcse, there.mcse)
    return WithCycles(sd, value, error, straight - bent, hypot(bent_error, straight_error))


def sensitivity_of(fit: FeatureFit) -> tuple[BayesFactor, ...]:
    """Return the log BF of features against none at half, once and twice the prior scale.

    Positive for features; their ``cycle_scale`` is the scale of the half-normal prior of σ.
    """
    return tuple(fit.log_bayes_factor(factor) for factor in DECIDING)


def feature_verdict(factors: tuple[BayesFactor, ...]) -> FeatureVerdict:
    """Decide by the least and greatest log BF over :data:`DECIDING`: at least 1 nat either way."""
    headline = factors[DECIDING.index(1.0)]
    lower = min(one.log_value - 2 * one.mcse for one in factors)
    upper = max(one.log_value + 2 * one.mcse for one in factors)
    distrust = next((one.distrust for one in factors if one.distrust), None)
    if distrust is None and not headline.mcse <= MCSE_TRUSTED:
        distrust = f"its Monte Carlo error is {headline.mcse:.1f} nats (limit {MCSE_TRUSTED:g})"
    favours: Explained = "undecided"
    strength: Strength | None = None
    if distrust is None and upper <= -STRENGTHS["positive"]:
        favours, strength = "none", strength_of(-upper)
    elif distrust is None and lower >= STRENGTHS["positive"]:
        favours, strength = "features", strength_of(lower)
    between = "" if distrust is not None else span_text(lower, upper)
    if distrust is not None:
        text = f"Not to be trusted: {distrust}. More draws (--draws) may do."
    elif favours == "features":
        text = f"Features explain the potential, {strength} evidence ({between})."
    elif favours == "none":
        text = f"Features do not explain the potential, {strength} evidence ({between})."
    else:
        text = f"Undecided whether features explain the potential ({between})."
    return FeatureVerdict(
        favours, strength, headline.log_value, headline.mcse, lower, upper, distrust, text
    )
