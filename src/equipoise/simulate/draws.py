"""Counts drawn from a kernel: independent draws a source, or one trajectory."""

import operator
from bisect import bisect_right

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

from equipoise.counts import TransitionCounts
from equipoise.errors import UsageError
from equipoise.simulate.kernels import Kernel
from equipoise.text import quoted

FAILED = -1

type RandomSeed = int | np.random.Generator | None


def plain_seed(random_seed: RandomSeed) -> int | None:
    """Return a seed as a plain integer; None for none, and for a generator's unknown state.

    Raises
    ------
    UsageError
        If it is neither an integer, nor a generator, nor None.
    """
    if random_seed is None or isinstance(random_seed, np.random.Generator):
        return None
    try:
        seed = operator.index(random_seed)
    except TypeError:
        seed = -1
    if seed < 0:
        raise UsageError(
            f"random_seed must be a whole number from 0, a NumPy Generator or None, "
            f"not {random_seed!r}"
        )
    return seed


def random_generator(random_seed: RandomSeed) -> np.random.Generator:
    """Return the generator that a seed stands for: itself, where it is one.

    Raises
    ------
    UsageError
        As :func:`plain_seed`.
    """
    seed = plain_seed(random_seed)
    return np.random.default_rng(random_seed if seed is None else seed)


def sample_draws(
    kernel: Kernel, trials: ArrayLike, random_seed: RandomSeed = None
) -> TransitionCounts:
    """Draw independent trials from chosen sources.

    Parameters
    ----------
    kernel : Kernel
    trials : int or array_like of int, shape (S,)
        Trials from each state; 0 makes the state no source.
    random_seed : int, numpy.random.Generator or None
        Same seed, same result.

    Returns
    -------
    TransitionCounts
        Protocol "draws", with all states of the kernel in its order.

    Raises
    ------
    UsageError
        If `trials` is no count for each state, or there is none at all.
    """
    n = kernel.n_states
    asked = np.asarray(trials)
    if (
        asked.shape not in ((), (n,))
        or not np.issubdtype(asked.dtype, np.integer)
        or np.any(asked < 0)
        or not np.any(asked)
    ):
        raise UsageError(
            f"trials must be a positive integer, or an integer >= 0 for each of the {n} states "
            f"and not all 0, got {quoted(trials)}"
        )
    rng = random_generator(random_seed)
    counts = np.zeros((n, n + 1), dtype=np.int64)
    table = _normalised(kernel)
    for row, size in enumerate(np.broadcast_to(asked, (n,)).tolist()):
        # Impossible outcomes are left out: numpy hands rounding errors of the
        # probabilities to the last category.
        possible = np.flatnonzero(table[row])
        counts[row, possible] = rng.multinomial(size, table[row, possible])
    return TransitionCounts(
        states=kernel.states,
        counts=csr_array(counts[:, :n]),
        other=counts[:, n],
        protocol="draws",
        stay=kernel.stay,
        metadata={"trials": "observed"},
    )


def sample_trajectory(
    kernel: Kernel, n_steps: int, start: str | int, random_seed: RandomSeed = None
) -> TransitionCounts:
    """Follow the chain for a number of trials.

    Parameters
    ----------
    kernel : Kernel
    n_steps : int
        Number of trials. One that ends in `other` leaves the chain where it is.
    start : str or int
        First state, by label or index.
    random_seed : int, numpy.random.Generator or None
        Same seed, same result.

    Returns
    -------
    TransitionCounts
        Protocol "trajectory", with the sequence of states kept (-1 for a failed trial)
        and all states of the kernel in its order.

    Raises
    ------
    UsageError
        If `n_steps` is no positive integer or `start` is no state.
    """
    if n_steps < 1 or n_steps != int(n_steps):
        raise UsageError(f"n_steps must be a positive integer, got {quoted(n_steps)}")
    here = kernel.index(start)
    rng = random_generator(random_seed)
    outcomes: list[list[int]] = []
    edges: list[list[float]] = []
    for row in _normalised(kernel):
        possible = np.flatnonzero(row)
        edges.append(np.cumsum(row[possible])[:-1].tolist())  # the last is 1, up to rounding
        outcomes.append(possible.tolist())
    n = kernel.n_states
    first = here
    path = [here]
    trials = []  # where each began
    for u in rng.random(int(n_steps)).tolist():
        trials.append(here)
        outcome = outcomes[here][bisect_right(edges[here], u)]
        if outcome == n:
            path.append(FAILED)
        else:
            here = outcome
            path.append(here)
    source = np.array(trials, dtype=np.int64)
    target = np.array(path[1:], dtype=np.int64)
    failed = target == FAILED
    counts = np.bincount(source[~failed] * n + target[~failed], minlength=n * n).reshape(n, n)
    return TransitionCounts(
        states=kernel.states,
        counts=csr_array(counts.astype(np.int64)),
        other=np.bincount(source[failed], minlength=n).astype(np.int64),
        protocol="trajectory",
        starts=(kernel.states[first],),
        stay=kernel.stay,
        sequences=(np.array(path, dtype=np.int64),),
        metadata={"trials": "observed"},
    )


def _normalised(kernel: Kernel) -> NDArray[np.float64]:
    """Put `other` beside the matrix and make each row add up to 1 to rounding."""
    table = np.column_stack([kernel.matrix, kernel.other])
    normalised: NDArray[np.float64] = table / table.sum(axis=1, keepdims=True)
    return normalised
