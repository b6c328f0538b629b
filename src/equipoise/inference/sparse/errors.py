"""Standard errors of chosen potentials, by selected solves."""

import numpy as np

from equipoise.inference.sparse.balance import BalanceMode
from equipoise.inference.sparse.pairs import Pairs
from equipoise.likelihoods import FloatArray, IntArray

_COLUMNS = 16


def standard_errors(
    pairs: Pairs, mode: BalanceMode, chosen: IntArray, references: IntArray
) -> FloatArray:
    """Return the standard deviation of ``Φ_chosen − Φ_reference``, Gaussian at the mode, nats.

    The pairwise likelihood knows less of Φ than the rows do, by ``diag(1/N_i)`` in the covariance;
    it is taken off (docs/model.md). Where little is left, because the prior and not the data limits
    a difference, a twentieth of the variance is kept, as on the dense path.

    Parameters
    ----------
    pairs, mode
        Edges, and the mode under balance.
    chosen, references
        Positions in ``pairs.states``, shape (k,) each, both of one component.

    Returns
    -------
    array
        Shape (k,); 0 where a state is its own reference.
    """
    out = np.empty(len(chosen))
    for begin in range(0, len(chosen), _COLUMNS):
        part = slice(begin, begin + _COLUMNS)
        up, down = chosen[part], references[part]
        column = np.arange(len(up))
        contrast = np.zeros((pairs.n_states, len(up)))
        contrast[up, column] += 1.0
        contrast[down, column] -= 1.0
        spread = mode.factor.solve(contrast)
        out[part] = spread[up, column] - spread[down, column]
    excess = np.where(chosen == references, 0.0, 1 / pairs.trials[chosen])
    excess = excess + np.where(chosen == references, 0.0, 1 / pairs.trials[references])
    return np.sqrt(np.maximum(np.maximum(out - excess, 0.05 * out), 0.0))
