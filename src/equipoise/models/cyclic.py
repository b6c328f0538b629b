"""The nested rival of balance: log-ratios may also run round cycles."""

from typing import TYPE_CHECKING

from equipoise.counts import TransitionCounts
from equipoise.likelihoods import Rejected
from equipoise.models.priors import Priors
from equipoise.models.reversible import state_reversible

if TYPE_CHECKING:
    import pymc as pm

    from equipoise.models.rows import RowTable


def cyclic(
    counts: TransitionCounts,
    *,
    priors: Priors | None = None,
    likelihood: str = "multinomial",
    rejected: Rejected = "stay",
) -> "pm.Model":
    r"""State the cyclic hypothesis as a PyMC model.

    .. math:: \eta_{ij} = s_e + (V_i - V_j + c_{ij})/2, \qquad c_{ij} = -c_{ji}, \qquad
              c = \sigma_c B z

    with V and s as under :func:`reversible`, B an orthonormal basis of the cycle space of the
    support graph (c is divergence-free), :math:`z \sim \text{Normal}(0, 1)` and
    :math:`\sigma_c \sim \text{HalfNormal}(\tau)`. Every positive kernel on the support is reached
    once, up to one additive constant of V in each component; without staying, up to V and the level
    of :math:`s_e - (V_i + V_j)/2`. :math:`V - \log Z` is the gradient
    part of the log-ratios here, *not* :math:`-\log \pi` (Hodge decomposition: Jiang, Lim, Yao & Ye
    2011; docs/model.md).

    The datum ``settings`` holds σ_c fixed where ``cycle_learned`` is 0, at ``fixed_cycle_sd``; 0
    gives the reversible hypothesis.

    Parameters
    ----------
    counts : TransitionCounts
        Transition counts; axis 0 is *from*, axis 1 *to*.
    priors : Priors, optional
        Prior scales; default: learned. ``priors.cycle_scale`` is τ.
    likelihood : str
        ``"multinomial"`` or ``"pairwise"``; the pairwise one has no s.
    rejected : {"stay", "drop"}
        ``"stay"`` or ``"drop"``: what a trial that ended in no state counts as.

    Returns
    -------
    pymc.Model
        The variables of :func:`reversible`, and ``sigma_c``, ``z`` (cycle_direction) and ``c``
        (edge ``"a ~ b"``, counted from a to b), nats. Without cycles it is the reversible model.

    Raises
    ------
    DataError
        If the counts join no two states.
    UsageError
        If an argument is unknown.
    """
    from equipoise.models.rows import row_table

    return state_cyclic(row_table(counts, likelihood=likelihood, rejected=rejected), priors)


def state_cyclic(table: "RowTable", priors: Priors | None = None) -> "pm.Model":
    """State the hypothesis for counts already laid out in rows; see :func:`cyclic`."""
    from equipoise.models.builder import frame

    if not table.basis.shape[1]:
        return state_reversible(table, priors)
    start = frame(table, priors or Priors(), cycles=True)
    with start.model as model:
        c, moved = start.circulation()
        V, s = start.terms(moved)
        start.transitions(start.drop(V) + c, s)
    return model
