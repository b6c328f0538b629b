"""The nested rival of balance: log-ratios may also run round cycles."""

from typing import TYPE_CHECKING

from equipoise.counts import TransitionCounts
from equipoise.likelihoods import Rejected
from equipoise.models.priors import Priors
from equipoise.models.reversible import reversible

if TYPE_CHECKING:
    import pymc as pm


def cyclic(
    counts: TransitionCounts, *, priors: Priors | None = None, rejected: Rejected = "stay"
) -> "pm.Model":
    r"""State the cyclic hypothesis as a PyMC model.

    .. math:: \eta_{ij} = s_e + (V_i - V_j + c_{ij})/2, \qquad c_{ij} = -c_{ji}, \qquad
              c = \sigma_c B z

    with V and s as under :func:`reversible`, B an orthonormal basis of the cycle space of the
    support graph (c is divergence-free), :math:`z \sim \text{Normal}(0, 1)` and
    :math:`\sigma_c \sim \text{HalfNormal}(\tau)`. Every positive kernel on the support is reached
    once, up to one additive constant of V in each component. :math:`V - \log Z` is the gradient
    part of the log-ratios here, *not* :math:`-\log \pi`.

    The datum ``settings`` holds σ_c fixed where ``cycle_learned`` is 0, at ``fixed_cycle_sd``; 0
    gives the reversible hypothesis.

    Parameters
    ----------
    counts
        Transition counts; axis 0 is *from*, axis 1 *to*.
    priors
        Prior scales; default: learned. ``priors.cycle_scale`` is τ.
    rejected
        ``"stay"`` or ``"drop"``: what a trial that ended in no state counts as.

    Returns
    -------
    pymc.Model
        The variables of :func:`reversible`, and ``sigma_c``, ``z`` (cycle_direction) and ``c``
        (edge ``"a ~ b"``, counted from a to b). Without cycles it is the reversible model.

    Raises
    ------
    DataError
        If the counts join no two states.
    UsageError
        If ``rejected`` is unknown.
    """
    from equipoise.models import builder

    table = builder.row_table(counts, rejected)
    if not table.basis.shape[1]:
        return reversible(counts, priors=priors, rejected=rejected)
    frame = builder.frame(table, priors or Priors(), cycles=True)
    with frame.model as model:
        i, j = frame.ends
        c, z = frame.circulation()
        V = frame.potential(z)
        s = frame.symmetric(z)
        half = (V[i] - V[j] + c) / 2
        frame.transitions(along=s + half, against=s - half)
    return model
