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
from equipoise.likelihoods import FloatArray
from equipoise.models import Priors

ScaleName = Literal["potential_scale", "symmetric_scale"]
Setting = Literal["cycle_scale", "fixed_scales", ScaleName, "imputed_trials"]
# In the order of the models' blocks.
_NAMES: tuple[ScaleName, ...] = ("potential_scale", "symmetric_scale")
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
    found = [Alternative("cycle_scale", f.cycle_scale or 0.0, f) for f in findings.sensitivity]
    priors = findings.problem.priors
    # Where scales are fixed as they are, the headline itself would come again.
    own = priors.fixed_potential_sd if priors.scales == "fixed" else None
    found += [Alternative("fixed_scales", sd, f) for sd, f in findings.fixed_scales if sd != own]
    if findings.curve is not None:
        found += _other_scales(findings)
    found += [Alternative("imputed_trials", x, factor) for x, factor in findings.imputed_trials]
    return tuple(found)


def _other_scales(findings: Findings) -> list[Alternative]:
    """Reweight the draws to half and twice the half-normal scale of σ_V, and of σ_s."""
    problem, head = findings.problem, findings.headline
    balance, rival = findings.reversible, findings.cyclic
    learned = problem.reversible().learned, problem.cyclic().learned
    found = []
    for block, name in enumerate(_NAMES[: len(learned[0])]):
        was = (
            learned[0][block].log_marginal(balance.theta),
            learned[1][block].log_marginal(rival.theta),
        )
        for multiple in MULTIPLES:
            value = multiple * getattr(problem.priors, name)
            other = problem.with_priors(_with_scale(problem.priors, name, value))
            above = _log_mean(
                balance, other.reversible().learned[block].log_marginal(balance.theta) - was[0]
            )
            below = _log_mean(
                rival, other.cyclic().learned[block].log_marginal(rival.theta) - was[1]
            )
            factor = BayesFactor(
                log_value=head.log_value + above[0] - below[0],
                mcse=hypot(head.mcse, above[1], below[1]),
                method=f"{head.method}, reweighted",
                cycle_scale=head.cycle_scale,
                pareto_k=max(above[2], below[2]),
                doubt=head.distrust,
                backend=head.backend,
            )
            found.append(Alternative(name, value, factor))
    return found


def _with_scale(priors: Priors, name: ScaleName, value: float) -> Priors:
    if name == "potential_scale":
        return replace(priors, potential_scale=value)
    return replace(priors, symmetric_scale=value)


def _log_mean(draws: WeightedDraws, log_ratio: FloatArray) -> tuple[float, float, float]:
    """Return ``log E[p'/p]`` over the posterior, its Monte Carlo error, and k̂ of the weights."""
    ratio = np.exp(log_ratio)[:, None]
    # Draws of importance sampling have weights of their own, whose tail this may lengthen.
    drawn = draws.weights > 0
    weighted = smooth(np.log(draws.weights[drawn]) + log_ratio[drawn])
    log_mean = float(logsumexp(weighted.log_weights))
    return log_mean, float(draws.mcse(ratio)[0]) / float(np.exp(log_mean)), weighted.pareto_k
