"""Transition kernels, reversible by construction or driven by a known circulation."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from equipoise.errors import DataError, UsageError
from equipoise.io.labels import declared_states
from equipoise.text import listed, quoted

ROW_TOLERANCE = 1e-9


@dataclass(frozen=True, eq=False, repr=False)
class Kernel:
    """The exact transition probabilities of a Markov step that may fail.

    Attributes
    ----------
    states : tuple of str
        Labels of the S states.
    matrix : ndarray of float, shape (S, S)
        Probability of each transition, axis order (from, to). Read-only.
    other : ndarray of float, shape (S,)
        Probability that a trial from the state ends in no state (the chain then stays
        where it is). Read-only.
    stay : bool
        Whether a trial may end where it began; passed on to the counts drawn.

    Raises
    ------
    DataError
        If shapes do not fit, a label is empty, repeated or otherwise unusable, an entry is
        negative or not finite, a row of `matrix` with `other` does not add up to 1 within
        1e-9, or the diagonal is not 0 though `stay` is False.
    """

    states: tuple[str, ...]
    matrix: NDArray[np.float64]
    other: NDArray[np.float64]
    stay: bool = True

    def __post_init__(self) -> None:
        states = declared_states(self.states)
        matrix = np.array(self.matrix, dtype=np.float64)
        other = np.array(self.other, dtype=np.float64)
        n = len(states)
        if not n:
            raise DataError("a kernel needs at least one state, got no labels")
        if matrix.shape != (n, n) or other.shape != (n,):
            raise DataError(
                f"a kernel of {n} states needs a matrix of shape ({n}, {n}) and other of "
                f"shape ({n},), got {matrix.shape} and {other.shape}"
            )
        table = np.column_stack([matrix, other])
        wrong = ~(np.isfinite(table) & (table >= 0)).all(axis=1)
        if wrong.any():
            raise DataError(
                "probabilities must be finite and not negative, which fails in the row of "
                f"{quoted(states[int(np.argmax(wrong))])}"
            )
        total = table.sum(axis=1)
        worst = int(np.argmax(np.abs(total - 1)))
        if abs(total[worst] - 1) > ROW_TOLERANCE:
            raise DataError(
                "each row of matrix with its entry of other must add up to 1, but the row of "
                f"{quoted(states[worst])} adds up to {total[worst]:.10g}: normalise it"
            )
        if not self.stay and np.any(np.diag(matrix) > 0):
            raise DataError(
                "with stay=False no transition may end where it began, but the diagonal of "
                f"{quoted(states[int(np.argmax(np.diag(matrix)))])} is positive"
            )
        for name, array in (("matrix", matrix), ("other", other)):
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        object.__setattr__(self, "states", states)

    def __repr__(self) -> str:
        n_edges = np.count_nonzero(np.triu(self.matrix + self.matrix.T, 1))
        most = f", other ≤ {self.other.max():.3g}" if self.other.any() else ""
        stay = "" if self.stay else ", stay=False"
        return f"Kernel({self.n_states} states: {listed(self.states)}; {n_edges} edges{most}{stay})"

    @property
    def n_states(self) -> int:
        """Number of states S."""
        return len(self.states)

    def index(self, state: str | int) -> int:
        """Find the index of a state.

        Parameters
        ----------
        state : str or int
            A label, or an index, which is checked and handed back.

        Returns
        -------
        int

        Raises
        ------
        UsageError
            If there is no such state.
        """
        if isinstance(state, str):
            if state in self.states:
                return self.states.index(state)
        elif 0 <= state < self.n_states:
            return int(state)
        raise UsageError(
            f"there is no state {quoted(state)}: give one of the {self.n_states} labels, "
            f"or an index from 0 to {self.n_states - 1}"
        )


def reversible_kernel(
    potential: ArrayLike,
    symmetric: ArrayLike,
    *,
    edges: ArrayLike | None = None,
    states: Sequence[str] | None = None,
    stay: bool = True,
) -> Kernel:
    """Build a kernel that obeys detailed balance.

    With ``eta_ij = s_e + (V_i - V_j) / 2`` for each edge ``e = {i, j}``,
    ``P_ij = exp(eta_ij) / Z_i`` and ``P_ii = 1 / Z_i``, where
    ``Z_i = 1 + sum_j exp(eta_ij)`` (the 1 and ``P_ii`` are left out with
    ``stay=False``). The stationary law is ``pi_i ∝ exp(-V_i) Z_i``, so the log-ratios
    ``log(P_ij / P_ji)`` are differences of ``Phi_i = V_i - log Z_i``.

    Parameters
    ----------
    potential : array_like, shape (S,)
        V, nats.
    symmetric : float or array_like, shape (E,)
        s of each edge, in the order of `edges`.
    edges : array_like of int, shape (E, 2), optional
        Pairs of different state indices, each pair once. Default: all pairs, as
        `complete_edges` lists them.
    states : sequence of str, optional
        Labels. Default: ``s0``, ``s1``, …, padded with zeros so that they sort.
    stay : bool
        Whether a trial may end where it began.

    Returns
    -------
    Kernel

    Raises
    ------
    UsageError
        If an argument has a wrong shape or is not finite, an edge is repeated or joins
        no two states, or with ``stay=False`` a state has no edge to leave by.
    """
    return driven_kernel(potential, symmetric, 0.0, edges=edges, states=states, stay=stay)


def driven_kernel(
    potential: ArrayLike,
    symmetric: ArrayLike,
    circulation: ArrayLike,
    *,
    edges: ArrayLike | None = None,
    states: Sequence[str] | None = None,
    stay: bool = True,
) -> Kernel:
    """Build a kernel driven out of balance by a known edge field.

    As `reversible_kernel`, with ``eta_ij = s_e + (V_i - V_j + c_ij) / 2`` and
    ``c_ji = -c_ij``. The affinity of every cycle is the sum of c round it. Only the
    divergence-free part of c breaks balance: a gradient merely shifts V.

    Parameters
    ----------
    potential : array_like, shape (S,)
        V, nats.
    symmetric : float or array_like, shape (E,)
        s of each edge, in the order of `edges`.
    circulation : float or array_like, shape (E,)
        c of each edge, nats, in the direction in which `edges` lists it.
    edges : array_like of int, shape (E, 2), optional
        Pairs of different state indices, each pair once. Default: all pairs, as
        `complete_edges` lists them.
    states : sequence of str, optional
        Labels. Default: ``s0``, ``s1``, …, padded with zeros so that they sort.
    stay : bool
        Whether a trial may end where it began.

    Returns
    -------
    Kernel

    Raises
    ------
    UsageError
        If an argument has a wrong shape or is not finite, an edge is repeated or joins
        no two states, or with ``stay=False`` a state has no edge to leave by.
    """
    v = np.asarray(potential, dtype=np.float64)
    if v.ndim != 1 or not v.size or not np.isfinite(v).all():
        raise UsageError(
            f"potential must be a list of finite numbers, one a state, got shape {v.shape}"
        )
    n = len(v)
    pairs = complete_edges(n) if edges is None else _checked_edges(edges, n)
    s = _edge_field(symmetric, len(pairs), "symmetric")
    c = _edge_field(circulation, len(pairs), "circulation")
    labels = default_labels(n) if states is None else declared_states(states)
    if len(labels) != n:
        raise UsageError(f"states must hold {n} labels, one a state, got {len(labels)}")

    i, j = pairs.T
    eta = np.full((n, n), -np.inf)
    eta[i, j] = s + (v[i] - v[j] + c) / 2
    eta[j, i] = s - (v[i] - v[j] + c) / 2
    if stay:
        np.fill_diagonal(eta, 0.0)
    top = eta.max(axis=1, keepdims=True)
    if np.isneginf(top).any():
        raise UsageError(
            f"with stay=False each state needs an edge, but {quoted(labels[int(np.argmin(top))])} "
            "has none"
        )
    matrix = np.exp(eta - top)
    matrix /= matrix.sum(axis=1, keepdims=True)
    return Kernel(labels, matrix, np.zeros(n), stay)


def complete_edges(n_states: int) -> NDArray[np.int64]:
    """List all pairs ``i < j`` of states lexicographically.

    Parameters
    ----------
    n_states : int

    Returns
    -------
    ndarray of int, shape (S (S - 1) / 2, 2)
    """
    return np.column_stack(np.triu_indices(n_states, 1)).astype(np.int64)


def cycle_circulation(
    edges: ArrayLike, cycle: Sequence[int], affinity: float
) -> NDArray[np.float64]:
    """Spread an affinity evenly over the edges of one cycle.

    Parameters
    ----------
    edges : array_like of int, shape (E, 2)
        Pairs of state indices, as given to `driven_kernel`.
    cycle : sequence of int
        At least three different state indices in order, the first not repeated.
    affinity : float
        Sum of the field round the cycle, nats.

    Returns
    -------
    ndarray, shape (E,)
        ``± affinity / L`` on the L edges of the cycle, in the direction in which
        `edges` lists each, and 0 elsewhere: divergence-free. Fields of several cycles
        may be added.

    Raises
    ------
    UsageError
        If the cycle has fewer than three states, repeats one, or takes a step that is no
        edge.
    """
    walk = [int(state) for state in cycle]
    if len(walk) < 3 or len(set(walk)) < len(walk):
        raise UsageError(
            "a cycle must list at least three different states, the first not repeated at "
            f"the end, got {walk[:10]}"
        )
    pairs = np.asarray(edges, dtype=np.int64).reshape(-1, 2)
    place = {(a, b): k for k, (a, b) in enumerate(pairs.tolist())}
    field = np.zeros(len(pairs))
    for a, b in zip(walk, walk[1:] + walk[:1], strict=True):
        if (a, b) in place:
            field[place[a, b]] = affinity / len(walk)
        elif (b, a) in place:
            field[place[b, a]] = -affinity / len(walk)
        else:
            raise UsageError(f"the step from state {a} to state {b} of the cycle is no edge")
    return field


def default_labels(n_states: int) -> tuple[str, ...]:
    """Make labels ``s0``, ``s1``, … that sort in the order of the states."""
    width = len(str(n_states - 1))
    return tuple(f"s{k:0{width}d}" for k in range(n_states))


def _checked_edges(edges: ArrayLike, n: int) -> NDArray[np.int64]:
    given = np.asarray(edges)
    if given.size == 0:
        return np.empty((0, 2), dtype=np.int64)
    if given.ndim != 2 or given.shape[1] != 2 or not np.issubdtype(given.dtype, np.integer):
        raise UsageError(
            f"edges must be pairs of state indices, shape (E, 2), got shape {given.shape} of "
            f"{given.dtype}"
        )
    pairs = given.astype(np.int64)
    if pairs.min() < 0 or pairs.max() >= n or np.any(pairs[:, 0] == pairs[:, 1]):
        raise UsageError(f"each edge must join two different states, indices 0 to {n - 1}")
    if len(np.unique(np.sort(pairs, axis=1), axis=0)) < len(pairs):
        raise UsageError("edges must list each pair of states once, in one direction only")
    return pairs


def _edge_field(values: ArrayLike, n_edges: int, name: str) -> NDArray[np.float64]:
    field = np.asarray(values, dtype=np.float64)
    if field.shape not in ((), (n_edges,)) or not np.isfinite(field).all():
        raise UsageError(
            f"{name} must be one finite number, or one for each of the {n_edges} edges, "
            f"got shape {field.shape}"
        )
    return np.broadcast_to(field, (n_edges,))
