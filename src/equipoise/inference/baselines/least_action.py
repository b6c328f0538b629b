r"""The least-action potential of Song et al. 2025, arXiv:2512.10047."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from scipy.sparse import coo_array, csc_array, csr_array
from scipy.sparse.csgraph import breadth_first_order, connected_components
from scipy.sparse.linalg import splu
from scipy.special import expit

from equipoise.counts import TransitionCounts
from equipoise.errors import NotTrustedError, UsageError
from equipoise.graph import support_graph
from equipoise.inference.baselines.baseline import Row
from equipoise.inference.reference import above_reference, reference_states
from equipoise.likelihoods import FloatArray, IntArray, Rejected, trials_of

Penalty = Literal["exponential", "logistic"]
_FEWEST_TRIALS = 2
_MAX_STEPS = 300
_FARTHEST = 100.0


@dataclass(frozen=True, eq=False)
class LeastAction:
    """The potential of least action.

    Attributes
    ----------
    states
        Labels.
    potential
        Of every state above the reference of its component, β = 1, shape (S,): ``inf`` where the
        arcs seen only lead from the state to the reference, ``-inf`` where they only lead from the
        reference to it, NaN where they do neither.
    within
        The same where every difference is finite: of every state above the mean of its strongly
        connected component, shape (S,). Values of two such components do not compare.
    action
        The least value, per state with trials.
    penalty
        K.
    references
        Index of the state at 0 in each component.
    """

    states: tuple[str, ...]
    potential: FloatArray
    within: FloatArray
    action: float
    penalty: Penalty
    references: tuple[int, ...]

    wrong = (
        "It weighs arcs by probability, so that a state tried ten times pulls as hard as one tried "
        "ten thousand times; it has no error and gives a potential whether balance holds or not."
    )

    def rows(self) -> tuple[Row, ...]:
        """Return its line of the table of baselines."""
        return (Row("least action", "action", self.action, None, None, self.wrong),)


def least_action(
    counts: TransitionCounts,
    *,
    penalty: Penalty = "exponential",
    nominal_trials: float | None = None,
    rejected: Rejected = "stay",
    reference: str | None = None,
) -> LeastAction:
    r"""Find the potential that minimises the action.

    .. math:: S = \frac{1}{n} \sum_{i \ne j} w_{ij} K(V_i - V_j)

    Parameters
    ----------
    counts : TransitionCounts
        Axis 0 is from, axis 1 to.
    penalty : {"exponential", "logistic"}
        ``K(x) = exp(-x/2)``, of the paper's text, or ``log(1 + exp(-x))``, of its code: the minimum
        is one where balance holds exactly, and nowhere else.
    nominal_trials : float, optional
        ``w_ij = min(1, n_ij / nominal_trials)``, as the paper takes words with many rejected
        replies. Default: ``w_ij = n_ij / N_i``; a source tried once is left out, as in the paper.
    rejected : {"stay", "drop"}
        What a trial that ended in no state counts as, in N_i.
    reference : str, optional
        State at 0; default: the source with most incoming transitions.

    Returns
    -------
    LeastAction

    Raises
    ------
    UsageError
        If an argument is unknown or out of its range.
    NotTrustedError
        If the minimum is not reached.

    Notes
    -----
    Between strongly connected components the action falls for ever as the potentials move apart:
    their differences are infinite, and the least action is reached component by component.
    """
    if penalty not in get_args(Penalty):
        raise UsageError(f'penalty must be "exponential" or "logistic", not {penalty!r}')
    if nominal_trials is not None and not 0 < nominal_trials < np.inf:
        raise UsageError(f"nominal_trials must be a positive number, not {nominal_trials!r}")
    trials = trials_of(counts, rejected)
    moves = counts.counts.tocoo()
    moved = moves.row != moves.col
    source, target = moves.row[moved].astype(int), moves.col[moved].astype(int)
    if nominal_trials is None:
        kept = trials[source] >= _FEWEST_TRIALS
        source, target = source[kept], target[kept]
        weight = moves.data[moved][kept] / trials[source]
    else:
        weight = np.minimum(moves.data[moved] / nominal_trials, 1.0)
    n = counts.n_states
    arcs = csr_array((weight, (source, target)), shape=(n, n))
    _, strong = connected_components(arcs, directed=True, connection="strong")
    inside = strong[source] == strong[target]
    potential = _minimum(
        source[inside], target[inside], weight[inside], np.asarray(strong, dtype=int), penalty
    )
    difference = potential[source[inside]] - potential[target[inside]]
    action = float((weight[inside] * _penalty(penalty, difference)[0]).sum())
    graph = support_graph(counts, trials)
    references = reference_states(counts, graph, reference)
    above = above_reference(potential, graph, references)
    into, out = _reached(target, source, n, references), _reached(source, target, n, references)
    above[into & ~out] = np.inf
    above[~into & out] = -np.inf
    above[~into & ~out] = np.nan
    made = max(int(np.count_nonzero(trials)), 1)
    return LeastAction(counts.states, above, potential, action / made, penalty, references)


def _penalty(penalty: Penalty, x: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return K and its first two derivatives."""
    if penalty == "exponential":
        k = np.exp(-0.5 * x)
        return k, -0.5 * k, 0.25 * k
    p = expit(-x)
    return np.logaddexp(0.0, -x), -p, p * (1.0 - p)


def _minimum(
    source: IntArray, target: IntArray, weight: FloatArray, strong: IntArray, penalty: Penalty
) -> FloatArray:
    """Minimise a convex action by Newton, every strongly connected component for itself, (S,)."""
    v = np.zeros(len(strong))
    if not len(source):
        return v
    # Only states on an arc that leads back take part; there may be few.
    used, place = np.unique(np.concatenate([source, target]), return_inverse=True)
    source, target = np.split(place, 2)
    _, component = np.unique(strong[used], return_inverse=True)
    v[used] = _newton(source, target, weight, component, penalty)
    return v


def _newton(
    source: IntArray, target: IntArray, weight: FloatArray, component: IntArray, penalty: Penalty
) -> FloatArray:
    """Climb down; potentials have mean 0 in each component, shape (n,)."""
    n = len(component)
    v = np.zeros(n)
    # One state of each component stands still; its mean is taken off at the end.
    _, pinned = np.unique(component, return_index=True)
    states = np.arange(n)
    rows = np.concatenate([source, target, states])
    columns = np.concatenate([target, source, states])
    for _ in range(_MAX_STEPS):
        gap = v[source] - v[target]
        value, slope, curvature = _penalty(penalty, gap)
        pull, held = weight * slope, weight * curvature
        gradient = np.bincount(source, pull, n) - np.bincount(target, pull, n)
        diagonal = np.bincount(source, held, n) + np.bincount(target, held, n)
        pin = diagonal[pinned]
        diagonal[pinned] += np.where(pin > 0, pin, 1.0)
        entries = np.concatenate([-held, -held, diagonal])
        matrix = csc_array(coo_array((entries, (rows, columns)), shape=(n, n)))
        step = splu(
            matrix,
            permc_spec="MMD_AT_PLUS_A",
            diag_pivot_thresh=0.0,
            options={"SymmetricMode": True},
        ).solve(-gradient)
        along = step[source] - step[target]
        farthest = float(np.abs(along).max(initial=0.0))
        # As for the likelihood: curvatures of either penalty change by at most e^t over t, so that
        # this length always gains; a whole step is taken where it does, which is nearly always.
        length = np.log1p(farthest) / farthest if farthest > 0 else 1.0
        fall = 1e-4 * float(gradient @ step)
        # Beyond this an exponential may overflow.
        if farthest < _FARTHEST:
            gain = float(weight @ (_penalty(penalty, gap + along)[0] - value))
            length = 1.0 if gain <= fall else length
        v += length * step
        if farthest < 1e-6:  # and Newton has squared it
            mean = np.bincount(component, v) / np.bincount(component)
            return np.asarray(v - mean[component])
    raise NotTrustedError(
        f"the least action was not reached in {_MAX_STEPS} Newton steps; perhaps two probabilities "
        "differ too much"
    )


def _reached(
    source: IntArray, target: IntArray, n: int, starts: Sequence[int]
) -> "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]":
    """Return the states that can be reached from one of several, themselves included."""
    # One search from a state of its own that leads to all of them.
    source = np.concatenate([source, np.full(len(starts), n)])
    target = np.concatenate([target, np.asarray(starts, dtype=int)])
    arcs = csr_array((np.ones(len(source)), (source, target)), shape=(n + 1, n + 1))
    found = np.zeros(n + 1, dtype=np.bool_)
    found[breadth_first_order(arcs, n, directed=True, return_predecessors=False)] = True
    return found[:n]
