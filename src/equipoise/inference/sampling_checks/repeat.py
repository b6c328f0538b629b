"""The verdict once more, with counts divided by their design effect."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from equipoise.counts import TransitionCounts
from equipoise.errors import UsageError
from equipoise.inference.evidence import BayesFactor
from equipoise.inference.fast import DRAWS, fast_findings
from equipoise.inference.findings import Stages
from equipoise.inference.problem import LikelihoodName, Problem, problem_of
from equipoise.inference.sensitivity import alternatives
from equipoise.inference.verdict import ROPE, Verdict, verdict_of
from equipoise.likelihoods import FloatArray, MultinomialRows, Rejected
from equipoise.models import Priors
from equipoise.simulate.draws import RandomSeed, random_generator
from equipoise.text import quoted


@dataclass(frozen=True, eq=False)
class RepeatedVerdict:
    """The verdict on fewer effective counts.

    Attributes
    ----------
    verdict
        By the rules of every verdict.
    log_bayes_factor
        At the prior's own τ, nats; positive favours balance.
    design_effect
        By what the counts of each source were divided, shape (S,).
    """

    verdict: Verdict
    log_bayes_factor: BayesFactor
    design_effect: FloatArray


def repeat_verdict(
    counts: TransitionCounts,
    design_effect: ArrayLike,
    *,
    priors: Priors | None = None,
    likelihood: LikelihoodName = "auto",
    rejected: Rejected = "stay",
    rope: float = ROPE,
    draws: int = DRAWS,
    random_seed: RandomSeed = None,
) -> RepeatedVerdict:
    """Test balance, by the fast path, as if each source had been tried less often.

    The counts of source i enter the likelihood divided by ``d_i``: a quasi-likelihood, whose
    curvature is that of overdispersed counts. The counts themselves stay whole, and so does the
    support.

    Parameters
    ----------
    counts : TransitionCounts
        Axis 0 is from, axis 1 to.
    design_effect : float or (S,) array_like
        d of every source, as :class:`Dispersion` has it.
    priors : Priors, optional
        As in :func:`equipoise.test`.
    likelihood : {"auto", "multinomial", "pairwise"}
        As there.
    rejected : {"stay", "drop"}
        As there.
    rope : float
        ρ below this counts as negligible, nats.
    draws : int
        Importance draws at each σ_c.
    random_seed : int, Generator or None
        The same seed gives the same result.

    Returns
    -------
    RepeatedVerdict

    Raises
    ------
    UsageError
        If a design effect is not positive and finite, or an argument out of its range.
    NotTrustedError
        If a posterior mode cannot be reached at all.
    """
    asked = problem_of(counts, priors=priors, likelihood=likelihood, rejected=rejected)
    try:
        effect = np.asarray(design_effect, dtype=np.float64)
    except (TypeError, ValueError):
        raise UsageError(
            f"design_effect must be a number or one for each state, not "
            f"{quoted(repr(design_effect))}"
        ) from None
    if effect.shape not in ((), (counts.n_states,)) or not np.all(
        (effect > 0) & np.isfinite(effect)
    ):
        raise UsageError(
            f"design_effect must be positive and finite, one number or {counts.n_states:,} (one a "
            f"state), not of shape {effect.shape} with least {np.min(effect, initial=np.inf):g}"
        )
    effect = np.broadcast_to(effect, (counts.n_states,))
    problem = divided(asked, effect)
    findings = fast_findings(
        problem,
        draws=draws,
        rng=random_generator(random_seed),
        stages=Stages(None),
        imputed=counts.metadata.get("trials") == "imputed",
    )
    others = [other.factor for other in alternatives(findings)]
    verdict = verdict_of(findings, others=others, rope=rope)
    return RepeatedVerdict(verdict, findings.headline, effect)


def divided(problem: Problem, design_effect: FloatArray) -> Problem:
    """Return the question with the counts of each source divided by its design effect, (S,)."""
    rows = problem.likelihood
    if isinstance(rows, MultinomialRows):
        fewer = replace(
            rows,
            counts=rows.counts / design_effect[rows.arcs.source],
            trials=rows.trials / design_effect,
        )
        return replace(problem, likelihood=fewer)
    i, j = problem.graph.edges[rows.edges].T
    forward = rows.forward / design_effect[i]
    pairs = replace(
        rows,
        forward=forward,
        total=forward + (rows.total - rows.forward) / design_effect[j],
        exposure=rows.exposure - np.log(design_effect[i]) + np.log(design_effect[j]),
        trials=rows.trials / design_effect,
    )
    return replace(problem, likelihood=pairs)
