"""How the log Bayes factor changes with what was assumed, one setting at a time."""

from dataclasses import dataclass, replace
from math import hypot
from typing import Literal

import numpy as np
from scipy.special import logsumexp

from equipoise.inference.evidence.psis import smooth
from equipoise.inference.evidence.result import BayesFactor
from equipoise.inference.findings import Findings
from equipoise.inference.weighted import WeightedDraws
from equipoise.models.latent import Block

ScaleName = Literal["potential_scale", "symmetric_scale"]
Setting = Literal["cycle_scale", "fixed_scales", ScaleName, "imputed_trials"]
# In the order of the models' blocks.
_NAMES: tuple[ScaleName, ...] = ("potential_scale", "symmetric_scale")
_ENOUGH = 4000
#: Multiples of the half-normal scales of σ_V and σ_s that are tried.
MULTIPLES = (0.5, 2.0)


@dataclass(frozen=True)
class Alternative:
    """The log Bayes factor with one setting changed.

    Attributes
    ----------
    setting
        ``"cycle_scale"``: τ. ``"fixed_scales"``: all scales fixed, at this σ_V.
        ``"potential_scale"``, ``"symmetric_scale"``: the half-normal scale of σ_V, of σ_s.
        ``"imputed_trials"``: the number of trials times this.
    value
        Its value, nats except for the last.
    factor
        Log Bayes factor under it.
    """

    setting: Setting
    value: float
    factor: BayesFactor


def alternatives(findings: Findings) -> tuple[Alternative, ...]:
    """Return every setting tried: τ, fixed scales, the priors of σ_V and σ_s, imputed trials.

    For σ_V and σ_s half and twice the half-normal scale, where they are learned: another prior p'
    changes either evidence by ``E[p'(θ)/p(θ)]`` over its posterior, for the likelihood cancels, so
    draws already taken are reweighted, their weights Pareto-smoothed.

    Parameters
    ----------
    findings
        With the headline and the draws of both hypotheses.

    Returns
    -------
    tuple of Alternative
        Without cycles only τ and the fixed scales, all 0.
    """
    problem = findings.problem
    found = [Alternative("cycle_scale", f.cycle_scale or 0.0, f) for f in findings.sensitivity]
    found += [Alternative("fixed_scales", sd, f) for sd, f in findings.fixed_scales]
    if findings.curve is not None:
        found += [
            Alternative(name, value, _reweighted(findings, name, value))
            for name in _NAMES[: len(problem.reversible().learned)]
            for value in (multiple * getattr(problem.priors, name) for multiple in MULTIPLES)
        ]
    found += [Alternative("imputed_trials", x, factor) for x, factor in findings.imputed_trials]
    return tuple(found)


def _reweighted(findings: Findings, name: ScaleName, value: float) -> BayesFactor:
    problem = findings.problem
    priors = replace(problem.priors, **{name: value})  # type: ignore[arg-type]
    other = problem.with_priors(priors)
    block = _NAMES.index(name)
    prior, changed = problem.reversible().learned[block], other.reversible().learned[block]
    balance = _log_ratio(findings.reversible, prior, changed)
    prior, changed = problem.cyclic().learned[block], other.cyclic().learned[block]
    rival = _log_ratio(findings.cyclic, prior, changed)
    head = findings.headline
    return BayesFactor(
        log_value=head.log_value + balance[0] - rival[0],
        mcse=hypot(head.mcse, balance[1], rival[1]),
        method=f"{head.method}, reweighted",
        cycle_scale=head.cycle_scale,
        pareto_k=max(balance[2], rival[2]),
        doubt=head.distrust,
    )


def _fewer(draws: WeightedDraws) -> WeightedDraws:
    """Resample weighted draws systematically to a number that costs little and errs little."""
    if draws.chains or len(draws.theta) <= _ENOUGH:
        return draws
    at = np.searchsorted(np.cumsum(draws.weights), (np.arange(_ENOUGH) + 0.5) / _ENOUGH)
    theta = draws.theta[np.minimum(at, len(draws.theta) - 1)]
    return replace(draws, theta=theta, weights=np.full(_ENOUGH, 1.0 / _ENOUGH))


def _log_ratio(draws: WeightedDraws, prior: Block, other: Block) -> tuple[float, float, float]:
    """Return ``log E[p'/p]`` over the posterior, its Monte Carlo error, and k̂ of the weights."""
    draws = _fewer(draws)
    log_ratio = other.log_marginal(draws.theta) - prior.log_marginal(draws.theta)
    ratio = np.exp(log_ratio)[:, None]
    # Draws of importance sampling have weights of their own, whose tail this may lengthen.
    drawn = draws.weights > 0
    weighted = smooth(np.log(draws.weights[drawn]) + log_ratio[drawn])
    log_mean = float(logsumexp(weighted.log_weights))
    return log_mean, float(draws.mcse(ratio)[0]) / float(np.exp(log_mean)), weighted.pareto_k
