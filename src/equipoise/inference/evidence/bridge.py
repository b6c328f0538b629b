r"""Bridge sampling: the evidence of one hypothesis from MCMC draws of its posterior.

Meng & Wong (1996) join the posterior to a proposal g of known mass by the optimal bridge,

.. math:: Z = \frac{E_g[p(y,\theta) / (s_1 p(y,\theta) + s_2 Z g(\theta))]}
                   {E_{\text{post}}[g(\theta) / (s_1 p(y,\theta) + s_2 Z g(\theta))]},

whose terms are bounded, so that neither average can have infinite variance. As Gronau et al. (2017,
arXiv:1703.05984) recommend, g is a Gaussian fitted to one half of the draws while the other half is
bridged, both are reflected about its mean (Warp-III, Meng & Schilling 2002), and s₁ : s₂ counts the
effective draws. The error is that of Micaletto & Vehtari (arXiv:2508.14487).

Two things differ. Z is found as the root of a monotone function, between brackets (Bennett 1976):
the usual iteration may be slow. And the halves then change places, and the two log evidences are
averaged.

Whether proposal and posterior overlap enough is judged by how many terms effectively make up each
average, not by k̂, which asks for a tail that bounded terms lack: with 100 effective terms k̂ may
exceed 1 while the error is still right, with 5 no more than its order of magnitude is.
"""

from dataclasses import dataclass
from math import hypot

import numpy as np
from scipy.linalg import solve_triangular
from scipy.optimize import brentq

from equipoise.errors import NotTrustedError, UsageError
from equipoise.inference.evidence.averages import LogMean, log_mean
from equipoise.inference.evidence.result import Evidence
from equipoise.inference.evidence.target import Target
from equipoise.inference.posterior.backends import Backend
from equipoise.likelihoods import FloatArray
from equipoise.simulate.draws import RandomSeed, random_generator

METHOD = "bridge"
# Proposal draws cost no sampling: with this many to a posterior draw, either average errs alike.
_PROPOSALS = 4
# Fewer effective terms than this in an average, and its error is itself a guess.
LEAST_TERMS = 50
_FEWEST_DRAWS = 8


def bridge(
    model: Target,
    theta: FloatArray,
    *,
    random_seed: RandomSeed = None,
    backend: Backend | None = None,
) -> Evidence:
    """Compute the log evidence of a hypothesis from draws of its posterior.

    Parameters
    ----------
    model
        The hypothesis: a :class:`equipoise.models.latent.LatentModel`, the cyclic one
        ``at_cycle_scale`` of the draws, or any other density over R^d.
    theta
        Posterior draws, shape (chains, draws, d). Of a latent model they are in the order
        (v, z, s), nats, as :meth:`equipoise.inference.posterior.sampler.Draws.theta` returns them;
        learned scales need not be given: they are integrated out.
    random_seed
        Of the proposal's draws. The same seed gives the same result.
    backend
        What sampled the draws, for the record and for :func:`equipoise.cite`; nothing else hangs
        on it.

    Returns
    -------
    Evidence
        With diagnostics ``ess`` (effective posterior draws, both halves together), ``terms`` (the
        fewest effective terms in any average) and ``halves`` (the two log evidences, nats).

    Raises
    ------
    UsageError
        If the draws have the wrong shape, are not finite, are too few, or have no finite density
        under the model.
    NotTrustedError
        If the draws vary in too few directions to fit a proposal, or proposal and posterior hardly
        overlap: fewer than 50 effective terms. Its ``result`` is the evidence all the same.
    """
    theta = _checked(model, theta)
    rng = random_generator(random_seed)
    middle = theta.shape[1] // 2
    first, second = theta[:, :middle], theta[:, middle:]
    ways = [_one_way(model, *pair, rng) for pair in ((first, second), (second, first))]
    means = [mean for way in ways for mean in (way.proposal, way.posterior)]
    values = [way.log_evidence for way in ways]
    evidence = Evidence(
        log_value=float(np.mean(values)),
        mcse=hypot(*(way.mcse for way in ways)) / 2,
        method=METHOD,
        diagnostics={
            "ess": sum(way.posterior.ess for way in ways),
            "terms": min(mean.contributing for mean in means),
            "halves": tuple(values),
        },
        backend=backend,
    )
    if not evidence.diagnostics["terms"] >= LEAST_TERMS:
        raise NotTrustedError(
            f"bridge sampling rests on {evidence.diagnostics['terms']:.0f} effective terms (at "
            f"least {LEAST_TERMS} are needed): the posterior is far from Gaussian or its chains "
            "have not converged; run them for longer, or use another method",
            result=evidence,
        )
    return evidence


@dataclass(frozen=True)
class _OneWay:
    """One bridge: averages of the optimal bridge's terms over either side, and their quotient."""

    proposal: LogMean
    posterior: LogMean

    @property
    def log_evidence(self) -> float:
        return self.proposal.log_value - self.posterior.log_value

    @property
    def mcse(self) -> float:
        # At its fixed point the quotient no longer depends on the Z inside the terms (Meng & Wong
        # 1996): only the two averages err, independently.
        total = self.proposal.relative_variance + self.posterior.relative_variance
        return float(np.sqrt(np.log1p(total)))


def _one_way(
    model: Target, fitted: FloatArray, bridged: FloatArray, rng: np.random.Generator
) -> _OneWay:
    """Bridge from a Gaussian fitted to some draws, (chains, n, d), to others."""
    chains, n, size = bridged.shape
    points = fitted.reshape(-1, size)
    centre = points.mean(axis=0)
    try:
        root = np.linalg.cholesky((points - centre).T @ (points - centre) / (len(points) - 1))
    except np.linalg.LinAlgError:
        raise NotTrustedError(
            f"half the draws, {len(points)}, do not vary in all {size} directions, so no proposal "
            "fits them: the chains are stuck; run them for longer"
        ) from None
    log_norm = float(np.log(np.diag(root)).sum()) + 0.5 * size * np.log(2 * np.pi)

    def log_ratio(u: FloatArray) -> FloatArray:
        """Return log of the posterior, made symmetric, over the proposal; both times Z."""
        step = u @ root.T
        both = np.logaddexp(model.log_joint(centre + step), model.log_joint(centre - step))
        return np.asarray(both - np.log(2) + log_norm + 0.5 * (u**2).sum(axis=1))

    whitened = solve_triangular(root, (bridged.reshape(-1, size) - centre).T, lower=True).T
    posterior = log_ratio(whitened)
    proposal = log_ratio(rng.standard_normal((_PROPOSALS * chains * n, size)))
    if np.isnan(proposal).any() or not np.isfinite(proposal).any():
        raise NotTrustedError(
            "the proposal fitted to the draws reaches no point of finite posterior density; the "
            "chains have not converged"
        )
    effective = float(len(posterior))
    # The effective number is that of the very terms averaged, so it takes a round to know it.
    for _ in range(2):
        share = np.log([effective, len(proposal)]) - np.log(effective + len(proposal))
        log_z = _optimal(posterior, proposal, share)
        below = np.logaddexp(share[0] + posterior - log_z, share[1])
        mean = log_mean(-below.reshape(chains, n))
        effective = mean.ess
    above = proposal - np.logaddexp(share[0] + proposal - log_z, share[1])
    return _OneWay(log_mean(above[None], independent=True), mean)


def _optimal(posterior: FloatArray, proposal: FloatArray, share: FloatArray) -> float:
    """Return the log Z at which the optimal bridge from log-ratios of either side closes."""

    def excess(log_z: float) -> float:
        above = proposal - np.logaddexp(share[0] + proposal, share[1] + log_z)
        below = log_z - np.logaddexp(share[0] + posterior, share[1] + log_z)
        return _log_average(above) - _log_average(below)

    finite = np.concatenate([posterior, proposal[np.isfinite(proposal)]])
    # Above all ratios the first average is the smaller one, below all of them the larger.
    return float(brentq(excess, finite.min() - 1.0, finite.max() + 1.0, xtol=1e-10))


def _log_average(log_terms: FloatArray) -> float:
    return float(np.logaddexp.reduce(log_terms)) - float(np.log(len(log_terms)))


def _checked(model: Target, theta: FloatArray) -> FloatArray:
    """Return draws that can be bridged, or say why they cannot."""
    theta = np.asarray(theta, dtype=float)
    if theta.ndim != 3 or theta.shape[2] != model.size:
        raise UsageError(
            f"theta must have the shape (chains, draws, {model.size}) of this hypothesis, "
            f"not {theta.shape}"
        )
    if theta.shape[1] < _FEWEST_DRAWS or theta.shape[0] * (theta.shape[1] // 2) <= model.size:
        raise UsageError(
            f"theta has {theta.shape[0]} chains of {theta.shape[1]} draws: half of them must be "
            f"more than its {model.size} parameters, and a chain at least {_FEWEST_DRAWS} long"
        )
    lost = int((~np.isfinite(model.log_joint(theta.reshape(-1, model.size)))).sum())
    if lost:
        raise UsageError(
            f"{lost} of {theta.shape[0] * theta.shape[1]} draws of theta have no finite density "
            "under this hypothesis; give draws of its own posterior"
        )
    return theta
