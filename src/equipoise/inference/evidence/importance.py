"""Plain importance sampling: the evidence of any target from draws of a known density."""

import numpy as np
from scipy.special import logsumexp

from equipoise.errors import NotTrustedError, UsageError
from equipoise.inference.evidence.averages import log_mean
from equipoise.inference.evidence.psis import K_TRUSTED, smooth
from equipoise.inference.evidence.result import Evidence
from equipoise.inference.evidence.target import Target
from equipoise.likelihoods import FloatArray

METHOD = "importance"
_FEWEST_DRAWS = 100


def importance(target: Target, theta: FloatArray, log_proposal: FloatArray) -> Evidence:
    """Compute the log evidence of a target by Pareto-smoothed importance sampling.

    Parameters
    ----------
    target
        The density to integrate.
    theta
        Independent draws of the proposal, shape (n, d).
    log_proposal
        Its normalised log density at each of them, shape (n,).

    Returns
    -------
    Evidence
        With diagnostics ``pareto_k`` and ``ess``, Kish's effective number of draws.

    Raises
    ------
    UsageError
        If the draws have a wrong shape or are too few, or their proposal density is not finite.
    NotTrustedError
        If k̂ exceeds 0.7 (Vehtari, Simpson, Gelman, Yao & Gabry 2024), or no draw has a finite
        density under the target. Its ``result`` is the evidence all the same, or None.
    """
    theta, log_proposal = np.asarray(theta, dtype=float), np.asarray(log_proposal, dtype=float)
    n = len(theta) if theta.ndim else 0
    if theta.shape != (n, target.size) or log_proposal.shape != (n,) or n < _FEWEST_DRAWS:
        raise UsageError(
            f"theta and log_proposal must have the shapes (n, {target.size}) and (n,), n at least "
            f"{_FEWEST_DRAWS}, not {theta.shape} and {log_proposal.shape}"
        )
    if not np.isfinite(log_proposal).all():
        raise UsageError(
            f"{int((~np.isfinite(log_proposal)).sum())} of {n} draws have no finite density under "
            "their own proposal; give the density they were drawn from"
        )
    log_weights = target.log_joint(theta) - log_proposal
    possible = np.isfinite(log_weights)
    if np.isnan(log_weights).any() or not possible.any():
        raise NotTrustedError(
            "the proposal reaches no point of finite target density, or some of which it is not "
            "known; draw from one that covers the target"
        )
    smoothed = smooth(log_weights[possible])
    log_weights[possible] = smoothed.log_weights
    mean = log_mean(log_weights[None], independent=True)
    kish = float(np.exp(2 * logsumexp(log_weights) - logsumexp(2 * log_weights)))
    evidence = Evidence(
        log_value=mean.log_value,
        mcse=mean.mcse,
        method=METHOD,
        diagnostics={"pareto_k": smoothed.pareto_k, "ess": kish},
    )
    if not smoothed.pareto_k <= K_TRUSTED:
        raise NotTrustedError(
            f"importance sampling failed (k̂ = {smoothed.pareto_k:.2f}, limit {K_TRUSTED:g}): the "
            "proposal's tails are too light; draw from a wider one",
            result=evidence,
        )
    return evidence
