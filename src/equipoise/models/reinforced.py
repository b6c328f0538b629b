"""Balance again, by the conjugate prior on edge weights: for one path only."""

from typing import TYPE_CHECKING, Any

from equipoise.counts import TransitionCounts
from equipoise.likelihoods import reinforced as reinforced_path

if TYPE_CHECKING:
    import pymc as pm


def reinforced(counts: TransitionCounts, *, edge_weight: float = 1.0) -> "pm.Model":
    r"""State the reinforced hypothesis as a PyMC model.

    .. math:: P_{ij} = x_{ij} / x_i, \qquad x_{ij} = x_{ji}, \qquad x \sim \varphi_{v_0, a}

    with :math:`\varphi` the law of :class:`equipoise.likelihoods.EdgeWeights` (Diaconis & Rolles
    2006, Ann. Statist. 34, 1270). The chain is reversible for every x, with
    :math:`\pi_i \propto x_i`, and the evidence is known in closed form:
    :meth:`equipoise.likelihoods.ReinforcedPath.log_evidence`.

    Parameters
    ----------
    counts : TransitionCounts
        Transition counts of one path; axis 0 is *from*, axis 1 *to*.
    edge_weight : float
        ``a``, of every edge and loop; see :func:`equipoise.likelihoods.reinforced`.

    Returns
    -------
    pymc.Model
        Variables ``x`` (edge ``"a ~ b"``; a loop is ``"a ~ a"``), which add up to 1, and ``P``
        (source, target; the sources that have trials); the observed ``transitions`` (source,
        outcome: the possible targets in order of state, staying among them), the multinomial
        coefficient left out. ``state`` has the states that are joined to the path.

    Raises
    ------
    DataError
        If the counts are not those of one path, or join no two states.
    UsageError
        If the weight is not a positive number.
    """
    path = reinforced_path(counts, edge_weight=edge_weight)
    import pymc as pm
    import pytensor.tensor as pt
    from pymc.distributions.transforms import simplex

    from equipoise.models.rows import joined_labels
    from equipoise.models.steps import new_model, step_table

    prior = path.prior
    names = tuple(counts.states[k] for k in path.states)
    table = step_table(path.steps, names)

    def logp(value: Any, weight: Any) -> Any:
        return _log_density(prior.edges, prior.start, prior.n_states, value, weight)

    def dist(weight: Any, size: Any) -> Any:
        return _drawn(prior.edges, prior.start, prior.n_states, weight, size)

    edges = list(joined_labels(names, prior.edges.tolist(), " ~ "))
    with new_model(table, {"edge": edges}) as model:
        weight = pm.Data("edge_weight", prior.weight, dims="edge")
        x = pm.CustomDist(
            "x",
            weight,
            logp=logp,
            dist=dist,
            signature="(m)->(m)",
            transform=simplex,
            class_name="EdgeWeights",
            dims="edge",
        )
        table.transitions(pt.log(x)[path.steps.edge])
    return model


def _log_density(edges: Any, start: int, n_states: int, x: Any, weight: Any) -> Any:
    """Return the log density of edge weights, as :class:`equipoise.likelihoods.EdgeWeights` does.

    The elimination is written out, for a determinant by LU factors would subtract.
    """
    import numpy as np
    import pytensor.tensor as pt

    i, j, loops, ends, arrivals = _graph(edges, start, n_states)
    at = ((weight[:, None] * ends).sum(axis=0) + arrivals) / 2
    n = n_states + int(loops.sum())
    log_normaliser = (
        pt.gammaln(weight).sum()
        - pt.gammaln(at).sum()
        - pt.gammaln((weight[loops] + 1) / 2).sum()
        + (n - 1) / 2 * np.log(np.pi)
        - (1 - n + weight.sum()) * np.log(2)
    )
    power = pt.switch(loops, weight / 2, weight) - 1
    matrix = pt.zeros((n_states, n_states))
    matrix = matrix[i[~loops], j[~loops]].set(x[~loops])
    matrix = matrix[j[~loops], i[~loops]].set(x[~loops])
    trees = 0.0
    while (size := n_states) > 1:
        row = matrix[0, 1:]
        trees = trees + pt.log(row.sum())
        matrix = matrix[1:, 1:] + row[:, None] * (row / row.sum())[None, :]
        n_states = size - 1
    sums = (x[:, None] * ends).sum(axis=0)
    log_x = pt.log(x)
    return (power * log_x).sum() - (at * pt.log(sums)).sum() + 0.5 * trees - log_normaliser


def _drawn(edges: Any, start: int, n_states: int, weight: Any, size: Any) -> Any:
    """Return a draw of edge weights, by the method of :meth:`EdgeWeights.draw`."""
    import numpy as np
    import pymc as pm
    import pytensor.tensor as pt
    from pymc.distributions.shape_utils import rv_size_is_none

    none = rv_size_is_none(size)
    batch = () if none else tuple(size[k] for k in range(size.type.shape[0]))

    def gamma(shape: Any) -> Any:
        return pm.Gamma.dist(shape, 1.0, size=(*batch, shape.shape[0]))

    i, j, loops, ends, arrivals = _graph(edges, start, n_states)
    order = np.append(np.delete(np.arange(n_states), start), start)
    place = np.argsort(order)
    joined, own = np.flatnonzero(~loops), i[loops]
    conductance = gamma(weight[joined])
    matrix = pt.zeros((*conductance.shape[:-1], n_states, n_states))
    matrix = matrix[..., place[i[joined]], place[j[joined]]].set(conductance)
    matrix = matrix[..., place[j[joined]], place[i[joined]]].set(conductance)
    rows, pivots = [], []
    for _ in range(n_states - 1):
        row = matrix[..., 0, 1:]
        pivot = _pivot(row.sum(axis=-1))
        matrix = matrix[..., 1:, 1:] + row[..., :, None] * (row / pivot[..., None])[..., None, :]
        rows.append(row)
        pivots.append(pivot)
    psi = pt.ones((*conductance.shape[:-1], 1))
    for row, pivot in zip(reversed(rows), reversed(pivots), strict=True):
        here = (row * psi).sum(axis=-1) / pivot
        psi = pt.concatenate([here[..., None], psi], axis=-1)
    x = conductance * psi[..., place[i[joined]]] * psi[..., place[j[joined]]]
    if loops.any():
        others = (weight[joined, None] * ends[joined]).sum(axis=0) + arrivals
        odds = gamma(weight[loops] / 2) / gamma(others[own] / 2)
        sums = (x[..., None] * ends[joined]).sum(axis=-2)
        x = pt.concatenate([x, odds * sums[..., own]], axis=-1)
    return x / x.sum(axis=-1, keepdims=True)


def _pivot(total: Any) -> Any:
    """Return a draw whose reciprocal is inverse Gaussian of mean 1/total and shape 1."""
    import pymc as pm
    import pytensor.tensor as pt

    square = pm.Normal.dist(pt.zeros_like(total), 1.0) ** 2
    large = total + square / 2 + pt.sqrt(square * total + square**2 / 4)
    chance = pm.Uniform.dist(pt.zeros_like(total), 1.0)
    return pt.switch(chance * (large + total) > large, total**2 / large, large)


def _graph(edges: Any, start: int, n_states: int) -> tuple[Any, Any, Any, Any, Any]:
    """Return ends i and j and loops of edges, (M,), their ends (M, S), and arrivals (S,)."""
    import numpy as np

    i, j = edges.T
    ends = (i[:, None] == np.arange(n_states)) | (j[:, None] == np.arange(n_states))
    arrivals = np.ones(n_states)
    arrivals[start] = 0.0
    return i, j, i == j, ends.astype(float), arrivals
