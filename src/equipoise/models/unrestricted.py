"""No restriction: the row of every state is a kernel of its own, whatever the others are."""

from typing import TYPE_CHECKING

from numpy.typing import ArrayLike

from equipoise.counts import TransitionCounts
from equipoise.likelihoods import Rejected, dirichlet

if TYPE_CHECKING:
    import pymc as pm


def unrestricted(
    counts: TransitionCounts, *, concentration: ArrayLike = 0.5, rejected: Rejected = "stay"
) -> "pm.Model":
    r"""State the unrestricted hypothesis as a PyMC model.

    .. math:: P_{i\cdot} \sim \text{Dirichlet}(\alpha_{i\cdot}), \qquad
              n_{i\cdot} \sim \text{Multinomial}(N_i, P_{i\cdot})

    independently for every i, on the steps of the support. A Dirichlet row is made of independent
    :math:`w_{ij} \sim \text{Gamma}(\alpha_{ij}, 1)`, :math:`P_{ij} = w_{ij} / \sum_k w_{ik}`; the
    sums are free of the data and change no evidence, which is known in closed form:
    :meth:`equipoise.likelihoods.DirichletRows.log_evidence` (docs/model.md).

    Parameters
    ----------
    counts : TransitionCounts
        Transition counts; axis 0 is *from*, axis 1 *to*.
    concentration : array_like
        α of every step, or of each; see :func:`equipoise.likelihoods.dirichlet`.
    rejected : {"stay", "drop"}
        ``"stay"`` or ``"drop"``: what a trial that ended in no state counts as.

    Returns
    -------
    pymc.Model
        Variables ``weight`` (step ``"a → b"``) and ``P`` (source, target; the sources that have
        trials); the observed ``transitions`` (source, outcome: the possible targets in order of
        state, staying among them), whose log-probability is that of the draws in the order they
        came: the multinomial coefficient is left out, as everywhere in this package.

    Raises
    ------
    DataError
        If the counts join no two states.
    UsageError
        If an argument is out of its range.
    """
    rows = dirichlet(counts, concentration=concentration, rejected=rejected)
    import numpy as np
    import pymc as pm
    import pytensor.tensor as pt

    from equipoise.models.rows import joined_labels
    from equipoise.models.steps import new_model, step_table

    table = step_table(rows.steps, counts.states)
    pairs = np.column_stack([rows.steps.source, rows.steps.target]).tolist()
    with new_model(table, {"step": list(joined_labels(counts.states, pairs, " → "))}) as model:
        alpha = pm.Data("concentration", rows.concentration, dims="step")
        table.transitions(pt.log(pm.Gamma("weight", alpha, 1.0, dims="step")))
    return model
