"""Detailed balance: every log-ratio is a difference of potentials."""

from typing import TYPE_CHECKING

from equipoise.counts import TransitionCounts
from equipoise.likelihoods import Rejected
from equipoise.models.priors import Priors

if TYPE_CHECKING:
    import pymc as pm

    from equipoise.models.rows import RowTable


def reversible(
    counts: TransitionCounts,
    *,
    priors: Priors | None = None,
    likelihood: str = "multinomial",
    rejected: Rejected = "stay",
) -> "pm.Model":
    r"""State the reversible hypothesis as a PyMC model.

    .. math:: \eta_{ij} = s_e + (V_i - V_j)/2, \qquad
              P_{ij} = e^{\eta_{ij}}/Z_i, \quad P_{ii} = 1/Z_i, \qquad
              n_{i\cdot} \sim \text{Multinomial}(N_i, P_{i\cdot})

    with :math:`V \sim \text{Normal}(0, \sigma_V)`, :math:`s \sim \text{Normal}(\mu_s, \sigma_s)`,
    one s for each edge e = {i, j}. Balance holds for every V and s, with
    :math:`\pi_i \propto e^{-V_i} Z_i`: the potential is :math:`\Phi = V - \log Z`.

    With ``likelihood="pairwise"`` the two directions of each edge are compared instead,
    :math:`n_{ij} \mid m_e \sim \text{Binomial}(m_e, \text{logit}^{-1}(V_i - V_j + \log N_i/N_j))`:
    no s, and V itself is the potential. Both are derived in docs/model.md.

    Parameters
    ----------
    counts : TransitionCounts
        Transition counts; axis 0 is *from*, axis 1 *to*.
    priors : Priors, optional
        Prior scales; default: learned. Where they are fixed, ``sigma_V``, ``sigma_s`` and ``mu_s``
        stay in the model as variables that nothing depends on.
    likelihood : str
        ``"multinomial"`` or ``"pairwise"``.
    rejected : {"stay", "drop"}
        ``"stay"`` or ``"drop"``: what a trial that ended in no state counts as.

    Returns
    -------
    pymc.Model
        Variables ``V`` (state) and ``sigma_V``, nats; for multinomial rows ``s`` (edge), ``mu_s``,
        ``sigma_s`` and ``P`` (source, target; the sources that have trials); the observed
        ``transitions`` (source, outcome: staying, then the neighbours in order of state) or (pair,
        outcome: i → j and j → i). Their log-probability is that of the draws in the order they
        came: the multinomial coefficient is left out, as in :mod:`equipoise.likelihoods`.

    Raises
    ------
    DataError
        If the counts join no two states.
    UsageError
        If an argument is unknown.

    Notes
    -----
    :func:`equipoise.posterior` samples it, in coordinates fitted to the data; plain ``pm.sample``
    works too, more slowly and perhaps with some divergences.
    """
    from equipoise.models.rows import row_table

    return state_reversible(row_table(counts, likelihood=likelihood, rejected=rejected), priors)


def state_reversible(table: "RowTable", priors: Priors | None = None) -> "pm.Model":
    """State the hypothesis for counts already laid out in rows; see :func:`reversible`."""
    from equipoise.models.builder import frame

    start = frame(table, priors or Priors(), cycles=False)
    with start.model as model:
        V, s = start.terms()
        start.transitions(start.drop(V), s)
    return model
