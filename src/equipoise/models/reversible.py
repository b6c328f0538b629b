"""Detailed balance: every log-ratio is a difference of potentials."""

from typing import TYPE_CHECKING

from equipoise.counts import TransitionCounts
from equipoise.likelihoods import Rejected
from equipoise.models.priors import Priors

if TYPE_CHECKING:
    import pymc as pm


def reversible(
    counts: TransitionCounts, *, priors: Priors | None = None, rejected: Rejected = "stay"
) -> "pm.Model":
    r"""State the reversible hypothesis as a PyMC model.

    .. math:: \eta_{ij} = s_e + (V_i - V_j)/2, \qquad
              P_{ij} = e^{\eta_{ij}}/Z_i, \quad P_{ii} = 1/Z_i, \qquad
              n_{i\cdot} \sim \text{Multinomial}(N_i, P_{i\cdot})

    with :math:`V \sim \text{Normal}(0, \sigma_V)`, :math:`s \sim \text{Normal}(\mu_s, \sigma_s)`,
    one s for each edge e = {i, j}. Balance holds for every V and s, with
    :math:`\pi_i \propto e^{-V_i} Z_i`: the potential is :math:`\Phi = V - \log Z`.

    Parameters
    ----------
    counts
        Transition counts; axis 0 is *from*, axis 1 *to*.
    priors
        Prior scales; default: learned. Where they are fixed, ``sigma_V``, ``sigma_s`` and ``mu_s``
        stay in the model as variables that nothing depends on.
    rejected
        ``"stay"`` or ``"drop"``: what a trial that ended in no state counts as.

    Returns
    -------
    pymc.Model
        Variables ``V`` (state), ``s`` (edge), ``mu_s``, ``sigma_V``, ``sigma_s``, ``P``
        (source, target; the sources that have trials) and the observed ``transitions``
        (source, outcome): outcome 0 is staying, the neighbours follow in order of state. Its
        log-probability is that of the draws in the order they came: the multinomial coefficient is
        left out, as in :mod:`equipoise.likelihoods`.

    Raises
    ------
    DataError
        If the counts join no two states.
    UsageError
        If ``rejected`` is unknown.

    Notes
    -----
    :func:`equipoise.inference.posterior.posterior` samples it, in coordinates fitted to the data;
    plain ``pm.sample`` works too, more slowly and with some divergences.
    """
    from equipoise.models import builder

    frame = builder.frame(builder.row_table(counts, rejected), priors or Priors(), cycles=False)
    with frame.model as model:
        i, j = frame.ends
        V = frame.potential()
        s = frame.symmetric()
        half = (V[i] - V[j]) / 2
        frame.transitions(along=s + half, against=s - half)
    return model
