"""Multinomial rows: the exact likelihood of counted trials from each source."""

from dataclasses import dataclass, replace

import numpy as np

from equipoise.counts import TransitionCounts
from equipoise.errors import UsageError
from equipoise.likelihoods.arcs import Arcs
from equipoise.likelihoods.protocol import FloatArray, Rejected


@dataclass(frozen=True, eq=False)
class MultinomialRows:
    r"""Counts along arcs, with the log-likelihood of a row-softmax kernel.

    .. math:: \ell(\eta) = \sum_{i \to j} n_{ij} \eta_{ij} - \sum_i N_i \log Z_i,
              \qquad Z_i = [\text{stay}] + \sum_j e^{\eta_{ij}}

    with :math:`P_{ij} = e^{\eta_{ij}}/Z_i` and :math:`P_{ii} = 1/Z_i`. The multinomial coefficient
    is left out: it is the same under every hypothesis. Concave in eta (docs/model.md).

    Attributes
    ----------
    arcs : Arcs
        The support's arcs; eta has one entry an arc, shape (..., 2E).
    counts : ndarray of float
        Transitions counted along each arc, shape (2E,); real numbers are allowed (expectations).
    trials : ndarray of float
        ``N_i``, shape (S,): transitions plus what counts as staying.
    stay : bool
        Whether staying is an outcome (the 1 in ``Z_i``).
    """

    arcs: Arcs
    counts: FloatArray
    trials: FloatArray
    stay: bool = True

    name = "multinomial"

    def log_normaliser(self, eta: FloatArray) -> FloatArray:
        """Return ``log Z_i`` for every state, shape (..., S); 0 for a state without arcs."""
        if not eta.shape[-1]:
            return np.zeros((*eta.shape[:-1], self.arcs.n_states))
        top, _, total = self._exponentials(eta)
        return self._log_z(top, total)

    def _log_z(self, top: FloatArray, total: FloatArray) -> FloatArray:
        rows = top + np.log(total)
        starts = self.arcs.row_starts
        if len(starts) == self.arcs.n_states:
            return np.asarray(rows)
        log_z = np.zeros((*top.shape[:-1], self.arcs.n_states))
        log_z[..., self.arcs.source[starts]] = rows
        return log_z

    def probabilities(self, eta: FloatArray) -> FloatArray:
        """Return ``P_ij`` along every arc, shape of ``eta``."""
        if not eta.shape[-1]:
            return eta
        _, weight, total = self._exponentials(eta)
        weight /= total[..., self.arcs.row]
        return weight

    def _exponentials(self, eta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return the greatest η of each row with arcs, ``exp(η − it)``, and ``Z`` in its units."""
        starts = self.arcs.row_starts
        top = np.maximum.reduceat(eta, starts, axis=-1)
        if self.stay:
            top = np.maximum(top, 0.0)
        weight = np.exp(eta - top[..., self.arcs.row])
        total = np.add.reduceat(weight, starts, axis=-1)
        if self.stay:
            total += np.exp(-top)
        return top, weight, total

    def log_likelihood(self, eta: FloatArray) -> FloatArray:
        """Return the log-likelihood in nats, shape ``eta.shape[:-1]``."""
        return np.asarray(eta @ self.counts - self.log_normaliser(eta) @ self.trials)

    def by_row(self, eta: FloatArray) -> FloatArray:
        """Return the log-likelihood of each source's row, shape (..., S)."""
        out = -self.log_normaliser(eta) * self.trials
        if eta.shape[-1]:
            starts = self.arcs.row_starts
            out[..., self.arcs.source[starts]] += np.add.reduceat(
                eta * self.counts, starts, axis=-1
            )
        return out

    def gradient(self, eta: FloatArray) -> FloatArray:
        """Return ``n_ij − N_i P_ij``, shape of ``eta``."""
        return self.counts - self.trials[self.arcs.source] * self.probabilities(eta)

    def hessian_product(self, eta: FloatArray, vector: FloatArray) -> FloatArray:
        """Return ``−N_i P_ij (v_ij − Σ_k P_ik v_ik)``, shape of ``eta``."""
        if not eta.shape[-1]:
            return np.zeros_like(eta)
        probability = self.probabilities(eta)
        source = self.arcs.source
        mean = np.zeros((*eta.shape[:-1], self.arcs.n_states))
        starts = self.arcs.row_starts
        mean[..., source[starts]] = np.add.reduceat(probability * vector, starts, axis=-1)
        return -self.trials[source] * probability * (vector - mean[..., source])

    def information(self, eta: FloatArray, design: FloatArray) -> FloatArray:
        """Return the Fisher information of the columns of ``design`` (2E, d), shape (d, d)."""
        if not len(eta):
            return np.zeros((design.shape[1], design.shape[1]))
        return self._information(self.probabilities(eta), design)

    def local(
        self, eta: FloatArray, design: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return log-likelihood, gradient and information at one ``eta``, from one softmax."""
        if not len(eta):
            return self.log_likelihood(eta), self.gradient(eta), self.information(eta, design)
        top, weight, total = self._exponentials(eta)
        value = np.asarray(eta @ self.counts - self._log_z(top, total) @ self.trials)
        weight /= total[self.arcs.row]
        gradient = self.counts - self.trials[self.arcs.source] * weight
        return value, gradient, self._information(weight, design)

    def _information(self, probability: FloatArray, design: FloatArray) -> FloatArray:
        starts = self.arcs.row_starts
        source = self.arcs.source
        weighted = design * probability[:, None]
        mean = np.add.reduceat(weighted, starts, axis=0)
        mean *= np.sqrt(self.trials[source[starts]])[:, None]
        weighted *= self.trials[source][:, None]
        return np.asarray(design.T @ weighted - mean.T @ mean)

    def expected(self, eta: FloatArray) -> "MultinomialRows":
        """Return these rows with every count replaced by its expectation ``N_i P_ij``."""
        return replace(self, counts=self.trials[self.arcs.source] * self.probabilities(eta))


def trials_of(counts: TransitionCounts, rejected: Rejected) -> FloatArray:
    """Return ``N_i``: transitions, and rejected trials where they count as staying.

    Parameters
    ----------
    counts : TransitionCounts
        Axis 0 is from, axis 1 to.
    rejected : {"stay", "drop"}
        What a trial that ended in no state counts as.

    Returns
    -------
    ndarray of float, shape (S,)
        Trials from each state.

    Raises
    ------
    UsageError
        If ``rejected`` is neither ``"stay"`` nor ``"drop"``.
    """
    if rejected not in ("stay", "drop"):
        raise UsageError(f'rejected must be "stay" or "drop", not {rejected!r}')
    trials = np.asarray(counts.counts.sum(axis=1), dtype=float).ravel()
    if rejected == "stay" and counts.stay:
        trials = trials + counts.other
    return trials


def multinomial(
    counts: TransitionCounts, arcs: Arcs, *, rejected: Rejected = "stay"
) -> MultinomialRows:
    """Return the multinomial likelihood of the counts on a support.

    Parameters
    ----------
    counts : TransitionCounts
        Transition counts; axis 0 of ``counts.counts`` is *from*, axis 1 *to*.
    arcs : Arcs
        The support, from :func:`equipoise.likelihoods.support_arcs`.
    rejected : {"stay", "drop"}
        ``"stay"``: a trial that ended in no state left the agent where it was, and counts as
        staying. ``"drop"``: it is left out of the trials. Where staying is impossible
        (``counts.stay`` is false) such trials are always left out.

    Returns
    -------
    MultinomialRows
        A function of the predictor η along the arcs; log-concave.

    Raises
    ------
    UsageError
        If ``rejected`` is neither ``"stay"`` nor ``"drop"``.
    """
    trials = trials_of(counts, rejected)
    if not len(arcs.source):
        along = np.zeros(0)
    else:
        along = np.asarray(counts.counts[arcs.source, arcs.target], dtype=float).ravel()
    return MultinomialRows(arcs=arcs, counts=along, trials=trials, stay=counts.stay)
