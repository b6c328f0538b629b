"""The log Bayes factor of one table in milliseconds: what planning can afford a thousand times.

The fast path without its importance sampling, with the learned scales of V and s held where the
existing counts put them, and with few values of σ_c: Laplace at those, a quadratic expansion at the
reversible mode between them. Checked against the fast path in docs/checks/plan.json.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import logsumexp

from equipoise.inference.evidence.cycle_scale import LARGEST
from equipoise.inference.evidence.information import profile
from equipoise.inference.modes.mode import find_mode
from equipoise.likelihoods import FloatArray, MultinomialRows, Predictor
from equipoise.models.latent import LatentModel

_GRID = 240
_SMALLEST = 1e-3
# Where Laplace corrects the quadratic expansion: quantiles of σ_c under the expansion.
_QUANTILES = (0.1, 0.5, 0.9)


@dataclass(frozen=True, eq=False)
class Quick:
    """Both hypotheses, at learned scales held fixed.

    Attributes
    ----------
    reversible, cyclic
        The hypotheses; their likelihood is replaced by that of each table.
    predictor
        Linear predictor of the cyclic hypothesis.
    scales
        Values of the learned scales, as in ``LatentModel.learned``.
    tau
        τ.
    """

    reversible: LatentModel
    cyclic: LatentModel
    predictor: Predictor
    scales: tuple[float, ...]
    tau: float

    def log_bayes_factor(self, rows: MultinomialRows, start: FloatArray) -> float:
        """Return the log Bayes factor of a table, nats; positive favours balance.

        Parameters
        ----------
        rows
            Its counts.
        start
            Where Newton starts: a parameter vector of the reversible hypothesis, shape (d,).

        Raises
        ------
        NotTrustedError
            If a mode is not reached.
        """
        reversible = replace(self.reversible, likelihood=rows)
        base = find_mode(reversible, self.scales, start)
        score, information = profile(reversible, self.predictor, base.theta)
        eigenvalues, axes = np.linalg.eigh(information)
        curve = _Expansion(np.maximum(eigenvalues, 0.0), (axes.T @ score) ** 2)
        grid = np.geomspace(_SMALLEST * self.tau, LARGEST / 4 * self.tau, _GRID)
        log_prior = np.log(grid) - 0.5 * (grid / self.tau) ** 2
        log_prior -= logsumexp(log_prior)
        rise = curve.rise(grid)
        mass = np.cumsum(np.exp(log_prior + rise - logsumexp(log_prior + rise)))
        nodes = grid[np.searchsorted(mass, _QUANTILES)]
        cyclic = replace(self.cyclic, likelihood=rows)
        theta = cyclic.with_cycles(base.theta)
        errors = []
        for node in nodes:
            mode = find_mode(cyclic.at_cycle_scale(float(node)), self.scales, theta)
            theta = mode.theta
            errors.append(mode.log_evidence - base.log_evidence)
        gap = np.array(errors) - curve.rise(nodes)
        rise = rise + np.interp(np.log(grid), np.log(nodes), gap)
        return -float(logsumexp(log_prior + rise))


@dataclass(frozen=True, eq=False)
class _Expansion:
    """Quadratic expansion of the profile log-likelihood of z at 0, along its own axes."""

    eigenvalues: FloatArray
    squared_score: FloatArray

    def rise(self, cycle_scale: FloatArray) -> FloatArray:
        """Return ``log Z(σ_c) − log Z(0)`` at several σ_c."""
        square = cycle_scale[:, None] ** 2
        spread = 1.0 + square * self.eigenvalues
        return np.asarray(0.5 * (square * self.squared_score / spread - np.log(spread)).sum(axis=1))
